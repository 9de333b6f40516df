//! Who wrote, what the mail refers to, and whether it may be answered.

use domain::address::Address;
use domain::defect::Code;
use reading::message::{Automatic, Message, PATIENT_DOMAINS, ReturnPath};

use super::read_mail;

fn head(lines: &str) -> Message {
    read_mail(format!("{}\r\n\r\nBonjour\r\n", lines.replace('\n', "\r\n")).as_bytes())
}

fn text(address: Option<&Address>) -> &str {
    address.map_or("-", Address::as_str)
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
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
        ("From: a@ch.test\nFrom: A@ch.test", "a@ch.test"),
        ("From: Lits <a@ch.test>, a@ch.test", "a@ch.test"),
        ("From: a@ch.test, Quelqu'un", "a@ch.test"),
        ("From: Lits, CH Armor <a@ch.test>", "a@ch.test"),
        ("From: Lits; CH: Armor <a@ch.test>", "a@ch.test"),
        ("From: Lits <a@ch.test>,", "a@ch.test"),
        ("From: ,, Lits <a@ch.test> , ;", "a@ch.test"),
        ("From: <Lits <a@ch.test>>", "a@ch.test"),
        ("From: <Lits, CH Armor <a@ch.test>>", "a@ch.test"),
        ("From: Lits <<a@ch.test>>", "a@ch.test"),
        ("From: Lits <a@ch.test", "a@ch.test"),
        ("From: a@ch.test>", "a@ch.test"),
        ("From: a@ch.test <a@ch.test>", "a@ch.test"),
        ("From: <a@ch.test> <a@ch.test>", "a@ch.test"),
        ("From: 'a@ch.test' <a@ch.test>", "a@ch.test"),
        ("From: (Lits, CH (site nord)) a@ch.test", "a@ch.test"),
        ("From: Lits <a@ch.test> (Armor)", "a@ch.test"),
        ("From: \"Lits (nuit)\" <a@ch.test>", "a@ch.test"),
        ("From: Lits @ Armor <a@ch.test>", "a@ch.test"),
        ("From: Lits: a@ch.test;", "a@ch.test"),
        ("From: =?utf-8?q?Lits=2C_CH?= <a@ch.test>", "a@ch.test"),
        ("From: =?utf-8?q?autre=40ch.test?= <a@ch.test>", "a@ch.test"),
        ("From : a@ch.test", "a@ch.test"),
        // Another address that some reader may find.
        ("From: a@ch.test <b@ch.test>", "-"),
        ("From: Lits <a@ch.test> <b@ch.test>", "-"),
        ("From: <b@ch.test <a@ch.test>>", "-"),
        ("From: Lits <a@ch.test,b@ch.test>", "-"),
        ("From: Lits <a@ch.test> b@ch.test", "-"),
        ("From: a@ch.test (b@ch.test)", "-"),
        ("From: Lits (<b@ch.test>) <a@ch.test>", "-"),
        ("From: \"Lits <b@ch.test>\" <a@ch.test>", "-"),
        ("From: \"b@ch.test, Lits\" <a@ch.test>", "-"),
        ("From: =?utf-8?q?Lits_=3Cb=40ch.test=3E?= <a@ch.test>", "-"),
        ("From: =?utf-8?b?YkBjaC50ZXN0LCBMaXRz?= <a@ch.test>", "-"),
        ("From: \"=?utf-8?q?Lits_=3Cb=40ch.test=3E?=\" <a@ch.test>", "-"),
        ("From: a@ch.test\nFrom: Lits <b@ch.test>", "-"),
        ("From: a@ch.test\n , =?utf-8?q?x?= <b@ch.test>", "-"),
        ("From: Groupe: a@ch.test, b@ch.test;", "-"),
        ("From: a@ch.test\rFrom: b@ch.test", "-"),
        // An address that readers do not agree on.
        ("From: \"a\"@ch.test", "-"),
        ("From: \"a b\"@ch.test", "-"),
        ("From: \"b@ch.test\"@ch.test", "-"),
        ("From: <\"a\"@ch.test>", "-"),
        ("From: x.\"y\".a@ch.test", "-"),
        ("From: a@ch.test(x).autre.test", "-"),
        ("From: a@ch.test .autre.test", "-"),
        ("From: a(x)b@ch.test", "-"),
        ("From: Lits a@ch.test", "-"),
        ("From: a@ch.test Lits", "-"),
        ("From: <@relais.test:a@ch.test>", "-"),
        ("From: a@ch.test <>", "-"),
        ("From: a\\@ch.test", "-"),
        ("From: a@ch.test\u{ff20}", "-"),
        ("From: \"Lits <a@ch.test>", "-"),
        ("From: Lits (a@ch.test", "-"),
        ("From: \"", "-"),
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
        ("From: \"b@ch.test, Lits\" <a@ch.test>", "a@ch.test, b@ch.test"),
        ("From: \"a\"@ch.test", "\"a\"@ch.test"),
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
fn all_that_a_mail_answers_is_known() {
    let many = (0..100).map(|number| format!("<{number}@ch.test>\n ")).collect::<Vec<_>>().concat();
    let both = head(&format!("In-Reply-To: <a@eai.test>\nReferences: {many}"));
    let answers = both.answers();
    assert_eq!((answers.len(), answers[0].as_str(), answers[20].as_str()), (21, "a@eai.test", "99@ch.test"));
    assert!(head("Subject: a").answers().is_empty());
}

#[test]
fn a_document_is_told_of_whatever_the_subject() {
    let absent = "From: a@ch.test\r\nSubject: Absence du bureau\r\nContent-Type: application/xml; name=a.xml\r\n\r\n<a";
    assert_eq!(read_mail(absent.as_bytes()).automatic(), None);
}

#[test]
fn what_stands_in_front_of_the_header_is_passed_over() {
    let mail = "From: Lits <a@ch.test>\r\nSubject: Releve\r\n\r\nBonjour\r\n";
    let mbox = "From lits@ch.test Mon Nov 23 07:55:00 2026\r\n";
    let quoted = format!(">{mbox}");
    let mixed = format!("\r\n\u{feff} \r\n\t\r\n{mbox}\r\n\u{feff}\n");
    let long = "\r\n".repeat(200_000);
    for front in ["\r\n", "\n\n", "   ", " \t\r\n", "\u{feff}\r\n", "\r\n\u{feff}", mbox, &quoted, &mixed, &long] {
        let read = read_mail(format!("{front}{mail}").as_bytes());
        assert_eq!(text(read.sender()), "a@ch.test", "{front:?}");
        assert_eq!(read.defects().first().map(domain::defect::Defect::code), Some(Code::M02), "{front:?}");
    }
    let forwarded = format!(
        "From: a@ch.test\r\nContent-Type: message/rfc822\r\n\r\n\r\n{mbox}Content-Type: text/xml\r\n\r\n<?xml version=\"1.0\"?><a"
    );
    assert_eq!(read_mail(forwarded.as_bytes()).candidates().len(), 1, "a mail in the mail");
    // What follows a header that ends at once is a text: no server reads a sender there.
    let hidden = "Received: from a\r\n\r\nFrom: a@ch.test\r\n\r\nBonjour\r\n";
    assert_eq!(text(read_mail(hidden.as_bytes()).sender()), "-");
}

#[test]
fn a_mail_without_line_feeds_tells_its_sender() {
    let mail = "\rFrom: Lits <a@ch.test>\rSubject: Releve\r\rFrom: b@ch.test\r";
    let read = read_mail(mail.as_bytes());
    assert_eq!(text(read.sender()), "a@ch.test");
    let codes: Vec<Code> = read.defects().iter().map(domain::defect::Defect::code).collect();
    assert_eq!(codes, [Code::M05]);
    let one_feed = format!("{mail}\n");
    assert_eq!(text(read_mail(one_feed.as_bytes()).sender()), "-", "then no server ends a line there");
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

/// RFC 5322, section 3.6: From stands once. The servers on the way may have looked at another one than we.
#[test]
fn a_sender_said_twice_is_answered_and_not_vouched_for() {
    let check = |lines: &str, vouched: bool| {
        let message = head(lines);
        assert_eq!(message.sender().map(Address::as_str), Some("a@ch.test"), "{lines}");
        assert_eq!((message.vouched_sender().is_some(), message.has_several_senders()), (vouched, !vouched), "{lines}");
    };
    check("From: a@ch.test", true);
    check("From: a@ch.test, a@ch.test", true);
    check("From: a@ch.test\nFrom: a@ch.test", false);
    check("From: a@ch.test\nfrom: Lits <A@ch.test>", false);
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
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
        ("From: a@ch.test\nX-Auto-Response-Suppress: autoreply;oof", Some(Automatic::SuppressHeader)),
        (
            "From: a@ch.test\nX-Auto-Response-Suppress: OOF\nX-Auto-Response-Suppress: ALL",
            Some(Automatic::SuppressHeader),
        ),
        ("From: a@ch.test\nX-Auto-Response-Suppress: None", None),
        ("From: a@ch.test\nX-Auto-Response-Suppress: DR, RN, NRN, OOF", None),
        ("From: a@ch.test\nX-Auto-Response-Suppress: OOF", None),
        ("From: a@ch.test\nX-Auto-Response-Suppress: ", None),
        ("From: a@ch.test\nX-Autoreply: yes", Some(Automatic::Autoresponder)),
        ("From: a@ch.test\nX-AutoReply: no", None),
        ("From: a@ch.test\nX-Autorespond: Absence", Some(Automatic::Autoresponder)),
        ("From: a@ch.test\nX-Autoresponder: 1", Some(Automatic::Autoresponder)),
        ("From: a@ch.test\nX-Auto-Reply-From: a@ch.test", Some(Automatic::Autoresponder)),
        ("From: a@ch.test\nX-FC-MachineGenerated: true", Some(Automatic::Autoresponder)),
        ("From: a@ch.test\nDelivered-To: Autoresponder", Some(Automatic::Autoresponder)),
        ("From: a@ch.test\nDelivered-To: lits@eai.test", None),
        ("From: a@ch.test\nX-Loop: yes", Some(Automatic::Autoresponder)),
        ("From: a@ch.test\nX-Auto-Generated: yes", Some(Automatic::Autoresponder)),
        ("From: a@ch.test\nSubject: Absence : du 1 au 5", Some(Automatic::AbsenceSubject)),
        ("From: a@ch.test\nX-Loop: lits@ch.test", None),
        ("From: a@ch.test\nPrecedence: auto_reply", Some(Automatic::Precedence)),
        ("From: a@ch.test\nX-Precedence: Auto_Reply", Some(Automatic::Precedence)),
        ("From: a@ch.test\nSubject: Absence du bureau", Some(Automatic::AbsenceSubject)),
        ("From: a@ch.test\nSubject: =?utf-8?q?R=C3=A9ponse_automatique_=3A_KO?=", Some(Automatic::AbsenceSubject)),
        ("From: a@ch.test\nSubject: =?utf-8?q?Re=CC=81ponse_automatique?=", Some(Automatic::AbsenceSubject)),
        ("From: a@ch.test\nSubject: RE: REPONSE AUTOMATIQUE", Some(Automatic::AbsenceSubject)),
        ("From: a@ch.test\nSubject: Automatic reply: Lits", Some(Automatic::AbsenceSubject)),
        ("From: a@ch.test\nSubject: Out of Office", Some(Automatic::AbsenceSubject)),
        ("From: a@ch.test\nSubject: =?utf-8?q?Message_d=E2=80=99absence?=", Some(Automatic::AbsenceSubject)),
        ("From: a@ch.test\nSubject: Lits en absence du cadre", None),
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
