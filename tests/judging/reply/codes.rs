//! Every code of the catalogue reaches the sender.

use domain::defect::{Actor, Code, Defect, Place};
use domain::outcome::Verdict;
use judging::reply::{ReplyKind, compte_rendu, text};

use super::{document, mail};

/// Text in which line ends do not count.
fn flat(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn check(code: Code) {
    let defect = Defect::new(code, Place::piece("rapport.xml"));
    let verdict = Some(if defect.is_rejection() { Verdict::Rejete } else { Verdict::Integre });
    let outcome = mail(verdict, vec![document(verdict, Vec::new(), vec![defect])]);
    let told = flat(&text(&outcome, ReplyKind::Reponse, false, false));
    for expected in [code.sentence(), code.hint(), code.name(), code.as_str()] {
        assert!(told.contains(&flat(expected)), "{code}: {expected} is missing in\n{told}");
    }
    let acting = told.split_once("Qui doit agir : ").unwrap().1;
    for actor in
        code.actors().iter().filter(|actor| **actor != Actor::Etablissement || verdict == Some(Verdict::Rejete))
    {
        assert!(acting.contains(actor.in_words()), "{code}: {actor:?} is missing in\n{told}");
    }
    assert!(compte_rendu(&outcome).contains(&format!("code=\"{code}\" nom=\"{}\"", code.name())), "{code}");
}

#[test]
fn every_code_says_its_sentence_its_hint_and_who_acts() {
    assert_eq!(Code::ALL.len(), 36);
    Code::ALL.iter().copied().for_each(check);
}

#[test]
fn missing_rights_are_never_the_senders_fault() {
    let outcome = super::cases::lacking_rights();
    let told = text(&outcome, ReplyKind::Reponse, false, false);
    assert!(told.contains("En attente de droits côté ROR") && flat(&told).contains("Vous n’avez rien à faire"));
    assert!(!told.contains("À corriger") && !told.contains("rejet"), "{told}");
    let mut envelope = super::envelope();
    envelope.receipt = Some(super::receipt());
    let rendered = super::rendered(&outcome, ReplyKind::Reponse, &envelope);
    assert!(!rendered.subject.contains("KO"), "{}", rendered.subject);
    assert!(String::from_utf8(rendered.bytes).unwrap().contains("MDN-sent-automatically; processed\r\n"));
}
