//! Revocation lists: what is believed, what is kept, how long it serves.

use std::path::PathBuf;

use base::clock::Clock;
use base::config_values::Span;
use base::tls::revocation::{ListConnection, Revocation, RevocationSettings, RevocationSetupError, Status};
use jiff::{SignedDuration, Timestamp};

use super::forge::{Authority, Forge};
use super::publisher::{Answer, Publisher};

pub(super) fn settings(forge: &Forge, urls: &[&str], files: &[PathBuf]) -> RevocationSettings {
    RevocationSettings {
        urls: urls.iter().map(ToString::to_string).collect(),
        files: files.to_vec(),
        connections: vec![ListConnection::Imap, ListConnection::Smtp, ListConnection::Ror],
        folder: forge.path("listes"),
        refresh: Span::seconds(3600),
        grace: Span::seconds(86_400),
        timeout: Span::seconds(30),
    }
}

/// At the midnight before: the lists begin and end at one.
fn clock() -> Clock {
    let now = Clock::System.now().as_second();
    Clock::manual(Timestamp::from_second(now - now.rem_euclid(86_400)).unwrap())
}

/// The status of the one source, and why its last attempt failed.
fn state(revocation: &Revocation) -> (Status, String) {
    let standing = revocation.standing().swap_remove(0);
    (standing.status, standing.failure.unwrap_or_default())
}

struct Bench {
    forge: Forge,
    authority: Authority,
    publisher: Publisher,
    clock: Clock,
    revocation: Revocation,
}

impl Bench {
    /// A good list was fetched.
    async fn start() -> Self {
        let forge = Forge::new();
        let authority = forge.authority("TEST AC ORG");
        let publisher = Publisher::start(Answer::List(authority.list(-1, 6))).await;
        let clock = clock();
        let revocation = Self::make(&forge, &authority, &publisher, &clock);
        revocation.refresh().await;
        assert_eq!(state(&revocation), (Status::Valid, String::new()));
        Self { forge, authority, publisher, clock, revocation }
    }

    fn make(forge: &Forge, authority: &Authority, publisher: &Publisher, clock: &Clock) -> Revocation {
        let settings = settings(forge, &[&publisher.url], &[]);
        Revocation::new(&settings, vec![authority.ca.clone()], clock.clone()).unwrap()
    }

    /// What is known after so many hours, when this is published.
    async fn after(&self, hours: i64, answer: Answer) -> (Status, String) {
        self.publisher.publish(answer);
        self.clock.advance(SignedDuration::from_hours(hours));
        self.revocation.refresh().await;
        state(&self.revocation)
    }

    /// As after a restart.
    fn again(&self) -> Revocation {
        Self::make(&self.forge, &self.authority, &self.publisher, &self.clock)
    }
}

#[tokio::test]
async fn a_list_is_fetched_at_its_interval_and_kept_across_restarts() {
    let bench = Bench::start().await;
    bench.revocation.refresh().await;
    assert_eq!(bench.publisher.asked(), 1, "not before its interval");
    bench.after(2, Answer::List(bench.authority.list_of(0, 7, &[66, 67]))).await;
    assert_eq!(bench.publisher.asked(), 2);
    let list = bench.revocation.in_force().swap_remove(0);
    assert_eq!((list.revoked, list.issuer.to_string()), (2, "CN=TEST AC ORG".to_owned()));
    assert_eq!(bench.again().in_force(), [list], "without asking the network");
    assert_eq!(bench.publisher.asked(), 2);
}

#[tokio::test]
async fn what_is_no_good_list_leaves_the_last_one_in_force() {
    let bench = Bench::start().await;
    let kept = bench.revocation.in_force();
    let stranger = bench.forge.authority("TEST AC INCONNUE");
    let namesake = bench.forge.authority("TEST AC ORG");
    let mut damaged = bench.authority.list(0, 7);
    let middle = damaged.len() / 2;
    damaged[middle] ^= 1;
    for (answer, words) in [
        (Answer::Status(404), "HTTP 404"),
        (Answer::Status(302), "HTTP 302"),
        (Answer::List(b"<html>bonjour</html>".to_vec()), "pas une liste de révocation"),
        (Answer::List(Vec::new()), "pas une liste de révocation"),
        (Answer::List(stranger.list(0, 7)), "« CN=TEST AC INCONNUE », qui n’est dans aucun des fichiers « ca »"),
        (Answer::List(namesake.list(0, 7)), "sa signature n’est pas celle"),
        (Answer::List(damaged), ""),
        (Answer::List(bench.authority.list(2, 9)), "dans le futur"),
        (Answer::List(bench.authority.list_of(-3, 9, &[])), "plus ancienne"),
        (Answer::Endless(17 * 1024 * 1024), "plus de 16 Mio"),
    ] {
        let (status, why) = bench.after(2, answer).await;
        assert_eq!(status, Status::Valid);
        assert!(!why.is_empty() && why.contains(words), "« {words} » is not in « {why} »");
        assert_eq!(bench.revocation.in_force(), kept, "{words}");
        assert_eq!(bench.again().in_force(), kept, "{words}");
    }
    let (status, why) = bench.after(2, Answer::List(bench.authority.list(0, 8))).await;
    assert_eq!((status, why.as_str()), (Status::Valid, ""));
}

