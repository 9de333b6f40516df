//! Delivery notices and read receipts: nothing in them is a document, and they name our mail.

use dispolits::message::{Automatic, ReceiptKind};

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
