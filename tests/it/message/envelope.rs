//! Who wrote, what the mail refers to, and whether it may be answered.

use dispolits::address::Address;
use dispolits::message::{Automatic, Message, PATIENT_DOMAINS, ReturnPath};

use super::read_mail;

fn head(lines: &str) -> Message {
    read_mail(format!("{}\r\n\r\nBonjour\r\n", lines.replace('\n', "\r\n")).as_bytes())
}

fn text(address: Option<&Address>) -> &str {
    address.map_or("-", Address::as_str)
}

#[test]
fn the_sender_is_one_address() {
    let cases = [
        ("From: lits@ch.test", "lits@ch.test"),
        ("\u{feff}From: lits@ch.test", "lits@ch.test"),
        ("From: \"Lits, CH\" <Lits@CH.test>", "lits@ch.test"),
        ("From: =?utf-8?q?Lits_=C3=A9?= <lits@ch.test>", "lits@ch.test"),
        ("From: lits@ch.test (des lits)", "lits@ch.test"),
        ("From:\n <lits@ch.test>", "lits@ch.test"),
        ("From: \"autre@ch.test\" <lits@ch.test>", "lits@ch.test"),
        ("From: a@ch.test, b@ch.test", "-"),
        ("From: a@ch.test\nFrom: b@ch.test", "-"),
        ("From: a@ch.test\nFrom: a@ch.test", "-"),
        ("From: a@ch.test, Quelqu'un", "-"),
        ("From: Quelqu'un", "-"),
        ("From: <>", "-"),
        ("From: =?utf-8?q?lits=40ch.test?= (lits)", "-"),
        ("From: <a@b@ch.test>", "-"),
        ("Subject: sans auteur", "-"),
    ];
    for (lines, expected) in cases {
        assert_eq!(text(head(lines).sender()), expected, "{lines}");
    }
}

#[test]
fn what_from_said_is_repeated_safely() {
    let long = format!("From: {} <lits@ch.test>", "x".repeat(500));
    let cases = [
        ("From: \"Lits\" <lits@ch.test>", "lits@ch.test"),
        ("From: a@ch.test, b@ch.test", "a@ch.test, b@ch.test"),
        ("From: Quelqu'un\x07", "Quelqu'un·"),
        (long.as_str(), "lits@ch.test"),
        ("Subject: rien", ""),
    ];
    for (lines, expected) in cases {
        assert_eq!(head(lines).from_text(), expected, "{lines}");
    }
}

#[test]
fn answers_go_where_the_sender_asks() {
    let message = head(
        "From: app@ch.test\nReply-To: Cadre <cadre@ch.test>, autre@ch.test\nDisposition-Notification-To: <mdn@ch.test>",
    );
    assert_eq!(text(message.reply_to()), "cadre@ch.test");
    assert_eq!(text(message.disposition_notification_to()), "mdn@ch.test");
    let several = head("From: app@ch.test\nDisposition-Notification-To: a@ch.test, b@ch.test");
    assert_eq!(text(several.disposition_notification_to()), "-");
}

#[test]
fn return_paths() {
    let address = |text: &str| ReturnPath::Address(text.parse().unwrap());
    let cases = [
        ("Subject: a", ReturnPath::Absent),
        ("Return-Path: <>", ReturnPath::Null),
        ("Return-Path: < >", ReturnPath::Null),
        ("Return-Path:", ReturnPath::Null),
        ("Return-Path: <MAILER-DAEMON>", ReturnPath::Null),
        ("Return-Path: <lits@ch.test>", address("lits@ch.test")),
        ("Return-Path: lits@ch.test", address("lits@ch.test")),
        ("Return-Path: <un@ch.test>\nReturn-Path: <deux@ch.test>", address("un@ch.test")),
        ("Return-Path: <n'importe quoi>", ReturnPath::Absent),
    ];
    for (lines, expected) in cases {
        assert_eq!(*head(lines).return_path(), expected, "{lines}");
    }
}

#[test]
fn identifiers_are_safe_in_a_header() {
    let long = format!("Message-ID: <{}@ch.test>", "x".repeat(300));
    let cases = [
        ("Message-ID: <1@ch.test>", Some("1@ch.test")),
        ("MESSAGE-ID:\n < 1@ch.test >", Some("1@ch.test")),
        ("Message-Id: <1.sans.arobase>", Some("1.sans.arobase")),
        ("Message-ID: 1@ch.test", Some("1@ch.test")),
        ("Message-ID: <\x01@ch.test>", None),
        ("Message-ID: <été@ch.test>", None),
        ("Message-ID: <>", None),
        (long.as_str(), None),
        ("Subject: a", None),
    ];
    for (lines, expected) in cases {
        assert_eq!(head(lines).message_id(), expected, "{lines}");
    }
}

