//! The text for people: the verdict, who must act, what to mend, what to check, the detail.

use super::page::Page;
use super::standing::{awaiting_rights, is_below_document, is_confidential, is_test, rejections, warnings};
use super::{Kind, detail, headline, mending};
use crate::defect::{Actor, Code, Defect};
use crate::outcome::MailOutcome;

const BANNER: &str = "*** QUALIFICATION : plateforme d’essai, sans effet sur la production ***";
const FOOTER: &str = "Message automatique de Dispolits. Le fichier compte-rendu.xml joint dit la même chose à vos logiciels. \
                      Chaque code est expliqué dans le guide de l’établissement.";

/// The French text of a reply: lines of 76 characters at most, ended by a line feed.
pub fn text(outcome: &MailOutcome, kind: Kind, back: bool, qualification: bool) -> String {
    let mut page = Page::default();
    if qualification {
        page.paragraph(BANNER);
    }
    page.paragraph(&headline::verdict(outcome, kind));
    if let Some(sentence) = headline::back_to_normal(back) {
        page.paragraph(sentence);
    }
    if let Some(sentence) = headline::still_waiting(outcome, kind) {
        page.paragraph(sentence);
    }
    page.paragraph(&headline::who_acts(outcome));
    mending::section(&mut page, "À corriger", rejections(outcome));
    write_reminder(&mut page, outcome);
    write_rights(&mut page, outcome);
    mending::section(&mut page, "À vérifier", warnings(outcome));
    if !is_confidential(outcome) {
        detail::section(&mut page, &outcome.documents);
    }
    page.paragraph(FOOTER);
    page.finish()
}

/// What saves work: only the mended services need to come again.
fn write_reminder(page: &mut Page, outcome: &MailOutcome) {
    let mendable =
        |defect: &Defect| is_below_document(defect) && defect.code().actors().contains(&Actor::Etablissement);
    if rejections(outcome).any(mendable) && !is_test(outcome) {
        page.paragraph(
            "Après correction, vous pouvez ne renvoyer que les services concernés, sous un nouvel identifiant : \
             un service absent reste inchangé dans le ROR.",
        );
    }
}

/// Rows without rights are said to wait: nothing the sender could mend holds them.
fn write_rights(page: &mut Page, outcome: &MailOutcome) {
    let count = awaiting_rights(outcome).count();
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
