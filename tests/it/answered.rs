//! Who is answered: nobody but the sender and the sender's establishments, never beyond the cap, and no machine twice.

use campaign::cahier::EAI_ADDRESS;
use domain::outcome::Verdict;
use jiff::Timestamp;
use reading::message::text_of;
use store::{MailId, StoredReply};

use crate::capping::{Town, attached, parsed};

const HOUR: i64 = 3600;
const DOMAINS: &str =
    "allowed_domains = [\"ch-armor.test\", \"cas.ch-armor.test\", \"clinique-iroise.test\", \"ailleurs.test\"]\n";
const VICTIM: &str = "lits@ch-armor.test";
/// The contact of the hospital of these tests.
const CONTACT: &str = "direction-des-soins@ch-armor.test";
/// A contact that sends the reports of its establishment.
const OWN_CONTACT: &str = "accueil@clinique-iroise.test";

/// A mail of these header lines that carries this report.
fn mail(name: &str, head: &str, report: &str) -> String {
    format!(
        "{head}To: {EAI_ADDRESS}\r\nSubject: Releve\r\nMessage-ID: <{name}@ch-armor.test>\r\nMIME-Version: 1.0\r\n\
         Content-Type: application/xml; name=\"{name}.xml\"\r\n\r\n{report}"
    )
}

/// A mail of these header lines without a report.
fn note(head: &str) -> String {
    format!("{head}To: {EAI_ADDRESS}\r\nMIME-Version: 1.0\r\nContent-Type: text/plain\r\n\r\nJe suis absente.\r\n")
}

impl Town {
    async fn take(&self, name: &str, mail: String) -> MailId {
        Box::pin(self.take_in(&[(name, mail)])).await[0]
    }

    /// Mails of a negative count, whose header lines are these for each rank.
    async fn forge(&self, count: usize, head: impl Fn(usize) -> String) -> Vec<MailId> {
        let names: Vec<String> = (0..count).map(|rank| format!("f{rank}")).collect();
        let forged = names.iter().enumerate();
        let mails: Vec<(&str, String)> =
            forged.map(|(rank, name)| (name.as_str(), mail(name, &head(rank), &self.report(name, "", -1)))).collect();
        Box::pin(self.take_in(&mails)).await
    }

    async fn all_replies(&self, mails: &[MailId]) -> Vec<StoredReply> {
        let mut all = Vec::new();
        for id in mails {
            all.extend(self.replies(*id).await);
        }
        all
    }
}

fn to(replies: &[StoredReply], address: &str) -> usize {
    replies.iter().filter(|reply| reply.recipients.split(' ').any(|one| one == address)).count()
}

#[tokio::test]
async fn a_stranger_chooses_no_recipient_and_all_strangers_share_one_cap() {
    let town = Town::with(&format!("{DOMAINS}cap_per_hour = 5\n")).await;
    let fields = ["Reply-To", "Disposition-Notification-To", "Return-Path"];
    let forged = town
        .forge(60, |rank| format!("From: x{rank}@ailleurs.test\r\n{}: <{VICTIM}>\r\n", fields[rank % fields.len()]))
        .await;
    let replies = town.all_replies(&forged).await;
    assert_eq!((replies.len(), to(&replies, VICTIM)), (5, 0));
    for (rank, reply) in replies.iter().enumerate() {
        assert_eq!(reply.recipients, format!("x{rank}@ailleurs.test"), "From alone, and no contact");
        assert_eq!(attached(&parsed(&reply.content)), ["compte-rendu.xml"], "without the mail");
    }
    town.bench.advance(HOUR);
    town.settling.digests().await.unwrap();
    assert_eq!(town.all_replies(&forged).await.len(), 5, "strangers get no digest");
}

