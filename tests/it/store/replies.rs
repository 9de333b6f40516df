//! Settling once; replies stored before they are sent, one of each kind, resent unchanged; digests.

use domain::address::Address;
use domain::defect::{Code, Defect, Place};
use domain::outcome::Verdict;
use domain::outcome::Verdict::{Doublon, Ignore, Integre, PartiellementIntegre, Rejete};
use jiff::SignedDuration;
use store::{
    DigestDue, JudgedDocument, JudgedMail, MailId, NewReply, NewReplyText, Notice, ReplyKind, StoreError, Unsettled,
    Whereabouts,
};

use super::bench::{Bench, SENDER, acknowledged, beds, document, hand_over, judged, refused};
use super::engine::{Engine, on_both_engines};

const HOUR: i64 = 3600;

pub(crate) fn letter(id: MailId) -> NewReply {
    reply(id, ReplyKind::Reponse, 1)
}

fn reply(id: MailId, kind: ReplyKind, rejections: usize) -> NewReply {
    let sender: Address = SENDER.parse().unwrap();
    NewReply {
        kind,
        message_id: format!("{}.{}@dispolits.test", kind.word(), id.number()),
        sender: sender.clone(),
        recipients: vec![sender],
        return_path: None,
        content: format!("{} au courriel {}", kind.word(), id.number()).into_bytes(),
        rejections,
        copy: None,
    }
}

fn boxed(reply: NewReply) -> NewReplyText {
    NewReplyText::Letter(Box::new(reply))
}

/// A mail of which one count is rejected and another waits for the ROR.
pub(super) async fn half_bad(bench: &Bench, name: &str) -> MailId {
    let id = bench.receive(name, name).await;
    let defects = vec![Defect::new(Code::C01, Place::mail())];
    let half = JudgedDocument { defects, ..document(name, vec![beds(1, 0)]) };
    bench.record(id, &judged(vec![half])).await;
    id
}

async fn a_mail_is_settled_once(engine: Engine) {
    let bench = Bench::new(engine).await;
    let id = bench.report("a", vec![beds(1, 0)]).await;
    assert_eq!(
        bench.store.unsettled(SignedDuration::ZERO, bench.now(), None, 10).await.unwrap(),
        [],
        "the ROR has not answered"
    );
    bench.send(acknowledged).await;
    assert_eq!(
        bench.store.unsettled(SignedDuration::ZERO, bench.now(), None, 10).await.unwrap(),
        [Unsettled::Ready(id)]
    );
    bench.settle(id, boxed(letter(id))).await;
    bench.settle(id, boxed(reply(id, ReplyKind::Complement, 1))).await;
    assert_eq!(bench.store.unsettled(SignedDuration::ZERO, bench.now(), None, 10).await.unwrap(), []);
    let kinds: Vec<_> = bench.store.replies(id).await.unwrap().into_iter().map(|reply| reply.kind).collect();
    assert_eq!(kinds, ["reponse"]);
    assert_eq!(bench.outcome(id).await.verdict, Some(Integre));
}

async fn pages_of_unsettled_mails_go_through_all(engine: Engine) {
    let bench = Bench::new(engine).await;
    let mut ids = Vec::new();
    for name in ["a", "b", "c"] {
        ids.push(bench.report(name, vec![]).await);
    }
    let first = bench.store.unsettled(SignedDuration::ZERO, bench.now(), None, 2).await.unwrap();
    let second = bench.store.unsettled(SignedDuration::ZERO, bench.now(), Some(first[1].mail()), 2).await.unwrap();
    let seen: Vec<MailId> = first.iter().chain(&second).map(|mail| mail.mail()).collect();
    assert_eq!(seen, ids);
}

async fn verdict_and_reply_are_one_write(engine: Engine) {
    let bench = Bench::new(engine).await;
    let id = bench.report("a", vec![]).await;
    bench.execute("CREATE UNIQUE INDEX plein ON replies (kind)").await;
    let other = bench.report("b", vec![]).await;
    bench.store.answer(&bench.settling, other, &boxed(letter(other)), bench.now()).await.unwrap();
    let outcome = bench.store.settled_outcomes(&[id]).await.unwrap().pop().unwrap().1;
    let settlement = store::Settlement { mail: id, outcome, answer: boxed(letter(id)) };
    assert!(bench.store.settle(&bench.settling, &[settlement], bench.now()).await.is_err());
    assert!(!bench.store.is_settled(id).await.unwrap());
    assert_eq!(bench.outcome(id).await.verdict, None);
}

