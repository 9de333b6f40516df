//! What is told of one mail.

use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::search::JournalEntry;

/// What happened to one mail, each thing with when.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct MailHistory {
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

impl MailHistory {
    /// What may be told of it to whoever may see no contents: neither names, nor identifiers, nor what the ROR answered,
    /// which may quote them.
    #[must_use]
    pub fn without_values(mut self) -> Self {
        for document in &mut self.documents {
            document.nom.clear();
            document.identifiant = None;
        }
        self.requetes.iter_mut().for_each(|request| request.echec = None);
        self
    }
}

/// A document of a mail.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct LifeDocument {
    /// Its rank in the mail, from 0.
    pub rang: i64,
    /// The attachment's name; empty for whoever may see no contents, and once the content is forgotten.
    pub nom: String,
    /// Its format, if it was recognised.
    pub format: Option<String>,
    /// The sender's identifier; none for whoever may see no contents.
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
    /// What failed; none for whoever may see no contents.
    pub echec: Option<String>,
}

/// A reply, without its content.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct LifeReply {
    /// `reponse`, `complement`, `copie` or `recapitulatif`.
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
    /// Where it is for each recipient.
    pub remises: Vec<LifeHanding>,
    /// Why it leaves without the sender's mail, if it does: what the server said of the whole.
    pub allegee: Option<String>,
}

/// Where a reply is for one recipient.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct LifeHanding {
    /// The recipient.
    pub destinataire: String,
    /// `attend`, `pris` (the submission server took it over) or `refuse`.
    pub etat: &'static str,
    /// What the server last said, if it did not take it.
    pub reponse: Option<String>,
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
