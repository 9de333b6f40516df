//! What becomes of replies at a real submission server: greylisted, refused, too large, and back as undeliverable.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use base::clock::Clock;
use campaign::cahier::EAI_ADDRESS;
use dispolits::sandbox::{Inbox, Sandbox};
use domain::outcome::Verdict;
use edges::mailbox;
use edges::smtp::Security;
use reading::message;
use reading::message::MessageLimits;
use store::{MailId, StoredReply};
use tempfile::TempDir;

use crate::exim::{BOUNCE, BOUNCED, Delivered, Exim, GREYLISTED_ONCE, Shape, give_to_exim};

const HOSPITAL: &str = "lits@ch-armor.test";
const NIL: &str = "NIL-2026-0001";

struct Region {
    exim: Exim,
    sandbox: Sandbox,
    maildir: PathBuf,
    _folder: TempDir,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_greylisted_reply_leaves_at_its_next_try() {
    let region = Region::start(Shape::default()).await;
    let id = region.receive(GREYLISTED_ONCE, "", "");
    region.await_reply(id, |reply| reply.failure.as_deref().is_some_and(|why| why.contains("451 4.7.1"))).await;
    let reply = region.await_reply(id, |reply| reply.etat == "envoyee").await;
    assert_eq!(reply.failure, None);
    let arrived = region.arrived(GREYLISTED_ONCE);
    assert_eq!(arrived.mail, reply.content);
    let text = String::from_utf8(arrived.mail).unwrap();
    for line in [&format!("X-MSS-NIL: {NIL}"), "Auto-Submitted: auto-replied"] {
        assert!(text.contains(&format!("\r\n{line}\r\n")), "« {line} » is not in:\n{text}");
    }
    assert!(!text.contains("X-MSS-INS"), "only beside a CDA");
    region.sandbox.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_reply_is_given_up_and_told() {
    let region = Region::start(Shape::default()).await;
    let id = region.receive("inconnu@cas.ch-armor.test", "mode=\"test\" ", "");
    let reply = region.await_reply(id, |reply| reply.etat == "abandonnee").await;
    assert!(reply.failure.unwrap().contains("550 5.1.1 no such mailbox"));
    assert!(region.journal(id).contains("Réponse abandonnée"), "{}", region.journal(id));
    region.sandbox.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reply_that_is_too_large_leaves_without_the_original() {
    let padding = format!("<!-- {} -->", "beaucoup de mots\r\n".repeat(5000));
    let region = Region::start(Shape { largest: 60_000, ..Shape::default() }).await;
    let id = region.receive(HOSPITAL, "", &padding);
    let reply = region.await_reply(id, |reply| reply.etat == "envoyee").await;
    let arrived = region.arrived(HOSPITAL);
    assert_eq!(arrived.mail, reply.content, "stored as it was sent");
    let text = String::from_utf8(arrived.mail).unwrap();
    assert!(text.contains("Content-Type: text/rfc822-headers") && !text.contains("beaucoup de mots"), "{text}");
    assert!(text.contains("filename=\"compte-rendu.xml\""), "{text}");
    let told = region.journal(id);
    assert!(told.contains("sans le courriel d’origine, dont le serveur refuse le contenu : "), "{told}");
    region.sandbox.stop().await.unwrap();

    let region = Region::start(Shape { largest: 1_000, ..Shape::default() }).await;
    let id = region.receive(HOSPITAL, "", &padding);
    let reply = region.await_reply(id, |reply| reply.etat == "abandonnee").await;
    assert!(reply.failure.unwrap().contains("le serveur en accepte 1000 au plus"));
    region.sandbox.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reply_that_comes_back_is_told_with_the_reason() {
    let region = Region::start(Shape::default()).await;
    let id = region.receive(BOUNCED, "", "");
    let reply = region.await_reply(id, |reply| reply.returned_by.is_some()).await;
    let notice = reply.notice.unwrap();
    assert!(notice.starts_with(&format!("non remise à {BOUNCED} : 5.0.0, ")) && notice.contains(BOUNCE), "{notice}");
    let bounce = reply.returned_by.unwrap();
    let told = region.journal(id);
    let words = format!("réponse non remise à {BOUNCED} : 5.0.0, ");
    assert!(told.contains(&words) && told.contains(&format!("(avis : courriel n° {})", bounce.number())), "{told}");

    // The notice itself: asked for by us, read, neither ingested nor answered.
    let raw = region.sandbox.store.mail(bounce).await.unwrap().unwrap().raw.unwrap();
    let read = message::read(&raw, &MessageLimits::default());
    let receipt = read.receipt().unwrap();
    let ours = reply_id(&reply.content);
    assert_eq!((receipt.original_message_id(), receipt.envelope_id()), (Some(ours.as_str()), Some(ours.as_str())));
    region.await_ignored(bounce).await;
    region.sandbox.stop().await.unwrap();
}

/// A server may send back neither the mail nor its header: our ENVID names it all the same.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn notices_are_tied_by_the_envelope_too_and_a_delay_is_no_failure() {
    let region = Region::start(Shape::default()).await;
    let id = region.receive(HOSPITAL, "", "");
    let ours = reply_id(&region.await_reply(id, |reply| reply.etat == "envoyee").await.content);
    let status = |fields: &str| {
        dsn(&format!("Original-Envelope-Id: {ours}\r\n\r\nFinal-Recipient: rfc822;{HOSPITAL}\r\n{fields}"))
    };
    let mut last = id;
    for (fields, expected, is_failure) in [
        ("Action: relayed\r\nStatus: 2.0.0", None, false),
        ("Action: delayed\r\nStatus: 4.4.7", Some("en retard à lits@ch-armor.test : 4.4.7"), false),
        (
            "Action: failed\r\nStatus: 5.4.7\r\nDiagnostic-Code: smtp; 554 trop tard",
            Some("non remise à lits@ch-armor.test : 5.4.7, 554 trop tard"),
            true,
        ),
    ] {
        region.deposit(&status(fields));
        last = MailId::of(last.number() + 1);
        region.await_ignored(last).await;
        let reply = region.sandbox.store.replies(id).await.unwrap().remove(0);
        assert_eq!((reply.notice.as_deref(), reply.returned_by.is_some()), (expected, is_failure), "{fields}");
    }
    region.sandbox.stop().await.unwrap();
}

impl Region {
    async fn start(shape: Shape) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o755)).unwrap();
        let maildir = folder.path().join("boite");
        for name in ["", "new", "cur", "tmp"] {
            std::fs::create_dir(maildir.join(name)).unwrap();
            give_to_exim(&maildir.join(name));
        }
        let exim = Exim::start_with(shape, &[(EAI_ADDRESS, maildir.clone())]);
        let inbox = Inbox::Served {
            section: format!("[mailbox.maildir]\npath = {:?}\n", maildir.display().to_string()),
            maildir: maildir.clone(),
            smtp: Some(format!("nil = \"{NIL}\"\nretry = [\"1s\"]\n\n{}", exim.section(Security::Starttls))),
        };
        let sandbox = Sandbox::start(&folder.path().join("region"), inbox, Clock::System).await.unwrap();
        Self { exim, sandbox, maildir, _folder: folder }
    }

