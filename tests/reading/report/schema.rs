//! The schema and the reader accept and reject the same documents, but for listed rules.

use super::{GOOD, accepted, codes, mutated, read_text, xmllint};

const DEFECTS: &str = include_str!("defects.txt");
const MORE: &str = include_str!("schema.txt");

/// The rules a schema of XSD 1.0 cannot say, each with a document it accepts and the reader
/// rejects: the rule, the part of the good document, its replacement, the code.
const BEYOND_SCHEMA: &[(&str, &str, &str, &str)] = &[
    ("the key of a FINESS number", "350054680", "350054681", "E02"),
    ("genre only with disponible", r#"statut="installe""#, r#"statut="installe" genre="homme""#, "C05"),
    ("fermeture only with ferme", r#"statut="installe""#, r#"statut="installe" fermeture="indetermine""#, "C05"),
    (
        "supplement only with supplementaire",
        r#"statut="installe""#,
        r#"statut="installe" supplement="mobilise""#,
        "C05",
    ),
    ("supplementaire only with supplement", r#" supplement="mobilise""#, "", "C05"),
    ("crise only with supplementaire", r#"statut="installe""#, r#"statut="installe" crise="sse""#, "C05"),
    ("instants that can be kept", "2026-11-23T06:45:00Z", "9999-12-31T23:59:59Z", "H01"),
    ("no DOCTYPE", "<!-- Deux établissements. -->", "<!DOCTYPE disponibilites>", "D02"),
    ("encodings accepted", r#"encoding="UTF-8""#, r#"encoding="ISO-8859-2""#, "D04"),
    ("XML 1.0 only", r#"version="1.0""#, r#"version="1.1""#, "D01"),
];

/// A row of a table: the part replaced, its replacement.
fn row(line: &str) -> Option<String> {
    let mut cells = line.split(" | ").filter(|_| !line.starts_with('#'));
    let (from, to) = (cells.next()?, cells.next()?);
    Some(mutated(from, &to.replace("\\n", "\n")))
}

/// Whether a rule beyond the schema is broken.
fn is_beyond_schema(text: &str) -> bool {
    let codes = codes(&read_text(text));
    codes.contains("E02") || codes.contains("C05")
}

#[test]
fn schema_and_reader_agree() {
    let documents: Vec<String> = DEFECTS.lines().chain(MORE.lines()).filter_map(row).collect();
    let documents: Vec<String> = documents.into_iter().filter(|text| !is_beyond_schema(text)).collect();
    assert!(documents.len() > 100, "{} documents", documents.len());
    let bytes: Vec<Vec<u8>> = documents.iter().map(|text| text.clone().into_bytes()).collect();
    let verdicts = xmllint::accepts(&bytes, true);
    assert!(verdicts.contains(&true) && verdicts.contains(&false));
    for (document, accepted) in documents.iter().zip(verdicts) {
        let codes = codes(&read_text(document));
        assert_eq!(codes.is_empty(), accepted, "{codes}, xmllint {accepted}:\n{document}");
    }
}

#[test]
fn rules_beyond_the_schema_are_the_readers_own() {
    let bytes: Vec<Vec<u8>> = BEYOND_SCHEMA.iter().map(|(_, from, to, _)| mutated(from, to).into_bytes()).collect();
    let verdicts = xmllint::accepts(&bytes, true);
    for ((rule, from, to, code), accepted) in BEYOND_SCHEMA.iter().zip(verdicts) {
        assert!(accepted, "the schema can say it: {rule}");
        assert_eq!(codes(&read_text(&mutated(from, to))), *code, "{rule}");
    }
}

#[test]
fn limits_are_beyond_the_schema() {
    let long = mutated("SMR gériatrique", &"x".repeat(5000));
    let services = (0..60_000).map(|_| r#"<capacite statut="occupe" nombre="21"/>"#).collect::<String>();
    let many = mutated(r#"<capacite statut="occupe" nombre="21"/>"#, &services);
    assert_eq!(xmllint::accepts(&[long.clone().into_bytes(), many.clone().into_bytes()], true), [true, true]);
    assert_eq!((codes(&read_text(&long)), codes(&read_text(&many))), ("D03".to_owned(), "D03".to_owned()));
}

#[test]
fn every_item_of_the_schema_is_explained_in_french() {
    let schema = include_str!("../../../schemas/disponibilites-1.xsd");
    let items = ["<xs:element ", "<xs:attribute ", "<xs:simpleType ", "<xs:enumeration ", "<xs:schema"];
    let wanted: usize = items.iter().map(|item| schema.matches(item).count()).sum();
    assert_eq!(schema.matches(r#"<xs:documentation xml:lang="fr">"#).count(), wanted);
    assert!(xmllint::accepts(&[GOOD.as_bytes().to_vec()], true)[0]);
}

#[test]
fn the_example_of_the_schema_is_a_good_document() {
    let schema = include_str!("../../../schemas/disponibilites-1.xsd");
    let (_, rest) = schema.split_once("&lt;disponibilites").unwrap();
    let (inside, _) = rest.split_once("&lt;/disponibilites&gt;").unwrap();
    let example = format!("<disponibilites{inside}</disponibilites>").replace("&lt;", "<").replace("&gt;", ">");
    assert_eq!((codes(&read_text(&example)).as_str(), accepted(&read_text(&example))), ("", 3));
}