async fn known_rejections_are_told_late_then_completed_once(engine: Engine) {
    let bench = Bench::new(engine).await;
    let id = half_bad(&bench, "a").await;
    let overdue = async || bench.store.unsettled(SignedDuration::from_secs(900), bench.now(), None, 10).await.unwrap();
    bench.advance(900);
    assert_eq!(overdue().await, [], "not yet");
    bench.advance(1);
    assert_eq!(overdue().await, [Unsettled::Overdue(id)]);
    bench.store.answer(&bench.settling, id, &boxed(reply(id, ReplyKind::Reponse, 1)), bench.now()).await.unwrap();
    assert_eq!(overdue().await, [], "told");
    assert_eq!(bench.store.told(&[id]).await.unwrap().remove(&id).map(|told| told.rejections), Some(1));

    bench.send(refused).await;
    assert_eq!(overdue().await, [Unsettled::Ready(id)]);
    bench.settle(id, boxed(reply(id, ReplyKind::Complement, 2))).await;
    assert_eq!(bench.outcome(id).await.verdict, Some(Rejete));
    assert_eq!(bench.store.replies(id).await.unwrap().len(), 2);
}

async fn a_second_reply_of_a_kind_is_refused(engine: Engine) {
    for kind in [ReplyKind::Reponse, ReplyKind::Complement, ReplyKind::Recapitulatif] {
        let bench = Bench::new(engine).await;
        let id = bench.report("a", vec![]).await;
        bench.store.answer(&bench.settling, id, &boxed(reply(id, kind, 1)), bench.now()).await.unwrap();
        let again = bench.store.answer(&bench.settling, id, &boxed(reply(id, kind, 1)), bench.now()).await.unwrap_err();
        assert!(again.is_of_one_record() && !again.is_transient(), "{again}");
    }
}

async fn a_reply_is_resent_unchanged_until_it_is_taken_over_or_given_up(engine: Engine) {
    let mut bench = Bench::new(engine).await;
    let id = bench.report("a", vec![]).await;
    bench.settle(id, boxed(letter(id))).await;
    let due = async |bench: &Bench| bench.shift.replies_to_send(10, &[], bench.now()).await.unwrap();
    let first = due(&bench).await.remove(0);
    bench.restart().await;
    let second = due(&bench).await.remove(0);
    assert_eq!((&second.content, &second.message_id), (&first.content, &first.message_id));

    let busy = || Whereabouts::Waiting("occupé".to_owned());
    hand_over(&bench.store, &first, busy(), bench.now()).await;
    bench.advance(59);
    assert!(due(&bench).await.is_empty());
    bench.advance(1);
    assert_eq!(due(&bench).await[0].attempts, 1);
    hand_over(&bench.store, &first, Whereabouts::Taken, bench.now()).await;
    assert!(due(&bench).await.is_empty());
    let kept = bench.store.replies(id).await.unwrap().remove(0);
    assert_eq!((kept.etat.as_str(), kept.failure), ("envoyee", None));

    hand_over(&bench.store, &first, Whereabouts::Refused("refusé".to_owned()), bench.now()).await;
    assert_eq!(bench.store.replies(id).await.unwrap()[0].etat, "envoyee", "whatever a slower one tells of its own try");
    assert!(due(&bench).await.is_empty());
}

async fn a_clock_set_back_delays_no_reply(engine: Engine) {
    let bench = Bench::new(engine).await;
    let id = bench.report("a", vec![]).await;
    bench.settle(id, boxed(letter(id))).await;
    let claimed = bench.shift.replies_to_send(10, &[], bench.now()).await.unwrap().remove(0);
    hand_over(&bench.store, &claimed, Whereabouts::Waiting("occupé".to_owned()), bench.now()).await;
    let now = bench.after(-3600);
    assert!(bench.shift.replies_to_send(10, &[], now).await.unwrap().is_empty());
    bench.store.clock_set_back(now, now).await.unwrap();
    assert_eq!(bench.shift.replies_to_send(10, &[], now).await.unwrap().len(), 1);
}

