//! On documents damaged at random, the reader and xmllint agree on what is well-formed.

use domain::defect::Code;
use fastrand::Rng;

use super::{read_text, xmllint};

const DOCUMENTS: usize = 2000;

/// Without XML declaration: the reader is stricter on versions and encodings, by intent.
const SOUND: &str = "<!-- c --><p:disponibilites xmlns:p=\"urn:fr:dispolits:disponibilites:1\" a=\"1\" p:b='2'>\
    <?x y?><p:a b=\"&amp;\">t</p:a><![CDATA[ c ]]>&lt;<b/></p:disponibilites>\n";

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
    "]",
    "&",
    ";",
    "&#",
    "&#x",
    "&amp;",
    "&lt;",
    "&#65;",
    "\"",
    "'",
    "=",
    " ",
    "\r",
    "\n",
    "\t",
    "é",
    "\u{feff}",
    "\u{1}",
    "<a/>",
    "<a>",
    "</a>",
    " xmlns:p='u'",
    "p:",
    ":",
    " a='1'",
    "xml",
    "x",
    " xmlns=''",
    "xmlns:",
    "<?xml version='1.0'?>",
    "<?p q?>",
    "<!--c-->",
    "\u{d7}",
    "·",
    "1",
    ".",
];

/// The sound document with one or two places overwritten.
fn damaged(rng: &mut Rng) -> String {
    let mut characters: Vec<char> = SOUND.chars().collect();
    for _ in 0..rng.usize(1..3) {
        let from = rng.usize(0..=characters.len());
        let to = (from + rng.usize(0..4)).min(characters.len());
        let piece = rng.choice(PIECES).unwrap();
        characters.splice(from..to, piece.chars());
    }
    characters.into_iter().collect()
}

/// Whether the reader finds it well-formed; `None` if it stops at a root it does not know.
fn verdict(text: &str) -> Option<bool> {
    let codes: Vec<Code> = read_text(text).defects.iter().map(domain::defect::Defect::code).collect();
    (!codes.contains(&Code::D05))
        .then(|| !codes.iter().any(|code| matches!(code, Code::D01 | Code::D02 | Code::D03 | Code::D04)))
}

#[test]
fn damaged_documents_are_judged_as_xmllint_judges_them() {
    let mut rng = Rng::with_seed(2026);
    let documents: Vec<String> = (0..DOCUMENTS).map(|_| damaged(&mut rng)).collect();
    let bytes: Vec<Vec<u8>> = documents.iter().map(|text| text.clone().into_bytes()).collect();
    let mut judged = [0, 0];
    for (text, accepted) in documents.iter().zip(xmllint::accepts(&bytes, false)) {
        if let Some(verdict) = verdict(text) {
            assert_eq!(verdict, accepted, "{text:?}");
            judged[usize::from(accepted)] += 1;
        }
    }
    assert!(judged.iter().all(|count| *count > 100), "{judged:?}");
}
