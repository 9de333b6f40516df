//! Every defect the reader can find: its code, place, path, and what it rejects.

use domain::capacity::{Mode, Source};
use domain::defect::{Defect, Path};
use reading::report::ReportReading;

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

fn described(reading: &ReportReading) -> Vec<String> {
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
    check_words(
        "mode=\"reel\"",
        "mode=\"réel\"",
        "réel",
        "« mode » n’est pas admise. Valeur inconnue : vouliez-vous dire « reel »",
    );
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

#[test]
fn what_cannot_be_seen_in_a_value_is_told() {
    let empty = "Supprimez l’attribut « genre »";
    check_words("genre=\"femme\"", "genre=\"\"", "", empty);
    check_words("source=\"bed-management\"", "source=\"\"", "", "Supprimez l’attribut « source »");
    check_words("mode=\"reel\"", "mode=\"\"", "", "Supprimez l’attribut « mode »");
    check_words("statut=\"occupe\"", "statut=\"\"", "", "L’attribut « statut » est vide.");
    check_words("code=\"0042\"", "code=\"\"", "", "L’attribut « code » est vide.");
    check_words("genre=\"femme\"", "genre=\"femme  \"", "femme  ", "sans espace avant ni après");
    check_words("mode=\"reel\"", "mode=\" reel\"", " reel", "entourée d’espaces");
    check_words("code=\"0042\"", "code=\"0042\u{a0}\"", "0042\u{a0}", "sans espace avant ni après");
    check_words("genre=\"femme\"", "genre=\" \"", " ", "ne contient que des espaces");
    check_words("nombre=\"24\"/>", "nombre=\"24\">\n</capacite>", "un espace ou un retour à la ligne", "seul défaut");
}

#[test]
fn the_word_that_was_meant_is_proposed() {
    check_words("statut=\"occupe\"", "statut=\"Occupée\"", "Occupée", "vouliez-vous dire « occupe »");
    check_words("genre=\"femme\"", "genres=\"femme\"", "genres", "vouliez-vous dire « genre »");
    check_words(
        "<capacite statut=\"occupe\"",
        "<capacité/><capacite statut=\"occupe\"",
        "{urn:fr:dispolits:disponibilites:1}capacité",
        "vouliez-vous dire « capacite »",
    );
    let root = read_text("<disponibilite xmlns=\"urn:fr:dispolits:disponibilites:1\"/>");
    assert!(root.defects[0].message().contains("vouliez-vous dire « disponibilites »"), "{:?}", root.defects);
    check_words(
        "nature=\"lit\" statut=\"installe\"",
        "xml:lang=\"fr\" statut=\"installe\"",
        "xml:lang",
        "supprimez-le",
    );
}

#[test]
fn the_number_that_was_meant_is_proposed() {
    let meant = "350054680, sans espace ni autre signe";
    for written in ["350054680\u{a0}", "35 00 54 680", "35\u{202f}0054680", "350054680\u{200b}", "35-0054680"] {
        check_words("finess=\"350054680\"", &format!("finess=\"{written}\""), &domain::defect::excerpt(written), meant);
    }
    check_words("finess=\"350054680\"", "finess=\"10007987\"", "10007987", "010007987");
    check_words("finess=\"350054680\"", "finess=\"10007987.0\"", "10007987.0", "010007987");
    for alike in ["35OO5468O", "35oo54680", "３５００５４６８０", "35００54680"] {
        let attribute = format!("finess=\"{alike}\"");
        check_words("finess=\"350054680\"", &attribute, alike, "sans doute 350054680 : un chiffre y est écrit");
    }
}

#[test]
fn what_is_wrong_with_a_date_is_told() {
    let date = "2026-11-23T06:45:00Z";
    for (written, words) in [
        ("2026-11-23T06:45Z", "Les secondes manquent"),
        ("2026-11-23T06:45+01:00", "Écrivez 2026-11-23T06:45:00+01:00."),
        ("2026-11-23T06:45:00+0100", "se séparent par deux points"),
        ("2026-11-23T06:45:00+01", "Les minutes du fuseau manquent"),
        ("2026-11-23 06:45:00Z", "« T » majuscule"),
        ("2026-11-23T06:45:00z", "« Z » du temps universel"),
        ("2026-11-23T06:45:00,5Z", "par un point"),
        ("2026-11-23T06:45:00", "Le fuseau horaire manque"),
        ("2026-11-23 06:45", "Les secondes manquent"),
        ("2026-11-23T07:45:00+01:00[Europe/Paris]", "entre crochets"),
        ("2026-11-23T07:45+01:00[Europe/Paris]", "Écrivez 2026-11-23T07:45:00+01:00."),
        ("2026-11-23T06:45:00Z[UTC]", "Écrivez 2026-11-23T06:45:00Z."),
        ("2026-11-23T06:45:00[Europe/Paris]", "Le fuseau horaire manque"),
    ] {
        check_words(date, written, written, words);
    }
    check_words(&format!("dateReleve=\"{date}\""), "dateReleve=\"\"", "", "La date est vide.");
}

#[test]
fn a_file_of_another_program_is_named() {
    for (bytes, name) in [
        (b"%PDF-1.7\n\xe2".as_slice(), ".pdf"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "Office"),
        (b"\x1f\x8b\x08", "gzip"),
    ] {
        let reading = reading::report::read("a.xml", bytes, &reading::report::DocumentLimits::default());
        assert!(reading.defects[0].message().contains(name), "{:?}", reading.defects);
    }
}
