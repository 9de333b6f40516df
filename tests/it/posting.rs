//! Replies on their way through servers that refuse: who gets them, who waits, who is told.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use domain::address::Address;
use edges::smtp::{Security, Smtp};
use service::config;
use service::health::Heartbeat;
use service::pipeline::{MailboxTrace, Posting, Transport};
use store::{Handing, MailId, NewReply, NewReplyText, StoredReply, TraceFilter, Whereabouts};
use tokio_util::sync::CancellationToken;

use crate::smtp::gate::Gate;
use crate::store::bench::{Bench, SENDER};
use crate::store::engine::Engine;
use crate::store::replies::letter;

const CONTACT: &str = "direction-des-soins@ch-armor.test";
const FROM: &str = "disponibilites@region.test";
const WHOLE: &str = "From: disponibilites@region.test\r\nSubject: essai\r\n\
    Content-Type: multipart/mixed; boundary=\"=_limite\"\r\n\r\n--=_limite\r\nContent-Type: text/plain\r\n\r\nrejet\r\n\
    --=_limite\r\nContent-Type: message/rfc822\r\n\r\nSubject: origine\r\n\r\ncontenu d’origine\r\n--=_limite--\r\n";

struct Post {
    bench: Bench,
    gate: Gate,
    posting: Posting,
    pulse: Heartbeat,
}

impl Post {
    async fn start(rule: impl Fn(&str) -> Option<&'static str> + Send + Sync + 'static) -> Self {
        let bench = Bench::new(Engine::Sqlite).await;
        let gate = Gate::start(Security::Starttls, rule).await;
        let settings: config::Reply = toml::from_str(&format!(
            "from = {FROM:?}\ntransport = \"smtp\"\nretry = [\"1min\"]\ntries = 3\nallowed_domains = [\"ch-armor.test\"]"
        ))
        .unwrap();
        let transport = Transport::Smtp(Box::new(Smtp::new(&gate.settings()).unwrap()));
        let pulse = Heartbeat::new(bench.clock.clone());
        let tracer = MailboxTrace::new(bench.store.clone(), bench.clock.clone(), "principale", "essai");
        let (shift, clock) = (bench.shift.clone(), bench.clock.clone());
        let posting = Posting::new(shift, clock, transport, &settings, pulse.clone(), tracer);
        Self { bench, gate, posting, pulse }
    }

    /// A reply that waits, to its sender and with a copy to a contact; from the null sender if `from` is none.
    async fn reply(&self, name: &str, from: Option<&str>) -> MailId {
        let id = self.bench.report(name, vec![]).await;
        let reply = NewReply {
            recipients: [SENDER, CONTACT].map(|to| to.parse().unwrap()).to_vec(),
            return_path: from.map(|from| from.parse().unwrap()),
            content: WHOLE.as_bytes().to_vec(),
            ..letter(id)
        };
        self.bench.settle(id, NewReplyText::Letter(Box::new(reply))).await;
        id
    }

    async fn round(&self) {
        self.posting.round(&CancellationToken::new()).await.unwrap();
    }

    /// A round after every wait, its jitter included.
    async fn later(&self) {
        self.bench.advance(180);
        self.round().await;
    }

    async fn stored(&self, id: MailId) -> StoredReply {
        self.bench.store.replies(id).await.unwrap().remove(0)
    }

