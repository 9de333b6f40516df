//! The guide of operators has what the program says of each kind of incident.

use domain::alerts::IncidentKind;

const GUIDE: &str = include_str!("../../../deploy/guide-operateur.md");

/// The table between the markers; DISPOLITS_UPDATE=1 rewrites it.
#[test]
fn the_guide_tells_of_each_kind() {
    let (opening, closing) = ("<!-- alertes -->\n", "<!-- /alertes -->");
    let (before, rest) = GUIDE.split_once(opening).unwrap();
    let (_, after) = rest.split_once(closing).unwrap();
    let expected = format!("{before}{opening}{}{closing}{after}", table());
    if std::env::var_os("DISPOLITS_UPDATE").is_some() {
        std::fs::write(concat!(env!("CARGO_MANIFEST_DIR"), "/deploy/guide-operateur.md"), &expected).unwrap();
    }
    assert!(GUIDE == expected, "deploy/guide-operateur.md: run with DISPOLITS_UPDATE=1");
}

fn table() -> String {
    let head = "## Les alertes\n\n\
        Chaque alerte s’ouvre une fois, est rappelée si elle dure, et se clôt quand sa cause a disparu. Elle arrive par\n\
        courriel et par webhook (section `[alerts]` de la configuration), et reste visible par `dispolits alerts list`.\n\n\
        | alerte | ce qu’elle veut dire | que faire |\n|---|---|---|\n";
    let cure =
        |kind: IncidentKind| [Some(kind.remedy()), kind.ending()].into_iter().flatten().collect::<Vec<_>>().join(" ");
    let line =
        |kind: IncidentKind| format!("| **{}** (`{kind}`) | {} | {} |\n", kind.title(), kind.meaning(), cure(kind));
    format!("{head}{}", IncidentKind::ALL.map(line).concat())
}

#[test]
fn each_kind_has_a_word_of_its_own_and_correct_french() {
    let words: std::collections::BTreeSet<&str> = IncidentKind::ALL.iter().map(|kind| kind.word()).collect();
    assert_eq!(words.len(), IncidentKind::ALL.len());
    for kind in IncidentKind::ALL {
        assert_eq!(kind.word().parse(), Ok(kind));
        for text in [kind.title(), kind.meaning(), kind.remedy(), kind.ending().unwrap_or("sans fin propre")] {
            assert!(!text.contains('\'') && !text.contains('|') && !text.is_empty(), "{text}");
        }
    }
    assert!("inconnue".parse::<IncidentKind>().is_err());
}
