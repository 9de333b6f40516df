//! Mails that are in their mailbox and could not be read: noted, tried again, set aside, read or gone.

use base::unread::Cause;
use domain::access::audit::{AuditEntry, Deed, on_unread};
use store::NewUnread;

use super::bench::{ACCOUNT, Bench};
use super::engine::{Engine, on_both_engines};

async fn leave(bench: &Bench, position: &str, cause: Cause) {
    let mail = NewUnread {
        account: ACCOUNT.to_owned(),
        position: position.to_owned(),
        cause,
        detail: String::new(),
        size: 12,
        arrived_at: None,
        next_at: bench.after(60),
    };
    bench.store.leave_unread(&bench.duty, &[mail], bench.now()).await.unwrap();
}

/// How many wait and how many of them are told, by cause.
async fn counts(bench: &Bench) -> Vec<(Cause, i64, i64)> {
    let counts = bench.store.unread_counts().await.unwrap();
    counts.into_iter().map(|one| (one.cause, one.mails, one.told)).collect()
}

async fn a_mail_is_told_of_from_its_second_try_on(engine: Engine) {
    let mut bench = Bench::new(engine).await;
    leave(&bench, "7:1", Cause::Empty).await;
    leave(&bench, "7:2", Cause::Unfilable).await;
    assert_eq!(counts(&bench).await, [(Cause::Unfilable, 1, 1), (Cause::Empty, 1, 0)]);
    let since = bench.now();
    bench.advance(60);
    leave(&bench, "7:1", Cause::Refused).await;
    bench.restart().await;
    assert_eq!(counts(&bench).await, [(Cause::Unfilable, 1, 1), (Cause::Refused, 1, 1)]);
    let known = bench.store.known_unread(ACCOUNT).await.unwrap()["7:1"];
    assert_eq!((known.tries, known.next_at), (2, Some(bench.after(60))));
    let mails = bench.store.unread(Some(ACCOUNT), false, 10).await.unwrap();
    assert_eq!((mails.len(), mails[0].depuis, mails[0].essais), (2, since, 2));
    assert!(bench.store.accounts().await.unwrap().contains(&ACCOUNT.to_owned()));
    bench.store.read_at_last(&bench.duty, ACCOUNT, &["7:1", "7:9"]).await.unwrap();
    assert_eq!(counts(&bench).await, [(Cause::Unfilable, 1, 1)]);
}

async fn a_mail_set_aside_counts_no_more_and_stays_on_the_list(engine: Engine) {
    let bench = Bench::new(engine).await;
    leave(&bench, "7:1", Cause::Absent).await;
    let number = bench.store.unread(None, false, 10).await.unwrap()[0].numero;
    let aside = AuditEntry::new("commande:anne", Deed::Ecarter, on_unread(number)).noting("renvoyé");
    let again = AuditEntry::new("commande:anne", Deed::Relire, on_unread(number));
    assert!(!bench.store.set_unread_aside(number + 1, &aside, bench.now()).await.unwrap());
    assert!(bench.store.set_unread_aside(number, &aside, bench.now()).await.unwrap());
    assert!(!bench.store.set_unread_aside(number, &aside, bench.now()).await.unwrap());
    assert_eq!(counts(&bench).await, []);
    assert_eq!(bench.store.known_unread(ACCOUNT).await.unwrap()["7:1"].next_at, None);
    assert_eq!(bench.store.unread(None, false, 10).await.unwrap(), []);
    let listed = bench.store.unread(None, true, 10).await.unwrap();
    assert_eq!((listed[0].ecarte_par.as_deref(), listed[0].motif.as_deref()), (Some("commande:anne"), Some("renvoyé")));
    // On demand it is tried again, and counts again.
    assert!(bench.store.retry_unread(number, &again, bench.now()).await.unwrap());
    assert_eq!(counts(&bench).await, [(Cause::Absent, 1, 0)]);
    // The decision outlives the mail; one without a decision is forgotten with it.
    assert!(bench.store.set_unread_aside(number, &aside, bench.now()).await.unwrap());
    leave(&bench, "7:2", Cause::Absent).await;
    bench.store.unread_gone(&bench.duty, ACCOUNT, &["7:1", "7:2"], bench.now()).await.unwrap();
    let listed = bench.store.unread(None, true, 10).await.unwrap();
    assert_eq!((listed.len(), listed[0].parti_a), (1, Some(bench.now())));
    assert!(!bench.store.retry_unread(number, &again, bench.now()).await.unwrap(), "it is no longer there");
    let deeds = bench.store.deeds_on(&on_unread(number), 10).await.unwrap();
    assert_eq!(deeds.iter().map(|deed| deed.acte.as_str()).collect::<Vec<_>>(), ["ecarter", "relire", "ecarter"]);
}

/// As the server announces it at a position.
async fn arrive(bench: &Bench, position: &str, (cause, size, minute): (Cause, u64, i64)) {
    let mail = NewUnread {
        account: ACCOUNT.to_owned(),
        position: position.to_owned(),
        cause,
        detail: String::new(),
        size,
        arrived_at: Some(format!("2026-11-20T08:{minute:02}:00Z").parse().unwrap()),
        next_at: bench.after(60),
    };
    bench.store.leave_unread(&bench.duty, &[mail], bench.now()).await.unwrap();
}

/// The server gives its mails other numbers (another UIDVALIDITY): what was decided of one holds for it, and for no other.
async fn a_decision_follows_its_mail_to_another_number(engine: Engine) {
    let bench = Bench::new(engine).await;
    arrive(&bench, "7:1", (Cause::Refused, 500, 1)).await;
    let number = bench.store.unread(None, false, 10).await.unwrap()[0].numero;
    let aside = AuditEntry::new("commande:anne", Deed::Ecarter, on_unread(number)).noting("renvoyé");
    assert!(bench.store.set_unread_aside(number, &aside, bench.now()).await.unwrap());
    // Gone from there: others that come are not taken for it.
    bench.store.unread_gone(&bench.duty, ACCOUNT, &["7:1"], bench.now()).await.unwrap();
    for (position, as_told) in
        [("8:2", (Cause::Refused, 501, 1)), ("8:3", (Cause::Refused, 500, 2)), ("8:4", (Cause::Empty, 500, 1))]
    {
        arrive(&bench, position, as_told).await;
    }
    assert_eq!(bench.store.unread(None, false, 10).await.unwrap().len(), 3);
    arrive(&bench, "8:1", (Cause::Refused, 500, 1)).await;
    assert_eq!(bench.store.known_unread(ACCOUNT).await.unwrap()["8:1"].next_at, None, "nobody waits for it");
    let listed = bench.store.unread(None, true, 10).await.unwrap();
    let its = listed.iter().find(|one| one.position == "8:1").unwrap();
    assert_eq!((its.numero, its.parti_a, its.motif.as_deref()), (number, None, Some("renvoyé")));
    // Once: a second one of the same outside is another mail.
    arrive(&bench, "8:5", (Cause::Refused, 500, 1)).await;
    assert!(bench.store.known_unread(ACCOUNT).await.unwrap()["8:5"].next_at.is_some());
}

on_both_engines! {
    a_decision_follows_its_mail_to_another_number,
    a_mail_is_told_of_from_its_second_try_on,
    a_mail_set_aside_counts_no_more_and_stays_on_the_list,
}
