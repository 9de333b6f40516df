//! The program as its users see it: what it prints, where, and its exit codes.

mod agreement;
mod certificates;
mod check;
#[cfg(target_os = "linux")]
mod clock;
mod config;
mod contract;
mod help;
mod hostile;
mod human;
mod journal;
#[cfg(unix)]
mod logins;
#[cfg(unix)]
mod retention;
#[cfg(unix)]
mod run;
#[cfg(unix)]
mod sandbox;
#[cfg(unix)]
pub(crate) mod service;
#[cfg(unix)]
mod several;
#[cfg(unix)]
mod store;
#[cfg(unix)]
mod traces;
#[cfg(unix)]
mod troubles;
#[cfg(unix)]
mod twins;
mod usage;
#[cfg(unix)]
mod user;
#[cfg(unix)]
mod workers;
#[cfg(unix)]
mod wrong;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// What a command printed and its exit code.
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// The program, without what this machine's environment would change.
pub(crate) fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_dispolits"));
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("DISPOLITS_")) {
        command.env_remove(name);
    }
    command
}

pub(crate) fn ran(output: &Output) -> Ran {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let ran = Ran { code: output.status.code().unwrap_or(-1), out: text(&output.stdout), err: text(&output.stderr) };
    assert!(!ran.out.contains('\u{1b}') && !ran.err.contains('\u{1b}'), "an escape sequence without a terminal");
    ran
}

fn dispolits(arguments: &[&str]) -> Ran {
    ran(&program().args(arguments).output().unwrap())
}

fn fixture(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(path)
}

/// A report of which every count is right at [`AT`].
const REPORT: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<disponibilites xmlns="urn:fr:dispolits:disponibilites:1" identifiant="essai-1" dateEmission="2026-11-23T07:55:00+01:00">
  <etablissement finess="350054680">
    <service code="C01-A" libelle="Médecine" dateReleve="2026-11-23T07:50:00+01:00">
      <capacite statut="installe" nombre="24"/>
      <capacite statut="disponible" genre="femme" nombre="3"/>
    </service>
  </etablissement>
</disponibilites>
"#;

/// The instant at which [`REPORT`] is judged.
const AT: &str = "2026-11-23T08:00:00+01:00";

/// [`REPORT`] with one thing changed.
fn report(from: &str, to: &str) -> String {
    assert!(REPORT.contains(from), "{from}");
    REPORT.replacen(from, to, 1)
}
