//! One thing wrong: what, where, who must act and how to mend it.

use maud::{Markup, html};

use super::{badge, fact};
use domain::defect::Defect;
use domain::labels;

/// The most defects of a document that are shown.
const MOST: usize = 200;

/// The defects, the rejections first. `anchor` makes the address of each within the page.
pub(in crate::pages) fn list(defects: &[&Defect], anchor: &str) -> Markup {
    html! {
        ol.defauts {
            @for (rank, defect) in defects.iter().take(MOST).enumerate() {
                li id={ (anchor) (rank + 1) } tabindex="-1" { (card(defect)) }
            }
        }
        @if defects.len() > MOST { p.note { "et " (defects.len() - MOST) " de plus." } }
    }
}

fn card(defect: &Defect) -> Markup {
    let place = defect.place().in_full();
    html! {
        p.titre {
            (badge::severity(defect.severity())) " "
            strong { (defect.code()) } " " span.nom { (defect.code().name()) }
        }
        p { (defect.message()) }
        dl.faits {
            (fact("Qui doit agir", Some(labels::actors(defect.code().actors()))))
            (fact("À corriger", Some(defect.hint())))
            (fact("Où", (!place.is_empty()).then_some(place)))
            (fact("Trouvé", defect.found_text().map(|found| html! { code { (found) } })))
            (fact("Attendu", defect.expected_text()))
        }
    }
}
