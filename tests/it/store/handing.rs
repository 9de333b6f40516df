//! A letter for several recipients: who has it is never offered it again because of another.

use domain::access::audit::{AuditEntry, Deed};
use domain::address::Address;
use store::{Handing, MailId, NewReply, NewReplyText, Whereabouts};

use super::bench::{Bench, SENDER, hand_over};
use super::engine::{Engine, on_both_engines};
use super::replies::letter;

const CONTACT: &str = "direction-des-soins@ch-armor.test";

/// To its sender and to a contact.
fn copied(id: MailId) -> NewReply {
    let NewReply { mut recipients, .. } = letter(id);
    recipients.push(CONTACT.parse().unwrap());
    NewReply { recipients, ..letter(id) }
}

async fn each_recipient_has_a_state_of_its_own(engine: Engine) {
    let mut bench = Bench::new(engine).await;
    let id = bench.report("a", vec![]).await;
    bench.settle(id, NewReplyText::Letter(Box::new(copied(id)))).await;
    let due = bench.shift.replies_to_send(1, &[], bench.now()).await.unwrap().remove(0);
    assert_eq!(due.recipients, [SENDER.parse().unwrap(), CONTACT.parse().unwrap()]);
    let handing = |to: &str, whereabouts| Handing { to: to.parse().unwrap(), whereabouts };
    let later = || Whereabouts::Waiting("450 4.2.0 plus tard".to_owned());
    let news = [handing(SENDER, Whereabouts::Taken), handing(CONTACT, later())];
    bench.store.reply_handed(due.id, &news, bench.after(60), bench.now()).await.unwrap();
    let kept = bench.store.replies(id).await.unwrap().remove(0);
    assert_eq!((kept.etat.as_str(), kept.reached(), kept.closed_at), ("a-envoyer", 1, None));
    assert_eq!(kept.handings, news);
    assert_eq!(kept.failure.unwrap(), format!("{CONTACT} : 450 4.2.0 plus tard"));

    // Whoever has it is not offered it again, whatever dies in between.
    bench.advance(60);
    bench.crash().await;
    let again = bench.shift.replies_to_send(1, &[], bench.now()).await.unwrap().remove(0);
    assert_eq!(again.recipients, [CONTACT.parse().unwrap()]);
    hand_over(&bench.store, &again, Whereabouts::Refused("550 5.1.1 absent".to_owned()), bench.now()).await;
    let kept = bench.store.replies(id).await.unwrap().remove(0);
    assert_eq!((kept.etat.as_str(), kept.reached()), ("envoyee", 1));
    let told = bench.store.undelivered_replies(bench.after(-60)).await.unwrap();
    assert_eq!(told.iter().map(|one| one.mail).collect::<Vec<_>>(), [id], "whoever must act is told");

    // Sent once more, it goes to whoever has not got it; and to all once all have it.
    let entry = AuditEntry::new("local:oscar", Deed::Renvoyer, "courriel 1");
    let resend = async || bench.store.resend(id, "reponse", &entry, bench.now()).await.unwrap();
    assert!(resend().await);
    let due = bench.shift.replies_to_send(1, &[], bench.now()).await.unwrap().remove(0);
    assert_eq!(due.recipients, [CONTACT.parse().unwrap()]);
    hand_over(&bench.store, &due, Whereabouts::Taken, bench.now()).await;
    assert_eq!(bench.store.undelivered_replies(bench.after(-60)).await.unwrap(), []);
    assert!(resend().await);
    let due = bench.shift.replies_to_send(1, &[], bench.now()).await.unwrap().remove(0);
    assert_eq!(due.recipients.len(), 2);
}

async fn replies_of_a_refused_sender_hold_no_other_back(engine: Engine) {
    let bench = Bench::new(engine).await;
    for name in ["a", "b"] {
        let id = bench.report(name, vec![]).await;
        let return_path = (name == "a").then(|| "eai@region.test".parse().unwrap());
        bench.settle(id, NewReplyText::Letter(Box::new(NewReply { return_path, ..letter(id) }))).await;
    }
    let due = async |refused: &[Option<Address>]| {
        let due = bench.shift.replies_to_send(10, refused, bench.now()).await.unwrap();
        due.iter().map(|reply| reply.mail.unwrap().number()).collect::<Vec<_>>()
    };
    let from: Option<Address> = Some("eai@region.test".parse().unwrap());
    assert_eq!(due(&[]).await, [1, 2]);
    assert_eq!(due(std::slice::from_ref(&from)).await, [2]);
    assert_eq!(due(&[None]).await, [1]);
    assert_eq!(due(&[None, from]).await, [0; 0]);
}

on_both_engines! {
    each_recipient_has_a_state_of_its_own,
    replies_of_a_refused_sender_hold_no_other_back,
}
