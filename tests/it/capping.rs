//! The cap of replies by hour, from the mail received to the mail that answers it: what is gathered beyond it, and what
//! is answered all the same.

use std::sync::{Arc, Mutex};

use campaign::cahier;
use campaign::cahier::EAI_ADDRESS;
use domain::outcome::Verdict;
use judging::judgement::Rules;
use judging::referential::{Files, Watch};
use mail_parser::{Message, MessageParser, MimeHeaders};
use service::config::Config;
use service::health::Heartbeat;
use service::pipeline::{Judge, ReplyRules, Settling, SharedContext};
use store::{MailId, Received, StoredReply, sha256};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

use crate::store::bench::{Bench, acknowledged};
use crate::store::engine::Engine;

const ACCOUNT: &str = "maildir:ville";
const HOUR: i64 = 3600;
/// How many replies the cap of these tests, one an hour, lets nobody exceed.
const CEILING: usize = 10;

/// A hospital that may get so many replies an hour.
pub(crate) struct Town {
    pub(crate) bench: Bench,
    judge: Judge,
    pub(crate) settling: Settling,
    _folder: TempDir,
}

impl Town {
    async fn new() -> Self {
        Self::with("allowed_domains = [\"ch-armor.test\"]\ncap_per_hour = 1\n").await
    }

    /// With these keys of `[reply]`.
    pub(crate) async fn with(reply: &str) -> Self {
        let bench = Bench::new(Engine::Sqlite).await;
        let folder = tempfile::tempdir().unwrap();
        let world = cahier::world().unwrap();
        let inside = |name: &str| folder.path().join(name);
        let files = Files { etablissements: inside("etablissements.csv"), services: inside("services.csv") };
        std::fs::write(&files.etablissements, world.etablissements_csv).unwrap();
        std::fs::write(&files.services, world.services_csv).unwrap();
        std::fs::write(inside("config.toml"), configuration(&folder, reply)).unwrap();
        let rules = ReplyRules::new(&Config::load(&inside("config.toml")).unwrap()).unwrap();
        let watch = Arc::new(Mutex::new(Watch::load(files).unwrap()));
        let (shift, clock) = (bench.shift.clone(), bench.clock.clone());
        let pulse = Heartbeat::new(clock.clone());
        let courthouse =
            SharedContext::new(shift.clone(), clock.clone(), Arc::clone(&watch), Rules::default(), pulse.clone());
        let settling = Settling::new(shift, clock, watch, rules, pulse);
        assert!(settling.take_duty().await.unwrap());
        let judge = courthouse.judge(ACCOUNT, 1 << 20);
        assert_eq!(judge.take_duty().await.unwrap(), Some(0));
        Self { bench, judge, settling, _folder: folder }
    }

    /// A mail that is received, judged, pushed and settled.
    async fn send(&self, name: &str, report: &str) -> MailId {
        Box::pin(self.send_together(&[(name, report)])).await[0]
    }

    /// Mails that are received, judged, pushed and settled in one batch.
    async fn send_together(&self, mails: &[(&str, &str)]) -> Vec<MailId> {
        let mails: Vec<(&str, String)> = mails.iter().map(|(name, report)| (*name, mail(name, report))).collect();
        Box::pin(self.take_in(&mails)).await
    }

    /// Mails as they are, received, judged, pushed and settled in one batch.
    pub(crate) async fn take_in(&self, mails: &[(&str, String)]) -> Vec<MailId> {
        let mut ids = Vec::new();
        for (name, mail) in mails {
            ids.push(self.receive(name, mail).await);
        }
        assert_eq!(self.judge.judge_all(&CancellationToken::new()).await.unwrap(), mails.len());
        self.bench.send(acknowledged).await;
        assert_eq!(self.settling.round().await.unwrap(), mails.len());
        ids
    }

    async fn receive(&self, name: &str, mail: &str) -> MailId {
        let (raw, size) = (mail.as_bytes(), mail.len() as u64);
        let received = Received { account: ACCOUNT, position: name, raw, size, headers_only: false };
        let store = &self.bench.store;
        store.receive(&self.bench.duty, &[received], self.bench.now()).await.unwrap();
        store.newest_mail(&sha256(raw), None).await.unwrap().unwrap()
    }