#[tokio::test]
async fn forged_senders_of_a_known_domain_fill_nobodys_mailbox() {
    let town = Town::with(&format!("{DOMAINS}cap_per_hour = 5\n")).await;
    let forged = town.forge(60, |rank| format!("From: x{rank}@cas.ch-armor.test\r\nReply-To: {VICTIM}\r\n")).await;
    let replies = town.all_replies(&forged).await;
    assert_eq!((replies.len(), to(&replies, VICTIM), to(&replies, CONTACT)), (5, 5, 5));
    town.bench.advance(HOUR);
    town.settling.digests().await.unwrap();
    let replies = town.all_replies(&forged).await;
    assert_eq!((replies.len(), to(&replies, VICTIM), to(&replies, CONTACT)), (6, 6, 6), "one digest");
}

#[tokio::test]
async fn contacts_get_as_many_copies_as_anybody_gets_replies() {
    let town = Town::with(&format!("{DOMAINS}cap_per_hour = 5\n")).await;
    let forged = town.forge(12, |rank| format!("From: x{rank}@cas.ch-armor.test\r\n")).await;
    let replies = town.all_replies(&forged).await;
    assert_eq!((replies.len(), to(&replies, CONTACT)), (12, 5), "each sender is told");
}

#[tokio::test]
async fn trials_sent_back_to_another_address_have_the_plain_cap() {
    let town = Town::with(&format!("{DOMAINS}cap_per_hour = 2\n")).await;
    let mut forged = Vec::new();
    for rank in 0..6 {
        let name = format!("t{rank}");
        let head = format!("From: x{rank}@cas.ch-armor.test\r\nReply-To: {VICTIM}\r\n");
        forged.push(town.take(&name, mail(&name, &head, &town.report(&name, "mode=\"test\" ", 3))).await);
    }
    assert_eq!(town.all_replies(&forged).await.len(), 2);
}

#[tokio::test]
async fn the_total_of_the_hour_holds_for_replies_and_digests() {
    let town = Town::with(&format!("{DOMAINS}cap_per_hour = 10\ntotal_per_hour = 3\n")).await;
    let forged = town.forge(8, |rank| format!("From: x{rank}@cas.ch-armor.test\r\n")).await;
    assert_eq!(town.all_replies(&forged).await.len(), 3);
    for expected in [6, 8, 8] {
        town.bench.advance(HOUR + 1);
        town.settling.digests().await.unwrap();
        assert_eq!(town.all_replies(&forged).await.len(), expected, "as many digests as the hour takes");
    }
}

#[tokio::test]
async fn nothing_else_leaves_for_an_address_whose_digest_waits() {
    let town = Town::with(&format!("{DOMAINS}cap_per_hour = 2\n")).await;
    let head = |_| format!("From: {VICTIM}\r\n");
    let first = town.forge(3, head).await;
    assert_eq!(town.all_replies(&first).await.len(), 2);
    town.bench.advance(HOUR - 1);
    let later = town.take("g", mail("g", &head(0), &town.report("g", "", -1))).await;
    assert!(town.replies(later).await.is_empty(), "it goes into the digest");
    town.bench.advance(1);
    town.settling.digests().await.unwrap();
    let all = [first, vec![later]].concat();
    assert_eq!(town.all_replies(&all).await.len(), 3, "two in the hour before, one digest in this one");
}

