//! The quirks of real mail servers, all at once under one service: whatever one server does, the mails it can give are in,
//! and the one it cannot is seen by everybody who looks.

mod server;
mod table;

use std::fmt::Write;
use std::io::{Read, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;

use base::config_values::{Secret, Span};
use edges::mailbox::{Attempt, Auth, Folder, Folders, ImapSettings, Mailbox, MailboxSettings, Moved, Security};

use crate::cli::service::{Service, World, until};
use crate::cli::{Ran, program, ran};
use crate::dovecot::Pki;
use server::{STRUCK, Served};
use table::{QUIRKS, Quirk, SUBSTITUTE, USUAL};

/// Everything of one run.
struct Played {
    world: World,
    service: Service,
    servers: Vec<(&'static Quirk, Arc<Served>)>,
    probes: u16,
}

impl Played {
    async fn start() -> Self {
        Self::of(QUIRKS).await
    }

    async fn of(quirks: &'static [Quirk]) -> Self {
        let world = World::new().await;
        let pki_folder = world.path("pki-imap");
        std::fs::create_dir(&pki_folder).unwrap();
        let pki = Pki::new(&pki_folder);
        let probes = TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port();
        let mut sections =
            format!("[health]\nlisten = \"127.0.0.1:{probes}\"\n[alerts]\ngather = \"1s\"\nclose_after = \"1s\"\n");
        let mut servers = Vec::new();
        for quirk in quirks {
            let (served, port) = Served::start(*quirk, &pki).await;
            servers.push((quirk, served));
            write!(
                sections,
                "[mailboxes.{name}]\npoll = \"500ms\"\n[mailboxes.{name}.imap]\nhost = \"localhost\"\nport = {port}\n\
                 security = \"tls\"\nuser = \"bal-{name}\"\npassword = \"secret\"\nca = \"{ca}\"\nlogin_interval = \"0s\"\n",
                name = quirk.name,
                ca = pki.path("ca").display(),
            )
            .unwrap();
        }
        // A file without a byte in the Maildir of the world.
        std::fs::write(world.path("boite/new/1.vide"), "").unwrap();
        world.configure(&sections);
        let service = world.start();
        Self { world, service, servers, probes }
    }

    /// What is left: the mailbox, and the cause.
    fn left(&self) -> Vec<(&'static str, &'static str)> {
        let left = self.servers.iter().filter(|(quirk, _)| !quirk.left.is_empty());
        std::iter::once(("principale", "vide")).chain(left.map(|(quirk, _)| (quirk.name, quirk.left))).collect()
    }

    fn get(&self, path: &str) -> String {
        let mut stream = TcpStream::connect(("127.0.0.1", self.probes)).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    fn run(&self, command: &[&str], arguments: &[&str]) -> Ran {
        let config = self.world.path("config.toml");
        ran(&program().args(command).arg("--config").arg(config).args(arguments).output().unwrap())
    }

    /// What is on the list, one JSON object each.
    fn listed(&self, arguments: &[&str]) -> Vec<serde_json::Value> {
        let told = self.run(&["journal", "left", "list"], &[&["--format", "json"], arguments].concat()).out;
        told.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    async fn until_not_ready_with(&self, names: &[&str]) {
        until("the odd mails to show in readiness", async || {
            let answer = self.get("/readyz");
            names.iter().all(|name| answer.contains(&format!(" : {name} (")))
        })
        .await;
        let answer = self.get("/readyz");
        assert!(answer.starts_with("HTTP/1.1 503"), "{answer}");
    }
}

/// A folder refuses a whole set for one mail in it: what is left at the end is what it does not take, and nothing else.
#[tokio::test]
async fn mails_that_are_refused_keep_no_other_of_their_set_back() {
    let folder = tempfile::tempdir().unwrap();
    let pki = Pki::new(folder.path());
    for unmovable in [&[1_u32, 50][..], &[24, 25], &[13, 37], &[50]] {
        let (served, port) = Served::with(Quirk { unmovable, ..USUAL }, 50, &pki).await;
        let settings = ImapSettings { port, ca: Some(pki.path("ca")), ..settings() };
        let mut mailbox = Mailbox::new(&MailboxSettings::from(settings), &Folders::default()).unwrap();
        let (session, entries) = mailbox.open().await.unwrap().list().await.unwrap();
        let moves: Vec<_> = entries.into_iter().map(|entry| (entry.position, Folder::Traites)).collect();
        let (session, outcomes) = session.file(&moves, Attempt::First).await.unwrap();
        session.close().await;
        assert_eq!(served.present(), unmovable);
        let refused = outcomes.iter().filter(|outcome| **outcome == Moved::Refused).count();
        let done = outcomes.iter().filter(|outcome| **outcome == Moved::Done).count();
        assert_eq!((refused, done), (unmovable.len(), 50 - unmovable.len()), "{unmovable:?}");
    }
}

/// Of a mailbox that nobody has, to be completed.
pub(crate) fn settings() -> ImapSettings {
    ImapSettings {
        host: "localhost".to_owned(),
        port: 0,
        security: Security::Tls,
        auth: Auth::Plain,
        user: "bal@hopital.test".to_owned(),
        password: Some(Secret::Inline("secret".into())),
        token: None,
        ca: None,
        identity: None,
        folder: "INBOX".to_owned(),
        timeout: Span::seconds(60),
        login_interval: Span::seconds(0),
    }
}

#[test]
fn a_substitute_is_no_fault_of_a_sender() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("substitut.eml");
    std::fs::write(&file, SUBSTITUTE).unwrap();
    let ran = ran(&program().arg("check").arg(file).output().unwrap());
    assert_eq!(ran.code, 1, "{}", ran.err);
    assert!(ran.out.contains("Exchange") && ran.out.contains("l’original est resté sur le serveur"), "{}", ran.out);
    assert!(!ran.out.contains("M0") && !ran.out.contains("rejet"), "{}", ran.out);
}

/// The table of the page of failures.
#[test]
fn the_page_of_failures_tells_of_each_quirk() {
    let mut rows: Vec<[String; 3]> = QUIRKS.iter().map(row).collect();
    rows.dedup();
    let header = ["ce que fait le serveur", "ce qu’il advient du courriel", "perdus"];
    crate::faults::table::check("serveurs", header, &rows);
}

fn row(quirk: &Quirk) -> [String; 3] {
    let what = if quirk.left.is_empty() {
        "lu, comme les autres"
    } else {
        "laissé dans la boîte et dit partout ; les autres sont lus"
    };
    [quirk.told, what, "0"].map(str::to_owned)
}

/// Where mails stay, what was stored is looked at once more: a mail that ends the session then keeps no other waiting.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stored_mail_that_ends_sessions_blocks_no_mailbox() {
    const STAYING: &[Quirk] = &[Quirk { name: "reste", offers: "IMAP4rev1 AUTH=PLAIN SASL-IR", ..USUAL }];
    let played = Played::of(STAYING).await;
    let served = &played.servers[0].1;
    let count = |key: &str| {
        let ran = played.run(&["journal", "balance"], &["--boite", "reste", "--format", "json"]);
        serde_json::from_str::<serde_json::Value>(&ran.out).unwrap()[key].as_i64().unwrap()
    };
    until("all to be judged and to stay", async || count("non_deplaces") == 3).await;
    served.turn("* BYE à plus tard\r\n");
    // Of the same bytes: it is asked whether the first is where it was.
    served.repeat_struck(4);
    until("the same mail to be received", async || count("recus") == 4).await;
    let (status, log) = played.service.stop();
    assert_eq!(status.code(), Some(0), "{log}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_a_server_does_every_other_mail_is_in_and_the_odd_one_is_seen() {
    assert!(QUIRKS.len() >= 25);
    let played = Played::start().await;
    for (quirk, served) in &played.servers {
        let expected: &[u32] = if quirk.left.is_empty() { &[] } else { &[STRUCK] };
        until(&format!("the mails of {} to be filed: {:?}", quirk.name, served.present()), async || {
            served.present() == expected
        })
        .await;
    }
    let left = played.left();
    let names: Vec<&str> = left.iter().map(|(name, _)| *name).collect();
    played.until_not_ready_with(&names).await;
    seen_everywhere(&played, &left).await;
    decided(&played, &left).await;
    let (status, log) = played.service.stop();
    assert_eq!(status.code(), Some(0), "{log}");
    for (name, _) in &left {
        // Told once, not at each try.
        let told =
            log.lines().filter(|line| line.contains("reste non lu") && line.contains(&format!("boite=\"{name}\"")));
        assert!(told.count() <= 1, "{name}: {log}");
    }
}

/// By readiness, metrics, balance, list, doctor and alerts alike, and of nobody else.
async fn seen_everywhere(played: &Played, left: &[(&str, &str)]) {
    let (ready, metrics) = (played.get("/readyz"), played.get("/metrics"));
    for (quirk, _) in &played.servers {
        assert_eq!(ready.contains(&format!(" : {} (", quirk.name)), !quirk.left.is_empty(), "{}: {ready}", quirk.name);
    }
    let balance: serde_json::Value =
        serde_json::from_str(&played.run(&["journal", "balance"], &["--format", "json"]).out).unwrap();
    for one in balance["boites"].as_array().unwrap() {
        let name = one["boite"].as_str().unwrap();
        let is_left = left.iter().any(|(other, _)| *other == name);
        assert_eq!(
            (one["non_lus"].as_i64(), one["equilibre"].as_bool()),
            (Some(i64::from(is_left)), Some(!is_left)),
            "{one}"
        );
    }
    assert_eq!(played.run(&["journal", "balance"], &["--boite", "refus"]).code, 1);
    assert_eq!(played.run(&["journal", "balance"], &["--boite", "taille-zero"]).code, 0);
    let listed = played.listed(&[]);
    let doctor = played.run(&["doctor"], &[]);
    assert_eq!(doctor.code, 1, "{}", doctor.out);
    for (name, cause) in left {
        assert!(
            metrics.contains(&format!("dispolits_left_mails{{mailbox=\"{name}\",cause=\"{cause}\"}} 1")),
            "{name}: {metrics}"
        );
        assert!(listed.iter().any(|one| one["boite"] == *name && one["cause"] == *cause), "{name}: {listed:?}");
        assert!(doctor.out.contains(&format!("dans la boîte {name} depuis")), "{name}: {}", doctor.out);
    }
    assert_eq!(listed.len(), left.len(), "{listed:?}");
    until("the alerts to open", async || {
        let told = played.run(&["alerts", "list"], &["--limite", "100"]).out;
        left.iter().all(|(name, _)| told.contains(&format!("Courriel non lu dans la boîte – {name}, ouverte")))
    })
    .await;
}

/// One is tried again on demand once its server is well; the others are set aside, and nobody waits for them any more.
async fn decided(played: &Played, left: &[(&str, &str)]) {
    let (_, mended) = played.servers.iter().find(|(quirk, _)| quirk.name == "refus").unwrap();
    mended.mend();
    for one in played.listed(&[]) {
        let number = one["numero"].to_string();
        if one["boite"] == "refus" {
            let told = played.run(&["journal", "left", "retry"], &[&number]);
            assert_eq!(told.code, 0, "{}", told.err);
        } else {
            let aside = ["journal", "left", "set-aside"];
            assert_eq!(played.run(&aside, &[&number, "--motif", " "]).code, 2);
            let told = played.run(&aside, &[&number, "--motif", "renvoyé par l’établissement"]);
            assert_eq!(told.code, 0, "{}", told.err);
            assert_eq!(played.run(&aside, &[&number, "--motif", "encore"]).code, 2, "once is enough");
        }
    }
    until("the mended mail to be filed", async || mended.present().is_empty()).await;
    until("the service to be ready", async || played.get("/readyz").starts_with("HTTP/1.1 200")).await;
    until("the alerts to close", async || played.run(&["alerts", "list"], &[]).code == 0).await;
    assert_eq!(played.run(&["journal", "balance"], &[]).code, 0);
    assert_eq!(played.run(&["journal", "left", "list"], &[]).code, 0);
    let aside = played.listed(&["--tous"]);
    assert_eq!(aside.len(), left.len() - 1, "{aside:?}");
    assert!(aside.iter().all(|one| one["motif"] == "renvoyé par l’établissement" && one["ecarte_par"].is_string()));
    let deeds = played.run(&["journal", "audit", "list"], &[]).out;
    assert_eq!(deeds.matches("courriel non lu mis à l’écart").count(), left.len() - 1, "{deeds}");
    assert_eq!(deeds.matches("nouvelle lecture demandée").count(), 1, "{deeds}");
}
