//! The whole way of a mail between real servers: submitted by the hospital, read by IMAP, pushed to the ROR, answered
//! by SMTP into the hospital's mailbox.

use std::time::{Duration, Instant};

use base::clock::Clock;
use campaign::cahier::EAI_ADDRESS;
use dispolits::sandbox::{Inbox, Sandbox};
use domain::address::Address;
use edges::mailbox;
use edges::smtp::{Security, Smtp, Submission};
use reading::message;
use reading::message::MessageLimits;
use store::{MailId, StoredReply};

use crate::dovecot::{ClientCertificate, Dovecot};
use crate::exim::{Delivered, Exim, PASSWORD, Shape};

const HOSPITAL: &str = "lits@ch-armor.test";
/// Who gets a copy of rejections, by the referential of the cahier's world.
const CONTACT: &str = "direction-des-soins@ch-armor.test";
const PLACE: &str = "1350054680/ACC-A";

struct Region {
    dovecot: Dovecot,
    exim: Exim,
    sandbox: Sandbox,
    _folder: tempfile::TempDir,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_report_goes_the_whole_way_and_its_answer_comes_back() {
    let region = Region::start().await;
    // A receipt is asked for: the rejection comes as an MDN, with the null envelope sender (RFC 8098, section 3).
    let asked = format!("Disposition-Notification-To: <{HOSPITAL}>\r\nOriginal-Recipient: rfc822;lits@eai.test\r\n");
    region.submit("essai-1", &asked, -1).await;
    let [rejection] = region.await_replies(1).await.try_into().unwrap();
    assert_eq!(rejection.return_path, "<>");
    let fields = "\r\nOriginal-Recipient: rfc822;lits@eai.test\r\nFinal-Recipient: rfc822;dispolits@eai.test\r\n";
    assert!(String::from_utf8_lossy(&rejection.mail).contains(fields), "what an MDN says of addresses");
    assert_reply(&rejection, "essai-1", &["partiellement intégré", "C01", "CAPACITE_NEGATIVE"]);
    assert!(message::read(&rejection.mail, &MessageLimits::default()).receipt().is_some(), "no MDN");
    // It goes to the one who asked for it alone: the contact gets an ordinary mail.
    let [copy] = region.exim.await_mails(CONTACT, 1).try_into().unwrap();
    assert_eq!(copy.return_path, format!("<{EAI_ADDRESS}>"));
    assert_reply(&copy, "essai-1", &["partiellement intégré", "C01", "CAPACITE_NEGATIVE"]);
    assert!(message::read(&copy.mail, &MessageLimits::default()).receipt().is_none(), "an MDN");
    assert_eq!(region.counts(), [20]);

    // The next one is right: it is confirmed unasked, once, by an ordinary mail.
    region.submit("essai-2", "", 3).await;
    let [_, confirmation] = region.await_replies(2).await.try_into().unwrap();
    assert_eq!(confirmation.return_path, format!("<{EAI_ADDRESS}>"));
    assert_reply(&confirmation, "essai-2", &["intégré", "Retour à la normale"]);
    assert_eq!(region.exim.mails(CONTACT).len(), 1);
    assert_eq!(region.counts(), [3, 20]);

    assert_eq!((region.dovecot.mails("").len(), region.dovecot.mails("Traites").len()), (0, 2));
    region.sandbox.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_login_costs_no_reply_a_try() {
    let region = Region::start().await;
    region.exim.change_password("autre");
    for identifier in ["essai-1", "essai-2"] {
        region.dovecot.deliver(report(identifier, "", -1).as_bytes(), identifier);
    }
    let waiting = region.await_waiting(2).await;
    assert!(waiting.iter().all(|reply| reply.attempts == 0));
    let failures: Vec<_> = waiting.into_iter().map(|reply| reply.failure).collect();
    assert!(failures[0].as_ref().is_some_and(|failure| failure.starts_with("authentification : 535")), "{failures:?}");
    assert_eq!(failures[1], None, "the second reply was tried on a server that refuses the account");

    region.exim.change_password(PASSWORD);
    region.await_replies(2).await;
    region.sandbox.stop().await.unwrap();
}

/// The headers of every answer, and what it says.
fn assert_reply(reply: &Delivered, question: &str, words: &[&str]) {
    let end = reply.mail.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
    let header = String::from_utf8(reply.mail[..end].to_vec()).unwrap().replace("\r\n ", " ").replace("\r\n\t", " ");
    let id = format!("<{question}@ch-armor.test>");
    for line in ["Auto-Submitted: auto-replied".to_owned(), format!("In-Reply-To: {id}"), format!("References: {id}")] {
        assert!(header.lines().any(|one| one == line), "« {line} » is not in:\n{header}");
    }
    let text = message::text_of(&reply.mail);
    for word in words {
        assert!(text.contains(word), "« {word} » is not in:\n{text}");
    }
}

impl Region {
    async fn start() -> Self {
        let dovecot = Dovecot::start(ClientCertificate::Required);
        dovecot.open_to_deliveries();
        let shape = Shape { certificate: ClientCertificate::Required, ..Shape::default() };
        let exim = Exim::start_with(shape, &[(EAI_ADDRESS, dovecot.maildir())]);
        let folder = tempfile::tempdir().unwrap();
        let inbox = Inbox::Served {
            section: dovecot.section(mailbox::Security::Starttls),
            maildir: dovecot.maildir(),
            smtp: Some(exim.section(Security::Starttls)),
        };
        let sandbox = Sandbox::start(folder.path(), inbox, Clock::System).await.unwrap();
        Self { dovecot, exim, sandbox, _folder: folder }
    }

    /// The hospital sends a report of 20 beds, of which so many are free.
    async fn submit(&self, identifier: &str, header: &str, free: i32) {
        let (hospital, eai): (Address, Address) = (HOSPITAL.parse().unwrap(), EAI_ADDRESS.parse().unwrap());
        let smtp = Smtp::new(&self.exim.settings(Security::Starttls)).unwrap();
        let mail = report(identifier, header, free);
        let submission =
            Submission { from: Some(&hospital), to: &[eai], message_id: identifier, mail: mail.as_bytes() };
        let sent = smtp.send(&submission).await.unwrap();
        assert_eq!(sent.left().count(), 0);
    }

    /// Waits until each of so many mails has a reply that waits, the first of which was tried.
    async fn await_waiting(&self, count: i64) -> Vec<StoredReply> {
        let end = Instant::now() + Duration::from_mins(1);
        loop {
            let mut waiting = Vec::new();
            for number in 1..=count {
                waiting.extend(self.sandbox.store.replies(MailId::of(number)).await.unwrap());
            }
            let due = waiting.iter().filter(|reply| reply.etat == "a-envoyer").count();
            if i64::try_from(due).unwrap() == count && waiting[0].failure.is_some() {
                return waiting;
            }
            assert!(Instant::now() < end, "{due} of {count} replies wait");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// The answers in the hospital's mailbox, in the order of the questions; each as the journal holds it.
    async fn await_replies(&self, count: usize) -> Vec<Delivered> {
        let arrived = tokio::task::block_in_place(|| self.exim.await_mails(HOSPITAL, count));
        let mut ordered = Vec::new();
        for number in 1..=i64::try_from(count).unwrap() {
            let mut replies = self.sandbox.store.replies(MailId::of(number)).await.unwrap();
            replies.retain(|reply| reply.kind == "reponse");
            assert_eq!(replies.len(), 1);
            let position = arrived.iter().position(|one| one.mail == replies[0].content);
            let Delivered { return_path, mail } = &arrived[position.expect("altered on its way")];
            ordered.push(Delivered { return_path: return_path.clone(), mail: mail.clone() });
        }
        assert_eq!(arrived.len(), count);
        ordered
    }

    /// What the ROR holds of the place, smallest first.
    fn counts(&self) -> Vec<i64> {
        let state = self.sandbox.simulator.state();
        let mut counts: Vec<i64> =
            state.iter().filter(|held| held.identifiant == PLACE).map(|held| held.nombre).collect();
        counts.sort_unstable();
        counts
    }
}

fn report(identifier: &str, header: &str, free: i32) -> String {
    let observed = Clock::System.now() - Duration::from_mins(1);
    let observed = observed.round(jiff::Unit::Second).unwrap();
    format!(
        "From: Gestion des lits <{HOSPITAL}>\r\nTo: {EAI_ADDRESS}\r\nSubject: Releve\r\n\
         Message-ID: <{identifier}@ch-armor.test>\r\n{header}MIME-Version: 1.0\r\nContent-Type: application/xml\r\n\r\n\
         <disponibilites xmlns=\"urn:fr:dispolits:disponibilites:1\" identifiant=\"{identifier}\" dateEmission=\"{observed}\">\r\n\
         <etablissement finess=\"350054680\"><service code=\"ACC-A\" dateReleve=\"{observed}\">\r\n\
         <capacite statut=\"installe\" nombre=\"20\"/>\r\n<capacite statut=\"disponible\" nombre=\"{free}\"/>\r\n\
         </service></etablissement></disponibilites>\r\n"
    )
}
