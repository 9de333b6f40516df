//! What the pages that act have in common: the question, the note, the answer.

use axum::response::{IntoResponse, Redirect, Response};
use maud::{Markup, html};

use super::target::OnMail;
use crate::layout;
use crate::layout::Tab;
use crate::{Visitor, WebRefusal, WebState};

/// The longest note, in characters.
const LONGEST: usize = 500;

/// A page that asks.
pub(super) fn page(state: &WebState, visitor: &Visitor, tab: Tab, title: &str, body: &Markup) -> Markup {
    let body = html! { h1 { (title) } (body) };
    layout::page(visitor, state, tab, title, &body)
}

/// A form of the session, with its button and a way back.
pub(super) fn ask(visitor: &Visitor, to: &str, fields: &Markup, button: &str, back: &str) -> Markup {
    html! {
        form.action method="post" action=(to) {
            input type="hidden" name="jeton" value=(visitor.token.0);
            (fields)
            p { button { (button) } " " a href=(back) { "Annuler" } }
        }
    }
}

/// A field for why it is done.
pub(super) fn note(required: bool) -> Markup {
    html! {
        label for="note" { "Note " @if !required { "(facultative)" } }
        textarea #note name="note" rows="2" maxlength=(LONGEST) required[required] {}
    }
}

/// What was noted: one line, bounded.
pub(super) fn noted(text: &str) -> String {
    let words: Vec<&str> =
        text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|w| !w.is_empty()).collect();
    words.join(" ").chars().take(LONGEST).collect()
}

/// Done: the page of the mail tells the rest.
pub(super) fn to_mail(on: &OnMail) -> Response {
    Redirect::to(&on.path()).into_response()
}

/// What was shown is no more so.
pub(super) fn changed() -> WebRefusal {
    WebRefusal::Conflict(
        "le journal a changé depuis l’affichage de la page : rien n’a été fait ; regardez de nouveau".to_owned(),
    )
}

#[test]
fn a_note_is_one_bounded_line() {
    assert_eq!(noted("  vu \r\n avec\u{0}le  service\t"), "vu avec le service");
    assert_eq!(noted(&"é".repeat(600)).chars().count(), 500);
}
