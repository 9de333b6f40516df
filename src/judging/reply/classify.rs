//! What text, subject and receipt must agree upon: whether something was rejected, and who must act.

use domain::capacity::Mode;
use domain::defect::{Actor, Code, Defect, Scope};
use domain::outcome::{DocumentOutcome, Etat, MailOutcome, Verdict};

/// The rejections somebody must mend. Missing rights (R04) are none: the row is held, and the
/// sender has nothing to mend.
pub(super) fn rejections(outcome: &MailOutcome) -> impl Iterator<Item = &Defect> {
    outcome.all_defects().filter(|defect| defect.is_rejection() && !lacks_rights(defect))
}

/// The rows held until the ROR grants its rights.
pub(super) fn awaiting_rights(outcome: &MailOutcome) -> impl Iterator<Item = &Defect> {
    outcome.all_defects().filter(|defect| lacks_rights(defect))
}

/// What should be looked at, but rejects nothing.
pub(super) fn warnings(outcome: &MailOutcome) -> impl Iterator<Item = &Defect> {
    outcome.all_defects().filter(|defect| !defect.is_rejection() && !lacks_rights(defect))
}

fn lacks_rights(defect: &Defect) -> bool {
    defect.code() == Code::R04
}

/// Whether all that stops the mail is rights the ROR has yet to grant.
pub(super) fn only_lacks_rights(outcome: &MailOutcome) -> bool {
    awaiting_rights(outcome).next().is_some() && rejections(outcome).next().is_none()
}

/// Whether the sender's software must read a failure: something was rejected, now or, for a
/// duplicate, the first time. An automatic reader that is told « processed » about a file
/// rejected before would stop looking.
pub fn is_failure(outcome: &MailOutcome) -> bool {
    let failed =
        matches!(outcome.verdict, Some(Verdict::Rejete | Verdict::PartiellementIntegre | Verdict::Quarantaine));
    rejections(outcome).next().is_some()
        || (failed && !only_lacks_rights(outcome))
        || outcome.documents.iter().any(repeats_rejection)
}

/// Whether the document is a duplicate of one that was not wholly integrated.
pub(super) fn repeats_rejection(document: &DocumentOutcome) -> bool {
    let rejected = |verdict| matches!(verdict, Verdict::Rejete | Verdict::PartiellementIntegre);
    document.verdict == Some(Verdict::Doublon) && document.first_seen.is_some_and(|(_, verdict)| rejected(verdict))
}

/// How many documents of these mails are duplicates of one that was not wholly integrated.
pub(super) fn repeated_rejections(outcomes: &[MailOutcome]) -> usize {
    outcomes.iter().flat_map(|outcome| &outcome.documents).filter(|document| repeats_rejection(document)).count()
}

/// Whether a part of this document that the sender can mend alone was rejected, the rest being kept.
pub(super) fn is_partly_mendable(document: &DocumentOutcome) -> bool {
    let mendable = |defect: &Defect| {
        defect.is_rejection() && is_below_document(defect) && defect.code().actors().contains(&Actor::Etablissement)
    };
    document.lines.iter().any(|line| line.etat != Some(Etat::Rejetee)) && document.defects.iter().any(mendable)
}

/// Whether nothing of the mail was meant for the ROR.
pub(super) fn is_test(outcome: &MailOutcome) -> bool {
    !outcome.documents.is_empty() && outcome.documents.iter().all(|document| document.mode == Mode::Test)
}

/// The verdict on a mail, for people.
pub(super) fn verdict_in_words(outcome: &MailOutcome) -> &'static str {
    let mode = if is_test(outcome) { Mode::Test } else { Mode::Reel };
    outcome.verdict.map_or("en cours", |verdict| in_words(verdict, mode))
}

/// A verdict for people: what was sent to be tried is never said to be integrated.
pub(super) fn in_words(verdict: Verdict, mode: Mode) -> &'static str {
    match (mode, verdict) {
        (Mode::Test, Verdict::Integre) => "valable",
        (Mode::Test, Verdict::PartiellementIntegre) => "valable en partie",
        (_, other) => other.in_words(),
    }
}

/// Whether a patient document came by mistake: nothing the sender wrote is repeated, its names and
/// subject may name the patient.
pub(super) fn is_confidential(outcome: &MailOutcome) -> bool {
    outcome.all_defects().any(|defect| defect.code() == Code::M06)
}

/// Whether part of the mail can be mended alone.
fn is_below_document(defect: &Defect) -> bool {
    !matches!(defect.code().scope(), Scope::Courriel | Scope::Document)
}

/// Who must act for any of these, the establishment first.
pub(super) fn actors<'a>(defects: impl Iterator<Item = &'a Defect>) -> Vec<Actor> {
    let acting: Vec<Actor> = defects.flat_map(|defect| defect.code().actors()).copied().collect();
    let order = [Actor::Etablissement, Actor::Grades, Actor::Exploitant];
    order.into_iter().filter(|actor| acting.contains(actor)).collect()
}

/// « votre établissement et le GRADeS ».
pub(super) fn actors_in_words(actors: &[Actor]) -> String {
    let names: Vec<&str> = actors.iter().map(|actor| actor.in_words()).collect();
    match names.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} et {last}", rest.join(", ")),
        _ => names.concat(),
    }
}
