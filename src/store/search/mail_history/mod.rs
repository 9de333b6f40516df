//! One mail from its receipt to the last answer, with what it took the place of.

mod shape;

use sqlx::FromRow;

use super::plan::sql::Sql;
use crate::engine::FromRows;
use crate::{Handing, MailId, Result, Store, instant, recipients};

pub use shape::{
    LifeDocument, LifeHanding, LifeReplay, LifeReply, LifeRequest, LifeRow, MailHistory, RowBefore, RowLink,
};

/// The most rows, and the most requests, told of one mail.
const MOST: u32 = 10_000;

#[derive(FromRow)]
struct Steps {
    judged_at: Option<i64>,
    folder: Option<String>,
    moved_at: Option<i64>,
    left_at: Option<i64>,
    settled_at: Option<i64>,
    has_content: bool,
}

#[derive(FromRow)]
struct RowColumns {
    id: i64,
    rank: i64,
    finess: String,
    service: String,
    indicator: String,
    nature: String,
    nombre: i64,
    date_releve: i64,
    etat: String,
    attempts: i64,
    closed_at: Option<i64>,
    ror_date: Option<i64>,
    ror_nombre: Option<i64>,
    before_mail: Option<i64>,
    before_date: Option<i64>,
    before_nombre: Option<i64>,
    newer_mail: Option<i64>,
    newer: Option<i64>,
    older_mail: Option<i64>,
    older: Option<i64>,
}

#[derive(FromRow)]
struct HistoryReplyColumns {
    kind: String,
    mail_id: i64,
    message_id: String,
    recipients: String,
    created_at: i64,
    etat: String,
    attempts: i64,
    closed_at: Option<i64>,
    failure: Option<String>,
    returned_by: Option<i64>,
    notice: Option<String>,
    handed: String,
    lightened: Option<String>,
}

type RequestColumns = (i64, i64, String, Option<i64>, i64, Option<String>);
type DocumentColumns = (i64, i64, String, Option<String>, Option<String>, String, bool, Option<String>, Option<i64>);

impl Store {
    /// The life of a mail; `None` if there is no such mail.
    pub async fn life(&self, id: MailId) -> Result<Option<MailHistory>> {
        let Some(ligne) = self.journal_entry(id).await? else { return Ok(None) };
        let steps = "SELECT judged_at, folder, moved_at, left_at, settled_at, raw IS NOT NULL AS has_content
                     FROM mails WHERE id = $1";
        let Some(steps): Option<Steps> = self.of_mail(id, steps).await?.pop() else { return Ok(None) };
        Ok(Some(MailHistory {
            ligne,
            juge: steps.judged_at.map(instant),
            dossier: steps.folder,
            range: steps.moved_at.map(instant),
            laisse: steps.left_at.map(instant),
            regle: steps.settled_at.map(instant),
            contenu: steps.has_content,
            doublons: self.later_copies(id).await?,
            documents: self.life_documents(id).await?,
            capacites: self.life_rows(id).await?,
            requetes: self.life_requests(id).await?,
            reponses: self.life_replies(id).await?,
            rejeux: self.life_replays(id).await?,
        }))
    }

    async fn of_mail<O: FromRows>(&self, id: MailId, statement: impl Into<String>) -> Result<Vec<O>> {
        let mut sql = Sql::default();
        sql.bind(id);
        sql.fetch(statement.into(), self.search_in()).await
    }

    async fn later_copies(&self, id: MailId) -> Result<Vec<i64>> {
        let copies: Vec<(i64,)> =
            self.of_mail(id, "SELECT id FROM mails WHERE duplicate_of = $1 ORDER BY id LIMIT 1000").await?;
        Ok(copies.into_iter().map(|(copy,)| copy).collect())
    }

    async fn life_documents(&self, id: MailId) -> Result<Vec<LifeDocument>> {
        let documents = "SELECT d.id, d.rank, d.name, d.format, d.identifiant, d.sha256, d.test = 1, d.verdict,
                    (SELECT f.mail_id FROM documents f WHERE f.id = d.duplicate_of)
             FROM documents d WHERE d.mail_id = $1 ORDER BY d.rank";
        let rows: Vec<DocumentColumns> = self.of_mail(id, documents).await?;
        let copies = "SELECT c.duplicate_of, c.mail_id FROM documents d JOIN documents c ON c.duplicate_of = d.id
             WHERE d.mail_id = $1 ORDER BY c.id LIMIT 1000";
        let copies: Vec<(i64, i64)> = self.of_mail(id, copies).await?;
        Ok(rows.into_iter().map(|row| life_document(row, &copies)).collect())
    }

    async fn life_rows(&self, id: MailId) -> Result<Vec<LifeRow>> {
        let rows: Vec<RowColumns> = self.of_mail(id, rows_statement()).await?;
        Ok(rows.into_iter().map(life_row).collect())
    }

    async fn life_requests(&self, id: MailId) -> Result<Vec<LifeRequest>> {
        let statement = format!(
            "SELECT a.update_id, a.at, a.operation, a.status, a.duration_ms, a.failure
             FROM updates u JOIN attempts a ON a.update_id = u.id WHERE u.mail_id = $1 ORDER BY a.id LIMIT {MOST}"
        );
        let rows: Vec<RequestColumns> = self.of_mail(id, statement).await?;
        let request = |(capacite, at, operation, statut, duree_ms, echec)| LifeRequest {
            capacite,
            a: instant(at),
            operation,
            statut,
            duree_ms,
            echec,
        };
        Ok(rows.into_iter().map(request).collect())
    }

