//! What people and programs read of a healthy sandbox, and the exit codes.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

use super::bench::Bench;

async fn doctor(config: &Path, options: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_dispolits"));
    command.arg("doctor").arg("--config").arg(config).args(options);
    tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// Hides what differs from one run, day or machine to another.
fn masked(bench: &Bench, told: &str) -> String {
    let simulator = &bench.sandbox.simulator;
    let told = told
        .replace(&bench.folder.path().display().to_string(), "[DOSSIER]")
        .replace(&simulator.api_addr().port().to_string(), "[API]")
        .replace(&simulator.token_addr().port().to_string(), "[JETON]");
    told.lines().map(masked_line).collect::<Vec<_>>().join("\n")
}

fn masked_line(line: &str) -> String {
    let before = |mark: &str, mask: &str| line.split_once(mark).map(|(kept, _)| format!("{kept}{mark}{mask}"));
    if line.contains("Mio libres") {
        return "  ✔ espace libre : [TAILLE] Mio libres dans [DOSSIER]".to_owned();
    }
    // The cahier grows; and the worker makes the folders meanwhile.
    before("✔ classement : ", "[DOSSIERS]")
        .or_else(|| before("✔ chargement : ", "[NOMBRES]"))
        .or_else(|| before("encore ", "[JOURS]"))
        .or_else(|| before("localhost → ", "[ADRESSES]"))
        .or_else(|| before("ouvert sur ", "[ADRESSE]"))
        .or_else(|| before("lieu d’essai DISPOLITS-DOCTOR-", "[HASARD] inconnu, comme il se doit)"))
        .unwrap_or_else(|| line.to_owned())
        .split(' ')
        .map(masked_word)
        .collect::<Vec<_>>()
        .join(" ")
}

fn masked_word(word: &str) -> String {
    let digits = word.chars().filter(char::is_ascii_digit).count();
    if word.matches('/').count() == 2 && digits == 8 {
        word.replace(|letter: char| letter.is_ascii_digit(), "0")
    } else {
        word.to_owned()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_healthy_sandbox_is_told_in_full() {
    let bench = Bench::start().await;
    let output = doctor(&bench.sandbox.config_path, &["--lieu", "299900100/AUTO-F"]).await;
    let told = text(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{told}");
    insta::assert_snapshot!(masked(&bench, &told));
}

#[tokio::test(flavor = "multi_thread")]
async fn programs_read_one_stable_object() {
    let bench = Bench::start().await;
    let output = doctor(&bench.sandbox.config_path, &["--format", "json"]).await;
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["succes"], true);
    let names = |value: &Value, key: &str| {
        value.as_array().unwrap().iter().map(|one| one[key].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let sections = &report["rubriques"];
    assert_eq!(
        names(sections, "rubrique"),
        [
            "configuration",
            "base",
            "referentiel",
            "certificat_client",
            "autorites",
            "revocation",
            "boite",
            "reponses",
            "jeton",
            "api"
        ]
    );
    let api = &sections[9]["etapes"];
    assert_eq!(names(api, "etape"), ["DNS", "TCP", "TLS", "révocation", "droits"]);
    assert_eq!(names(api, "etat"), ["reussi", "reussi", "reussi", "non_fait", "non_fait"]);
    assert!(api[4]["raison"].as_str().unwrap().contains("--lieu"));
}

#[tokio::test(flavor = "multi_thread")]
async fn exit_codes_tell_a_fault_from_a_wrong_usage() {
    let bench = Bench::start().await;
    let path = bench.folder.path().join("faux.toml");
    let right = std::fs::read_to_string(&bench.sandbox.config_path).unwrap();
    std::fs::write(&path, right.replace(&bench.sandbox.simulator.base_url(), "https://localhost:1")).unwrap();
    let output = doctor(&path, &[]).await;
    let told = text(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert!(told.contains("  ✘ TCP\n      cause : localhost refuse"), "{told}");
    assert!(told.contains("\n  — TLS : non fait, l’étape « TCP » a échoué\n"), "{told}");
    assert!(told.ends_with("commencez par « TCP » de « API du ROR (localhost:1) ».\n"), "{told}");
    for (config, options) in
        [("absent.toml", &[][..]), ("faux.toml", &["--lieu", "350054680"]), ("faux.toml", &["--lieu", "350054681/X"])]
    {
        let output = doctor(&bench.folder.path().join(config), options).await;
        assert_eq!(output.status.code(), Some(2), "{options:?}: {}", text(&output.stderr));
    }
}
