//! `check --format json`: a public contract, held key by key and byte by byte.

use std::fs;

use serde_json::Value;

use super::{AT, REPORT, program, ran, report};

/// The keys of a file, of a count and of a defect, in the order they are written. Adding one is a
/// change of the contract; taking one away or renaming one breaks other people's software.
const FILE: [&str; 7] = ["fichier", "format", "verdict", "identifiant", "lignes", "defauts", "non_verifie"];
const COUNT: [&str; 9] =
    ["finess", "code", "statut", "genre", "nature", "temporalite", "affectation", "nombre", "dateReleve"];
const DEFECT: [&str; 12] = [
    "code", "nom", "severite", "agir", "piece", "ligne", "colonne", "chemin", "trouve", "attendu", "message", "conseil",
];

fn lines(files: &[(&str, &str)]) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let mut command = program();
    command.current_dir(folder.path()).args(["check", "--format", "json", "--at", AT]);
    for (name, text) in files {
        fs::write(folder.path().join(name), text).unwrap();
        command.arg(name);
    }
    ran(&command.output().unwrap()).out.lines().map(str::to_owned).collect()
}

fn three_files() -> Vec<String> {
    lines(&[
        ("a.xml", &report("nombre=\"24\"", "nombre=\"-1\"")),
        ("b.xml", ""),
        ("c.eml", "From: lits@ch-armor.test\nAuto-Submitted: auto-replied\n\nAbsent.\n"),
    ])
}

#[test]
fn one_line_a_file_byte_for_byte() {
    insta::assert_snapshot!("json", three_files().join("\n"));
}

/// The keys of the object that opens at the first `{` after `start`, in the order of the text.
fn keys_in_order(line: &str, start: &str) -> Vec<String> {
    let (_, text) = line.split_once(start).unwrap();
    let object = text.split_at(text.find('{').unwrap()).1;
    let mut deserializer = serde_json::Deserializer::from_str(object).into_iter::<Value>();
    let value = deserializer.next().unwrap().unwrap();
    let mut keys: Vec<String> = value.as_object().unwrap().keys().cloned().collect();
    keys.sort_by_key(|key| object.find(&format!("\"{key}\":")).unwrap());
    keys
}

#[test]
fn the_keys_are_exactly_these() {
    let lines = three_files();
    for line in &lines {
        assert_eq!(keys_in_order(line, ""), FILE);
    }
    assert_eq!(keys_in_order(&lines[0], "\"lignes\":"), COUNT);
    assert_eq!(keys_in_order(&lines[0], "\"defauts\":"), DEFECT);
    let everything = "<capacite statut=\"ferme\" fermeture=\"reactivable\" nombre=\"1\"/>\
                      <capacite statut=\"supplementaire\" supplement=\"mobilise\" crise=\"sse\" nombre=\"1\"/>";
    let lines = self::lines(&[("d.xml", &REPORT.replace("    </service>", &format!("{everything}</service>")))]);
    let counts: Value = serde_json::from_str(&lines[0]).unwrap();
    let keys = |rank: usize| counts["lignes"][rank].as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert!(keys(2).contains(&"fermeture".to_owned()) && !keys(2).contains(&"genre".to_owned()));
    assert!(keys(3).contains(&"supplement".to_owned()) && keys(3).contains(&"crise".to_owned()));
}

#[test]
fn what_is_unknown_is_null() {
    for line in &three_files()[1..] {
        let file: Value = serde_json::from_str(line).unwrap();
        assert!(file["format"].is_null() && file["identifiant"].is_null(), "{line}");
    }
}