    /// The state of a reply, and where it is for its sender and its contact.
    async fn state(&self, id: MailId) -> (String, [&'static str; 2]) {
        let stored = self.stored(id).await;
        let word = |rank: usize| stored.handings[rank].whereabouts.word();
        (stored.etat.clone(), [word(0), word(1)])
    }

    fn refused(&self) -> Vec<String> {
        self.pulse.standing().refused.into_iter().map(|(name, fault)| format!("{name} : {}", fault.cause)).collect()
    }
}

fn is_content(said: &str) -> bool {
    said.starts_with("From: ")
}

fn is_whole(said: &str) -> bool {
    is_content(said) && said.contains("message/rfc822")
}

#[tokio::test]
async fn what_a_gateway_refuses_leaves_once_more_without_the_original() {
    let post = Post::start(|said| is_whole(said).then_some("552 5.7.0 piece refusee")).await;
    let id = post.reply("a", Some(FROM)).await;
    post.round().await;
    assert_eq!(post.state(id).await, ("envoyee".to_owned(), ["pris", "pris"]));
    let stored = post.stored(id).await;
    assert!(stored.lightened.unwrap().contains("552 5.7.0 piece refusee"));
    let sent = post.gate.heard("From: ");
    assert_eq!(sent.len(), 2);
    assert_eq!(sent[1].trim_end_matches(".\r\n").as_bytes(), stored.content, "stored as it was sent");
    assert!(sent[1].contains("rejet\r\n") && !sent[1].contains("contenu d’origine"), "{}", sent[1]);
}

#[tokio::test]
async fn a_lighter_mail_is_tried_once() {
    let post = Post::start(|said| is_content(said).then_some("554 5.7.1 refuse")).await;
    let id = post.reply("a", Some(FROM)).await;
    post.round().await;
    assert_eq!(post.state(id).await, ("abandonnee".to_owned(), ["refuse", "refuse"]));
    post.later().await;
    assert_eq!(post.gate.heard("From: ").len(), 2);
}

/// The first is refused for what it holds, then the server goes: what is tried next is the lighter one, and it alone.
#[tokio::test]
async fn a_lighter_mail_is_durable() {
    let open = Arc::new(AtomicBool::new(false));
    let is_open = Arc::clone(&open);
    let post = Post::start(move |said| match said {
        whole if is_whole(whole) => Some("554 5.7.1 refuse"),
        content if is_content(content) && !is_open.load(Ordering::Relaxed) => Some("421 4.3.2 arret"),
        _ => None,
    })
    .await;
    let id = post.reply("a", Some(FROM)).await;
    post.round().await;
    assert_eq!(post.state(id).await, ("a-envoyer".to_owned(), ["attend", "attend"]));
    assert_eq!(post.gate.heard("From: ").len(), 2);
    open.store(true, Ordering::Relaxed);
    post.later().await;
    assert_eq!(post.state(id).await, ("envoyee".to_owned(), ["pris", "pris"]));
    let sent = post.gate.heard("From: ");
    assert!(sent.len() == 1 && !is_whole(&sent[0]), "{sent:?}");
}

#[tokio::test]
async fn a_recipient_that_waits_gets_it_alone() {
    for waits in [CONTACT, SENDER] {
        let tries = AtomicUsize::new(0);
        let post = Post::start(move |said| {
            let is_it = said.starts_with(&format!("RCPT TO:<{waits}>"));
            (is_it && tries.fetch_add(1, Ordering::Relaxed) < 2).then_some("450 4.2.0 liste grise")
        })
        .await;
        let id = post.reply("a", Some(FROM)).await;
        post.round().await;
        let expected = if waits == CONTACT { ["pris", "attend"] } else { ["attend", "pris"] };
        assert_eq!(post.state(id).await, ("a-envoyer".to_owned(), expected));
        assert!(post.stored(id).await.failure.unwrap().starts_with(&format!("{waits} : ")));
        let traces = post.bench.store.traces(&TraceFilter::default(), 10).await.unwrap();
        let words = [format!("{SENDER} : "), format!("{CONTACT} : "), "accepté".to_owned(), "450 4.2.0".to_owned()];
        assert!(words.iter().all(|words| traces[0].reponse.contains(words)), "{}", traces[0].reponse);
        post.gate.heard("");
        post.later().await;
        post.later().await;
        assert_eq!(post.state(id).await, ("envoyee".to_owned(), ["pris", "pris"]));
        let named = post.gate.heard("RCPT");
        assert_eq!(named.len(), 2, "{named:?}");
        assert!(named.iter().all(|said| said.starts_with(&format!("RCPT TO:<{waits}>"))), "{named:?}");
    }
}

#[tokio::test]
async fn a_recipient_that_is_given_up_is_told_and_stops_no_other() {
    let post = Post::start(|said| said.starts_with(&format!("RCPT TO:<{SENDER}>")).then_some("450 4.2.0 non")).await;
    let id = post.reply("a", Some(FROM)).await;
    for _ in 0..4 {
        post.round().await;
        post.bench.advance(180);
    }
    let stored = post.stored(id).await;
    assert_eq!((stored.etat.as_str(), stored.reached(), stored.attempts), ("envoyee", 1, 3));
    let refused = Whereabouts::Refused("destinataire : 450 4.2.0 non".to_owned());
    assert_eq!(stored.handings[0], Handing { to: SENDER.parse().unwrap(), whereabouts: refused });
    let told = post.bench.store.undelivered_replies(post.bench.after(-3600)).await.unwrap();
    assert_eq!(told.iter().map(|one| one.mail).collect::<Vec<_>>(), [id]);
}

#[tokio::test]
async fn a_refusal_of_our_address_stops_the_round_and_counts_no_try() {
    for answer in ["451 4.7.1 debit", "452 4.3.1 debit", "450 non", "550 5.7.1 non", "553 5.1.8 non", "530 5.7.0 non"] {
        let open = Arc::new(AtomicBool::new(false));
        let is_open = Arc::clone(&open);
        let post =
            Post::start(move |said| (said.starts_with("MAIL") && !is_open.load(Ordering::Relaxed)).then_some(answer))
                .await;
        let mut ids = Vec::new();
        for name in ["a", "b", "c"] {
            ids.push(post.reply(name, Some(FROM)).await);
        }
        for _ in 0..5 {
            post.later().await;
        }
        let named = post.gate.heard("MAIL");
        assert_eq!(named.len(), 5, "one for each round: {named:?}");
        for id in &ids {
            let stored = post.stored(*id).await;
            assert_eq!((stored.etat.as_str(), stored.attempts), ("a-envoyer", 0), "{answer}");
        }
        assert!(post.stored(ids[0]).await.failure.unwrap().contains(answer));
        let refused = post.refused();
        assert!(refused.len() == 1 && refused[0].contains(answer), "{refused:?}");
        open.store(true, Ordering::Relaxed);
        post.later().await;
        post.later().await;
        for id in &ids {
            assert_eq!(post.state(*id).await.0, "envoyee", "{answer}");
        }
        assert_eq!(post.refused(), [""; 0]);
    }
}

/// The sender is refused for one mail only, for whatever reason: the others leave.
#[tokio::test]
async fn a_refusal_of_one_envelope_sender_stops_no_other() {
    for refused in ["", FROM] {
        let begins = format!("MAIL FROM:<{refused}>");
        let post = Post::start(move |said| said.starts_with(&begins).then_some("550 5.7.1 non")).await;
        let mut ids = Vec::new();
        for from in [None, Some(FROM), None, Some(FROM)] {
            ids.push((from, post.reply(&format!("{}", ids.len()), from).await));
        }
        post.round().await;
        for (from, id) in ids {
            let expected = if from.unwrap_or_default() == refused { "a-envoyer" } else { "envoyee" };
            assert_eq!(post.state(id).await.0, expected, "« {refused} »");
        }
        assert_eq!(post.gate.heard(&format!("MAIL FROM:<{refused}>")).len(), 1);
        let address: Option<Address> = refused.parse().ok();
        let name = address.map_or("envoi sans expéditeur".to_owned(), |from| format!("envoi de {}", from.masked()));
        assert!(post.refused()[0].starts_with(&name), "{:?}", post.refused());
    }
}

#[tokio::test]
async fn a_mail_whose_sender_alone_is_refused_does_not_hold_the_others() {
    let post = Post::start(|said| said.contains("ENVID=reponse.1@").then_some("451 4.3.0 non")).await;
    let first = post.reply("a", Some(FROM)).await;
    let second = post.reply("b", Some(FROM)).await;
    post.round().await;
    assert_eq!(post.state(second).await.0, "a-envoyer");
    post.bench.advance(75);
    post.round().await;
    assert_eq!((post.state(first).await.0.as_str(), post.state(second).await.0.as_str()), ("a-envoyer", "envoyee"));
}

/// No reply waits for the clock to be there again.
#[tokio::test]
async fn a_clock_set_back_in_an_outage_keeps_no_reply_back() {
    for obstacle in ["454 4.7.0 plus tard", "550 5.7.1 non"] {
        let is_out = Arc::new(AtomicBool::new(true));
        let out = Arc::clone(&is_out);
        let refused = |said: &str| said.starts_with("MAIL FROM");
        let post = Post::start(move |said| (refused(said) && out.load(Ordering::SeqCst)).then_some(obstacle)).await;
        let id = post.reply("a", Some(FROM)).await;
        post.round().await;
        assert_eq!(post.state(id).await.0, "a-envoyer");
        post.bench.clock.jump(jiff::SignedDuration::from_hours(-48));
        // As the worker does once it sees the jump.
        post.bench.store.clock_set_back(post.bench.now(), post.bench.now()).await.unwrap();
        is_out.store(false, Ordering::SeqCst);
        post.later().await;
        assert_eq!(post.state(id).await.0, "envoyee", "{obstacle}");
    }
}