#[tokio::test]
async fn a_reply_goes_to_the_sender_or_to_the_senders_establishments() {
    let town = Town::with(DOMAINS).await;
    for (rank, (fields, expected)) in [
        ("Reply-To: cadre@cas.ch-armor.test\r\n", "cadre@cas.ch-armor.test"),
        ("Reply-To: direction-des-soins@ch-armor.test\r\n", CONTACT),
        ("Reply-To: accueil@clinique-iroise.test\r\n", "a@cas.ch-armor.test"),
        ("Reply-To: x@ailleurs.test\r\n", "a@cas.ch-armor.test"),
        ("Disposition-Notification-To: sih@ch-armor.test\r\nReply-To: x@ailleurs.test\r\n", "sih@ch-armor.test"),
        ("Disposition-Notification-To: x@ailleurs.test\r\nReply-To: sih@ch-armor.test\r\n", "sih@ch-armor.test"),
        ("Return-Path: <x@ailleurs.test>\r\n", "a@cas.ch-armor.test"),
        ("Return-Path: <x@ailleurs.test>\r\nDisposition-Notification-To: x@ailleurs.test\r\n", "a@cas.ch-armor.test"),
    ]
    .into_iter()
    .enumerate()
    {
        let name = format!("d{rank}");
        let head = format!("{fields}From: a@cas.ch-armor.test\r\n");
        let id = town.take(&name, mail(&name, &head, &town.report(&name, "", -1))).await;
        let replies = town.replies(id).await;
        assert_eq!(replies.len(), 1, "{fields}");
        assert_eq!(replies[0].recipients.split(' ').next(), Some(expected), "{fields}");
        assert!(!String::from_utf8_lossy(&replies[0].content).contains("multipart/report"), "{fields}");
    }
}

#[tokio::test]
async fn without_one_sender_nobody_is_answered() {
    let town = Town::with(DOMAINS).await;
    let head = format!("From: {VICTIM}, x@cas.ch-armor.test\r\nReply-To: {VICTIM}\r\n");
    let id = town.take("d", mail("d", &head, &town.report("d", "", -1))).await;
    assert!(town.replies(id).await.is_empty());
}

#[tokio::test]
async fn a_receipt_goes_to_who_asked_alone_and_the_report_to_the_contact() {
    let town = Town::with(&format!("{DOMAINS}contact = \"equipe@region.test\"\n")).await;
    let head = format!("Return-Path: <{VICTIM}>\r\nFrom: {VICTIM}\r\nDisposition-Notification-To: {VICTIM}\r\n");
    let id = town.take("m", mail("m", &head, &town.report("m", "", -1))).await;
    let replies = town.replies(id).await;
    let found: Vec<(&str, &str)> =
        replies.iter().map(|reply| (reply.kind.as_str(), reply.recipients.as_str())).collect();
    assert_eq!(found, [("reponse", VICTIM), ("copie", CONTACT)]);
    let (receipt, copy) = (parsed(&replies[0].content), parsed(&replies[1].content));
    assert!(receipt.cc().is_none() && copy.cc().is_none());
    assert_eq!(receipt.part(0).unwrap().sub_parts().unwrap().len(), 3);
    assert_eq!(attached(&copy)[0], "compte-rendu.xml");
    for mail in [&receipt, &copy] {
        assert_eq!(mail.reply_to().unwrap().first().unwrap().address(), Some("equipe@region.test"));
    }
    assert!(text_of(&replies[1].content).contains("C01"), "the text for people too");
    assert_ne!(receipt.message_id(), copy.message_id());

    let good = town.take("n", mail("n", &head, &town.report("n", "", 3))).await;
    assert_eq!(town.replies(good).await.len(), 1, "a success is told to nobody else");
}

