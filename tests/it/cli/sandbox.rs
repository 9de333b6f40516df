//! `dispolits sandbox` and `dispolits simulator`: what they print, what they leave, how they stop.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Stdio};

use super::service::signal;
use super::{dispolits, program, ran};

#[test]
fn the_cahier_is_told_as_a_table_that_fits_in_eighty_columns() {
    let ran = dispolits(&["sandbox", "--once", "--cas", "c01"]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    // How many requests the ROR got depends on the moment.
    let told = ran.out.lines().filter(|line| !line.starts_with("ROR simulé")).collect::<Vec<_>>().join("\n");
    insta::assert_snapshot!(told);
    assert!(ran.out.lines().all(|line| line.chars().count() <= 80), "{}", ran.out);
}

#[test]
fn a_folder_is_kept_and_can_be_played_in_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_str().unwrap();
    let config = folder.path().join("config.toml");
    for mails in [3, 6] {
        let ran = dispolits(&["sandbox", "--once", "--cas", "c01", "--dossier", path]);
        assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{}", ran.out);
        let shown = format!("dispolits journal list --config {}", config.display());
        assert!(ran.out.contains(&shown), "{}", ran.out);
        let list = dispolits(&["journal", "list", "--config", config.to_str().unwrap()]);
        assert_eq!((list.code, list.out.lines().count()), (0, mails + 1), "{}", list.out);
    }
    assert_eq!(dispolits(&["journal", "balance", "--config", config.to_str().unwrap()]).code, 0);
}

#[test]
fn no_case_of_that_name_is_told() {
    let ran = dispolits(&["sandbox", "--once", "--cas", "zzz"]);
    assert_eq!((ran.code, ran.err.as_str()), (2, "erreur : aucun cas du cahier ne contient « zzz »\n"));
}

/// Reads lines until one contains the text, and returns it.
fn read_until(out: &mut impl BufRead, text: &str) -> String {
    loop {
        let mut line = String::new();
        assert_ne!(out.read_line(&mut line).unwrap(), 0, "« {text} » was not said");
        if line.contains(text) {
            return line;
        }
    }
}

fn stops(mut child: Child, name: &str, mut out: impl Read) {
    signal(&child, name);
    out.read_to_string(&mut String::new()).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0), "{name}");
}

#[test]
fn without_once_it_stays_up_until_it_is_asked_to_stop() {
    for name in ["INT", "TERM"] {
        let mut child = program().args(["sandbox", "--cas", "c01-capacite"]).stdout(Stdio::piped()).spawn().unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        read_until(&mut out, "Le système reste en service jusqu’à Ctrl-C.");
        stops(child, name, out);
    }
}

#[tokio::test]
async fn the_simulator_says_where_it_is_and_stops_on_sigint() {
    let folder = tempfile::tempdir().unwrap();
    let pki = folder.path().join("pki");
    let mut command = program();
    command.args(["simulator", "--api", "127.0.0.1:0", "--jeton", "127.0.0.1:0", "--dossier"]).arg(&pki);
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let authority = value(&read_until(&mut out, "autorité"));
    let state = value(&read_until(&mut out, "_simulateur/etat"));
    read_until(&mut out, "_simulateur/defauts");
    let config = dispolits::tls::client_config(Some(authority.as_ref()), None).unwrap();
    let client = reqwest::Client::builder().tls_backend_preconfigured(config).no_proxy().build().unwrap();
    let answer = client.get(&state).send().await.unwrap();
    assert_eq!(answer.text().await.unwrap(), "[]");
    stops(child, "INT", out);
}

#[test]
fn an_address_in_use_is_told() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let folder = tempfile::tempdir().unwrap();
    let mut command = program();
    command.current_dir(folder.path()).args(["simulator", "--api", &address]);
    let ran = ran(&command.output().unwrap());
    let sentence = format!(
        "erreur : impossible d’écouter sur {address}\n  cause : adresse déjà utilisée par un autre programme\n"
    );
    assert_eq!((ran.code, ran.err), (2, sentence));
}

/// The last word of a line « nom   valeur ».
fn value(line: &str) -> String {
    line.split_whitespace().next_back().unwrap().to_owned()
}
