//! Mails made to hurt: every one must be answered, on a small stack.

use proptest::prelude::*;
use reading::message::{Message, MessageLimits, candidates_of_archive, read};

use super::build::{REPORT, attached, mail, mixed, multipart, zip};
use super::{outcome, read_mail};

/// The stack of a worker thread.
const STACK: usize = 2 << 20;

fn on_small_stack(raw: Vec<u8>) -> Message {
    let thread = std::thread::Builder::new().stack_size(STACK).spawn(move || read_mail(&raw)).unwrap();
    thread.join().unwrap()
}

#[test]
fn limits_of_structure_are_answered() {
    let nested = (0..10_000)
        .map(|number| format!("Content-Type: multipart/mixed; boundary=b{number}\n\n--b{number}\n"))
        .collect::<Vec<_>>()
        .concat();
    let siblings = "--b\r\n\r\nx\r\n".repeat(100_000);
    let forwarded = "Content-Type: message/rfc822\n\n".repeat(100_000) + REPORT;
    let unclosed = "--b\r\nContent-Type: multipart/mixed; boundary=z\r\n\r\n".repeat(20_000);
    let header = format!("From: a@ch.test\r\nX: {}\r\n\r\n{REPORT}", "x".repeat(10 << 20));
    let encoded = format!("From: a@ch.test\r\nSubject: {}\r\n\r\n{REPORT}", "=?ab?q?".repeat(1_000_000));
    let part_header = format!("--b\r\nX: {}\r\n\r\n{REPORT}", "x".repeat(1 << 20));
    let documents: Vec<String> = (0..21).map(|_| attached("text/xml", "a.xml", REPORT)).collect();
    let documents: Vec<&str> = documents.iter().map(String::as_str).collect();
    let mixed_head = "Content-Type: multipart/mixed; boundary=b";
    let cases = [
        ("nested parts", nested.into_bytes(), "M05", "profondément"),
        ("many parts", mail(mixed_head, siblings), "M05", "200 parties"),
        ("forwarded for ever", forwarded.into_bytes(), "M02", "Aucun"),
        ("boundaries that never come", mail(mixed_head, unclosed), "M05", "200 parties"),
        ("a long header", header.into_bytes(), "M05", "long"),
        ("a header of encoded words", encoded.into_bytes(), "M05", "long"),
        ("a long header of a part", mail(mixed_head, part_header), "M05", "long"),
        ("many documents", mixed(&documents), "M05", "20 documents"),
        ("nothing", Vec::new(), "M05", "en-tête"),
        ("blank lines", b"\r\n\r\n\r\n".to_vec(), "M05", "en-tête"),
        ("no header", b"Bonjour, ci-joint les lits.\r\n\r\nx".to_vec(), "M05", "en-tête"),
        ("only XML", REPORT.as_bytes().to_vec(), "M05", "en-tête"),
        ("zeros", vec![0; 1 << 20], "M05", ""),
    ];
    for (about, raw, expected, says) in cases {
        let message = on_small_stack(raw);
        assert_eq!(outcome(&message), expected, "{about}");
        assert!(message.defects()[0].message().contains(says), "{about}: {}", message.defects()[0].message());
    }
}

/// An unreadable mail must be answered, so its sender must be known.
#[test]
fn the_sender_of_an_unreadable_mail_is_known() {
    let raw = format!("From: lits@ch.test\r\nX: {}\r\n\r\n", "x".repeat(1 << 20));
    assert_eq!(read_mail(raw.as_bytes()).sender().unwrap().as_str(), "lits@ch.test");
}

#[test]
fn limits_can_be_set() {
    let raw = mixed(&[&attached("text/xml", "a.xml", REPORT), &attached("text/xml", "b.xml", REPORT)]);
    let read_with = |limits: MessageLimits| outcome(&read(&raw, &limits));
    assert_eq!(read_with(MessageLimits { candidates: 2, parts: 3, ..MessageLimits::default() }), "a.xml, b.xml");
    assert_eq!(read_with(MessageLimits { candidates: 1, ..MessageLimits::default() }), "M05");
    assert_eq!(read_with(MessageLimits { parts: 2, ..MessageLimits::default() }), "M05");
}

/// A mail with something of everything, to be mutated.
fn sample() -> Vec<u8> {
    let inner = multipart(
        "i",
        &[
            "Content-Type: text/html\n\n<p>Bonjour</p>",
            "Content-Type: text/xml\nContent-Transfer-Encoding: quoted-printable\n\n<a b=3D'=\n'/>",
        ],
    );
    mixed(&[
        &format!("Content-Type: multipart/alternative; boundary=i\n\n{}", inner.replace("\r\n", "\n")),
        "Content-Type: text/xml; name*0*=utf-8''%C3%A9; name*1=\".xml\"\nContent-Disposition: inline; filename=\"=?utf-8?q?=C3=A9?=\"\n\n<a/>",
        &attached("application/zip", "a.zip", zip(&[("a.xml", REPORT.as_bytes()), ("b/c.txt", b"x")])),
        &attached("application/octet-stream", "b.xml", REPORT),
        "Content-Type: message/rfc822\n\nFrom: a@b.test\nMessage-ID: <x>\n\nBonjour",
        "Content-Type: multipart/report; boundary=r\n\n--r\n\n\n--r--",
    ])
}

/// Header lines with the marks that parsers stumble over.
fn header_soup() -> impl Strategy<Value = String> {
    let mark = prop::sample::select(vec![
        "From: ",
        "Content-Type: ",
        "Content-Disposition: ",
        "Reply-To: ",
        "Subject: ",
        "Return-Path: ",
        "References: ",
        "a@b.test",
        "<",
        ">",
        "\"",
        "\\",
        "(",
        ")",
        ",",
        ";",
        ":",
        "=",
        "*",
        "*0*=",
        "*1=",
        "'",
        "''",
        "%",
        "%E9",
        "=?utf-8?q?",
        "?=",
        "=?utf-8?b?",
        "=41",
        "\r\n",
        "\r\n ",
        "\n\t",
        " ",
        "multipart/mixed",
        "; boundary=",
        "filename",
        "é",
        "\u{0}",
        "--b",
        "\r\n\r\n",
    ]);
    prop::collection::vec(mark, 0..80).prop_map(|marks| marks.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_bytes_are_answered(raw in prop::collection::vec(any::<u8>(), 0..2000)) {
        outcome(&read_mail(&raw));
        candidates_of_archive("a.zip", &[b"PK\x03\x04".as_slice(), &raw].concat(), &MessageLimits::default());
    }

    #[test]
    fn arbitrary_headers_are_answered(soup in header_soup()) {
        outcome(&read_mail(soup.as_bytes()));
        outcome(&read_mail(&mixed(&[&soup])));
    }

    #[test]
    fn mutated_mails_are_answered(changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..20), cut in any::<prop::sample::Index>()) {
        let mut raw = sample();
        for (at, byte) in changes {
            let at = at.index(raw.len());
            raw[at] = byte;
        }
        outcome(&read_mail(&raw));
        outcome(&read_mail(&raw[..cut.index(raw.len())]));
    }

    #[test]
    fn mutated_archives_are_answered(changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..10)) {
        let mut bytes = zip(&[("a.xml", REPORT.as_bytes()), ("b/c.txt", b"x"), ("d.xml", b"<a/>")]);
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        let (candidates, defects) = candidates_of_archive("a.zip", &bytes, &MessageLimits::default());
        prop_assert!(candidates.is_empty() != defects.is_empty());
    }
}
