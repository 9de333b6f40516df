//! Establishments and services as links to their pages.

use maud::{Markup, html};

use domain::capacity::ServiceCode;
use domain::finess::Finess;
use judging::referential::Referential;

/// An establishment by its name, if it has one, and its number; a number that is none is only shown.
pub(in crate::pages) fn establishment(finess: &str, referential: &Referential) -> Markup {
    let Ok(known) = finess.parse::<Finess>() else { return html! { span.finess { (finess) } } };
    let name = referential.establishment(known).map(|one| one.name.as_str());
    html! {
        a href={ "/etablissements/" (known) } { (name.unwrap_or("hors référentiel")) }
        " " span.finess { (known) }
    }
}

/// A service by its code, and its name in the referential.
pub(in crate::pages) fn service(finess: &str, code: &str, referential: &Referential) -> Markup {
    html! { span.service { (code) } @if let Some(label) = label(finess, code, referential) { " " (label) } }
}

fn label<'a>(finess: &str, code: &str, referential: &'a Referential) -> Option<&'a str> {
    let (finess, code) = (finess.parse::<Finess>().ok()?, code.parse::<ServiceCode>().ok()?);
    referential.service(finess, &code).map(|service| service.label.as_str())
}
