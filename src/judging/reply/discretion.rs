//! What a letter keeps to itself. Nobody knows what a file holds that was not recognised as a report: neither its name
//! nor a value of it is repeated, least of all in a copy.

use super::classify::is_confidential;
use domain::defect::Defect;
use domain::outcome::{DocumentOutcome, MailOutcome};

/// An outcome as letters may tell it.
pub(super) fn discreet(outcome: &MailOutcome) -> MailOutcome {
    let mut told = outcome.clone();
    let (confidential, several) = (is_confidential(outcome), outcome.documents.len() > 1);
    for (rank, document) in told.documents.iter_mut().enumerate() {
        if confidential || !document.is_recognised() {
            hide(document, &if several { format!("n°\u{a0}{}", rank + 1) } else { "joint".to_owned() });
        }
    }
    let mail_defects = std::mem::take(&mut told.defects);
    let unnamed =
        |defect: Defect| if defect.place().piece.is_empty() { defect } else { defect.renamed("pièce jointe") };
    told.defects = mail_defects.into_iter().map(unnamed).collect();
    told
}

fn hide(document: &mut DocumentOutcome, name: &str) {
    name.clone_into(&mut document.name);
    document.identifiant = None;
    let piece = format!("fichier {name}");
    let defects = std::mem::take(&mut document.defects);
    document.defects = defects.into_iter().map(|defect| unquoted(defect).renamed(&piece)).collect();
}

/// What stopped the reading quotes a size, an encoding or the name of an element, without which nobody could mend it; what
/// was wrong before quotes values.
fn unquoted(defect: Defect) -> Defect {
    if defect.code().leaves_unread() { defect } else { defect.unquoted() }
}
