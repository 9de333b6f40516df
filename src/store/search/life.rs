//! One mail from its receipt to the last answer, with what it took the place of.

use jiff::Timestamp;
use serde::Serialize;
use sqlx::FromRow;
use utoipa::ToSchema;

use super::entry::JournalEntry;
use super::sql::Sql;
use crate::store::engine::FromRows;
use crate::store::{MailId, Result, Store, instant};

/// The most rows, and the most requests, told of one mail.
const MOST: u32 = 10_000;

/// What happened to one mail, each thing with when.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Life {
    /// Its line of the journal.
    #[serde(flatten)]
    pub ligne: JournalEntry,
    /// When it was judged.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub juge: Option<Timestamp>,
    /// The logical folder it belongs to.
    pub dossier: Option<String>,
    /// When its move there was confirmed.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub range: Option<Timestamp>,
    /// When it was left in the mailbox, whose server cannot move it.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub laisse: Option<Timestamp>,
    /// When its final verdict was written.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub regle: Option<Timestamp>,
    /// Whether its content is still there.
    pub contenu: bool,
    /// Later mails of the same bytes.
    pub doublons: Vec<i64>,
    /// Its documents, in order.
    pub documents: Vec<LifeDocument>,
    /// Its counts, in the order of its documents; no more than ten thousand.
    pub capacites: Vec<LifeRow>,
    /// The requests sent for them, in order; no more than ten thousand.
    pub requetes: Vec<LifeRequest>,
    /// The replies to it, in order, without their content.
    pub reponses: Vec<LifeReply>,
    /// When it was judged again.
    pub rejeux: Vec<LifeReplay>,
}

/// A document of a mail.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct LifeDocument {
    /// Its rank in the mail, from 0.
    pub rang: i64,
    /// The attachment's name.
    pub nom: String,
    /// Its format, if it was recognised.
    pub format: Option<String>,
    /// The sender's identifier.
    pub identifiant: Option<String>,
    /// SHA-256 of the decoded text.
    pub sha256: String,
    /// Whether it only tries.
    pub test: bool,
    /// Its verdict.
    pub verdict: Option<String>,
    /// The mail of the first document of the same sender, identifiant and content.
    pub doublon_de: Option<i64>,
    /// The mails of later ones.
    pub doublons: Vec<i64>,
}

/// A count of a mail.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct LifeRow {
    /// Its number, as operators name it.
    pub numero: i64,
    /// The rank of its document.
    pub rang: i64,
    /// The establishment.
    pub finess: String,
    /// The code service.
    pub service: String,
    /// The indicator's key.
    pub indicateur: String,
    /// `lit` or `place`.
    pub nature: String,
    /// How many.
    pub nombre: i64,
    /// When it was observed.
    #[schema(value_type = String, format = DateTime)]
    pub date_releve: Timestamp,
    /// Where it stands.
    pub etat: String,
    /// Requests so far.
    pub essais: i64,
    /// When the ROR acknowledged or refused it, or it was superseded.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub clos: Option<Timestamp>,
    /// What the ROR held before, as far as is known.
    pub avant: Option<RowBefore>,
    /// The newer count that took its place, if it is superseded.
    pub depassee_par: Option<RowLink>,
    /// The count whose place it took before that one was sent.
    pub depasse: Option<RowLink>,
}

/// What the ROR held before a count.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct RowBefore {
    /// How many.
    pub nombre: i64,
    /// When that was observed.
    #[schema(value_type = String, format = DateTime)]
    pub date_releve: Timestamp,
    /// The mail that brought it; `None` where the ROR itself was seen to hold it, from another source.
    pub courriel: Option<i64>,
}

/// A count of another mail.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
pub struct RowLink {
    /// The receipt number of its mail.
    pub courriel: i64,
    /// Its number.
    pub numero: i64,
}

/// A request sent to the ROR.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct LifeRequest {
    /// The count it was for.
    pub capacite: i64,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub a: Timestamp,
    /// `replace`, `add`, `delete`, `read`, `jeton`.
    pub operation: String,
    /// HTTP status.
    pub statut: Option<i64>,
    /// How long it took, in milliseconds.
    pub duree_ms: i64,
    /// What failed.
    pub echec: Option<String>,
}

/// A reply, without its content.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct LifeReply {
    /// `reponse`, `complement` or `recapitulatif`.
    pub nature: String,
    /// The mail it is kept with: another one for a digest that tells of this mail among others.
    pub courriel: i64,
    /// Its Message-ID.
    pub message_id: String,
    /// To whom, separated by blanks.
    pub destinataires: String,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub faite: Timestamp,
    /// `a-envoyer`, `envoyee`, `abandonnee`.
    pub etat: String,
    /// Tries so far.
    pub essais: i64,
    /// When it left or was given up.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub close: Option<Timestamp>,
    /// Why the last try failed.
    pub echec: Option<String>,
    /// The notice that said that it did not arrive.
    pub non_remise: Option<i64>,
    /// What notices of delivery say of it.
    pub avis: Option<String>,
}

/// A new judgement.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct LifeReplay {
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub a: Timestamp,
    /// How many rows it sent on their way.
    pub envoyees: i64,
}

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
struct ReplyColumns {
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
}

type DocumentColumns = (i64, i64, String, Option<String>, Option<String>, String, bool, Option<String>, Option<i64>);

impl Store {
    /// The life of a mail; `None` if there is no such mail.
    pub async fn life(&self, id: MailId) -> Result<Option<Life>> {
        let Some(ligne) = self.journal_entry(id).await? else { return Ok(None) };
        let steps = "SELECT judged_at, folder, moved_at, left_at, settled_at, raw IS NOT NULL AS has_content
                     FROM mails WHERE id = $1";
        let Some(steps): Option<Steps> = self.of_mail(id, steps).await?.pop() else { return Ok(None) };
        Ok(Some(Life {
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
        let rows: Vec<(i64, i64, String, Option<i64>, i64, Option<String>)> = self.of_mail(id, statement).await?;
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
                    notice
             FROM replies WHERE id IN (
                 SELECT id FROM replies WHERE mail_id = $1
                 UNION SELECT digest_id FROM withheld WHERE mail_id = $1 AND digest_id IS NOT NULL)
             ORDER BY id";
        let rows: Vec<ReplyColumns> = self.of_mail(id, statement).await?;
        Ok(rows.into_iter().map(life_reply).collect())
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

fn life_reply(row: ReplyColumns) -> LifeReply {
    LifeReply {
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
    }
}
