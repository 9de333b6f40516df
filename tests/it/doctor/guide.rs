//! The guide for operators says what the program says: its alarms, its unit, its commands.

use std::path::Path;
use std::process::Command;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

fn read(path: &str) -> String {
    std::fs::read_to_string(Path::new(ROOT).join(path)).unwrap()
}

/// The text of every source file.
fn sources(folder: &Path) -> String {
    let mut text = String::new();
    for entry in folder.read_dir().unwrap().map(Result::unwrap) {
        if entry.path().is_dir() {
            text.push_str(&sources(&entry.path()));
        } else if entry.path().extension().is_some_and(|extension| extension == "rs") {
            text.push_str(&std::fs::read_to_string(entry.path()).unwrap());
        }
    }
    text
}

#[test]
fn every_alarm_of_the_guide_is_one_of_the_program() {
    let (guide, sources) = (read("deploy/guide-exploitant.md"), sources(&Path::new(ROOT).join("src")));
    let table = guide.split_once("<!-- alarmes -->").unwrap().1.split_once("<!-- /alarmes -->").unwrap().0;
    let alarms: Vec<&str> = table.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next()).collect();
    assert!(alarms.len() > 15, "{alarms:?}");
    for alarm in alarms {
        assert!(sources.contains(alarm), "« {alarm} » is never logged");
    }
}

#[test]
fn the_unit_runs_the_program_as_the_guide_says() {
    let unit = read("deploy/dispolits.service");
    for line in
        ["Type=notify", "WatchdogSec=60", "Restart=always", "TimeoutStopSec=45", "ExecReload=/bin/kill -HUP $MAINPID"]
    {
        assert!(unit.lines().any(|one| one == line), "{line}");
    }
    // The service starts on the last good referential where the files are wrong: nothing may refuse before it does.
    let commands: Vec<&str> =
        unit.lines().filter(|line| line.starts_with("Exec") && line.contains("dispolits")).collect();
    assert_eq!(commands.len(), 1, "{commands:?}");
    let command = commands[0].strip_prefix("ExecStart=/usr/local/bin/dispolits ").unwrap();
    let words: Vec<&str> = command.split_whitespace().take_while(|word| !word.starts_with('/')).collect();
    // The path of the configuration is missing: anything else that is wrong would be told first.
    let output = Command::new(env!("CARGO_BIN_EXE_dispolits")).args(&words).arg("absent.toml").output().unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(told.contains("absent.toml"), "{words:?}: {told}");
}

#[test]
fn every_command_of_the_guide_exists() {
    let guide = read("deploy/guide-exploitant.md") + &read("deploy/guide-postgresql.md");
    let help =
        |words: &[&str]| Command::new(env!("CARGO_BIN_EXE_dispolits")).args(words).arg("--help").output().unwrap();
    let journal = ["list", "balance"].map(|word| ["journal", word]);
    let store = ["check", "backup", "restore", "migrate"].map(|word| ["store", word]);
    for words in [&["doctor"][..], &["sandbox"], &["config", "check"]] {
        assert!(help(words).status.success() && guide.contains(words[words.len() - 1]), "{words:?}");
    }
    for words in journal.iter().chain(&store) {
        assert!(help(words).status.success() && guide.contains(&words.join(" ")), "{words:?}");
    }
}