#[test]
fn references_are_bounded() {
    let many = (0..100).map(|number| format!("<{number}@ch.test>\n ")).collect::<Vec<_>>().concat();
    let references = head(&format!("References: {many}\nSubject: a")).references().to_vec();
    assert_eq!(references.len(), 20);
    assert_eq!((references[0].as_str(), references[19].as_str()), ("0@ch.test", "99@ch.test"));
    assert_eq!(head("In-Reply-To: <a@ch.test> <b@ch.test>").references(), ["a@ch.test"]);
    assert_eq!(head("References: <a@ch.test>\nIn-Reply-To: <b@ch.test>").references(), ["a@ch.test"]);
}

#[test]
fn subjects_are_decoded_and_on_one_line() {
    let long = format!("Subject: {}", "é".repeat(500));
    let cases = [
        ("Subject: =?utf-8?q?Lits_=C3=A9t=C3=A9?=", "Lits été"),
        ("Subject: Lits\n du matin", "Lits du matin"),
        ("Subject: =?utf-8?q?a=0D=0ABcc:_x=40y.test?=", "a··Bcc: x@y.test"),
    ];
    for (lines, expected) in cases {
        assert_eq!(head(lines).subject(), Some(expected), "{lines}");
    }
    assert_eq!(head("Subject: ").subject(), None);
    assert!(head(&long).subject().unwrap().chars().count() <= 121);
}

#[test]
fn machines_are_not_answered() {
    let patient = |field: &str| format!("From: a@ch.test\n{field}: p@{}", PATIENT_DOMAINS[0]);
    let (reply_to, notification) = (patient("Reply-To"), patient("Disposition-Notification-To"));
    let subdomain = format!("From: p@x.{}", PATIENT_DOMAINS[1]);
    let lookalike = format!("From: p@im{}", PATIENT_DOMAINS[0]);
    let cases = [
        ("From: a@ch.test", None),
        ("From: a@ch.test\nAuto-Submitted: No", None),
        ("From: a@ch.test\nAuto-Submitted: no (vraiment)", None),
        ("From: a@ch.test\nAuto-Submitted: auto-generated", Some(Automatic::AutoSubmitted)),
        ("From: a@ch.test\nauto-submitted: Auto-Replied; owner=x", Some(Automatic::AutoSubmitted)),
        ("From: a@ch.test\nAuto-Submitted: no\nAuto-Submitted: auto-replied", Some(Automatic::AutoSubmitted)),
        ("From: a@ch.test\nContent-Type: multipart/report; boundary=b", Some(Automatic::Report)),
        ("From: a@ch.test\nReturn-Path: <>", Some(Automatic::NullReturnPath)),
        ("From: a@ch.test\nReturn-Path: <a@ch.test>", None),
        ("From: a@ch.test\nPrecedence: Bulk", Some(Automatic::Precedence)),
        ("From: a@ch.test\nPrecedence: junk", Some(Automatic::Precedence)),
        ("From: a@ch.test\nPrecedence: list", Some(Automatic::Precedence)),
        ("From: a@ch.test\nPrecedence: first-class", None),
        ("From: a@ch.test\nList-ID: <liste.ch.test>", Some(Automatic::ListId)),
        ("From: a@ch.test\nX-Auto-Response-Suppress: All", Some(Automatic::SuppressHeader)),
        ("From: a@ch.test\nX-Auto-Response-Suppress: DR, OOF, AutoReply", Some(Automatic::SuppressHeader)),
        ("From: a@ch.test\nX-Auto-Response-Suppress: None", None),
        ("From: MAILER-DAEMON@ch.test", Some(Automatic::MailerDaemon)),
        ("From: MAILER-DAEMON (Mail Delivery System)", Some(Automatic::MailerDaemon)),
        ("From: postmaster@ch.test", Some(Automatic::MailerDaemon)),
        (subdomain.as_str(), Some(Automatic::PatientDomain)),
        (lookalike.as_str(), None),
        (reply_to.as_str(), Some(Automatic::PatientDomain)),
        (notification.as_str(), Some(Automatic::PatientDomain)),
    ];
    for (lines, expected) in cases {
        assert_eq!(head(lines).automatic(), expected, "{lines}");
    }
}
