//! The fail points in words, for the page of the operators.

use base::fail_point::STEPS;

/// What was just done when the program dies, in the order of [`STEPS`].
const MOMENTS: [(&str, &str); 30] = [
    ("referential-kept", "référentiel conservé"),
    ("mail-inserted", "courriel écrit, pas encore validé dans la base"),
    ("mail-received", "courriel reçu, validé dans la base"),
    ("reading-marked", "marque de lecture posée"),
    ("mail-reading", "lecture d’un courriel sur le point de commencer"),
    ("judgement-written", "jugement écrit, pas encore validé"),
    ("judgement-recorded", "jugement validé"),
    ("move-planned", "classement sur le point de commencer"),
    ("maildir-linked", "courriel sous ses deux noms, l’ancien et le nouveau"),
    ("maildir-moved", "courriels renommés, dossiers pas encore synchronisés"),
    ("imap-filing-sent", "commande de classement envoyée, sans réponse"),
    ("move-done", "courriels classés, pas encore notés dans la base"),
    ("move-recorded", "classement noté"),
    ("requests-recovered", "demandes interrompues reprises"),
    ("row-claimed", "capacité réservée, demande pas encore partie"),
    ("patch-answered", "réponse du ROR reçue, pas encore écrite"),
    ("patch-written", "réponse du ROR écrite, pas encore validée"),
    ("patch-recorded", "réponse du ROR validée"),
    ("removal-answered", "suppression d’un ancien indicateur faite, pas encore notée"),
    ("removal-recorded", "suppression d’un ancien indicateur notée"),
    ("reply-rendered", "réponse composée, pas encore écrite"),
    ("settlement-written", "verdict et réponse écrits, pas encore validés"),
    ("mail-settled", "verdict et réponse validés"),
    ("reply-leaving", "réponse sur le point de partir"),
    ("reply-copied", "réponse remise à un de ses destinataires"),
    ("reply-sent", "réponse partie, pas encore notée"),
    ("reply-recorded", "départ de la réponse noté"),
    ("purge-written", "contenus périmés effacés, effacement pas encore validé"),
    ("purge-committed", "effacement validé, journal de la base pas encore vidé"),
    ("content-purged", "contenus effacés jusque dans le journal de la base"),
];

/// A step in words; its passage, if it is not the first, in brackets.
pub(super) fn in_words(step: &str) -> String {
    let step = step.split_once('@').map_or(step, |(name, _)| name);
    let (name, passage) = step.split_once(':').map_or((step, None), |(name, passage)| (name, Some(passage)));
    let words = MOMENTS.iter().find(|(known, _)| *known == name).map_or(name, |(_, words)| words);
    passage.map_or_else(|| words.to_owned(), |passage| format!("{words} ({passage}ᵉ commande)"))
}

#[test]
fn every_step_has_its_words() {
    let named: Vec<&str> = MOMENTS.iter().map(|(step, _)| *step).collect();
    assert_eq!(named, STEPS);
}
