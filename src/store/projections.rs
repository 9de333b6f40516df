//! The narrow tables that searches read follow the wide ones, each in the transaction of what it tells of. Sender and
//! verdict in the rows of a mail's facets and places follow its row of the journal by triggers.

use std::collections::BTreeMap;

use jiff::Timestamp;
use sha2::{Digest, Sha256};

use crate::documents::{JudgedDocument, JudgedMail};
use crate::engine::{Tx, query, query_as, rows, shares};
use crate::search::plan::filters::REJECTION;
use crate::search::plan::sql::Sql;
use crate::{MailId, Result, millis, parse};
use domain::capacity::{ServiceCode, Update};
use domain::defect::Code;
use domain::finess::Finess;
use domain::outcome::Verdict;

/// Rows written in one statement: so many that a report needs one or two, so few that hostile ones are bounded.
const ROWS: usize = 128;

/// Mails that were just received.
pub(crate) async fn received(tx: &mut Tx, mails: &[i64]) -> Result<()> {
    for some in mails.chunks(ROWS) {
        let mut sql = Sql::default();
        let statement = format!(
            "INSERT INTO journal (mail_id, received_at, account, sender, verdict)
             SELECT id, received_at, account, '', 'en-cours' FROM mails WHERE id IN ({}) ON CONFLICT DO NOTHING",
            sql.list(some)
        );
        sql.execute(statement, tx).await?;
    }
    Ok(())
}

/// Mails have a sender, or another; and a verdict, or none any more.
pub(crate) async fn judged(tx: &mut Tx, judgements: impl IntoIterator<Item = (MailId, &JudgedMail)>) -> Result<()> {
    let judgements: Vec<_> = judgements.into_iter().collect();
    for some in shares(&judgements) {
        let values = rows(some.len(), 3, 1, |_, at| {
            format!("(CAST(${at} AS BIGINT), CAST(${} AS TEXT), CAST(${} AS TEXT))", at + 1, at + 2)
        });
        let statement = format!(
            "WITH judged (mail, of_sender, word) AS (VALUES {values})
             UPDATE journal SET sender = of_sender, verdict = COALESCE(word, 'en-cours') FROM judged WHERE mail_id = mail"
        );
        let judging = query(sqlx::AssertSqlSafe(statement));
        let judging = some.iter().fold(judging, |judging, (id, mail)| {
            judging.bind(*id).bind(mail.sender_word()).bind(mail.verdict.map(Verdict::word))
        });
        judging.execute(&mut *tx).await?;
    }
    Ok(())
}

/// Mails have their verdict, or none any more.
pub(crate) async fn decided(tx: &mut Tx, verdicts: &[(MailId, Option<Verdict>)]) -> Result<()> {
    for some in shares(verdicts) {
        let values = rows(some.len(), 2, 1, |_, at| format!("(CAST(${at} AS BIGINT), CAST(${} AS TEXT))", at + 1));
        let statement = format!(
            "WITH decided (mail, word) AS (VALUES {values})
             UPDATE journal SET verdict = COALESCE(word, 'en-cours') FROM decided WHERE mail_id = mail"
        );
        let deciding = query(sqlx::AssertSqlSafe(statement));
        let deciding = some
            .iter()
            .fold(deciding, |deciding, (mail, verdict)| deciding.bind(*mail).bind(verdict.map(Verdict::word)));
        deciding.execute(&mut *tx).await?;
    }
    Ok(())
}

/// The defects of a mail have changed.
pub(crate) async fn blamed(tx: &mut Tx, mail: MailId) -> Result<()> {
    // One at a time: two refusals of one mail may come at once, and each must see the other's.
    query("UPDATE journal SET verdict = verdict WHERE mail_id = $1").bind(mail).execute(&mut *tx).await?;
    query("DELETE FROM facets WHERE mail_id = $1").bind(mail).execute(&mut *tx).await?;
    let found: Vec<(String, bool)> =
        query_as("SELECT DISTINCT code, severity = 'rejet' FROM defects WHERE mail_id = $1")
            .bind(mail)
            .fetch_all(&mut *tx)
            .await?;
    for (facet, rejection) in facets(&found)? {
        query(
            "INSERT INTO facets (mail_id, facet, received_at, rejection, sender, verdict)
             SELECT mail_id, $2, received_at, $3, sender, verdict FROM journal WHERE mail_id = $1",
        )
        .bind(mail)
        .bind(facet)
        .bind(rejection)
        .execute(&mut *tx)
        .await?;
    }
    Ok(())
}

/// The words under which a mail of these codes is found, and whether each rejects something.
fn facets(found: &[(String, bool)]) -> Result<BTreeMap<&'static str, bool>> {
    let mut facets = BTreeMap::new();
    for (code, rejection) in found {
        let code: Code = parse(code)?;
        for facet in std::iter::once(code.as_str()).chain(code.actors().iter().map(|actor| actor.word())) {
            *facets.entry(facet).or_default() |= rejection;
        }
        if *rejection {
            facets.insert(REJECTION, true);
        }
    }
    Ok(facets)
}

