//! The guide that takes operators to MSSanté: its commands, keys, steps and sentences are those of the program.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, Output};

use domain::capacity::Mode;
use reading::report;
use serde_json::Value;
use service::config::Config;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
const GUIDE: &str = include_str!("../../../deploy/guide-mssante.md");
const EXAMPLE: &str = include_str!("../../../deploy/config.example.toml");

/// The contents of the code blocks of a language.
fn blocks(language: &str) -> Vec<&'static str> {
    let opening = format!("```{language}\n");
    GUIDE.split(&opening).skip(1).map(|rest| rest.split_once("```").unwrap().0).collect()
}

/// What stands between backquotes outside the code blocks.
fn quoted() -> BTreeSet<&'static str> {
    let prose = GUIDE.split("\n```").step_by(2);
    prose.flat_map(|text| text.split('`').skip(1).step_by(2)).collect()
}

fn program(words: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_dispolits")).args(words).output().unwrap()
}

/// Every `dispolits …` of the shell blocks and of the prose, word by word.
fn commands() -> Vec<Vec<&'static str>> {
    let lines = blocks("sh").into_iter().flat_map(str::lines).chain(quoted());
    let calls = lines.filter_map(|line| match line.strip_prefix("dispolits ") {
        Some(words) => Some(words),
        None => line.split_once(" dispolits dispolits ").map(|(_, words)| words),
    });
    calls.map(|words| words.split_whitespace().collect()).collect()
}

#[test]
fn every_command_and_option_exists() {
    let commands = commands();
    assert!(commands.len() >= 8, "{commands:?}");
    for words in commands {
        let names: Vec<&str> = words.iter().copied().take_while(|word| word.chars().all(char::is_alphabetic)).collect();
        let help = program(&[names.as_slice(), &["--help"]].concat());
        assert!(help.status.success(), "{words:?}");
        let help = String::from_utf8(help.stdout).unwrap();
        for option in words.iter().filter(|word| word.starts_with("--")) {
            assert!(help.contains(option), "{words:?}: no {option}");
        }
    }
}

/// The part of MSSanté in place of that of the example.
#[test]
fn the_configuration_of_the_guide_is_right() {
    let mut whole: toml::Table = EXAMPLE.parse().unwrap();
    let [shown] = blocks("toml").try_into().unwrap();
    for (section, value) in shown.parse::<toml::Table>().unwrap() {
        whole.insert(section, value);
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config.toml");
    std::fs::write(&path, toml::to_string(&whole).unwrap()).unwrap();
    let config = Config::load(&path).unwrap();
    assert!(config.revocation.is_some() && shown.contains("[revocation]"), "{shown}");
}

#[test]
fn the_user_of_the_service_is_made_before_it_is_named() {
    for guide in [GUIDE, include_str!("../../../deploy/guide-exploitant.md")] {
        let (made, named) = (guide.find("useradd ").unwrap(), guide.find("-g dispolits").unwrap());
        assert!(made < named);
    }
}

#[test]
fn every_key_named_in_the_text_exists() {
    let schema = serde_json::to_value(Config::schema()).unwrap();
    let sections = schema["properties"].as_object().unwrap();
    let is_key = |text: &&str| text.split_once('.').is_some_and(|(section, _)| sections.contains_key(section));
    let keys: Vec<&str> = quoted().into_iter().filter(is_key).collect();
    assert!(keys.len() > 15, "{keys:?}");
    let is_known = |key: &str| key.split('.').try_fold(&schema, |node, name| member(&schema, node, name)).is_some();
    for key in keys {
        assert!(is_known(key), "{key} is no key");
    }
    assert!(!is_known("mailbox.imap.verification"), "what is not there is found");
}

/// What a schema says of a key of this object.
fn member<'a>(root: &'a Value, node: &'a Value, name: &str) -> Option<&'a Value> {
    let choices = node["anyOf"].as_array().map_or(std::slice::from_ref(node), Vec::as_slice);
    let named = choices.iter().find_map(|one| one["$ref"].as_str()?.strip_prefix("#/$defs/"));
    named.map_or(node, |definition| &root["$defs"][definition])["properties"].get(name)
}

/// The text of every source file of the program.
fn sources(folder: &Path) -> String {
    let entries = folder.read_dir().unwrap().map(|entry| entry.unwrap().path());
    let text =
        |path: std::path::PathBuf| if path.is_dir() { sources(&path) } else { std::fs::read_to_string(&path).unwrap() };
    entries.map(text).collect()
}

#[test]
fn every_failure_of_the_guide_is_one_that_is_told() {
    let (said, doctor) = (sources(&Path::new(ROOT).join("src")), sources(&Path::new(ROOT).join("src/doctor")));
    let table = GUIDE.split_once("<!-- doctor -->").unwrap().1.split_once("<!-- /doctor -->").unwrap().0;
    let rows: Vec<Vec<&str>> = table
        .lines()
        .filter(|line| line.starts_with("| `"))
        .map(|line| line.split('|').map(|cell| cell.trim().trim_matches('`')).collect())
        .collect();
    assert!(rows.len() > 20, "{rows:?}");
    for row in rows {
        for name in [row[1], row[2]] {
            assert!(doctor.contains(&format!("\"{name}\"")), "{row:?}: no section or step {name}");
        }
        assert!(said.contains(row[3]), "« {} » is never said", row[3]);
    }
}

#[test]
fn the_first_report_is_one_that_only_tries() {
    let [xml] = blocks("xml").try_into().unwrap();
    let reading = report::read("rapport.xml", xml.as_bytes(), &report::DocumentLimits::default());
    assert!(reading.defects.is_empty(), "{:?}", reading.defects);
    assert_eq!(reading.head.mode, Mode::Test);
}