async fn a_reply_that_cannot_be_read_stops_no_other(engine: Engine) {
    let bench = Bench::new(engine).await;
    for name in ["a", "b"] {
        let id = bench.report(name, vec![]).await;
        bench.settle(id, boxed(letter(id))).await;
    }
    bench.execute("UPDATE replies SET recipients = 'pas une adresse' WHERE mail_id = 1").await;
    assert_eq!(bench.shift.replies_to_send(10, &[], bench.now()).await.unwrap().len(), 1);
    assert_eq!(bench.number("SELECT COUNT(*) FROM replies WHERE etat = 'abandonnee'").await, 1);
}

async fn a_notification_is_tied_to_our_own_reply_only(engine: Engine) {
    let bench = Bench::new(engine).await;
    let id = bench.report("a", vec![]).await;
    bench.settle(id, boxed(letter(id))).await;
    let ours = letter(id).message_id;
    let [late, first, second] =
        [bench.receive("1", "1").await, bench.receive("2", "2").await, bench.receive("3", "3").await];
    let notice = async |message_id: &str, by, words: &str, is_failure| {
        let notice = Notice { message_id, by, words, is_failure };
        bench.store.reply_noticed(&bench.duty, &notice).await.unwrap()
    };
    let told = async || {
        let reply = bench.store.replies(id).await.unwrap().remove(0);
        (reply.returned_by, reply.notice.unwrap_or_default())
    };
    assert_eq!(notice("autre@ailleurs.test", first, "non remise", true).await, None);
    assert_eq!(told().await, (None, String::new()));
    assert_eq!(notice(&ours, late, "en retard", false).await, Some(id));
    assert_eq!(told().await, (None, "en retard".to_owned()));
    // A failure takes the place of a delay, is told once even if its notice is read twice, and stays.
    for _ in 0..2 {
        notice(&ours, first, "non remise à a", true).await;
    }
    notice(&ours, late, "en retard", false).await;
    assert_eq!(told().await, (Some(first), "non remise à a".to_owned()));
    notice(&ours, second, "non remise à b", true).await;
    assert_eq!(told().await, (Some(second), "non remise à a ; non remise à b".to_owned()));
}

async fn a_lighter_mail_takes_the_place_of_one_that_has_not_left(engine: Engine) {
    let bench = Bench::new(engine).await;
    let id = bench.report("a", vec![]).await;
    bench.settle(id, boxed(letter(id))).await;
    let due = bench.shift.replies_to_send(1, &[], bench.now()).await.unwrap().remove(0);
    let content = async || bench.store.replies(id).await.unwrap().remove(0).content;
    bench.store.lighten_reply(due.id, &[], b"plus petit", "552 5.7.0 non").await.unwrap();
    assert_eq!(content().await, b"plus petit");
    assert_eq!(bench.store.replies(id).await.unwrap()[0].lightened.as_deref(), Some("552 5.7.0 non"));
    hand_over(&bench.store, &due, Whereabouts::Taken, bench.now()).await;
    bench.store.lighten_reply(due.id, &[], b"autre", "non").await.unwrap();
    assert_eq!(content().await, b"plus petit");
}

async fn the_caps_look_at_the_replies_of_an_hour(engine: Engine) {
    let bench = Bench::new(engine).await;
    let contact: Address = "direction-des-soins@ch-armor.test".parse().unwrap();
    for name in ["a", "b", "c"] {
        let id = bench.report(name, vec![]).await;
        let copy =
            NewReply { sender: contact.clone(), recipients: vec![contact.clone()], ..reply(id, ReplyKind::Copie, 1) };
        bench.settle(id, boxed(NewReply { copy: Some(Box::new(copy)), ..letter(id) })).await;
        bench.advance(HOUR / 2);
    }
    let stranger = bench.receive("d", "rien").await;
    let defects = vec![Defect::new(Code::M01, Place::mail())];
    bench.record(stranger, &JudgedMail { defects, ..judged(Vec::new()) }).await;
    bench.settle(stranger, boxed(letter(stranger))).await;
    let recent = bench.store.replies_since(bench.after(-HOUR), bench.now()).await.unwrap();
    let mut seen: Vec<(bool, bool)> = recent.iter().map(|one| (one.sender == contact, one.to_stranger)).collect();
    seen.sort_unstable();
    assert_eq!(seen, [(false, false), (false, false), (false, true), (true, false), (true, false)]);
    assert!(recent.iter().all(|one| one.recipients.first() == Some(&one.sender)), "{recent:?}");
}