#[tokio::test]
async fn a_list_past_its_end_serves_for_the_grace_and_no_longer() {
    let bench = Bench::start().await;
    assert_eq!(bench.after(4 * 24, Answer::Status(503)).await.0, Status::Valid);
    assert_eq!(bench.after(2 * 24 + 12, Answer::Status(503)).await.0, Status::Late);
    assert_eq!(bench.revocation.in_force().len(), 1);
    assert_eq!(bench.again().in_force().len(), 1, "after a restart too");
    assert_eq!(bench.after(24, Answer::Status(503)).await.0, Status::Missing);
    assert!(bench.revocation.in_force().is_empty() && bench.again().in_force().is_empty());
    // Past its end, it is asked for every five minutes.
    let asked = bench.publisher.asked();
    bench.clock.advance(SignedDuration::from_mins(4));
    bench.revocation.refresh().await;
    assert_eq!(bench.publisher.asked(), asked);
    bench.clock.advance(SignedDuration::from_mins(2));
    bench.revocation.refresh().await;
    assert_eq!(bench.publisher.asked(), asked + 1);
    assert_eq!(bench.after(1, Answer::List(bench.authority.list(6, 20))).await.0, Status::Valid);
}

#[tokio::test]
async fn a_publisher_that_says_nothing_is_left_in_time() {
    let forge = Forge::new();
    let authority = forge.authority("TEST AC ORG");
    let publisher = Publisher::start(Answer::Silence).await;
    let settings = RevocationSettings { timeout: Span::millis(300), ..settings(&forge, &[&publisher.url], &[]) };
    let revocation = Revocation::new(&settings, vec![authority.ca], clock()).unwrap();
    revocation.refresh().await;
    assert_eq!(state(&revocation), (Status::Missing, "pas de réponse dans le délai imparti".to_owned()));
}

#[tokio::test]
async fn a_publisher_out_of_reach_is_told() {
    let forge = Forge::new();
    let authority = forge.authority("TEST AC ORG");
    let closed = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let settings = settings(&forge, &[&format!("http://{closed}/x.crl")], &[]);
    let revocation = Revocation::new(&settings, vec![authority.ca], clock()).unwrap();
    revocation.refresh().await;
    assert_eq!(state(&revocation), (Status::Missing, "connexion impossible".to_owned()));
}

#[tokio::test]
async fn a_file_is_read_again_when_it_changes_in_der_or_pem() {
    let forge = Forge::new();
    let authority = forge.authority("TEST AC ORG");
    let file = forge.path("liste.crl");
    let make = || {
        Revocation::new(&settings(&forge, &[], std::slice::from_ref(&file)), vec![authority.ca.clone()], clock())
            .unwrap()
    };
    assert_eq!(state(&make()).0, Status::Missing);
    std::fs::write(&file, authority.list(-1, 6)).unwrap();
    let revocation = make();
    assert_eq!((state(&revocation).0, revocation.in_force()[0].revoked), (Status::Valid, 1));
    let converted = std::process::Command::new("openssl")
        .args(["crl", "-inform", "DER", "-out"])
        .arg(&file)
        .arg("-in")
        .arg({
            let der = forge.path("autre.der");
            std::fs::write(&der, authority.list_of(0, 6, &[])).unwrap();
            der
        })
        .status()
        .expect("these tests need the package openssl");
    assert!(converted.success());
    revocation.refresh().await;
    assert_eq!((state(&revocation).0, revocation.in_force()[0].revoked), (Status::Valid, 0));
    std::fs::remove_file(&file).unwrap();
    revocation.refresh().await;
    let (status, why) = state(&revocation);
    assert!(status == Status::Valid && !why.is_empty(), "{why}");
    assert_eq!(make().in_force().len(), 1, "its last good copy serves");
}

#[tokio::test]
async fn a_kept_list_is_believed_for_its_signature_only() {
    let bench = Bench::start().await;
    let copy = bench.forge.path("listes").read_dir().unwrap().next().unwrap().unwrap().path();
    let copies = bench.forge.path("listes").read_dir().unwrap().count();
    assert_eq!(copies, 1, "nothing is left beside it");
    std::fs::write(&copy, bench.forge.authority("TEST AC ORG").list_of(0, 6, &[])).unwrap();
    assert!(bench.again().in_force().is_empty());
    std::fs::write(&copy, "").unwrap();
    assert!(bench.again().in_force().is_empty());
}

#[tokio::test]
async fn a_look_writes_nothing() {
    let bench = Bench::start().await;
    std::fs::remove_dir_all(bench.forge.path("listes")).unwrap();
    let settings = settings(&bench.forge, &[&bench.publisher.url], &[]);
    let looked = Revocation::look(&settings, vec![bench.authority.ca.clone()], bench.clock.clone()).unwrap();
    looked.refresh().await;
    assert_eq!(looked.in_force().len(), 1);
    assert!(!bench.forge.path("listes").exists());
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_is_told_and_the_list_serves() {
    let bench = Bench::start().await;
    std::fs::remove_dir_all(bench.forge.path("listes")).unwrap();
    std::fs::write(bench.forge.path("listes"), "").unwrap();
    let (status, why) = bench.after(2, Answer::List(bench.authority.list(0, 8))).await;
    assert!(status == Status::Valid && why.contains("ne peut être gardée"), "{why}");
    std::fs::remove_file(bench.forge.path("listes")).unwrap();
    assert_eq!(bench.after(2, Answer::List(bench.authority.list(0, 8))).await, (Status::Valid, String::new()));
    assert_eq!(bench.again().in_force().len(), 1);
}

#[test]
fn a_section_that_cannot_work_is_refused() {
    let forge = Forge::new();
    let refused = |urls: &[&str]| Revocation::new(&settings(&forge, urls, &[]), Vec::new(), clock()).unwrap_err();
    assert_eq!(refused(&[]), RevocationSetupError::NoSource);
    for url in ["ldap://annuaire.test/x", "file:///etc/passwd", "liste.crl", ""] {
        assert_eq!(refused(&[url]), RevocationSetupError::Url(url.to_owned()));
    }
}
