//! The first sentences of a reply: the verdict, then who must act.

use std::collections::BTreeSet;

use super::classify::{
    actors, actors_in_words, awaiting_rights, in_words, is_test, only_lacks_rights, rejections, repeated_rejections,
    warnings,
};
use super::counts::Tally;
use super::{ReplyKind, corrections};
use domain::capacity::Mode;
use domain::defect::{Actor, Defect, Scope};
use domain::outcome::{DocumentOutcome, MailOutcome, Verdict, in_paris};

/// The verdict in one sentence.
pub(super) fn verdict(outcome: &MailOutcome, kind: ReplyKind) -> String {
    let received = in_paris(outcome.received_at);
    match kind {
        ReplyKind::Complement => format!(
            "Complément au compte rendu de votre envoi du {received} : le ROR a rejeté d’autres capacités. \
             À présent : {}.",
            counts(outcome)
        ),
        ReplyKind::Reprise => format!(
            "Complément au compte rendu de votre envoi du {received} : l’exploitant l’a fait juger de nouveau, après \
             une correction de son côté ou de celui du ROR. À présent : {}.",
            or_nothing(counts(outcome))
        ),
        ReplyKind::Reponse if is_test(outcome) => trial(outcome, &received),
        ReplyKind::Reponse => format!("Votre envoi du {received} {}", judged(outcome)),
    }
}

/// The sentence on the return to normal, where there is one.
pub(super) fn back_to_normal(back: bool) -> Option<&'static str> {
    back.then_some("Retour à la normale : cet envoi est intégré après un rejet précédent.")
}

/// What will become of the rows that wait, where a later mail may follow.
pub(super) fn still_waiting(outcome: &MailOutcome, kind: ReplyKind) -> Option<&'static str> {
    let waiting = outcome.verdict.is_none() && !only_lacks_rights(outcome);
    (waiting && kind == ReplyKind::Reponse).then_some(
        "Les capacités en attente seront transmises sans nouvel envoi ; un complément ne vous parviendra que si le \
         ROR en rejette.",
    )
}

/// « Qui doit agir : … », for all these mails.
pub(super) fn who_acts(outcomes: &[MailOutcome]) -> String {
    format!("Qui doit agir : {}", acting(outcomes))
}

fn acting(outcomes: &[MailOutcome]) -> String {
    let mut mending = actors(outcomes.iter().flat_map(rejections));
    if repeated_rejections(outcomes) > 0 && !mending.contains(&Actor::Etablissement) {
        mending.insert(0, Actor::Etablissement);
    }
    if !mending.is_empty() {
        return responsible(&mending, "rien à corriger");
    }
    if outcomes.iter().any(only_lacks_rights) {
        return responsible(&actors(outcomes.iter().flat_map(awaiting_rights)), "rien à faire");
    }
    match outcomes.iter().flat_map(warnings).count() {
        0 => "personne, tout est en ordre.".to_owned(),
        1 => "personne. Il reste toutefois un point à vérifier par votre établissement.".to_owned(),
        count => format!("personne. Il reste toutefois {count} points à vérifier par votre établissement."),
    }
}

/// Who acts, and what a reader who does not is spared.
fn responsible(actors: &[Actor], spared: &str) -> String {
    let who = actors_in_words(actors);
    if actors.contains(&Actor::Etablissement) { format!("{who}.") } else { format!("{who}. Vous n’avez {spared}.") }
}

fn judged(outcome: &MailOutcome) -> String {
    let counts = counts(outcome);
    match outcome.verdict {
        _ if only_lacks_rights(outcome) => format!(
            "a été accepté par Dispolits : {counts} ; en attente de droits côté ROR : {}.",
            awaiting_rights(outcome).count()
        ),
        None => format!("est en cours de traitement : {}.", or_nothing(counts)),
        Some(Verdict::Integre) => format!("a été intégré : {counts}."),
        Some(Verdict::PartiellementIntegre) => format!("a été partiellement intégré : {}.", or_nothing(counts)),
        Some(Verdict::Rejete) => "a été rejeté : aucune capacité n’a été transmise au ROR.".to_owned(),
        // Nobody is answered about these two; the sentence is for whoever asks for the text all the same.
        Some(verdict @ (Verdict::Ignore | Verdict::Quarantaine)) => format!("a été {}.", then(verdict, Mode::Reel)),
        Some(Verdict::Doublon) => already_received(outcome),
    }
}

fn trial(outcome: &MailOutcome, received: &str) -> String {
    let counts = counts(outcome);
    let judged = match outcome.verdict {
        Some(Verdict::Rejete) => "n’est pas valable".to_owned(),
        Some(Verdict::PartiellementIntegre) => format!("n’est valable qu’en partie : {counts}"),
        Some(Verdict::Doublon) => already_received(outcome).trim_end_matches('.').to_owned(),
        _ => format!("est valable : {counts}"),
    };
    format!("Votre envoi d’essai du {received} {judged} ; rien n’a été transmis au ROR.")
}

fn already_received(outcome: &MailOutcome) -> String {
    let seen = |document: &DocumentOutcome| document.first_seen.map(|(at, verdict)| (at, verdict, document.mode));
    let first = outcome.documents.iter().filter_map(seen).min_by_key(|(at, ..)| *at);
    first.map_or_else(
        || "a déjà été reçu et n’a pas été traité de nouveau.".to_owned(),
        |(at, verdict, mode)| {
            format!(
                "a déjà été reçu le {} et n’a pas été traité de nouveau ; il avait été {}.",
                in_paris(at),
                then(verdict, mode)
            )
        },
    )
}

/// The first verdict, as the end of « il avait été … ».
pub(super) fn then(verdict: Verdict, mode: Mode) -> &'static str {
    match verdict {
        Verdict::Doublon => "reconnu comme doublon",
        Verdict::Quarantaine => "mis en quarantaine",
        other => in_words(other, mode),
    }
}

/// « 5 capacités transmises, 1 rejetée », over all documents.
fn counts(outcome: &MailOutcome) -> String {
    let tally = Tally::of(outcome.documents.iter().flat_map(|document| &document.lines));
    let own = || rejections(outcome).filter(|defect| defect.code().scope() != Scope::Ligne);
    if own().all(|defect| defect.code().scope() == Scope::Capacite) {
        return tally.with_rejected(rejected_counts(own())).in_words();
    }
    // How many counts stood under a rejected service or file is not known: say what is.
    let entries = corrections::entries(own());
    let several = if entries > 1 { "défauts à corriger" } else { "défaut à corriger" };
    [tally.in_words(), format!("{entries} {several}")]
        .into_iter()
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join(", ")
}

/// How many counts these defects reject: several may concern the same one.
fn rejected_counts<'a>(defects: impl Iterator<Item = &'a Defect>) -> usize {
    let (mut counts, mut unplaced) = (BTreeSet::new(), 0);
    for defect in defects {
        let place = defect.place();
        match &place.path {
            Some(path) => drop(counts.insert((place.piece.as_str(), count_of(path.as_str())))),
            None => unplaced += 1,
        }
    }
    counts.len() + unplaced
}

/// The path of a count, without that of its attribute.
fn count_of(path: &str) -> &str {
    path.rsplit_once("/@").map_or(path, |(count, _)| count)
}

fn or_nothing(counts: String) -> String {
    if counts.is_empty() { "aucune capacité transmise".to_owned() } else { counts }
}
