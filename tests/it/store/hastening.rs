//! What an operator has done sooner or again, each with its record in the same transaction, on both engines.

use domain::access::audit::{AuditEntry, Deed};
use store::{MailId, NewReminder, NewReplyText, Whereabouts};

use super::bench::{Bench, SENDER, acknowledged, beds, failed, hand_over};
use super::engine::{Engine, on_both_engines};
use super::replies::letter;

on_both_engines!(
    what_waits_is_tried_now_and_nothing_else,
    a_reply_leaves_again_with_the_same_bytes,
    a_reminder_leaves_by_the_outbox,
    a_handled_mail_is_forgotten_with_its_mark,
);

fn entry(deed: Deed, id: MailId) -> AuditEntry {
    AuditEntry::new("local:oscar", deed, format!("courriel {}", id.number()))
}

async fn deeds(bench: &Bench) -> Vec<String> {
    bench.store.audit_after(0, 100).await.unwrap().into_iter().map(|record| record.acte).collect()
}

async fn what_waits_is_tried_now_and_nothing_else(engine: Engine) {
    let bench = Bench::new(engine).await;
    let id = bench.report("a", vec![beds(1, 0)]).await;
    let hasten = async || bench.store.hasten(id, &entry(Deed::Essayer, id), bench.now()).await.unwrap();
    assert_eq!(hasten().await, None, "it is due already");
    bench.send(failed).await;
    assert!(bench.claim().await.is_empty(), "its next try is later");
    assert_eq!(hasten().await, Some(1));
    assert_eq!(bench.claim().await.len(), 1);
    assert_eq!(hasten().await, None, "under way");
    assert_eq!(deeds(&bench).await, ["essayer"]);
}

async fn a_reply_leaves_again_with_the_same_bytes(engine: Engine) {
    let bench = Bench::new(engine).await;
    let id = bench.report("a", vec![beds(1, 0)]).await;
    bench.send(acknowledged).await;
    bench.settle(id, NewReplyText::Letter(Box::new(letter(id)))).await;
    let resend = async |kind| bench.store.resend(id, kind, &entry(Deed::Renvoyer, id), bench.now()).await.unwrap();
    assert!(!resend("reponse").await, "it waits to leave");
    let first = bench.shift.replies_to_send(10, &[], bench.now()).await.unwrap().remove(0);
    hand_over(&bench.store, &first, Whereabouts::Refused("550 refusé".to_owned()), bench.now()).await;
    assert!(!resend("complement").await);
    assert!(resend("reponse").await);
    let again = bench.shift.replies_to_send(10, &[], bench.now()).await.unwrap().remove(0);
    assert_eq!((again.id, again.mail, again.attempts), (first.id, Some(id), 0));
    assert_eq!((&again.content, &again.message_id), (&first.content, &first.message_id));
    assert_eq!(deeds(&bench).await, ["renvoyer"]);
}

async fn a_reminder_leaves_by_the_outbox(engine: Engine) {
    let bench = Bench::new(engine).await;
    let finess = "350054680".parse().unwrap();
    let new = NewReminder {
        finess,
        subject: "Sans nouvelles".to_owned(),
        message_id: "relance.1@dispolits.test".to_owned(),
        to: SENDER.parse().unwrap(),
        return_path: "dispolits@eai.test".parse().unwrap(),
        content: b"relance".to_vec(),
    };
    let told = AuditEntry::new("local:oscar", Deed::Relance, "etablissement 350054680");
    assert!(bench.store.remind(&new, &told, bench.now()).await.unwrap());
    assert!(!bench.store.remind(&new, &told, bench.now()).await.unwrap(), "once");
    let due = bench.shift.replies_to_send(10, &[], bench.now()).await.unwrap().remove(0);
    assert_eq!((due.mail, due.content.as_slice()), (None, &b"relance"[..]));
    assert_eq!(due.return_path.as_ref().unwrap().as_str(), "dispolits@eai.test");
    hand_over(&bench.store, &due, Whereabouts::Waiting("451 plus tard".to_owned()), bench.now()).await;
    bench.shift.release_replies().await.unwrap();
    assert!(bench.shift.replies_to_send(10, &[], bench.now()).await.unwrap().is_empty());
    let due = bench.shift.replies_to_send(10, &[], bench.after(60)).await.unwrap().remove(0);
    assert_eq!(due.attempts, 1);
    hand_over(&bench.store, &due, Whereabouts::Taken, bench.after(61)).await;
    assert!(bench.shift.replies_to_send(10, &[], bench.after(3600)).await.unwrap().is_empty());
    let kept = bench.store.reminders(finess, 10).await.unwrap().remove(0);
    assert_eq!((kept.etat.as_str(), kept.who.as_str(), kept.to.as_str()), ("envoyee", "local:oscar", SENDER));
    assert_eq!(deeds(&bench).await, ["relance"]);
}

async fn a_handled_mail_is_forgotten_with_its_mark(engine: Engine) {
    let bench = Bench::new(engine).await;
    let id = bench.report("a", vec![beds(1, 0)]).await;
    let marked = bench.store.mark_handled(id, "vu", &entry(Deed::Traiter, id), bench.now()).await.unwrap();
    assert!(marked);
    assert_eq!(bench.store.handled(id).await.unwrap().unwrap().note, "vu");
    assert!(bench.store.reopen(id, &entry(Deed::Rouvrir, id), bench.now()).await.unwrap());
    assert_eq!(bench.store.handled(id).await.unwrap(), None);
    assert!(bench.store.mark_handled(id, "fait", &entry(Deed::Traiter, id), bench.now()).await.unwrap());
    bench.send(acknowledged).await;
    bench.settle(id, NewReplyText::Silent("essai".to_owned())).await;
    bench.execute("UPDATE mails SET moved_at = 1").await;
    let expiry = store::Expiry::at(bench.after(1));
    assert_eq!(bench.store.purge_journal(&expiry).await.unwrap(), 1);
    assert_eq!(bench.number("SELECT COUNT(*) FROM handled").await, 0);
    assert_eq!(deeds(&bench).await.len(), 3, "the log forgets nothing");
}