/// Each answer of ours is answered by a machine that leaves no mark.
#[tokio::test]
async fn two_robots_that_answer_each_other_stop_after_one_mail() {
    let town = Town::with(DOMAINS).await;
    let head = format!("From: {VICTIM}\r\n");
    let first = town.take("r", mail("r", &head, &town.report("r", "", -1))).await;
    let reply = town.replies(first).await.remove(0);
    let sent = parsed(&reply.content);
    let (id, subject) = (sent.message_id().unwrap(), "=?utf-8?q?RE=3A_[KO_Int=C3=A9gration_syst=C3=A8me_!][906]?=");
    let everything = String::from_utf8(reply.content.clone()).unwrap();
    let echoes = [
        ("e1", note(&format!("{head}Subject: Bonjour\r\nIn-Reply-To: <{id}>\r\n"))),
        ("e2", note(&format!("{head}Subject: Bonjour\r\nReferences: <x@y.test> <{id}>\r\n"))),
        ("e3", note(&format!("{head}Subject: {subject}\r\n"))),
        ("e4", note(&format!("From: {CONTACT}\r\nSubject: Bonjour\r\nIn-Reply-To: <{id}>\r\n"))),
        ("e5", note(&format!("{head}Subject: Bonjour\r\nIn-Reply-To: <relance.350054680.0@eai.test>\r\n"))),
    ];
    let ids = town.take_in(&echoes).await;
    assert!(town.all_replies(&ids).await.is_empty(), "two robots stop after one mail");
    let seen = town.bench.store.mails_to_read(Timestamp::UNIX_EPOCH).await.unwrap();
    let mut seen: Vec<MailId> = seen.into_iter().map(|one| one.mail).collect();
    seen.sort();
    assert_eq!(seen, ids, "an operator reads them");

    let back =
        format!("{head}Subject: Bonjour\r\nIn-Reply-To: <{id}>\r\nContent-Type: message/rfc822\r\n\r\n{everything}");
    let back = town.take("e6", back).await;
    assert!(town.replies(back).await.is_empty(), "with our mail in it, and in it the report");
    assert_eq!(town.bench.outcome(back).await.verdict, Some(Verdict::Doublon));

    let mended = format!("{head}In-Reply-To: <{id}>\r\n");
    let mended = town.take("e7", mail("e7", &mended, &town.report("e7", "", -2))).await;
    assert_eq!(town.replies(mended).await.len(), 1, "a new report is answered, in the thread too");
    let broken = format!("{head}In-Reply-To: <{id}>\r\n");
    let broken = town.take("e8", mail("e8", &broken, "<?xml version=\"1.0\"?><disponi")).await;
    assert_eq!(town.replies(broken).await.len(), 1, "and so is a broken one");
    let sheet = format!(
        "{head}Subject: {subject}\r\nIn-Reply-To: <{id}>\r\nContent-Type: application/pdf; name=lits.pdf\r\n\r\n%PDF-1.4"
    );
    let sheet = town.take("e10", sheet).await;
    assert_eq!(town.replies(sheet).await.len(), 1, "and so is a file of another kind: it is no absence notice");
    let foreign =
        town.take("e9", note(&format!("{head}Subject: a\r\nIn-Reply-To: <reponse.1.0@ailleurs.test>\r\n"))).await;
    assert_eq!(town.replies(foreign).await.len(), 1, "it is no mail of ours");
}

#[tokio::test]
async fn a_trial_claims_nothing_and_takes_no_return_to_normal_away() {
    let town = Town::with(DOMAINS).await;
    let head = format!("From: {VICTIM}\r\n");
    let send = async |name: &str, attributes: &str, count: i32| {
        let id = town.take(name, mail(name, &head, &town.report(name, attributes, count))).await;
        town.replies(id).await
    };
    let normal =
        |replies: &[StoredReply]| replies.iter().any(|one| text_of(&one.content).contains("Retour à la normale"));
    send("a", "", -1).await;
    let trial = send("b", "mode=\"test\" ", 3).await;
    assert_eq!(trial.len(), 1);
    let (text, subject) = (text_of(&trial[0].content), parsed(&trial[0].content).subject().unwrap().to_owned());
    assert!(text.contains("est valable") && !normal(&trial), "{text}");
    assert!(subject.ends_with("Compte rendu : valable (test) – b"), "{subject}");
    assert!(!text.contains("intégré") && !subject.contains("intégré"), "{text}");
    let real = send("c", "", 3).await;
    assert!(normal(&real), "the first real report is told");
    send("d", "mode=\"test\" ", -1).await;
    assert!(send("e", "", 4).await.is_empty(), "a trial that failed was no rejection");
}

