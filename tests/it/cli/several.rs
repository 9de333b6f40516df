//! `dispolits run` on several mailboxes, and what its commands say of each.

use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::time::Duration;

use edges::mailbox;
use jiff::Timestamp;
use reading::message;
use store::search::{Filter, Page};
use store::{Received, Store, WorkerLease};

use super::Ran;
use super::service::{World, mail, until};

/// A Maildir of the world besides that of `[mailbox]`, and its section.
fn further(world: &World, name: &str) -> String {
    let maildir = world.path(name);
    for folder in ["new", "cur", "tmp"] {
        fs::create_dir_all(maildir.join(folder)).unwrap();
    }
    section(name, &maildir)
}

fn section(name: &str, maildir: &Path) -> String {
    format!(
        "[mailboxes.{name}]\npoll = \"200ms\"\nfrom = \"{name}@eai.test\"\n\
         [mailboxes.{name}.maildir]\npath = \"{}\"\n",
        maildir.display()
    )
}

fn send(world: &World, mailbox: &str, unique: &str, mail: &str) {
    mailbox::deliver(&world.path(mailbox), mail.as_bytes(), unique).unwrap();
}

/// Whom each reply to the sender comes from, sorted.
fn senders(world: &World) -> Vec<String> {
    let folder = world.path("reponses/lits@ch-armor.test/new");
    let files = folder.read_dir().into_iter().flatten().map(|file| fs::read(file.unwrap().path()).unwrap());
    let from = |raw: Vec<u8>| {
        let reply = message::read(&raw, &message::MessageLimits::default());
        reply.sender().unwrap().as_str().to_owned()
    };
    let mut all: Vec<String> = files.map(from).collect();
    all.sort();
    all
}

fn balance(world: &World, arguments: &[&str]) -> serde_json::Value {
    let ran = world.journal("balance", &[&["--format", "json"], arguments].concat());
    assert_eq!(ran.code, 0, "{}", ran.err);
    serde_json::from_str(&ran.out).unwrap()
}

