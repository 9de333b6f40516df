//! Every defect the reader can find: its code, place, path, and what it rejects.

use dispolits::capacity::{Mode, Source};
use dispolits::defect::{Defect, Path};
use dispolits::report::Reading;

use super::{GOOD, accepted, codes, mutated, read_text};

const CASES: &str = include_str!("defects.txt");

/// One line of the table: the replaced part, its replacement, how many counts are left, the
/// defects as `code line:column path`.
fn check(line: &str) {
    let mut cells = line.split(" | ");
    let (from, to) = (cells.next().unwrap(), cells.next().unwrap().replace("\\n", "\n"));
    let left: usize = cells.next().unwrap().parse().unwrap();
    let reading = read_text(&mutated(from, &to));
    assert_eq!(described(&reading), cells.collect::<Vec<_>>(), "{line}");
    assert_eq!(accepted(&reading), left, "{line}");
}

fn described(reading: &Reading) -> Vec<String> {
    reading.defects.iter().map(describe).collect()
}

fn describe(defect: &Defect) -> String {
    let place = defect.place();
    assert_eq!(place.piece, "a.xml");
    let (line, column) = (place.line.unwrap(), place.column.unwrap());
    format!("{} {line}:{column} {}", defect.code(), place.path.as_ref().map_or("-", Path::as_str))
}

#[test]
fn a_good_document_is_read_whole() {
    let reading = read_text(GOOD);
    assert_eq!(codes(&reading), "");
    assert_eq!(accepted(&reading), 6);
    let head = &reading.head;
    assert_eq!((head.format, head.identifiant.as_deref()), (Some("disponibilites-1"), Some("BM-20261123-0755")));
    assert_eq!((head.mode, head.date_emission.unwrap().to_string().as_str()), (Mode::Reel, "2026-11-23T06:55:12Z"));
    assert_eq!(head.place.line, Some(3));
    let service = &reading.etablissements[0].services[1];
    assert_eq!(service.code.as_ref().unwrap().as_str(), "0042");
    assert_eq!(service.counts[0].count.indicator.to_string(), "supplementaire/courant/-/-/mobilise/sse/covid-plus");
    assert_eq!(service.counts[0].place.span, Some(766..776));
    assert_eq!(GOOD.get(766..776), Some(r#"nombre="1""#));
    assert_eq!(
        service.date_place.path.as_ref().map(Path::as_str),
        Some("etablissement[350054680]/service[0042]/@dateReleve")
    );
}

#[test]
fn each_defect_has_its_code_place_and_reach() {
    let cases: Vec<&str> = CASES.lines().filter(|line| line.contains(" | ") && !line.starts_with('#')).collect();
    assert!(cases.len() > 50, "{} cases", cases.len());
    cases.into_iter().for_each(check);
}

#[test]
fn the_default_source_is_bed_management() {
    let reading = read_text(&mutated(r#" source="bed-management""#, ""));
    assert_eq!(reading.etablissements[0].services[0].source, Source::BedManagement);
}

/// The words in which the first defect tells what was found and expected.
fn check_words(from: &str, to: &str, found: &str, words: &str) {
    let reading = read_text(&mutated(from, to));
    let defect = &reading.defects[0];
    assert_eq!(defect.found_text().unwrap_or(""), found, "{to}");
    let told = format!("{} {} {}", defect.message(), defect.expected_text().unwrap_or(""), defect.hint());
    assert!(told.contains(words), "{to}: {told}");
}

#[test]
fn a_clerk_is_told_what_to_mend() {
    check_words("nombre=\"24\"", "nombre=\"2147483648\"", "2147483648", "de 0 à 2147483647");
    check_words("nombre=\"24\"", "nombre=\"24\" Genre=\"femme\"", "Genre", "s’écrit « genre »");
    check_words("mode=\"reel\"", "mode=\"réel\"", "réel", "« mode » n’est pas admise. reel, test");
    check_words("2A0000022", "2a0000022", "2a0000022", "2A0000022, avec la lettre en majuscule");
    check_words("350054680", "35005468", "35005468", "comme 350054680");
    check_words(" statut=\"occupe\"", "", "", "L’attribut « statut » manque.");
    check_words(
        "<service code=\"0042\"",
        "<p:service xmlns:p=\"u\"/><service code=\"0042\"",
        "{u}service",
        "espace de noms « urn:fr:",
    );
    check_words("T06:45:00Z", "T06:45:00", "2026-11-23T06:45:00", "avec le fuseau");
    check_words("statut=\"occupe\"", "statut=\"occupé\"", "occupé", "occupe, reserve, ferme");
}
