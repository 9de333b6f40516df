//! Hostile documents: nothing panics, nothing grows beyond its limit.

use domain::defect::Code;
use proptest::prelude::*;
use proptest::sample::Index;
use reading::report::{DocumentLimits, decode, read, sniff};

use super::{GOOD, accepted, codes, mutated, read_text};

/// The good document with a part repeated.
fn with_repeated(at: &str, part: &str, times: usize) -> String {
    mutated(at, &format!("{}{at}", part.repeat(times)))
}

fn check_limit(what: &str, text: &str, column_of: &str) {
    let reading = read_text(text);
    assert_eq!(codes(&reading), "D03", "{what}");
    let span = reading.defects[0].place().span.clone().unwrap();
    assert!(text.get(span).unwrap().contains(column_of), "{what}: {:?}", reading.defects);
    assert!(reading.etablissements.is_empty(), "{what}");
}

#[test]
fn limits_reject_the_document() {
    let nested = format!("{}{}", "<a>".repeat(20), "</a>".repeat(20));
    let text = mutated(r#"nombre="21"/>"#, &format!(r#"nombre="21">{nested}</capacite>"#));
    assert_eq!(codes(&read_text(&text)), "D06 D03", "depth");
    let attributes: Vec<String> = (0..40).map(|rank| format!(" a{rank}=''")).collect();
    check_limit("attributes", &mutated(r#" nombre="21""#, &attributes.concat()), "capacite");
    check_limit("value", &mutated("SMR gériatrique", &"x".repeat(4097)), "xxx");
    check_limit(
        "text",
        &mutated("<service code=\"0042\"", &format!("{}<service code=\"0042\"", "x".repeat(4097))),
        "xxx",
    );
    check_limit(
        "elements",
        &with_repeated("<capacite statut=\"occupe\"", "<capacite statut=\"occupe\" nombre=\"1\"/>", 50_000),
        "capacite",
    );
}

#[test]
fn what_is_just_within_the_limits_is_read() {
    assert_eq!(codes(&read_text(&mutated("SMR gériatrique", &"x".repeat(4096)))), "");
    assert_eq!(
        codes(&read_text(&mutated("<service code=\"0042\"", &format!("{}<service code=\"0042\"", " ".repeat(9000))))),
        ""
    );
    let many = with_repeated("<capacite statut=\"occupe\"", "<capacite statut=\"occupe\" nombre=\"1\"/>", 49_988);
    let reading = read("a.xml", many.as_bytes(), &DocumentLimits::default());
    assert_eq!((codes(&reading).as_str(), accepted(&reading)), ("", 49_994));
}

#[test]
fn a_file_too_large_is_not_read() {
    let limits = DocumentLimits { bytes: 100, ..DocumentLimits::default() };
    let reading = read("a.xml", GOOD.as_bytes(), &limits);
    assert_eq!(codes(&reading), "D03");
    assert_eq!(reading.defects[0].found_text(), Some(format!("{} octets", GOOD.len()).as_str()));
}

#[test]
fn defects_are_kept_up_to_a_limit_and_counted_beyond() {
    let wrong = "<capacite statut=\"occupe\" nombre=\"-1\"/>";
    let text = with_repeated("<capacite statut=\"occupe\"", wrong, 1000);
    let reading = read_text(&text);
    assert_eq!(reading.defects.len(), 200);
    assert!(reading.defects[199].message().contains("800 autres défauts"), "{}", reading.defects[199].message());
    assert_eq!(accepted(&reading), 6);
}

#[test]
fn a_document_is_never_rejected_without_its_reason() {
    let wrong = "<capacite statut=\"occupe\" nombre=\"-1\"/>";
    let text = with_repeated("<capacite statut=\"occupe\"", wrong, 1000);
    for (end, code, kept) in [("<x/></disponibilites>", Code::D06, 201), ("<x></disponibilites>", Code::D01, 202)] {
        let reading = read_text(&text.replace("</disponibilites>", end));
        assert_eq!(reading.defects.len(), kept);
        assert_eq!(reading.defects[kept - 1].code(), code);
        assert!(reading.etablissements.is_empty());
    }
}

#[test]
fn long_names_and_values_are_shortened_in_places() {
    let reading = read_text(&mutated("nombre=\"21\"", &format!("{}=\"1\"", "n".repeat(3000))));
    let defect = &reading.defects[1];
    assert!(defect.place().path.as_ref().unwrap().as_str().len() < 300 && defect.found_text().unwrap().len() < 300);
    let reading = read(&"p".repeat(9000), GOOD.as_bytes(), &DocumentLimits::default());
    assert_eq!(reading.head.name.len(), 255);
    assert_eq!(reading.etablissements[0].place.piece, reading.head.name);
}

#[test]
fn one_long_line_costs_no_more_than_many_short_ones() {
    let counts = "<capacite statut='occupe' nombre='1' affectation='é'/>".repeat(30_000);
    let text = mutated("<capacite statut=\"occupe\"", &format!("{counts}<capacite statut=\"occupe\""));
    let reading = read_text(&text);
    let place = reading.defects[199].place();
    assert_eq!(place.column, Some(7 + 199 * 54 + 37));
}

/// Every place lies in the text and every line and column is that of its span.
fn check_sound(bytes: &[u8]) {
    let reading = read("a.xml", bytes, &DocumentLimits::default());
    let _ = sniff(bytes);
    let Ok(decoded) = decode(bytes) else {
        assert_eq!(codes(&reading), "D04");
        return;
    };
    for place in reading.defects.iter().map(domain::defect::Defect::place) {
        let span = place.span.clone().unwrap();
        assert!(decoded.text().get(span.clone()).is_some(), "{span:?}");
        let before = decoded.text().get(..span.start).unwrap().replace("\r\n", "\n").replace('\r', "\n");
        let column = before.rsplit('\n').next().unwrap().chars().count() + 1;
        let inside_line_end = decoded.text().get(..span.start).unwrap().ends_with('\r');
        assert!(inside_line_end || place.column == u32::try_from(column).ok(), "{place:?}");
    }
}

proptest! {
    #[test]
    fn any_bytes_are_read(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        check_sound(&bytes);
    }

    #[test]
    fn any_markup_is_read(pieces in proptest::collection::vec(proptest::sample::select(PIECES), 0..40)) {
        check_sound(pieces.concat().as_bytes());
    }

    #[test]
    fn a_mutated_document_is_read(edits in proptest::collection::vec((any::<Index>(), any::<Index>(), any::<Index>()), 1..4)) {
        let mut bytes = GOOD.as_bytes().to_vec();
        for (from, length, piece) in edits {
            let from = from.index(bytes.len());
            let to = (from + length.index(12)).min(bytes.len());
            bytes.splice(from..to, piece.get(PIECES).bytes());
        }
        check_sound(&bytes);
    }

    #[test]
    fn a_truncated_document_is_told_so(length in 0..GOOD.len() - 2) {
        let bytes = GOOD.as_bytes().get(..length).unwrap();
        let reading = read("a.xml", bytes, &DocumentLimits::default());
        prop_assert!(reading.etablissements.is_empty());
        prop_assert!(codes(&reading).contains('D'));
        check_sound(bytes);
    }
}

const PIECES: &[&str] = &[
    "",
    "<",
    ">",
    "/",
    "</",
    "/>",
    "<?",
    "?>",
    "<!",
    "<!--",
    "-->",
    "-",
    "--",
    "<![CDATA[",
    "]]>",
    "<!DOCTYPE",
    "&",
    ";",
    "&#",
    "&#x",
    "&amp;",
    "\"",
    "'",
    "=",
    " ",
    "\r",
    "\n",
    "\r\n",
    "é",
    "\u{feff}",
    "\u{1}",
    "\u{0}",
    "<?xml version='1.0'?>",
    " encoding='utf-16'",
    "<disponibilites xmlns='urn:fr:dispolits:disponibilites:1'>",
    "</disponibilites>",
    "<etablissement>",
    "<service>",
    "<capacite/>",
    " xmlns:p='u'",
    "p:",
    " a='1'",
    "xml",
    "x",
];