/// Nobody knows what a file holds that is not a report: what is said of it is for its sender's eyes, the mails of a digest
/// included.
#[tokio::test]
async fn only_the_sender_hears_of_what_is_no_report() {
    let town = Town::with(&format!("{DOMAINS}cap_per_hour = 10\n")).await;
    let head = format!("Return-Path: <{VICTIM}>\r\nFrom: {VICTIM}\r\n");
    let asking = format!("{head}Disposition-Notification-To: {VICTIM}\r\n");
    let cda = "<ClinicalDocument xmlns=\"urn:hl7-org:v3\"><title>Lettre</title></ClinicalDocument>";
    let (open, other) = ("<?xml version=\"1.0\"?><disponi", "<releve xmlns=\"urn:exemple\"/>");
    let docx = "PK\u{3}\u{4}tronque";
    let bad = town.report("u9", "", -1);
    let beside = format!(
        "{head}To: {EAI_ADDRESS}\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n\
         --b\r\nContent-Type: application/xml; name=\"u9.xml\"\r\n\r\n{bad}\r\n\
         --b\r\nContent-Type: application/xml; name=\"l.xml\"\r\n\r\n{cda}\r\n--b--\r\n"
    );
    let mails = [
        ("u0", mail("u0", &head, cda)),
        ("u1", mail("u1", &head, open)),
        ("u2", mail("u2", &head, other)),
        ("u3", mail("u3", &head, docx)),
        ("u4", note(&format!("{head}Subject: Releve\r\n"))),
        ("u5", mail("u5", &asking, cda)),
        ("u6", mail("u6", &asking, open)),
        ("u9", beside),
    ];
    for (name, mail) in mails {
        let replies = town.take(name, mail).await;
        let replies = town.replies(replies).await;
        let told: Vec<&str> = replies.iter().map(|reply| reply.recipients.as_str()).collect();
        assert_eq!(told, [VICTIM], "{name}");
        assert!(parsed(&replies[0].content).cc().is_none(), "{name}");
    }
}

#[tokio::test]
async fn a_digest_that_speaks_of_what_is_no_report_has_no_copy() {
    let town = Town::with(&format!("{DOMAINS}cap_per_hour = 1\n")).await;
    let head = format!("From: {VICTIM}\r\n");
    let first = town.take("a", mail("a", &head, &town.report("a", "", -1))).await;
    assert_eq!(to(&town.replies(first).await, CONTACT), 1, "a report is what contacts hear of");
    town.take("b", mail("b", &head, &town.report("b", "", -1))).await;
    let last = town.take("c", mail("c", &head, "<?xml version=\"1.0\"?><disponi")).await;
    town.bench.advance(HOUR);
    town.settling.digests().await.unwrap();
    let replies = town.replies(last).await;
    assert_eq!(replies.iter().map(|one| one.recipients.as_str()).collect::<Vec<_>>(), [VICTIM]);
}

/// A contact who sends reports and asks for the answers elsewhere.
#[tokio::test]
async fn a_contact_gets_no_copy_of_an_answer_to_itself() {
    let town = Town::with(&format!("{DOMAINS}cap_per_hour = 10\n")).await;
    let from = format!("From: {VICTIM}\r\n");
    let cases = [
        (format!("{from}Reply-To: {CONTACT}\r\n"), CONTACT),
        (format!("From: {OWN_CONTACT}\r\n"), OWN_CONTACT),
        (format!("From: {OWN_CONTACT}\r\nReply-To: bureau@clinique-iroise.test\r\n"), "bureau@clinique-iroise.test"),
        (
            format!(
                "Return-Path: <bureau@clinique-iroise.test>\r\nFrom: {OWN_CONTACT}\r\nDisposition-Notification-To: bureau@clinique-iroise.test\r\n"
            ),
            "bureau@clinique-iroise.test",
        ),
    ];
    for (rank, (head, expected)) in cases.into_iter().enumerate() {
        let name = format!("k{rank}");
        let id = town.take(&name, mail(&name, &head, &town.report(&name, "", -1))).await;
        let told: Vec<String> = town.replies(id).await.into_iter().map(|reply| reply.recipients).collect();
        assert_eq!(told, [expected], "{head}");
    }
}
