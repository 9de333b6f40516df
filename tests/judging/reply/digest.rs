//! The digest of what was withheld beyond the cap: what people read, and what its mail carries.

use domain::outcome::{MailOutcome, Verdict};
use jiff::SignedDuration;
use judging::reply::{Digest, ReplyEnvelope, compte_rendu, digest};
use mail_parser::{Message, MessageParser, MimeHeaders};

use super::mail::check_wire;
use super::{cases, envelope, instant};

fn made(outcomes: &[MailOutcome], envelope: &ReplyEnvelope) -> Vec<u8> {
    digest(&Digest { envelope, outcomes, at: instant("2026-11-23T08:00:00Z") })
}

fn parsed(bytes: &[u8]) -> Message<'_> {
    MessageParser::default().parse(bytes).unwrap()
}

/// The names and contents of what is attached.
fn attached(message: &Message<'_>) -> Vec<(String, Vec<u8>)> {
    message.attachments().map(|part| (part.attachment_name().unwrap().to_owned(), part.contents().to_vec())).collect()
}

/// These mails, each received a quarter of an hour after the one before and with an identifiant of its own.
fn in_turn(outcomes: Vec<MailOutcome>) -> Vec<MailOutcome> {
    let mut received_at = instant(super::RECEIVED);
    let place = |(rank, mut outcome): (usize, MailOutcome)| {
        outcome.received_at = received_at;
        received_at += SignedDuration::from_mins(15);
        for document in &mut outcome.documents {
            document.identifiant = document.identifiant.as_ref().map(|_| format!("CHX-{}", rank + 1));
        }
        outcome
    };
    outcomes.into_iter().enumerate().map(place).collect()
}

fn several() -> Vec<MailOutcome> {
    in_turn(vec![
        cases::partly(),
        cases::rejected_service(),
        cases::partly(),
        cases::refused_by_ror(),
        cases::duplicate(Verdict::Rejete),
        cases::patient_document(),
    ])
}

fn check(name: &str, outcomes: &[MailOutcome], qualification: bool) {
    let bytes = made(outcomes, &ReplyEnvelope { qualification, ..envelope() });
    check_wire(name, &bytes);
    let message = parsed(&bytes);
    let text = message.body_text(0).unwrap().replace("\r\n", "\n");
    for line in text.lines() {
        assert!(line.chars().count() <= 76, "{name}: {line}");
    }
    let names: Vec<String> = attached(&message).into_iter().map(|(name, _)| name).collect();
    let shown = format!("Objet : {}\nJoints : {}\n\n{text}", message.subject().unwrap(), names.join(", "));
    insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
        insta::assert_snapshot!(name, shown);
    });
}

#[test]
fn a_digest_says_what_the_replies_would_have_said() {
    check("recapitulatif_d_un_envoi", &[cases::partly()], true);
    check("recapitulatif_du_ror", &[cases::rejected_by_ror()], false);
    check("recapitulatif_de_plusieurs_envois", &several(), false);
}

#[test]
fn each_mail_has_its_own_compte_rendu() {
    let outcomes = several();
    let expected: Vec<(String, Vec<u8>)> = outcomes
        .iter()
        .enumerate()
        .map(|(rank, outcome)| (format!("compte-rendu-{}.xml", rank + 1), compte_rendu(outcome).into_bytes()))
        .collect();
    assert_eq!(attached(&parsed(&made(&outcomes, &envelope()))), expected);
    let one = [cases::partly()];
    let expected = ("compte-rendu.xml".to_owned(), compte_rendu(&one[0]).into_bytes());
    assert_eq!(attached(&parsed(&made(&one, &envelope()))), [expected]);
}

#[test]
fn the_contacts_are_copied_and_nobody_is_answered_twice() {
    let cc: Vec<_> =
        ["cadre@ch-exemple.mssante.test", "accueil@ch-exemple.mssante.test"].map(|one| one.parse().unwrap()).into();
    let bytes = made(&several(), &ReplyEnvelope { cc, receipt: Some(super::receipt()), ..envelope() });
    check_wire("copied", &bytes);
    let message = parsed(&bytes);
    let copied: Vec<_> = message.cc().unwrap().iter().map(|one| one.address().unwrap()).collect();
    assert_eq!(copied, ["cadre@ch-exemple.mssante.test", "accueil@ch-exemple.mssante.test"]);
    assert_eq!(message.content_type().unwrap().subtype(), Some("mixed"), "a digest is no receipt");
    assert_eq!(message.header_raw("Auto-Submitted").unwrap().trim(), "auto-replied");
}

#[test]
fn a_digest_of_very_many_mails_stays_small() {
    let outcomes = in_turn(vec![cases::many(); 500]);
    let bytes = made(&outcomes, &envelope());
    check_wire("many", &bytes);
    let message = parsed(&bytes);
    let text = message.body_text(0).unwrap().replace("\r\n", "\n");
    assert!(text.starts_with("Récapitulatif : 500 de vos envois sont rejetés"), "{text}");
    assert!(text.contains("et 450 autres") && text.contains("et 10 autres : voir le compte rendu XML."), "{text}");
    let count = attached(&message).len();
    assert!((10..500).contains(&count) && bytes.len() < 5 << 20, "{count} files, {} bytes", bytes.len());
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains(&format!("seuls les comptes rendus des envois 1 à {count} sont joints")), "{text}");
}

#[test]
fn no_word_of_a_patient_document_comes_back() {
    let mail = String::from_utf8(made(&several(), &envelope())).unwrap();
    assert!(!mail.contains("NOMPATIENT"), "{mail}");
}