    async fn rejected(&self, name: &str) -> MailId {
        self.send(name, &self.report(name, "", -1)).await
    }

    pub(crate) fn report(&self, identifiant: &str, attributes: &str, nombre: i32) -> String {
        let now = self.bench.now();
        format!(
            "<disponibilites xmlns=\"urn:fr:dispolits:disponibilites:1\" {attributes}identifiant=\"{identifiant}\" \
             dateEmission=\"{now}\">\r\n<etablissement finess=\"350054680\"><service code=\"ACC-A\" \
             dateReleve=\"{now}\">\r\n<capacite statut=\"disponible\" nombre=\"{nombre}\"/>\r\n\
             </service></etablissement></disponibilites>\r\n"
        )
    }

    pub(crate) async fn replies(&self, id: MailId) -> Vec<StoredReply> {
        self.bench.store.replies(id).await.unwrap()
    }

    /// The texts of the replies to a mail.
    async fn told(&self, id: MailId) -> Vec<String> {
        self.replies(id).await.iter().map(|reply| words(&parsed(&reply.content))).collect()
    }

    async fn digest_of(&self, id: MailId) -> StoredReply {
        let mut replies = self.replies(id).await;
        assert_eq!(replies.len(), 1);
        assert_eq!(replies[0].kind, "recapitulatif");
        replies.remove(0)
    }
}

fn configuration(folder: &TempDir, reply: &str) -> String {
    let inside = |name: &str| folder.path().join(name).display().to_string();
    format!(
        "environnement = \"qualification\"\n\
         [mailbox.maildir]\npath = \"{boite}\"\n\
         [referential]\netablissements = \"{boite}\"\nservices = \"{boite}\"\n\
         [ror.api]\nbase_url = \"https://ror.test/\"\ntoken_url = \"https://jeton.test/\"\nclient_id = \"essai\"\n\
         genre_indifferencie = \"04\"\nidentity = {{ certificate = \"{boite}\", key = \"{boite}\" }}\n\
         [store]\nurl = \"sqlite://{boite}\"\n\
         [reply]\nfrom = \"{EAI_ADDRESS}\"\n{reply}\
         transport = \"maildir\"\nmaildir = \"{boite}\"\n",
        boite = inside("boite"),
    )
}

fn mail(name: &str, report: &str) -> String {
    format!(
        "Return-Path: <lits@ch-armor.test>\r\nFrom: lits@ch-armor.test\r\nTo: {EAI_ADDRESS}\r\nSubject: Releve\r\n\
         Message-ID: <{name}@ch-armor.test>\r\nMIME-Version: 1.0\r\n\
         Content-Type: application/xml; name=\"{name}.xml\"\r\n\r\n{report}"
    )
}

pub(crate) fn parsed(content: &[u8]) -> Message<'_> {
    MessageParser::default().parse(content).unwrap()
}

pub(crate) fn words(message: &Message<'_>) -> String {
    message.body_text(0).unwrap().split_whitespace().collect::<Vec<_>>().join(" ")
}

