//! The narrow tables that searches read say what the wide ones do.

use super::bench::Bench;

/// What differs between a wide table and the narrow one that follows it: nothing, ever.
const DIFFERENCES: &[&str] = &[
    "SELECT COUNT(*) FROM mails m LEFT JOIN journal j ON j.mail_id = m.id
     WHERE j.mail_id IS NULL OR j.received_at <> m.received_at OR j.account <> m.account
        OR j.sender <> COALESCE(m.sender, '') OR j.verdict <> COALESCE(m.verdict, 'en-cours')",
    "SELECT COUNT(*) FROM journal WHERE mail_id NOT IN (SELECT id FROM mails)",
    "SELECT COUNT(*) FROM (SELECT mail_id, code, MAX(CASE WHEN severity = 'rejet' THEN 1 ELSE 0 END) FROM defects
                           GROUP BY mail_id, code
                           EXCEPT SELECT mail_id, facet, rejection FROM facets) AS missing",
    "SELECT COUNT(*) FROM (SELECT mail_id, facet FROM facets WHERE length(facet) = 3
                           EXCEPT SELECT mail_id, code FROM defects) AS stale",
    "SELECT COUNT(*) FROM (SELECT DISTINCT mail_id FROM defects WHERE severity = 'rejet'
                           EXCEPT SELECT mail_id FROM facets WHERE facet = 'rejet') AS missing",
    "SELECT COUNT(*) FROM (SELECT mail_id FROM facets WHERE length(facet) > 3 AND rejection = 1
                           EXCEPT SELECT mail_id FROM defects WHERE severity = 'rejet') AS stale",
    "SELECT COUNT(*) FROM (SELECT mail_id FROM defects
                           EXCEPT SELECT mail_id FROM facets WHERE length(facet) > 3 AND facet <> 'rejet') AS missing",
    "SELECT COUNT(*) FROM (SELECT mail_id FROM facets EXCEPT SELECT mail_id FROM defects) AS stale",
    "SELECT COUNT(*) FROM facets f JOIN journal j ON j.mail_id = f.mail_id
     WHERE f.received_at <> j.received_at OR f.sender <> j.sender OR f.verdict <> j.verdict",
    "SELECT COUNT(*) FROM mentions n JOIN journal j ON j.mail_id = n.mail_id
     WHERE n.received_at <> j.received_at OR n.sender <> j.sender
        OR n.verdict <> CASE WHEN j.verdict IN ('en-cours', 'integre') THEN '' ELSE j.verdict END",
    "SELECT COUNT(*) FROM (SELECT mail_id, finess FROM mentions WHERE service <> ''
                           EXCEPT SELECT mail_id, finess FROM mentions WHERE service = '') AS missing",
    "SELECT COUNT(*) FROM (SELECT finess, service, MAX(date_releve) AS newest FROM updates
                           WHERE etat <> 'non-transmise-test' GROUP BY finess, service) AS u
     LEFT JOIN places p ON p.finess = u.finess AND p.service = u.service
     WHERE p.finess IS NULL OR p.date_releve < u.newest",
];

/// Fails if the narrow tables of a store do not say what the wide ones do.
pub(crate) async fn assert_in_step(bench: &Bench) {
    for differences in DIFFERENCES {
        assert_eq!(bench.number(differences).await, 0, "{differences}");
    }
}
