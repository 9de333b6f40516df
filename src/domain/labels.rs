//! The words of the store as people read them: in the terminal and on the web.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use crate::capacity::{Count, Fermeture, Genre, Nature, Nomenclature, Statut, Temporalite};
use crate::defect::{Actor, Defect};
use crate::outcome::{Verdict, paris};

/// A verdict of the journal: `integre` is « intégré ».
pub fn verdict(word: &str) -> &str {
    word.parse().map_or("en cours", Verdict::in_words)
}

/// How many rows stand where: « 2 transmises, 1 rejetée ».
pub fn rows(rows: &[(String, i64)]) -> String {
    rows.iter().map(|(etat, count)| format!("{count} {}", state(etat, *count))).collect::<Vec<_>>().join(", ")
}

fn state(etat: &str, count: i64) -> &str {
    match (etat, count > 1) {
        ("transmise", true) => "transmises",
        ("depassee", false) => "dépassée",
        ("depassee", true) => "dépassées",
        ("rejetee", false) => "rejetée",
        ("rejetee", true) => "rejetées",
        ("en-attente", _) => "en attente",
        ("non-transmise-test", false) => "validée (test)",
        ("non-transmise-test", true) => "validées (test)",
        (other, _) => other,
    }
}

/// How many defects of each code: « 2 S01, 1 C01 », or « aucun ».
pub fn codes<'a>(defects: impl Iterator<Item = &'a Defect>) -> String {
    let mut counts = BTreeMap::<&str, usize>::new();
    defects.for_each(|defect| *counts.entry(defect.code().as_str()).or_default() += 1);
    let counts: Vec<String> = counts.into_iter().map(|(code, count)| format!("{count} {code}")).collect();
    if counts.is_empty() { "aucun".to_owned() } else { counts.join(", ") }
}

/// The last day of something that ends at midnight in Paris: « 02/12/2026 inclus ».
pub fn last_day(end: Timestamp) -> String {
    let last = end.saturating_sub(SignedDuration::from_secs(1)).unwrap_or(end);
    format!("{} inclus", last.to_zoned_datetime(paris()).strftime("%d/%m/%Y"))
}

/// Whether there is a reply and where it stands.
pub fn answer(state: Option<&str>) -> &str {
    match state {
        None => "pas encore",
        Some("a-envoyer") => "à envoyer",
        Some("envoyee") => "envoyée",
        Some("abandonnee") => "abandonnée",
        Some("non-remise") => "non remise",
        Some(_) => "aucune",
    }
}

/// Where a reply stands that so many of its recipients have got.
pub fn answer_to(state: &str, reached: usize, of: usize) -> &str {
    match state {
        "a-envoyer" | "envoyee" if (1..of).contains(&reached) => "envoyée en partie",
        other => answer(Some(other)),
    }
}

/// Where a reply is for one recipient.
pub fn handing(word: &str) -> &str {
    match word {
        "pris" => "remise au serveur",
        "attend" => "en attente",
        "refuse" => "refusée",
        other => other,
    }
}

/// What kind of reply it is.
pub fn reply_kind(kind: &str) -> &str {
    match kind {
        "reponse" => "Réponse",
        "complement" => "Complément",
        "copie" => "Copie au contact",
        "recapitulatif" => "Récapitulatif",
        other => other,
    }
}

/// A request to the ROR: what it was meant to do.
pub fn operation(word: &str) -> &str {
    match word {
        "replace" => "mise à jour (replace)",
        "add" => "création (add)",
        "delete" => "suppression (delete)",
        "read" => "lecture avant écriture",
        "jeton" => "demande de jeton",
        other => other,
    }
}

/// Who must act, for somebody who is neither of them.
pub fn actors(actors: &[Actor]) -> String {
    let name = |actor: &Actor| match actor {
        Actor::Etablissement => "l’établissement",
        Actor::Grades => "le GRADeS",
        Actor::Exploitant => "l’exploitant de Dispolits",
    };
    actors.iter().map(name).collect::<Vec<_>>().join(", ")
}

/// A count: « 3 lits disponibles (femme) ».
pub fn count(count: &Count) -> String {
    let many = count.nombre.get() > 1;
    let noun = match (count.nature, many) {
        (Nature::Lit, false) => "lit",
        (Nature::Lit, true) => "lits",
        (Nature::Place, false) => "place",
        (Nature::Place, true) => "places",
    };
    let statut = statut(count.indicator.statut(), count.nature, many);
    let precisions = precisions(count);
    let precisions = if precisions.is_empty() { String::new() } else { format!(" ({})", precisions.join(", ")) };
    format!("{} {noun} {statut}{precisions}", count.nombre.get())
}

fn statut(statut: Statut, nature: Nature, many: bool) -> String {
    let (stem, ends_in_e) = match statut {
        Statut::Installe => ("installé", false),
        Statut::Disponible => ("disponible", true),
        Statut::Occupe => ("occupé", false),
        Statut::Reserve => ("réservé", false),
        Statut::Ferme => ("fermé", false),
        Statut::Supplementaire => ("supplémentaire", true),
    };
    let feminine = if nature == Nature::Place && !ends_in_e { "e" } else { "" };
    format!("{stem}{feminine}{}", if many { "s" } else { "" })
}

/// What differs from the defaults of a report.
fn precisions(count: &Count) -> Vec<&'static str> {
    let key = &count.indicator;
    let temporalite = (key.temporalite() != Temporalite::Courant).then(|| key.temporalite().display());
    let genre = match key.genre() {
        Some(Genre::Femme) => Some("femmes"),
        Some(Genre::Homme) => Some("hommes"),
        Some(Genre::Indifferencie) | None => None,
    };
    let fermeture = key.fermeture().filter(|fermeture| *fermeture != Fermeture::Indetermine);
    let others = [
        fermeture.map(Nomenclature::display),
        key.supplement().map(Nomenclature::display),
        key.crise().map(Nomenclature::display),
        (key.affectation().word() != "aucune").then(|| key.affectation().display()),
    ];
    [temporalite, genre].into_iter().chain(others).flatten().collect()
}
