//! Words in a frame: a verdict, a code, who must act. The word says it all; the colour only helps.

use maud::{Markup, html};

use domain::defect::{Actor, Code, Severity};
use domain::labels;
use domain::outcome::{Etat, Verdict};

/// The verdict on a mail by its word, `en-cours` included.
pub(in crate::pages) fn verdict(word: &str) -> Markup {
    let class = match word.parse() {
        Ok(Verdict::Integre) => "bon",
        Ok(Verdict::PartiellementIntegre) => "moyen",
        Ok(Verdict::Rejete | Verdict::Quarantaine) => "mauvais",
        Ok(Verdict::Ignore | Verdict::Doublon) => "neutre",
        Err(_) => "attente",
    };
    framed(class, labels::verdict(word))
}

/// Where a count stands.
pub(in crate::pages) fn etat(etat: Etat) -> Markup {
    let class = match etat {
        Etat::Transmise => "bon",
        Etat::EnAttente => "attente",
        Etat::Depassee | Etat::NonTransmiseTest => "neutre",
        Etat::Rejetee => "mauvais",
    };
    framed(class, etat.in_words())
}

/// Rejection or warning.
pub(in crate::pages) fn severity(severity: Severity) -> Markup {
    match severity {
        Severity::Rejet => framed("mauvais", "rejet"),
        Severity::Avertissement => framed("moyen", "avertissement"),
    }
}

/// A code with what it means; a text of the store that is none stays as it is.
pub(in crate::pages) fn code(text: &str, often: i64) -> Markup {
    let meaning = text.parse().ok().map(Code::sentence);
    html! {
        abbr.code title=[meaning] { (text) }
        @if often > 1 { span.fois { " ×\u{a0}" (often) } }
    }
}

/// Who must act, the first one first; nothing if nobody must.
pub(in crate::pages) fn actors(actors: &[Actor]) -> Markup {
    html! { @for (rank, actor) in actors.iter().enumerate() { @if rank > 0 { " " } span.agir { (short(*actor)) } } }
}

/// Who must act, in a word or two.
pub(in crate::pages) fn short(actor: Actor) -> &'static str {
    match actor {
        Actor::Etablissement => "Établissement",
        Actor::Grades => "GRADeS",
        Actor::Exploitant => "Exploitant",
    }
}

/// A word in a frame of this class.
pub(in crate::pages) fn framed(class: &str, word: &str) -> Markup {
    html! { span.pastille.(class) { (word) } }
}
