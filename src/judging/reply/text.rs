//! The text for people: the verdict, who must act, what to mend, what to check, the detail.

use super::classify::{
    awaiting_rights, is_confidential, is_partly_mendable, is_test, rejections, repeated_rejections, warnings,
};
use super::corrections;
use super::corrections::Sighting;
use super::discretion::discreet;
use super::layout::Page;
use super::{ReplyKind, detail, summary};
use domain::defect::{Code, Defect, excerpt};
use domain::outcome::{MailOutcome, in_paris};

const BANNER: &str = "*** QUALIFICATION : plateforme d’essai, sans effet sur la production ***";
const FOOTER: &str = "Message automatique de Dispolits. Le fichier compte-rendu.xml joint dit la même chose à vos logiciels. \
                      Chaque code est expliqué dans le guide de l’établissement.";
/// Beside a receipt, which says the same to software, no other file goes.
const RECEIPT_FOOTER: &str =
    "Message automatique de Dispolits. Chaque code est expliqué dans le guide de l’établissement.";

/// The French text of a reply: lines of 76 characters at most, ended by a line feed.
pub fn text(outcome: &MailOutcome, kind: ReplyKind, back: bool, qualification: bool) -> String {
    told(&discreet(outcome), kind, back, qualification)
}

/// The text of an outcome from which is left out what letters keep to themselves.
pub(super) fn told(outcome: &MailOutcome, kind: ReplyKind, back: bool, qualification: bool) -> String {
    written(outcome, kind, back, qualification, FOOTER)
}

/// The same beside a receipt.
pub(super) fn receipt_text(outcome: &MailOutcome, kind: ReplyKind, back: bool, qualification: bool) -> String {
    written(outcome, kind, back, qualification, RECEIPT_FOOTER)
}

fn written(outcome: &MailOutcome, kind: ReplyKind, back: bool, qualification: bool, footer: &str) -> String {
    let mut page = begin(qualification);
    page.paragraph(&summary::verdict(outcome, kind));
    if let Some(sentence) = summary::back_to_normal(back) {
        page.paragraph(sentence);
    }
    if let Some(sentence) = summary::still_waiting(outcome, kind) {
        page.paragraph(sentence);
    }
    write_duties(&mut page, std::slice::from_ref(outcome));
    if !is_confidential(outcome) {
        detail::section(&mut page, &outcome.documents);
    }
    page.paragraph(footer);
    page.finish()
}

/// A page, under the banner of the qualification platform.
pub(super) fn begin(qualification: bool) -> Page {
    let mut page = Page::default();
    if qualification {
        page.paragraph(BANNER);
    }
    page
}

/// Who must act, and all that is to be mended and checked in these mails.
pub(super) fn write_duties(page: &mut Page, outcomes: &[MailOutcome]) {
    page.paragraph(&summary::who_acts(outcomes));
    write_repeated(page, outcomes);
    let title = corrections::title(outcomes.iter().flat_map(rejections));
    corrections::section(page, title, sightings(outcomes, rejections));
    write_reminder(page, outcomes);
    write_rights(page, outcomes);
    corrections::section(page, "À vérifier", sightings(outcomes, warnings));
}

/// The defects of these mails, each with the mail that it is of if there are several.
fn sightings<'a, D: Iterator<Item = &'a Defect>>(
    outcomes: &'a [MailOutcome],
    defects: impl Fn(&'a MailOutcome) -> D,
) -> impl Iterator<Item = Sighting<'a>> {
    let several = outcomes.len() > 1;
    outcomes.iter().flat_map(move |outcome| {
        let mail = if several { in_words(outcome) } else { String::new() };
        defects(outcome).map(move |defect| Sighting::of_mail(defect, &mail)).collect::<Vec<_>>()
    })
}

/// « envoi du 23/11/2026 à 07:55, identifiant CHX-20261123-0755 ».
fn in_words(outcome: &MailOutcome) -> String {
    let identifiant = match outcome.documents.as_slice() {
        [only] if !is_confidential(outcome) => only.identifiant.as_deref(),
        _ => None,
    };
    let identifiant = identifiant.map(|id| format!(", identifiant {}", excerpt(id))).unwrap_or_default();
    format!("envoi du {}{identifiant}", in_paris(outcome.received_at))
}

/// What to do about files that were rejected before and came again as they were.
fn write_repeated(page: &mut Page, outcomes: &[MailOutcome]) {
    let documents = outcomes.iter().map(|outcome| outcome.documents.len()).sum::<usize>();
    match repeated_rejections(outcomes) {
        0 => {}
        1 if documents == 1 => page
            .paragraph("Ce premier verdict demeure : corrigez le fichier et renvoyez-le sous un nouvel identifiant."),
        1 => page.paragraph(
            "Un fichier déjà reçu garde son premier verdict : corrigez-le et renvoyez-le sous un nouvel identifiant.",
        ),
        count => page.paragraph(&format!(
            "{count} fichiers déjà reçus gardent leur premier verdict : corrigez-les et renvoyez-les chacun sous un \
             nouvel identifiant."
        )),
    }
}

/// What saves work: only the mended services need to come again, where the others were kept.
fn write_reminder(page: &mut Page, outcomes: &[MailOutcome]) {
    let real = outcomes.iter().filter(|outcome| !is_test(outcome));
    if real.flat_map(|outcome| &outcome.documents).any(is_partly_mendable) {
        page.paragraph(
            "Après correction, vous pouvez ne renvoyer que les services concernés, sous un nouvel identifiant : \
             un service absent reste inchangé dans le ROR.",
        );
    }
}

/// Rows without rights are said to wait: nothing the sender could mend holds them.
fn write_rights(page: &mut Page, outcomes: &[MailOutcome]) {
    let count = outcomes.iter().flat_map(awaiting_rights).count();
    if count == 0 {
        return;
    }
    let rows = if count > 1 {
        format!("{count} capacités sont en attente.")
    } else {
        "Une capacité est en attente.".to_owned()
    };
    page.heading("En attente de droits côté ROR");
    page.gap();
    page.item(
        "",
        &format!("{rows} {} {} (Code {} {})", Code::R04.sentence(), Code::R04.hint(), Code::R04, Code::R04.name()),
    );
}
