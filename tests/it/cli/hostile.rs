//! Whatever the bytes, `check` answers, and what it prints cannot act upon a terminal.

use std::sync::LazyLock;

use campaign::cahier;
use campaign::cahier::Run;
use judging::dry_run::{Bench, Checked, check};
use judging::judgement::{Indicators, Rules};
use judging::referential::Referential;
use proptest::prelude::*;

use super::{AT, REPORT, report};

/// The mails and reports of the cahier, and its archives.
static FILES: LazyLock<Vec<(String, Vec<u8>)>> = LazyLock::new(|| {
    let run = Run { now: AT.parse().unwrap(), serie: "Essai1".to_owned() };
    let cases = cahier::embedded().unwrap();
    let mut files = Vec::new();
    for case in &cases {
        files.extend(case.mails(&run).unwrap().into_iter().map(|mail| ("courriel.eml".to_owned(), mail)));
        files.extend(case.file("rapport.xml", &run).ok().map(|report| ("rapport.xml".to_owned(), report)));
        files.extend(case.file("envoi.zip", &run).ok().map(|archive| ("envoi.zip".to_owned(), archive)));
    }
    files.retain(|(_, bytes)| bytes.len() < 100_000);
    files
});

static REFERENTIAL: LazyLock<Referential> = LazyLock::new(|| {
    let world = cahier::world().unwrap();
    Referential::parse(world.etablissements_csv.as_bytes(), world.services_csv.as_bytes()).unwrap()
});

static RULES: LazyLock<Rules> =
    LazyLock::new(|| Rules { indicators: Indicators::shipped().unwrap(), ..Rules::default() });

/// Judges a file and renders it every way there is.
fn judged(name: &str, bytes: &[u8], with_referential: bool) -> Checked {
    let referential = with_referential.then_some(&*REFERENTIAL);
    let checked = check(name, bytes, &Bench { referential, rules: &RULES, at: AT.parse().unwrap() });
    let plain = checked.human(false);
    assert!(plain.ends_with('\n'));
    let acting = |letter: char| letter != '\n' && domain::defect::is_unprintable(letter);
    assert!(!plain.contains(acting), "{plain:?}");
    let coloured = checked.human(true);
    assert!(!coloured.replace('\u{1b}', "").contains(acting), "{coloured:?}");
    assert!(!serde_json::to_string(&checked).unwrap().contains('\n'));
    checked
}

/// One change of a file: at a position, so many bytes taken out, these put in.
fn changes() -> impl Strategy<Value = Vec<(prop::sample::Index, usize, Vec<u8>)>> {
    let bytes = prop_oneof![
        prop::collection::vec(any::<u8>(), 0..6),
        prop::sample::select(vec![
            "\r",
            "\u{feff}",
            "\u{202e}",
            "\u{1b}[2J",
            "<",
            "\"",
            "é",
            "-",
            "]]>",
            "<!DOCTYPE a>"
        ])
        .prop_map(|text| text.as_bytes().to_vec()),
    ];
    prop::collection::vec((any::<prop::sample::Index>(), 0_usize..8, bytes), 0..8)
}

fn changed(bytes: &[u8], changes: Vec<(prop::sample::Index, usize, Vec<u8>)>) -> Vec<u8> {
    changes.into_iter().fold(bytes.to_vec(), |mut bytes, (index, out, put)| {
        let at = index.index(bytes.len() + 1);
        let end = (at + out).min(bytes.len());
        bytes.splice(at..end, put);
        bytes
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_judged(
        bytes in prop::collection::vec(any::<u8>(), 0..2000),
        name in prop::sample::select(vec!["a.xml", "a.eml", "a.zip", "", "a\u{202e}\u{1b}[2J.xml", ".", "/"]),
        with_referential: bool,
    ) {
        judged(name, &bytes, with_referential);
    }

    #[test]
    fn any_damage_to_the_cahier_is_judged(
        file in any::<prop::sample::Index>(),
        changes in changes(),
        with_referential: bool,
    ) {
        let (name, bytes) = file.get(&FILES);
        judged(name, &changed(bytes, changes), with_referential);
    }

    #[test]
    fn any_damage_to_a_right_report_is_judged(changes in changes()) {
        judged("rapport.xml", &changed(REPORT.as_bytes(), changes), true);
    }

    #[test]
    fn any_name_is_shown_safely(name in ".*") {
        judged(&name, b"", true);
    }
}

/// What is printed of a report with one thing changed.
fn printed(from: &str, to: &str) -> String {
    judged("rapport.xml", report(from, to).as_bytes(), false).human(false)
}

fn check_shows(text: &str, fragments: &[&str]) {
    for fragment in fragments {
        assert!(text.contains(fragment), "« {fragment} » is missing in:\n{text}");
    }
}

#[test]
fn a_line_of_any_length_is_cut_around_the_spot() {
    let long = format!("nombre=\"-3\" {}", "é".repeat(100_000));
    let text =
        printed("<capacite statut=\"installe\" nombre=\"24\"/>", &format!("{}<capacite {long}/>", " ".repeat(90_000)));
    assert!(text.lines().all(|line| line.chars().count() < 300), "{}", text.len());
    let one_line = REPORT.replace('\n', " ").replace("nombre=\"3\"", "nombre=\"-3\"");
    let text = judged("rapport.xml", one_line.as_bytes(), false).human(false);
    let column = one_line.find("nombre=\"-3\"").unwrap() - "é".len() + 1 + 1;
    check_shows(&text, &[&format!("rapport.xml:1:{column}"), "…", "nombre=\"-3\""]);
}

#[test]
fn control_characters_and_those_that_reorder_text_are_replaced() {
    check_shows(&printed("statut=\"disponible\"", "statut=\"a\u{202e}b\u{7f}\""), &["statut=\"a·b·\"", "« a·b· »"]);
    check_shows(&printed(" statut=\"disponible\"", "\tstatut=\"x\""), &["<capacite statut=\"x\""]);
    check_shows(&printed("identifiant=\"essai-1\"", "identifiant=\"\u{200b}\u{2066}\""), &["trouvé « ·· »"]);
}

#[test]
fn the_line_at_fault_is_shown_whatever_ends_lines() {
    for end in ["\n", "\r\n", "\r"] {
        let text = report("nombre=\"3\"", "nombre=\"-3\"").replace('\n', end);
        let text = judged("rapport.xml", text.as_bytes(), false).human(false);
        check_shows(
            &text,
            &["rapport.xml:6:", "6 │       <capacite statut=\"disponible\" genre=\"femme\" nombre=\"-3\"/>\n"],
        );
    }
}

#[test]
fn a_file_without_any_line_is_told_too() {
    for bytes in [&b""[..], b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff", b"\r", b"\n", b"<", b"<a", b"<a>", b"<a>\xc3"] {
        let text = judged("rapport.xml", bytes, false).human(false);
        check_shows(&text, &["rejet ", "rapport.xml : rejeté ; 0 capacité à transmettre, 1 rejet"]);
    }
}