    /// Its own, and the digest that tells of it.
    async fn life_replies(&self, id: MailId) -> Result<Vec<LifeReply>> {
        let statement =
            "SELECT kind, mail_id, message_id, recipients, created_at, etat, attempts, closed_at, failure, returned_by,
                    notice, handed, lightened
             FROM replies WHERE id IN (
                 SELECT id FROM replies WHERE mail_id = $1
                 UNION SELECT digest_id FROM withheld WHERE mail_id = $1 AND digest_id IS NOT NULL)
             ORDER BY id";
        let rows: Vec<HistoryReplyColumns> = self.of_mail(id, statement).await?;
        rows.into_iter().map(life_reply).collect()
    }

    async fn life_replays(&self, id: MailId) -> Result<Vec<LifeReplay>> {
        let replays = self.replays(id).await?;
        Ok(replays.into_iter().map(|(a, envoyees)| LifeReplay { a, envoyees }).collect())
    }
}

/// The counts of a mail, each beside its neighbours in the order of observations of its indicator. What waits is
/// superseded by the next one, so the neighbour tells.
fn rows_statement() -> String {
    let neighbour = |etat: &str, beyond: &str, order: &str| {
        format!(
            "(SELECT n.id FROM updates n
              WHERE n.finess = u.finess AND n.service = u.service AND n.indicator = u.indicator AND n.etat {etat}
                AND n.date_releve {beyond}= u.date_releve
                AND (n.date_releve, n.mail_id, n.id) {beyond} (u.date_releve, u.mail_id, u.id)
              ORDER BY n.date_releve {order}, n.mail_id {order}, n.id {order} LIMIT 1)"
        )
    };
    let newer = neighbour("<> 'non-transmise-test'", ">", "ASC");
    let older = neighbour("<> 'non-transmise-test'", "<", "DESC");
    let before = neighbour("= 'transmise'", "<", "DESC");
    format!(
        "SELECT own.id, own.rank, own.finess, own.service, own.indicator, own.nature, own.nombre, own.date_releve, own.etat, own.attempts,
                own.closed_at, own.ror_date, own.ror_nombre,
                b.mail_id AS before_mail, b.date_releve AS before_date, b.nombre AS before_nombre,
                n.mail_id AS newer_mail, n.id AS newer, o.mail_id AS older_mail, o.id AS older
         FROM (SELECT u.id, d.rank, u.finess, u.service, u.indicator, u.nature, u.nombre, u.date_releve, u.etat,
                      u.attempts, u.closed_at, u.ror_date, u.ror_nombre,
                      CASE WHEN u.etat <> 'non-transmise-test' THEN {before} END AS before_id,
                      CASE WHEN u.etat = 'depassee' THEN {newer} END AS newer_id,
                      CASE WHEN u.etat <> 'non-transmise-test' THEN {older} END AS older_id
               FROM updates u JOIN documents d ON d.id = u.document_id WHERE u.mail_id = $1
               ORDER BY d.rank, u.id LIMIT {MOST}) AS own
         LEFT JOIN updates b ON b.id = own.before_id
         LEFT JOIN updates n ON n.id = own.newer_id
         LEFT JOIN updates o ON o.id = own.older_id AND o.etat = 'depassee' AND o.mail_id <> $1
         ORDER BY own.rank, own.id"
    )
}

fn life_document(row: DocumentColumns, copies: &[(i64, i64)]) -> LifeDocument {
    let (id, rang, nom, format, identifiant, sha256, test, verdict, doublon_de) = row;
    let doublons = copies.iter().filter(|(first, _)| *first == id).map(|(_, mail)| *mail).collect();
    LifeDocument { rang, nom, format, identifiant, sha256, test, verdict, doublon_de, doublons }
}

fn life_row(row: RowColumns) -> LifeRow {
    let link = |mail: Option<i64>, number: Option<i64>| Some(RowLink { courriel: mail?, numero: number? });
    let seen = row.ror_date.zip(row.ror_nombre).map(|seen| (seen, None));
    let known = row.before_date.zip(row.before_nombre).map(|known| (known, row.before_mail));
    let avant =
        seen.or(known).map(|((date, nombre), courriel)| RowBefore { nombre, date_releve: instant(date), courriel });
    LifeRow {
        numero: row.id,
        rang: row.rank,
        finess: row.finess,
        service: row.service,
        indicateur: row.indicator,
        nature: row.nature,
        nombre: row.nombre,
        date_releve: instant(row.date_releve),
        etat: row.etat,
        essais: row.attempts,
        clos: row.closed_at.map(instant),
        avant,
        depassee_par: link(row.newer_mail, row.newer),
        depasse: link(row.older_mail, row.older),
    }
}

fn life_reply(row: HistoryReplyColumns) -> Result<LifeReply> {
    let handings = recipients::read(&row.recipients, &row.handed, &row.etat)?;
    Ok(LifeReply {
        nature: row.kind,
        courriel: row.mail_id,
        message_id: row.message_id,
        destinataires: row.recipients,
        faite: instant(row.created_at),
        etat: row.etat,
        essais: row.attempts,
        close: row.closed_at.map(instant),
        echec: row.failure,
        non_remise: row.returned_by,
        avis: row.notice,
        remises: handings.iter().map(life_handing).collect(),
        allegee: row.lightened,
    })
}

fn life_handing(one: &Handing) -> LifeHanding {
    LifeHanding {
        destinataire: one.to.to_string(),
        etat: one.whereabouts.word(),
        reponse: one.whereabouts.answer().map(str::to_owned),
    }
}
