//! The guide for establishments says what the code does. `DISPOLITS_UPDATE=1` rewrites its
//! generated parts.

use domain::capacity::{
    Affectation, Crise, Fermeture, Genre, Nature, Nomenclature, Source, Statut, Supplement, Temporalite,
};
use judging::reply::{ReplyKind, guide_table, text};
use reading::{message, report};

use super::{cases, schema};

const GUIDE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../deploy/guide-etablissement.md");

fn guide() -> String {
    std::fs::read_to_string(GUIDE).unwrap()
}

/// What stands between `<!-- name -->` and `<!-- /name -->`.
fn between<'a>(guide: &'a str, name: &str) -> &'a str {
    let (_, rest) = guide.split_once(&format!("<!-- {name} -->\n")).unwrap_or_else(|| panic!("no mark {name}"));
    rest.split_once(&format!("<!-- /{name} -->")).unwrap_or_else(|| panic!("no end of {name}")).0
}

fn check_generated(name: &str, expected: &str) {
    let guide = guide();
    let mark = format!("<!-- {name} -->\n");
    let written = format!("{mark}{}<!-- /{name} -->", between(&guide, name));
    let rewritten = guide.replace(&written, &format!("{mark}{expected}<!-- /{name} -->"));
    if std::env::var_os("DISPOLITS_UPDATE").is_some() {
        std::fs::write(GUIDE, rewritten).unwrap();
    } else {
        assert!(
            guide == rewritten,
            "part « {name} » of the guide is not what the code says: run with DISPOLITS_UPDATE=1"
        );
    }
}

#[test]
fn generated_parts_are_up_to_date() {
    check_generated("codes", &guide_table());
    let example = text(&cases::partly(), ReplyKind::Reponse, false, false);
    check_generated("exemple", &format!("\n```text\n{example}```\n\n"));
}

#[test]
fn the_limits_are_those_of_the_code() {
    let (report, message) = (report::DocumentLimits::default(), message::MessageLimits::default());
    let thousands = format!("{} {:03}", report.elements / 1000, report.elements % 1000);
    for line in [
        format!("| les documents XML d’un courriel | {} |", message.candidates),
        format!("| les fichiers des archives d’un courriel, dossiers compris | {} |", message.archive_entries),
        format!("| les archives d’un courriel, une fois décompressées | {} Mio |", message.archive_bytes >> 20),
        format!("| un fichier XML | {} Mio |", report.bytes >> 20),
        format!("| les éléments d’un fichier | {thousands} |"),
        format!("| les niveaux d’imbrication | {} |", report.depth),
        format!("| les attributs d’un élément | {} |", report.attributes),
        format!("| une valeur d’attribut ou un texte | {} octets |", report.text),
    ] {
        assert!(guide().contains(&line), "{line}");
    }
}

fn check_words<N: Nomenclature>(guide: &str) {
    for entry in N::ENTRIES {
        assert!(guide.contains(&format!("`{}`", entry.word)), "the guide does not name {}", entry.word);
    }
}

#[test]
fn every_value_is_explained() {
    let guide = guide();
    check_words::<Nature>(&guide);
    check_words::<Statut>(&guide);
    check_words::<Temporalite>(&guide);
    check_words::<Fermeture>(&guide);
    check_words::<Supplement>(&guide);
    check_words::<Crise>(&guide);
    check_words::<Affectation>(&guide);
    check_words::<Source>(&guide);
    for genre in Genre::WORDS.split(", ") {
        assert!(guide.contains(&format!("`{genre}`")), "{genre}");
    }
}

/// The model follows the schema, and every count of it is accepted by the reader.
#[test]
fn the_model_file_is_a_right_report() {
    let guide = guide();
    let model = between(&guide, "modele").trim().trim_start_matches("```xml\n").trim_end_matches("```");
    let schema = concat!(env!("CARGO_MANIFEST_DIR"), "/../../schemas/disponibilites-1.xsd");
    schema::xmllint(&["--noout", "--schema", schema], model).unwrap();
    let reading = reading::report::read("modele.xml", model.as_bytes(), &reading::report::DocumentLimits::default());
    assert_eq!(reading.defects, []);
    let services = reading.etablissements.iter().flat_map(|etablissement| &etablissement.services);
    assert_eq!(services.map(|service| service.counts.len()).sum::<usize>(), 10);
}
