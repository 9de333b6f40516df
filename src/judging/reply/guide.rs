//! The table of codes of the guide for establishments, generated from the catalogue.

use super::classify::actors_in_words;
use domain::defect::{Code, Severity};

/// A Markdown table of every code: what it says, how to mend it, who acts.
pub fn guide_table() -> String {
    let head = "| Code | Ce que dit Dispolits | Comment corriger | Qui agit | Effet |\n|---|---|---|---|---|\n";
    Code::ALL.iter().fold(head.to_owned(), |table, code| table + &row(*code))
}

fn row(code: Code) -> String {
    format!(
        "| **{code}**<br>{} | {} | {} | {} | {} |\n",
        code.name(),
        escaped(code.sentence()),
        escaped(code.hint()),
        actors_in_words(code.actors()),
        effect(code),
    )
}

fn effect(code: Code) -> String {
    match code.severity() {
        // Missing rights hold a row back, they do not refuse it.
        Severity::Rejet if code == Code::R04 => format!("met {} en attente", code.scope().in_words()),
        Severity::Rejet => format!("rejette {}", code.scope().in_words()),
        Severity::Avertissement => "avertissement".to_owned(),
    }
}

/// What Markdown would read as its own.
fn escaped(text: &str) -> String {
    text.replace('|', "\\|").replace('<', "\\<")
}
