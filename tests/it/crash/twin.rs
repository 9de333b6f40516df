//! A mail that is due a reply gets it, even if another mail of the same document, which asks for none, is judged first.

use super::ledger::MailRow;
use super::letter::{Answer, Letter};
use super::region::{Outbox, Plan, Post, Region};
use super::traffic::{CAREFUL, Cast, Traffic};
use super::{REST, at_once, evidence, fail_on, oracle};
use crate::store::engine::Engine;

/// What happened to the twin when the original comes.
#[derive(Debug, Clone, Copy)]
enum Before {
    Settled,
    /// It is stored; the next run judges both, in the order of reception.
    Received,
}

/// Between the judgement of the second and its reply.
const STEPS: [&str; 6] =
    ["judgement-recorded", "reply-rendered", "settlement-written", "mail-settled", "reply-leaving", "reply-sent"];

#[test]
fn a_receipt_is_sent_although_a_twin_that_asks_for_none_was_judged_first() {
    at_once(Engine::ALL, |engine| {
        let plan = Plan { engine, post: Post::Maildir, outbox: Outbox::Maildir, places: 3 };
        let (region, mut traffic) = (Region::start(plan), Traffic::new(20_261_123, 3, Cast::All));
        for before in [Before::Settled, Before::Received] {
            for death in [None].into_iter().chain(STEPS.map(Some)) {
                overtake(&region, &mut traffic, before, death);
            }
        }
        fail_on("at the end", &oracle::at_the_end(&traffic.letters, &region.evidence()));
    });
}

/// The twin comes first; the process dies once while the original is treated.
fn overtake(region: &Region, traffic: &mut Traffic, before: Before, death: Option<&str>) {
    let [original, twin] = traffic.twins();
    let (first, second) = (twin.letter, original.letter);
    region.deliver(traffic, &[twin]);
    match before {
        Before::Settled => rest(region),
        Before::Received => region.die_at("mail-received"),
    }
    region.deliver(traffic, &[original]);
    if let Some(step) = death {
        region.die_at(step);
    }
    rest(region);
    let [first, second] = [first, second].map(|rank| &traffic.letters[rank]);
    let (twin, original) = (mail(region, first), mail(region, second));
    assert!(twin.id < original.id, "{before:?}, {death:?}");
    assert_eq!([twin, original].map(|mail| mail.verdict.unwrap()), ["integre", "doublon"], "{before:?}, {death:?}");
    assert_eq!([first, second].map(|letter| replies(region, letter)), [0, 1], "{before:?}, {death:?}");
}

fn rest(region: &Region) {
    let service = region.run(None);
    region.settle(REST);
    assert!(service.stop().0.success());
}

fn mail(region: &Region, letter: &Letter) -> MailRow {
    let sha256 = oracle::hash(&letter.bytes);
    region.ledger().mails.into_iter().find(|mail| mail.sha256 == sha256).unwrap()
}

/// How many different replies to a letter its sender found.
fn replies(region: &Region, letter: &Letter) -> usize {
    let evidence = region.evidence();
    let ids = evidence.boxes.get(CAREFUL).into_iter().flatten().map(|mail| evidence::reply_ids(mail));
    let answers = ids.filter(|(_, answered)| *answered == format!("{}@hopital.test", letter.id));
    answers.collect::<std::collections::BTreeSet<_>>().len()
}

#[test]
fn every_answer_due_to_the_careful_sender_is_asked_for_in_the_mail_itself() {
    let mut traffic = Traffic::new(11, 80, Cast::All);
    traffic.batch(4000);
    let due = traffic.letters.iter().filter(|letter| letter.sender == CAREFUL && letter.answer == Answer::Once);
    for letter in due {
        let text = String::from_utf8_lossy(&letter.bytes);
        assert!(text.contains("Disposition-Notification-To"), "{} is due an answer it does not ask for", letter.id);
    }
}
