//! The first sentences of a reply: the verdict, then who must act.

use super::Kind;
use super::standing::{
    actors, actors_in_words, awaiting_rights, is_test, only_lacks_rights, rejections, repeats_rejection, warnings,
};
use super::tally::Tally;
use crate::defect::{Actor, Scope};
use crate::outcome::{MailOutcome, Verdict, in_paris};

/// The verdict in one sentence.
pub(super) fn verdict(outcome: &MailOutcome, kind: Kind) -> String {
    let received = in_paris(outcome.received_at);
    match kind {
        Kind::Complement => format!(
            "Complément au compte rendu de votre envoi du {received} : le ROR a rejeté d’autres capacités. \
             À présent : {}.",
            counts(outcome)
        ),
        Kind::Reprise => format!(
            "Complément au compte rendu de votre envoi du {received} : l’exploitant l’a fait juger de nouveau, après \
             une correction de son côté ou de celui du ROR. À présent : {}.",
            or_nothing(counts(outcome))
        ),
        Kind::Reponse if is_test(outcome) => trial(outcome, &received),
        Kind::Reponse => format!("Votre envoi du {received} {}", judged(outcome)),
    }
}

/// The sentence on the return to normal, where there is one.
pub(super) fn back_to_normal(back: bool) -> Option<&'static str> {
    back.then_some("Retour à la normale : cet envoi est intégré après un rejet précédent.")
}

/// What will become of the rows that wait, where a later mail may follow.
pub(super) fn still_waiting(outcome: &MailOutcome, kind: Kind) -> Option<&'static str> {
    let waiting = outcome.verdict.is_none() && !only_lacks_rights(outcome);
    (waiting && kind == Kind::Reponse).then_some(
        "Les capacités en attente seront transmises sans nouvel envoi ; un complément ne vous parviendra que si le \
         ROR en rejette.",
    )
}

/// « Qui doit agir : … ».
pub(super) fn who_acts(outcome: &MailOutcome) -> String {
    format!("Qui doit agir : {}", acting(outcome))
}

fn acting(outcome: &MailOutcome) -> String {
    if rejections(outcome).next().is_some() {
        return responsible(&actors(rejections(outcome)), "rien à corriger");
    }
    if outcome.verdict == Some(Verdict::Quarantaine) {
        return responsible(&[Actor::Exploitant], "rien à faire");
    }
    if only_lacks_rights(outcome) {
        return responsible(&actors(awaiting_rights(outcome)), "rien à faire");
    }
    if outcome.documents.iter().any(repeats_rejection) {
        return responsible(&[Actor::Etablissement], "");
    }
    match warnings(outcome).count() {
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
        Some(Verdict::Ignore) => "a été ignoré : il ne contient aucun relevé de disponibilités.".to_owned(),
        Some(Verdict::Doublon) => already_received(outcome),
        Some(Verdict::Quarantaine) => {
            "n’a pas pu être lu : il est en quarantaine et l’exploitant est prévenu.".to_owned()
        }
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
    let first = outcome.documents.iter().filter_map(|document| document.first_seen).min_by_key(|(at, _)| *at);
    first.map_or_else(
        || "a déjà été reçu et n’a pas été traité de nouveau.".to_owned(),
        |(at, verdict)| {
            format!(
                "a déjà été reçu le {} et n’a pas été traité de nouveau ; il avait été {}.",
                in_paris(at),
                then(verdict)
            )
        },
    )
}

/// The first verdict, as the end of « il avait été … ».
pub(super) fn then(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Doublon => "reconnu comme doublon",
        Verdict::Quarantaine => "mis en quarantaine",
        other => other.in_words(),
    }
}

/// « 5 capacités transmises, 1 rejetée », over all documents.
fn counts(outcome: &MailOutcome) -> String {
    let tally = Tally::of(outcome.documents.iter().flat_map(|document| &document.lines));
    let own = || rejections(outcome).filter(|defect| defect.code().scope() != Scope::Ligne);
    if own().all(|defect| defect.code().scope() == Scope::Capacite) {
        return tally.with_rejected(own().count()).in_words();
    }
    // How many counts stood under a rejected service or file is not known: say what is.
    let several = if own().count() > 1 { "défauts à corriger" } else { "défaut à corriger" };
    [tally.in_words(), format!("{} {several}", own().count())]
        .into_iter()
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join(", ")
}

fn or_nothing(counts: String) -> String {
    if counts.is_empty() { "aucune capacité transmise".to_owned() } else { counts }
}
