//! Whatever a sender writes, the reply stays one well-formed mail with one well-formed XML.

use domain::capacity::Mode;
use domain::defect::{Code, Defect, Place};
use domain::outcome::{DocumentOutcome, MailOutcome, Verdict};
use judging::reply::{Digest, ReplyEnvelope, ReplyKind, compte_rendu, digest, text};
use mail_parser::MessageParser;
use proptest::prelude::*;

use super::mail::check_wire;
use super::{envelope, instant, receipt, rendered, schema};

const HOSTILE: &[&str] = &[
    "a\r\nBcc: victime@exemple.test",
    "a\n\n<script>alert(1)</script>",
    "]]><!-- & \" ' <x/>",
    "\u{202e}lmx.troppar\u{2066}\u{feff}",
    "nul\0 cloche\u{7} \u{1b}[31m rouge \u{85} \u{fffe}\u{ffff}",
    "=?utf-8?B?DQpCY2M6IHZAZXhlbXBsZS50ZXN0?=",
    "",
    " ",
    "😀é—\u{a0}«»",
    "--=_0123456789\r\n--=_0123456789--",
    "../../etc/passwd\\..\\x|`rm`",
];

/// An outcome in which every text the sender controls is `text`.
fn outcome(text: &str) -> MailOutcome {
    let place =
        || Place { line: Some(1), column: Some(1), ..Place::piece(text).with_path(format!("service[{text}]/{text}")) };
    let defect = |code| Defect::new(code, place()).found(text).expected(text).detail(text).hint_instead(text);
    let document = DocumentOutcome {
        recognised: true,
        name: text.to_owned(),
        identifiant: Some(text.to_owned()),
        sha256: "cd".repeat(32),
        mode: Mode::Reel,
        verdict: Some(Verdict::Rejete),
        first_seen: None,
        lines: Vec::new(),
        defects: vec![defect(Code::D06), defect(Code::C03), defect(Code::R04)],
    };
    MailOutcome {
        message_id: Some(text.to_owned()),
        received_at: instant(super::RECEIVED),
        verdict: Some(Verdict::Rejete),
        defects: vec![defect(Code::M05)],
        documents: vec![document],
    }
}

fn hostile_envelope(text: &str) -> ReplyEnvelope {
    ReplyEnvelope {
        from_name: text.to_owned(),
        original_subject: Some(text.to_owned()),
        original_message_id: Some(text.to_owned()),
        references: vec![text.to_owned(); 3],
        original: Some(format!("Subject: {text}\r\nX: {text}\r\n\r\n{text}").into_bytes()),
        nil: Some(text.to_owned()),
        ..envelope()
    }
}

fn check(text: &str) {
    let outcome = outcome(text);
    let envelope = hostile_envelope(text);
    for receipt in [None, Some(receipt())] {
        let rendered = rendered(&outcome, ReplyKind::Reponse, &ReplyEnvelope { receipt, ..envelope.clone() });
        check_wire(text, &rendered.bytes);
        let printable = |character: char| {
            character == '\n' || !(character.is_control() || "\u{202e}\u{2066}\u{feff}".contains(character))
        };
        assert!(rendered.text.chars().all(printable), "{text:?}: {}", rendered.text);
        assert!(rendered.text.lines().all(|line| line.chars().count() <= 76), "{text:?}: {}", rendered.text);
        assert!(!rendered.subject.contains(|character: char| character.is_control()), "{text:?}");
        let message = MessageParser::default().parse(&rendered.bytes).unwrap();
        assert_eq!(message.subject(), Some(rendered.subject.as_str()), "{text:?}");
        assert!(message.bcc().is_none(), "{text:?}");
        assert_eq!(message.body_text(0).unwrap().replace("\r\n", "\n"), rendered.text, "{text:?}");
    }
    let outcomes = [outcome.clone(), outcome];
    check_wire(text, &digest(&Digest { envelope: &envelope, outcomes: &outcomes, at: instant(super::RECEIVED) }));
}

#[test]
fn hostile_texts_change_nothing_but_themselves() {
    for text in HOSTILE {
        check(text);
        schema::check(text, &outcome(text));
    }
    let long = "é".repeat(100_000);
    check(&long);
    check(&"x y".repeat(100_000));
    schema::check("long", &outcome(&long));
}

#[test]
fn a_reply_stays_small_on_long_texts() {
    let outcome = outcome(&"x y".repeat(1_000_000));
    assert!(compte_rendu(&outcome).len() < 50_000);
    assert!(text(&outcome, ReplyKind::Reponse, false, false).len() < 50_000);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_text_gives_a_well_formed_mail(text in ".{0,300}") {
        check(&text);
    }

    #[test]
    fn any_original_gives_a_well_formed_mail(original in proptest::collection::vec(any::<u8>(), 0..600)) {
        let envelope = ReplyEnvelope { original: Some(original), receipt: Some(receipt()), ..envelope() };
        check_wire("any original", &rendered(&super::cases::partly(), ReplyKind::Reponse, &envelope).bytes);
    }
}
