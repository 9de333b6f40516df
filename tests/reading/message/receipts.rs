//! Delivery notices and read receipts: nothing in them is a document, and they name our mail.

use reading::message::{Action, Automatic, ReceiptKind};

use super::build::{CDA, REPORT, attached, base64, mail, multipart};
use super::{outcome, read_mail};

struct Case {
    about: &'static str,
    raw: Vec<u8>,
    kind: ReceiptKind,
    original: Option<&'static str>,
    is_failure: bool,
}

fn check(Case { about, raw, kind, original, is_failure }: Case) {
    let message = read_mail(&raw);
    assert_eq!(outcome(&message), "accusé", "{about}");
    assert_eq!(message.automatic(), Some(Automatic::Report), "{about}");
    let receipt = message.receipt().unwrap();
    assert_eq!(
        (receipt.kind(), receipt.original_message_id(), receipt.is_failure()),
        (kind, original, is_failure),
        "{about}"
    );
}

/// A multipart/report of this type: a text, then these parts.
fn report(variant: &str, parts: &[&str]) -> Vec<u8> {
    let parts: Vec<&str> = [TEXT].iter().chain(parts).copied().collect();
    mail(&format!("Content-Type: multipart/report; boundary=\"r\"{variant}"), multipart("r", &parts))
}

const DSN: &str = "; report-type=delivery-status";
const MDN: &str = "; report-type=disposition-notification";
const TEXT: &str = "\nBonjour";
const HEADERS: &str = "Content-Type: text/rfc822-headers\n\nReceived: by a\nMessage-Id: <notre@eai.test>";
const OURS: Option<&str> = Some("notre@eai.test");
const STATUS: &str = "Content-Type: message/delivery-status\n\nReporting-MTA: dns; ch.test\n\nFinal-Recipient: rfc822; a@ch.test\nAction: failed\nStatus: 5.1.1";
const NOTICE: &str = "Content-Type: message/disposition-notification\n\nFinal-Recipient: rfc822; a@ch.test\nOriginal-Message-ID:\n < notre@eai.test >\nDisposition: automatic-action/MDN-sent-automatically; processed";

#[test]
fn delivery_notices_name_our_mail() {
    let original = format!(
        "Content-Type: message/rfc822\n\nMessage-ID: <notre@eai.test>\n{}",
        attached("text/xml", "lits.xml", REPORT)
    );
    let delay = STATUS.replace("failed", "delayed");
    let (delivery, other) = (ReceiptKind::Delivery, ReceiptKind::Other);
    for (about, raw, kind, original, is_failure) in [
        ("the mail comes back", report(DSN, &[STATUS, &original]), delivery, OURS, true),
        ("its header comes back", report(DSN, &[STATUS, HEADERS]), delivery, OURS, true),
        ("a delay", report(DSN, &[&delay, HEADERS]), delivery, OURS, false),
        ("nothing comes back", report(DSN, &[STATUS]), delivery, None, true),
        ("type not said", report("", &[STATUS, HEADERS]), delivery, OURS, true),
        ("abuse report", report("; report-type=feedback-report", &[HEADERS]), other, OURS, false),
        ("empty", mail("Content-Type: multipart/report", ""), other, None, false),
    ] {
        check(Case { about, raw, kind, original, is_failure });
    }
}

#[test]
fn read_receipts_name_our_mail() {
    let cda = attached("text/xml", "a.xml", CDA);
    let failed = "Original-Message-ID: <notre@eai.test>\nDisposition: manual-action/MDN-sent-manually; failed";
    let encoded = format!(
        "Content-Type: message/disposition-notification\nContent-Transfer-Encoding: base64\n\n{}",
        base64(failed)
    );
    let error = NOTICE.replace("processed", "processed/Error: 902^Identifiant de patient inconnu^; INS");
    let inner = multipart("r", &[TEXT, NOTICE]).replace("\r\n", "\n");
    let inner = format!("Content-Type: multipart/report; boundary=r\n\n{inner}");
    let signed = mail("Content-Type: multipart/signed; boundary=s", multipart("s", &[&inner, "\nsignature"]));
    let dashed = String::from_utf8(report(MDN, &[&error])).unwrap().replace("\n--r", "\n\u{2014}--r").into_bytes();
    for (about, raw, original, is_failure) in [
        ("processed", report(MDN, &[NOTICE]), OURS, false),
        ("type not said", report("", &[NOTICE]), OURS, false),
        ("with a patient document", report(MDN, &[NOTICE, &cda]), OURS, false),
        ("an error", report(MDN, &[&error, HEADERS]), OURS, true),
        ("in base64", report(MDN, &[&encoded]), OURS, true),
        ("boundary lines that do not match", dashed, OURS, true),
        ("in a signature", signed, OURS, false),
    ] {
        check(Case { about, raw, kind: ReceiptKind::Disposition, original, is_failure });
    }
}

/// The fields of one recipient, and what is read of them: address, action, status, diagnostic.
type Recipient = (&'static str, (Option<&'static str>, Action, Option<&'static str>, Option<&'static str>));