    fn deposit(&self, mail: &str) {
        mailbox::deliver(&self.maildir, mail.as_bytes(), &format!("{}", fastrand::u64(..))).unwrap();
    }

    /// The first mail: a report of a negative count, or a right one for a test.
    fn receive(&self, sender: &str, attributes: &str, comment: &str) -> MailId {
        self.deposit(&report(sender, attributes, comment));
        MailId::of(1)
    }

    async fn await_reply(&self, id: MailId, is_it: impl Fn(&StoredReply) -> bool) -> StoredReply {
        let end = Instant::now() + Duration::from_mins(1);
        loop {
            let replies = self.sandbox.store.replies(id).await.unwrap();
            if let Some(reply) = replies.iter().find(|reply| is_it(reply)) {
                return reply.clone();
            }
            assert!(Instant::now() < end, "{replies:#?}\n{}", self.exim.log());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// A mail that is neither ingested nor answered.
    async fn await_ignored(&self, id: MailId) {
        let end = Instant::now() + Duration::from_mins(1);
        loop {
            let outcome = self.sandbox.store.outcome(id).await.unwrap();
            if let Some(verdict) = outcome.and_then(|outcome| outcome.verdict) {
                assert_eq!(verdict, Verdict::Ignore);
                assert!(self.sandbox.store.replies(id).await.unwrap().is_empty());
                return;
            }
            assert!(Instant::now() < end, "mail {} is not settled", id.number());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    fn arrived(&self, address: &str) -> Delivered {
        let mut mails = tokio::task::block_in_place(|| self.exim.await_mails(address, 1));
        assert_eq!(mails.len(), 1);
        mails.remove(0)
    }

    fn journal(&self, id: MailId) -> String {
        let config: &Path = &self.sandbox.config_path;
        let number = id.number().to_string();
        let output = Command::new(env!("CARGO_BIN_EXE_dispolits"))
            .args(["journal", "show", &number, "--config"])
            .arg(config)
            .output()
            .unwrap();
        String::from_utf8(output.stdout).unwrap()
    }
}

fn report(sender: &str, attributes: &str, comment: &str) -> String {
    let observed = Clock::System.now() - Duration::from_mins(1);
    let observed = observed.round(jiff::Unit::Second).unwrap();
    let free = if attributes.is_empty() { -1 } else { 3 };
    format!(
        "Return-Path: <{sender}>\r\nFrom: {sender}\r\nTo: {EAI_ADDRESS}\r\nSubject: Releve\r\n\
         Message-ID: <essai@ch-armor.test>\r\nMIME-Version: 1.0\r\nContent-Type: application/xml\r\n\r\n\
         <disponibilites xmlns=\"urn:fr:dispolits:disponibilites:1\" {attributes}identifiant=\"essai\" dateEmission=\"{observed}\">\r\n\
         {comment}<etablissement finess=\"350054680\"><service code=\"ACC-A\" dateReleve=\"{observed}\">\r\n\
         <capacite statut=\"disponible\" nombre=\"{free}\"/>\r\n</service></etablissement></disponibilites>\r\n"
    )
}

/// A notice without the mail that it is about.
fn dsn(fields: &str) -> String {
    format!(
        "Return-Path: <>\r\nFrom: MAILER-DAEMON@operateur.test\r\nTo: {EAI_ADDRESS}\r\nSubject: Avis\r\n\
         MIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=\"limite\"\r\n\r\n\
         --limite\r\n\r\nAvis\r\n--limite\r\nContent-Type: message/delivery-status\r\n\r\n\
         Reporting-MTA: dns; operateur.test\r\n{fields}\r\n--limite--\r\n"
    )
}

fn reply_id(mail: &[u8]) -> String {
    message::read(mail, &MessageLimits::default()).message_id().unwrap().to_owned()
}
