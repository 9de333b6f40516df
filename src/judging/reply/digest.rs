//! The digest: one letter for the mails beyond the cap of replies by hour.

use jiff::Timestamp;

use super::classify::{is_confidential, verdict_in_words};
use super::discretion::discreet;
use super::layout::Page;
use super::mail::{self, Attachment};
use super::subject::{FAILURE, prefix};
use super::{Letter, ReplyEnvelope, ReplyKind, compte_rendu, detail, text};
use domain::outcome::{MailOutcome, in_paris};

/// The most mails listed one by one.
const LISTED: usize = 50;
/// The most files of one mail that are named.
const NAMED: usize = 10;
/// The most bytes of XML that are attached: an ordinary mail server takes them, base64 included.
const ATTACHED_BYTES: usize = 2 << 20;

/// All that a digest is made of.
#[derive(Debug, Clone, Copy)]
pub struct Digest<'a> {
    /// From whom and to whom, its copies included; it answers no mail in particular.
    pub envelope: &'a ReplyEnvelope,
    /// The mails it gathers, in the order of reception.
    pub outcomes: &'a [MailOutcome],
    /// When it is made; its `Date`.
    pub at: Timestamp,
}

/// Makes the digest's mail. The same digest always gives the same bytes.
pub fn digest(digest: &Digest<'_>) -> Vec<u8> {
    let outcomes: Vec<MailOutcome> = digest.outcomes.iter().map(discreet).collect();
    let digest = &Digest { outcomes: &outcomes, ..*digest };
    let Some(last) = digest.outcomes.last() else { return Vec::new() };
    // A complement is no receipt, and neither is a digest.
    let letter = Letter { outcome: last, kind: ReplyKind::Complement, envelope: digest.envelope, at: digest.at };
    let attachments = attachments(digest.outcomes);
    let subject = subject(digest);
    mail::bytes(&letter, &subject, &digest_text(digest, attachments.len()), &attachments)
}

fn subject(digest: &Digest<'_>) -> String {
    let which = match digest.outcomes.len() {
        1 => "d’un envoi".to_owned(),
        count => format!("de {count} envois"),
    };
    format!("{}{FAILURE} Récapitulatif {which}", prefix(digest.envelope))
}

/// `compte-rendu.xml`, or one for each mail, numbered as the text lists them.
fn attachments(outcomes: &[MailOutcome]) -> Vec<Attachment<'static>> {
    let mut room = ATTACHED_BYTES;
    let mut attachments = Vec::new();
    for (rank, outcome) in outcomes.iter().enumerate() {
        let xml = compte_rendu::xml(outcome);
        // The first one always goes: an ordinary reply would carry it too.
        let Some(left) = room.checked_sub(xml.len()).or((rank == 0).then_some(0)) else { break };
        room = left;
        let number = if outcomes.len() > 1 { format!("-{}", rank + 1) } else { String::new() };
        attachments.push(Attachment::new(format!("compte-rendu{number}.xml"), xml));
    }
    attachments
}

fn digest_text(digest: &Digest<'_>, attached: usize) -> String {
    let outcomes = digest.outcomes;
    let mut page = text::begin(digest.envelope.qualification);
    page.paragraph(opening(outcomes.len()).as_str());
    text::write_duties(&mut page, outcomes);
    write_mails(&mut page, outcomes);
    page.paragraph(&footer(outcomes.len(), attached));
    page.finish()
}

fn opening(count: usize) -> String {
    let why = "le nombre de réponses par heure est limité.";
    if count == 1 {
        return format!(
            "Récapitulatif : un de vos envois est rejeté, en tout ou en partie. Il n’a pas reçu de réponse particulière : \
             {why}"
        );
    }
    format!(
        "Récapitulatif : {count} de vos envois sont rejetés, en tout ou en partie. Ils n’ont pas reçu de réponse \
         particulière : {why}"
    )
}

fn write_mails(page: &mut Page, outcomes: &[MailOutcome]) {
    page.heading(if outcomes.len() > 1 { "Envois concernés" } else { "Envoi concerné" });
    page.gap();
    for (rank, outcome) in outcomes.iter().take(LISTED).enumerate() {
        let verdict = verdict_in_words(outcome);
        page.item(&format!("{:>2}. ", rank + 1), &format!("Envoi du {} : {verdict}", in_paris(outcome.received_at)));
        write_files(page, outcome);
    }
    match outcomes.len().saturating_sub(LISTED) {
        0 => {}
        1 => page.item("    ", "et un autre"),
        more => page.item("    ", &format!("et {more} autres")),
    }
}

/// The files of a mail; what a patient document is called may name the patient.
fn write_files(page: &mut Page, outcome: &MailOutcome) {
    if is_confidential(outcome) {
        return;
    }
    for document in outcome.documents.iter().take(NAMED) {
        page.item("    - ", &format!("fichier {}", detail::summary(document)));
    }
    match outcome.documents.len().saturating_sub(NAMED) {
        0 => {}
        1 => page.item("    - ", "et un autre fichier"),
        more => page.item("    - ", &format!("et {more} autres fichiers")),
    }
}

fn footer(count: usize, attached: usize) -> String {
    let files = if count == 1 {
        "Le fichier compte-rendu.xml joint dit la même chose à vos logiciels.".to_owned()
    } else if attached == count {
        "Les fichiers compte-rendu joints, un par envoi et numérotés de même, disent la même chose à vos logiciels."
            .to_owned()
    } else {
        format!("Faute de place, seuls les comptes rendus des envois 1 à {attached} sont joints pour vos logiciels.")
    };
    format!("Message automatique de Dispolits. {files} Chaque code est expliqué dans le guide de l’établissement.")
}
