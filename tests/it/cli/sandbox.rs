//! `dispolits sandbox` and `dispolits simulator`: what they print, what they leave, how they stop.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use super::service::signal;
use super::{dispolits, program, ran};
use base::tls::revocation::Revocation;

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

#[cfg(unix)]
#[test]
fn a_folder_in_use_is_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let (path, config) = (folder.path().to_str().unwrap(), folder.path().join("config.toml"));
    std::fs::write(&config, "environnement = \"production\"\n").unwrap();
    let play = |path: &str| dispolits(&["sandbox", "--once", "--cas", "c01-capacite", "--dossier", path]);
    let ran = play(path);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("n’est pas vide et n’a pas été fait par un bac à sable"), "{}", ran.err);
    assert_eq!(std::fs::read_to_string(&config).unwrap(), "environnement = \"production\"\n");

    // A link that stands where a sandbox writes is replaced; what it points to is not written to.
    let (victim, own) = (folder.path().join("ailleurs"), folder.path().join("bac"));
    std::fs::write(&victim, "intact").unwrap();
    assert_eq!(play(own.to_str().unwrap()).code, 0);
    std::fs::remove_file(own.join("config.toml")).unwrap();
    std::os::unix::fs::symlink(&victim, own.join("config.toml")).unwrap();
    assert_eq!(play(own.to_str().unwrap()).code, 0);
    assert_eq!(std::fs::read_to_string(&victim).unwrap(), "intact");
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

/// The processes that name the folder in their command line, but for those that ended and wait to be told of.
fn processes_of(folder: &Path) -> Vec<String> {
    let named = folder.to_str().unwrap();
    let lines = Path::new("/proc").read_dir().unwrap().filter_map(|entry| {
        let line = std::fs::read(entry.ok()?.path().join("cmdline")).ok()?;
        Some(String::from_utf8_lossy(&line).replace('\0', " "))
    });
    lines.filter(|line| line.contains(named)).collect()
}

/// Nothing of Dovecot or exim is left; a process group ends in its own time.
fn assert_all_ended(folder: &Path) {
    let end = Instant::now() + crate::PATIENCE;
    while !processes_of(folder).is_empty() {
        assert!(Instant::now() < end, "{:?}", processes_of(folder));
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn real_servers_carry_the_mails_and_end_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sb");
    let arguments = ["sandbox", "--imap", "--once", "--cas", "accuse-vers", "--dossier", path.to_str().unwrap()];
    let ran = dispolits(&arguments);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{}", ran.out);
    assert!(ran.out.contains("Tous les cas se comportent comme attendu."), "{}", ran.out);
    assert_all_ended(&path);
    let log = |name: &str| std::fs::read_to_string(path.join(name)).unwrap();
    let (imap, smtp) = (log("imap/log"), log("smtp/log/mainlog"));
    assert!(imap.contains("imap-login: Info: Login: user=<dispolits@eai.test>"), "{imap}");
    for (from, to) in [("@cas.ch-armor.test", "dispolits"), ("dispolits@eai.test", "sih")] {
        let taken = smtp.lines().find(|line| line.contains(&format!("{from} H="))).unwrap_or_else(|| panic!("{smtp}"));
        assert!(taken.contains("P=esmtps") && taken.contains("CV=yes"), "no client certificate: {taken}");
        assert!(smtp.contains(&format!("=> {to} ")), "{smtp}");
    }
}

#[test]
fn real_servers_end_with_ctrl_c_and_with_a_failure() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sb");
    let start = || {
        let mut command = program();
        command.args(["sandbox", "--imap", "--cas", "c01-capacite", "--dossier"]).arg(&path);
        command.stdout(Stdio::piped()).spawn().unwrap()
    };
    let mut child = start();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    for said in ["un envoi", "les boîtes", "mot de passe", "certificat", "clé", "autorité"] {
        read_until(&mut out, said);
    }
    read_until(&mut out, "Le système reste en service jusqu’à Ctrl-C.");
    assert!(processes_of(&path).len() >= 2, "{:?}", processes_of(&path));
    stops(child, "INT", out);
    assert_all_ended(&path);

    // What starts after the servers fails: the database is a folder.
    std::fs::remove_file(path.join("dispolits.db")).unwrap();
    std::fs::create_dir(path.join("dispolits.db")).unwrap();
    let ended = start().wait_with_output().unwrap();
    assert_eq!(ended.status.code(), Some(2));
    assert_all_ended(&path);
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
    let config = base::tls::client_config(Some(authority.as_ref()), None, &Revocation::default()).unwrap();
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