pub(crate) fn attached(message: &Message<'_>) -> Vec<String> {
    message.attachments().map(|part| part.attachment_name().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn rejections_beyond_the_cap_leave_in_one_digest_as_full_as_replies() {
    let town = Town::new().await;
    let first = town.rejected("a").await;
    assert_eq!(town.replies(first).await[0].kind, "reponse");
    let second = town.rejected("b").await;
    town.bench.advance(60);
    let third = town.rejected("c").await;
    town.settling.digests().await.unwrap();
    assert!(town.replies(second).await.is_empty() && town.replies(third).await.is_empty(), "they wait for an hour");

    town.bench.advance(HOUR);
    town.settling.digests().await.unwrap();
    let digest = town.digest_of(third).await;
    assert_eq!(digest.recipients, "lits@ch-armor.test direction-des-soins@ch-armor.test", "with the contact");
    let message = parsed(&digest.content);
    assert_eq!(message.subject(), Some("[QUALIFICATION] [KO Intégration système !][906] Récapitulatif de 2 envois"));
    assert_eq!(attached(&message), ["compte-rendu-1.xml", "compte-rendu-2.xml"]);
    let words = words(&message);
    assert!(words.starts_with("*** QUALIFICATION"), "{words}");
    for said in [
        "2 de vos envois sont rejetés",
        "Qui doit agir : votre établissement.",
        "À corriger",
        "envoi du 23/11/2026 à 08:00, identifiant b, b.xml, ligne 3",
        "envoi du 23/11/2026 à 08:01, identifiant c, c.xml, ligne 3",
        "Trouvé : « -1 »",
        "Code : C01 CAPACITE_NEGATIVE",
        "fichier b.xml (identifiant b) : rejeté",
    ] {
        assert!(words.contains(said), "« {said} » is not in: {words}");
    }

    town.bench.advance(HOUR);
    town.settling.digests().await.unwrap();
    assert_eq!(town.replies(third).await.len(), 1, "told once");
}

#[tokio::test]
async fn a_digest_of_one_mail_speaks_of_one() {
    let town = Town::new().await;
    town.rejected("a").await;
    let withheld = town.rejected("b").await;
    town.bench.advance(HOUR);
    town.settling.digests().await.unwrap();
    let digest = town.digest_of(withheld).await;
    let message = parsed(&digest.content);
    assert!(message.subject().unwrap().ends_with("Récapitulatif d’un envoi"), "{:?}", message.subject());
    assert_eq!(attached(&message), ["compte-rendu.xml"]);
    let words = words(&message);
    assert!(words.contains("un de vos envois est rejeté") && words.contains("Envoi concerné"), "{words}");
}

#[tokio::test]
async fn what_its_sender_waits_for_is_answered_beyond_the_cap() {
    let town = Town::new().await;
    let report = town.report("a", "", -1);
    town.send("a", &report).await;
    town.bench.advance(1);
    let normal = town.send("b", &town.report("b", "", 3)).await;
    let told = town.told(normal).await;
    assert!(told.len() == 1 && told[0].contains("Retour à la normale"), "{told:?}");
    let trial = town.send("c", &town.report("c", "mode=\"test\" ", 3)).await;
    let told = town.told(trial).await;
    assert!(told.len() == 1 && told[0].contains("Votre envoi d’essai du"), "{told:?}");
    let quiet = town.send("d", &town.report("d", "", 4)).await;
    assert!(town.replies(quiet).await.is_empty(), "nobody asked for it");

    let repeated = town.send("e", &report).await;
    assert!(town.replies(repeated).await.is_empty(), "it goes into the digest");
    town.bench.advance(HOUR);
    town.settling.digests().await.unwrap();
    let words = words(&parsed(&town.digest_of(repeated).await.content));
    for said in ["Qui doit agir : votre établissement.", "Ce premier verdict demeure", "déjà reçu le"] {
        assert!(words.contains(said), "« {said} » is not in: {words}");
    }
}

#[tokio::test]
async fn mails_of_one_batch_are_answered_as_if_one_came_after_the_other() {
    let town = Town::new().await;
    let [bad, good] = [town.report("a", "", -1), town.report("b", "", 3)];
    let [other, calm] = [town.report("c", "", -2), town.report("d", "", 4)];
    let mails = [("a", &*bad), ("b", &*good), ("c", &*other), ("d", &*calm), ("e", &*good)];
    let ids = town.send_together(&mails).await;
    let mut told = Vec::new();
    for id in &ids {
        let replies = town.told(*id).await;
        told.push((replies.len(), replies.iter().any(|reply| reply.contains("Retour à la normale"))));
    }
    // The cap is of one an hour: the second rejection waits, and the third mail is the first after it that is sound.
    assert_eq!(told, [(1, false), (1, true), (0, false), (1, true), (0, false)]);
    assert_eq!(town.bench.outcome(ids[4]).await.verdict, Some(Verdict::Doublon), "the same document twice in a batch");
}

#[tokio::test]
async fn two_machines_that_answer_each_other_come_to_rest() {
    let town = Town::new().await;
    let mut answered = 0;
    for rank in 0..CEILING + 3 {
        let name = format!("t{rank}");
        let id = town.send(&name, &town.report(&name, "mode=\"test\" ", 3)).await;
        answered += town.replies(id).await.len();
    }
    assert_eq!(answered, CEILING);
}
