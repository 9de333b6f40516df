//! The subject: the convention of the national profile, and nothing of the sender that could harm
//! a header.

use super::classify::{is_confidential, is_failure, is_test, verdict_in_words};
use super::{Letter, ReplyEnvelope};
use domain::defect::excerpt;
use domain::outcome::{MailOutcome, in_paris};

/// A failure, as the ANS volet « Transmission au LPS d’un document CDA » writes it; 906 is its
/// code for « autre erreur », our own codes stand in the body.
pub(super) const FAILURE: &str = "[KO Intégration système !][906]";
/// How it begins, whatever became of its blank on the way.
pub(super) const MARK: &str = "[KO Intégration syst";
pub(super) const QUALIFICATION: &str = "[QUALIFICATION] ";
/// The most characters of the sender's subject that are repeated.
const SUBJECT_CHARS: usize = 250;

/// The subject of a reply, decoded, on one line.
pub(super) fn subject(letter: &Letter<'_>) -> String {
    let prefix = prefix(letter.envelope);
    let repeated = repeated(letter);
    let rest = match repeated {
        subject if is_failure(letter.outcome) => {
            let neutral = || format!("votre courriel du {}", in_paris(letter.outcome.received_at));
            format!("{FAILURE} {}", subject.unwrap_or_else(neutral))
        }
        Some(subject) if letter.is_receipt() => subject,
        _ => success(letter.outcome),
    };
    format!("{prefix}{rest}")
}

/// What stands before every subject of the qualification platform.
pub(super) fn prefix(envelope: &ReplyEnvelope) -> &'static str {
    if envelope.qualification { QUALIFICATION } else { "" }
}

/// A sender's text fit for a header: one line, printable, bounded, no encoded word of its own.
pub(super) fn header_text(text: &str, limit: usize) -> String {
    let words: Vec<String> = text.split_whitespace().map(excerpt).collect();
    words.join(" ").replace("=?", "= ?").chars().take(limit).collect()
}

fn repeated(letter: &Letter<'_>) -> Option<String> {
    let subject = letter.envelope.original_subject.as_deref().filter(|_| !is_confidential(letter.outcome))?;
    Some(header_text(subject, SUBJECT_CHARS)).filter(|subject| !subject.is_empty())
}

/// « Compte rendu : intégré – BM-20261123-0755 ».
fn success(outcome: &MailOutcome) -> String {
    let verdict = verdict_in_words(outcome);
    let test = if is_test(outcome) { " (test)" } else { "" };
    let mut identifiants = outcome.documents.iter().filter_map(|document| document.identifiant.as_deref());
    let first = identifiants.next().map(|id| format!(" – {}", header_text(&excerpt(id), SUBJECT_CHARS)));
    let others = match identifiants.count() {
        0 => String::new(),
        1 => " et un autre".to_owned(),
        count => format!(" et {count} autres"),
    };
    format!("Compte rendu : {verdict}{test}{}{others}", first.unwrap_or_default())
}