async fn withheld_rejections_leave_in_one_digest_once(engine: Engine) {
    let bench = Bench::new(engine).await;
    let to: Address = SENDER.parse().unwrap();
    let mut ids = Vec::new();
    for name in ["a", "b"] {
        let id = half_bad(&bench, name).await;
        bench.store.answer(&bench.settling, id, &NewReplyText::Withheld(to.clone()), bench.now()).await.unwrap();
        bench.store.answer(&bench.settling, id, &NewReplyText::Withheld(to.clone()), bench.now()).await.unwrap();
        ids.push(id);
        bench.advance(HOUR / 2);
    }
    let due = async || bench.store.digests_due(SignedDuration::from_secs(HOUR), bench.now()).await.unwrap();
    assert_eq!(due().await, [DigestDue { to, mails: ids.clone() }], "as soon as the first has waited for an hour");
    assert_eq!(
        bench.store.told(&[ids[0]]).await.unwrap().remove(&ids[0]).map(|told| told.rejections),
        Some(usize::try_from(i64::MAX).unwrap()),
        "it will tell all"
    );

    let gathered: Vec<_> = ids.iter().map(|id| (*id, 1)).collect();
    let digest = reply(ids[1], ReplyKind::Recapitulatif, 2);
    bench.store.add_digest(&bench.settling, &gathered, &digest, bench.now()).await.unwrap();
    assert_eq!(due().await, []);
    assert_eq!(bench.store.told(&[ids[0]]).await.unwrap().remove(&ids[0]).map(|told| told.rejections), Some(1));
    assert_eq!(bench.shift.replies_to_send(10, &[], bench.now()).await.unwrap().len(), 1);
    assert!(matches!(
        bench.store.add_digest(&bench.settling, &gathered, &digest, bench.now()).await,
        Err(StoreError::Database(_))
    ));
}

async fn a_digest_is_of_a_size_that_can_be_made(engine: Engine) {
    let bench = Bench::new(engine).await;
    let to: Address = SENDER.parse().unwrap();
    bench.report("a", vec![]).await;
    bench
        .execute(
            "INSERT INTO mails (account, position, sha256, size, received_at)
             WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 600)
             SELECT 'maildir:essai', i, i, 1, 0 FROM n",
        )
        .await;
    bench.execute("INSERT INTO withheld (mail_id, sender, since) SELECT id, 'lits@ch-armor.test', 0 FROM mails").await;
    let due = bench.store.digests_due(SignedDuration::ZERO, bench.now()).await.unwrap();
    assert_eq!((&due[0].to, due[0].mails.len()), (&to, 500));
}

async fn the_last_judged_mail_of_a_sender_is_known(engine: Engine) {
    let bench = Bench::new(engine).await;
    let sender: Address = SENDER.parse().unwrap();
    let settled = async |name: &str, verdict: Verdict| {
        let id = bench.receive(name, name).await;
        bench.record(id, &JudgedMail { verdict: Some(verdict), ..judged(vec![]) }).await;
        bench.settle(id, NewReplyText::Told).await;
        id
    };
    let mut told = Vec::new();
    for (rank, verdict) in
        [Integre, Rejete, Ignore, Doublon, Integre, Integre, PartiellementIntegre, Integre].into_iter().enumerate()
    {
        let id = settled(&rank.to_string(), verdict).await;
        told.push(bench.store.last_judged_before(&sender, id).await.unwrap().map(|past| past.verdict));
    }
    let last = [
        None,
        Some(Integre),
        Some(Rejete),
        Some(Rejete),
        Some(Rejete),
        Some(Integre),
        Some(Integre),
        Some(PartiellementIntegre),
    ];
    assert_eq!(told, last);
}

on_both_engines! {
    a_mail_is_settled_once,
    pages_of_unsettled_mails_go_through_all,
    verdict_and_reply_are_one_write,
    known_rejections_are_told_late_then_completed_once,
    a_second_reply_of_a_kind_is_refused,
    a_reply_is_resent_unchanged_until_it_is_taken_over_or_given_up,
    a_clock_set_back_delays_no_reply,
    a_reply_that_cannot_be_read_stops_no_other,
    a_notification_is_tied_to_our_own_reply_only,
    a_lighter_mail_takes_the_place_of_one_that_has_not_left,
    the_caps_look_at_the_replies_of_an_hour,
    withheld_rejections_leave_in_one_digest_once,
    a_digest_is_of_a_size_that_can_be_made,
    the_last_judged_mail_of_a_sender_is_known,
}