/// RFC 3464, section 2.3, and what servers make of it.
const RECIPIENTS: &[Recipient] = &[
    (
        "Original-Recipient: rfc822;lits@ch.test\nFinal-Recipient: rfc822; boite7@ch.test\nAction: Failed\nStatus: 5.1.1 (boite inconnue)\nRemote-MTA: dns; mx.ch.test\nDiagnostic-Code: smtp; 550 5.1.1\n <boite7@ch.test>: inconnue",
        (Some("lits@ch.test"), Action::Failed, Some("5.1.1"), Some("550 5.1.1 <boite7@ch.test>: inconnue")),
    ),
    (
        "final-recipient: RFC822;a@ch.test\naction: delayed\nstatus: 4.4.7\nWill-Retry-Until: Mon, 23 Nov 2026 08:00:00 +0100",
        (Some("a@ch.test"), Action::Delayed, Some("4.4.7"), None),
    ),
    (
        "Final-Recipient: rfc822;a@ch.test\nAction: relayed\nStatus: 2.0.0",
        (Some("a@ch.test"), Action::Done, Some("2.0.0"), None),
    ),
    (
        "Final-Recipient: rfc822;a@ch.test\nAction: delivered\nStatus: 2.1.5",
        (Some("a@ch.test"), Action::Done, Some("2.1.5"), None),
    ),
    (
        "Final-Recipient: rfc822;a@ch.test\nAction: expanded\nStatus: 2.1.5",
        (Some("a@ch.test"), Action::Done, Some("2.1.5"), None),
    ),
    ("Final-Recipient: a@ch.test\nStatus: 5.2.2", (Some("a@ch.test"), Action::Failed, Some("5.2.2"), None)),
    ("Final-Recipient: rfc822;a@ch.test\nStatus: 4.2.2", (Some("a@ch.test"), Action::Delayed, Some("4.2.2"), None)),
    ("Action: failed\nStatus: beaucoup", (None, Action::Failed, None, None)),
];

#[test]
fn a_delivery_notice_speaks_of_each_recipient() {
    let (groups, expected): (Vec<&str>, Vec<_>) = RECIPIENTS.iter().copied().unzip();
    let head = "Content-Type: message/delivery-status\n\nReporting-MTA: dns; ch.test\nOriginal-Envelope-Id: reponse.1@eai.test";
    let message = read_mail(&report(DSN, &[&format!("{head}\n\n{}", groups.join("\n\n"))]));
    let receipt = message.receipt().unwrap();
    let read = receipt
        .deliveries()
        .iter()
        .map(|one| (one.recipient.as_deref(), one.action, one.status.as_deref(), one.diagnostic.as_deref()));
    assert_eq!(read.collect::<Vec<_>>(), expected);
    assert_eq!((receipt.envelope_id(), receipt.is_failure()), (Some("reponse.1@eai.test"), true));
    let many = vec!["Action: delayed\nStatus: 4.0.0"; 100].join("\n\n");
    let message = read_mail(&report(DSN, &[&format!("{head}\n\n{many}")]));
    assert_eq!((message.receipt().unwrap().deliveries().len(), message.receipt().unwrap().is_failure()), (16, false));
}

#[test]
fn a_read_receipt_gives_its_error() {
    let with = |disposition: &str| NOTICE.replace("processed", disposition);
    for (notice, expected) in [
        (with("processed/Error: 902^Identifiant inconnu^; INS"), Some("902^Identifiant inconnu^; INS")),
        (with("processed/error\nError: 906^Autre erreur"), Some("906^Autre erreur")),
        (with("failed\nFailure: boite pleine"), Some("boite pleine")),
        (with("processed/error"), None),
        (with("processed"), None),
    ] {
        let message = read_mail(&report(MDN, &[&notice]));
        assert_eq!(message.receipt().unwrap().error(), expected, "{notice}");
    }
}

/// The address that an MDN of ours repeats.
#[test]
fn the_recipient_that_the_sender_wrote_is_read() {
    for (field, expected) in [
        ("rfc822;lits@eai.test", Some("lits@eai.test")),
        ("RFC822 ; lits@eai.test", Some("lits@eai.test")),
        ("utf-8;lits@eai.test", None),
        ("lits@eai.test", None),
        ("rfc822;a@b@c", None),
    ] {
        let message = read_mail(&mail(&format!("Original-Recipient: {field}"), ""));
        assert_eq!(message.original_recipient().map(ToString::to_string).as_deref(), expected, "{field}");
    }
}

/// A notice forwarded beside a report is an attachment, and what it holds is not read.
#[test]
fn a_notice_that_comes_later_is_passed_over() {
    let notice = format!(
        "Content-Type: multipart/report; boundary=r\n\n{}",
        multipart("r", &["\nLu", &attached("text/xml", "vieux.xml", REPORT)]).replace("\r\n", "\n")
    );
    let raw = |parts: &[&str]| mail("Content-Type: multipart/mixed; boundary=m", multipart("m", parts));
    assert_eq!(
        outcome(&read_mail(&raw(&["\nVoir ci-joint", &notice, &attached("text/xml", "lits.xml", REPORT)]))),
        "lits.xml"
    );
    assert_eq!(outcome(&read_mail(&raw(&["\nVoir ci-joint", &notice]))), "M02");
    let forwarded = format!("Content-Type: message/rfc822\n\nSubject: a\n{notice}");
    assert_eq!(outcome(&read_mail(&raw(&[&forwarded]))), "M02");
}