/// A document speaks of these places.
pub(crate) async fn named(tx: &mut Tx, mail: MailId, places: &[(Finess, ServiceCode)]) -> Result<()> {
    let of_services = places.iter().map(|(finess, service)| (finess.as_str(), service.as_str()));
    let of_establishments = places.iter().map(|(finess, _)| (finess.as_str(), ""));
    let mut all: Vec<(&str, &str)> = of_services.chain(of_establishments).collect();
    all.sort_unstable();
    all.dedup();
    for some in all.chunks(ROWS) {
        let mut sql = Sql::default();
        let mail = sql.bind(mail);
        let rows = sql.rows(some, |sql, (finess, service)| vec![sql.text(finess), sql.text(service)]);
        let statement = format!(
            "WITH named (finess, service) AS (VALUES {rows})
             INSERT INTO mentions (mail_id, finess, service, received_at, sender, verdict)
             SELECT j.mail_id, n.finess, n.service, j.received_at, j.sender,
                    CASE WHEN j.verdict IN ('en-cours', 'integre') THEN '' ELSE j.verdict END
             FROM named n CROSS JOIN journal j WHERE j.mail_id = {mail} ON CONFLICT DO NOTHING"
        );
        sql.execute(statement, tx).await?;
    }
    Ok(())
}

/// What a document says of one service.
struct Observation<'a> {
    finess: Finess,
    service: &'a str,
    date_releve: Timestamp,
    counts: String,
}

/// A document that counts observed these services.
pub(crate) async fn observed(tx: &mut Tx, mail: MailId, document: &JudgedDocument) -> Result<()> {
    for some in observations(&document.updates).chunks(ROWS) {
        let mut sql = Sql::default();
        let mail = sql.bind(mail);
        let rows = sql.rows(some, |sql, seen| {
            let date = sql.bind(millis(seen.date_releve));
            vec![sql.text(seen.finess.as_str()), sql.text(seen.service), date, sql.text(&seen.counts)]
        });
        let statement = format!(
            "WITH seen (finess, service, date_releve, counts) AS (VALUES {rows})
             INSERT INTO places (finess, service, date_releve, mail_id, advanced_at, heard_at, counts, same_since)
             SELECT DISTINCT s.finess, s.service, s.date_releve, j.mail_id, j.received_at, j.received_at, s.counts, s.date_releve
             FROM seen s CROSS JOIN journal j WHERE j.mail_id = {mail}
             ON CONFLICT (finess, service) DO UPDATE SET {NEWEST}"
        );
        sql.execute(statement, tx).await?;
    }
    Ok(())
}

/// Of two observations the later stands, and of two of one instant the later received.
const NEWEST: &str = "
    same_since = CASE WHEN (excluded.date_releve, excluded.mail_id) >= (places.date_releve, places.mail_id)
                       AND excluded.counts <> places.counts THEN excluded.date_releve ELSE places.same_since END,
    counts = CASE WHEN (excluded.date_releve, excluded.mail_id) >= (places.date_releve, places.mail_id)
                  THEN excluded.counts ELSE places.counts END,
    mail_id = CASE WHEN (excluded.date_releve, excluded.mail_id) >= (places.date_releve, places.mail_id)
                   THEN excluded.mail_id ELSE places.mail_id END,
    advanced_at = CASE WHEN excluded.date_releve > places.date_releve
                       THEN excluded.advanced_at ELSE places.advanced_at END,
    date_releve = CASE WHEN excluded.date_releve > places.date_releve
                       THEN excluded.date_releve ELSE places.date_releve END,
    heard_at = CASE WHEN excluded.heard_at > places.heard_at THEN excluded.heard_at ELSE places.heard_at END";

fn observations(updates: &[Update]) -> Vec<Observation<'_>> {
    let mut by_place: BTreeMap<(Finess, &str), Vec<&Update>> = BTreeMap::new();
    for update in updates {
        by_place.entry((update.finess(), update.location.service().as_str())).or_default().push(update);
    }
    let observation = |((finess, service), updates): ((_, _), Vec<&Update>)| {
        let date_releve = updates.iter().map(|update| update.date_releve).max()?;
        Some(Observation { finess, service, date_releve, counts: digest(&updates) })
    };
    by_place.into_iter().filter_map(observation).collect()
}

/// The same for the same counts, whatever their order.
fn digest(updates: &[&Update]) -> String {
    let mut counts: Vec<String> =
        updates.iter().map(|update| format!("{}={}\n", update.count.indicator, update.count.nombre.get())).collect();
    counts.sort_unstable();
    let digest = Sha256::digest(counts.concat());
    base16ct::lower::encode_string(digest.first_chunk::<8>().map_or(&[][..], |first| &first[..]))
}