fn count(world: &World, mailbox: &str) -> usize {
    let ran = world.journal("export", &["--boite", mailbox]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(ran.out.lines().skip(1).all(|line| line.ends_with(&format!(";{mailbox}"))), "{}", ran.out);
    ran.out.lines().count() - 1
}

#[tokio::test]
async fn each_mailbox_is_read_filed_and_answered_from_by_itself() {
    let world = World::new().await;
    world.configure(&further(&world, "brest"));
    let service = world.start();
    world.send("ici", &mail("ici", -1));
    send(&world, "brest", "la-bas", &mail("la-bas", -1));
    world.settled(2).await;
    until("both replies", async || senders(&world).len() == 2).await;
    assert_eq!(senders(&world), ["brest@eai.test", "dispolits@eai.test"]);
    for mailbox in ["boite", "brest"] {
        let filed = world.path(mailbox).join(".Rejets/cur");
        until("the mail to be filed", async || filed.read_dir().is_ok_and(|files| files.count() == 1)).await;
    }
    let (status, log) = service.stop();
    assert_eq!(status.code(), Some(0), "{log}");
    for name in ["principale", "brest"] {
        let told = |line: &str| line.contains("jugé") && line.contains(&format!("boite=\"{name}\""));
        assert!(log.lines().any(told), "no judgement of {name} in\n{log}");
    }
    assert_eq!((count(&world, "principale"), count(&world, "brest")), (1, 1));
}

/// The same report to both addresses, at the same time, again and again.
#[tokio::test]
async fn a_report_sent_to_both_mailboxes_has_one_effect() {
    const REPORTS: i64 = 20;
    let world = World::new().await;
    world.configure(&further(&world, "brest"));
    for rank in 0..REPORTS {
        let (name, text) = (format!("double-{rank}"), mail(&format!("double-{rank}"), 20));
        world.send(&name, &text);
        send(&world, "brest", &name, &text);
    }
    let service = world.start();
    world.settled(2 * REPORTS).await;
    assert_eq!(service.stop().0.code(), Some(0));
    let whole = balance(&world, &[]);
    assert_eq!(
        (&whole["recus"], &whole["doublons"], &whole["integres"]),
        (&(2 * REPORTS).into(), &REPORTS.into(), &REPORTS.into())
    );
    for name in ["principale", "brest"] {
        let own = balance(&world, &["--boite", name]);
        assert_eq!((&own["recus"], &own["equilibre"]), (&REPORTS.into(), &true.into()), "{own}");
    }
    assert_eq!(whole["boites"].as_array().unwrap().len(), 2);
}

/// One mailbox is not there, another's server accepts the connection and says nothing.
#[tokio::test]
async fn a_mailbox_that_fails_or_hangs_stops_no_other() {
    let world = World::new().await;
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = silent.local_addr().unwrap().port();
    let mute = format!(
        "[mailboxes.muette.imap]\nhost = \"localhost\"\nport = {port}\nuser = \"muette@eai.test\"\npassword = \"x\"\n\
         timeout = \"10min\"\n"
    );
    let absent = section("absente", &world.path("nulle-part"));
    world.configure(&[further(&world, "brest"), absent, mute].concat());
    let service = world.start();
    service.wait_for("boite=\"absente\"", 2);
    for round in 0..3 {
        world.send(&format!("ici-{round}"), &mail(&format!("ici-{round}"), 20));
        send(&world, "brest", &format!("la-bas-{round}"), &mail(&format!("la-bas-{round}"), 21));
        world.settled(2 * (round + 1)).await;
    }
    let (status, log) = service.stop();
    assert_eq!(status.code(), Some(0), "{log}");
    let failed: Vec<&str> = log.lines().filter(|line| line.contains("relève interrompue")).collect();
    assert!(failed.iter().all(|line| line.contains("boite=\"absente\"")), "{failed:#?}");
    drop(silent);
}

/// What a worker that is gone received.
async fn receive(store: &Store, mail: &Received<'_>, now: Timestamp) {
    let gone = WorkerLease::new(store.clone(), "essai", Duration::from_secs(30));
    gone.begin().await.unwrap();
    let duty = gone.take_mailbox(mail.account).await.unwrap().unwrap();
    store.receive(&duty, std::slice::from_ref(mail), now).await.unwrap();
    gone.end().await.unwrap();
}

/// Its mails were made durable; then its section was taken out.
#[tokio::test]
async fn mails_of_a_mailbox_no_longer_configured_are_still_judged() {
    let world = World::new().await;
    let store = world.store().await;
    let raw = mail("ancienne", 20);
    let account = "maildir:ancienne";
    let received =
        Received { account, position: "1", raw: raw.as_bytes(), size: raw.len() as u64, headers_only: false };
    receive(&store, &received, base::clock::Clock::System.now()).await;
    store.close().await;
    let service = world.start();
    world.settled(1).await;
    assert_eq!(world.last().await, ("integre".to_owned(), vec![]));
    assert!(service.stop().1.contains("n’est plus configurée (maildir:ancienne)"));
    assert_eq!(count(&world, account), 1);
}

#[tokio::test]
async fn the_journal_names_the_mailbox_where_there_are_several() {
    let world = World::new().await;
    let accounts = [world.path("boite"), world.path("brest")].map(|path| format!("maildir:{}", path.display()));
    let store = world.store().await;
    for (rank, account) in accounts.iter().enumerate() {
        let position = format!("{rank}");
        let mail = Received { account, position: &position, raw: b"x", size: 1, headers_only: false };
        receive(&store, &mail, "2026-11-23T07:00:00Z".parse().unwrap()).await;
    }
    assert_eq!(store.journal(&Filter::default(), &Page::newest(9)).await.unwrap().lines.len(), 2);
    store.close().await;
    let alone = world.journal("list", &[]);
    assert!(!alone.out.contains("Boîte"), "{}", alone.out);

    world.configure(&further(&world, "brest"));
    let journal = |command: &str, arguments: &[&str]| -> Ran { world.journal(command, arguments) };
    insta::assert_snapshot!("boites-liste", journal("list", &[]).out);
    insta::assert_snapshot!("boites-bilan", journal("balance", &[]).out);
    assert_eq!(journal("list", &["--boite", "brest"]).out.lines().count(), 2);
    assert!(journal("show", &["2"]).out.contains("Boîte       brest"), "{}", journal("show", &["2"]).out);
    let unknown = journal("list", &["--boite", "quimper"]);
    let sentence = "erreur : aucune boîte ne s’appelle « quimper » ; boîtes connues : principale, brest\n";
    assert_eq!((unknown.code, unknown.err.as_str()), (2, sentence));
}
