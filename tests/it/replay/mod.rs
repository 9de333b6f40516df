//! `dispolits journal replay`, beside a service that runs: what was rejected for a cause that is mended.

use std::fs;
use std::time::Duration;

use base::clock::Clock;
use campaign::simulator::Lieu;
use domain::outcome::Verdict;
use jiff::SignedDuration;
use store::{Expiry, JudgedMail, NewReplyText, Received, Recorded, Settlement, WorkerLease};

use crate::cli::Ran;
use crate::cli::service::{World, mail, mail_at, until};

/// A service of the tests that neither the referential nor the ROR knows at first.
const NEW: &str = "NEUF-1";

fn replay(world: &World, arguments: &[&str]) -> Ran {
    world.journal("replay", arguments)
}

fn of_new_service(mail: &str) -> String {
    mail.replace("C01-A", NEW)
}

/// Has the referential know the service, and waits until the running one does.
fn teach(world: &World) {
    let services = fs::read_to_string(world.path("services.csv")).unwrap();
    world.write("services.csv", &format!("{services}350054680;{NEW};Neuf;;ouvert;\n"));
}

fn replies(world: &World) -> Vec<String> {
    let folder = world.path("reponses/lits@ch-armor.test/new");
    let files =
        fs::read_dir(folder).into_iter().flatten().map(|file| fs::read_to_string(file.unwrap().path()).unwrap());
    files.collect()
}

#[tokio::test]
async fn a_mail_rejected_for_a_service_that_is_known_by_now_is_integrated() {
    let world = World::new().await;
    let service = world.start();
    world.send("tot", &of_new_service(&mail("tot", 20)));
    world.settled(1).await;
    assert_eq!(world.last().await, ("rejete".to_owned(), vec!["S01".to_owned()]));
    until("the rejection to be told", async || replies(&world).len() == 1).await;
    let nothing = replay(&world, &["1"]);
    assert_eq!(
        (nothing.code, nothing.out.lines().next()),
        (0, Some("Courriel n° 1 : rien ne change")),
        "{}",
        nothing.err
    );

    teach(&world);
    world.simulator.set_lieu(Lieu::normal(format!("1350054680/{NEW}")));
    let shown = replay(&world, &["1"]);
    assert_eq!(shown.code, 1, "{}{}", shown.out, shown.err);
    for line in [
        " : rejeté → intégré\n",
        "  défauts : 1 S01 → aucun\n",
        "  + établissement 350054680, service NEUF-1 : 20 lits installés\n",
        " : rejetée au jugement → à transmettre\n",
        "Courriels qui changeraient : 1 ; sans changement : 0 ; impossibles : 0.\nRien n’est fait sans --executer.\n",
    ] {
        assert!(shown.out.contains(line), "{line} is missing in\n{}", shown.out);
    }
    assert_eq!(world.last().await.0, "rejete", "nothing was done");

    let done = replay(&world, &["1", "--executer"]);
    assert_eq!(done.code, 0, "{}{}", done.out, done.err);
    assert!(
        done.out.ends_with("Courriels rejoués : 1 ; lignes en route : 1 ; sans changement : 0 ; impossibles : 0.\n"),
        "{}",
        done.out
    );
    world.settled(1).await;
    assert_eq!(world.last().await, ("integre".to_owned(), vec![]));
    assert_eq!(world.simulator.state()[0].nombre, 20);
    until("the complement to leave", async || replies(&world).len() == 2).await;
    let told = world.journal("show", &["1"]).out;
    assert!(told.contains("Complément au compte rendu") && told.contains("juger de nouveau"), "{told}");
    assert!(told.contains(" : 1 lignes reprises\n"), "{told}");

    // Again, and again the same bytes: nothing more happens.
    assert_eq!(replay(&world, &["1", "--executer"]).code, 0);
    world.send("tot-2", &of_new_service(&mail("tot", 20)));
    world.settled(2).await;
    assert_eq!(world.journal("balance", &[]).code, 0);
    assert_eq!(replies(&world).len(), 2, "one reply and one complement");
    assert_eq!(service.stop().0.code(), Some(0));
}

#[tokio::test]
async fn of_all_rows_refused_for_one_cause_only_the_newest_goes() {
    let world = World::new().await;
    teach(&world);
    let service = world.start();
    let start = Clock::System.now() - SignedDuration::from_hours(2);
    for rank in 0..3 {
        // The second to be observed comes last.
        let observed = start + SignedDuration::from_mins([0, 20, 10][rank]);
        let nombre = 20 + i64::try_from(rank).unwrap();
        world.send(&format!("n{rank}"), &of_new_service(&mail_at(&format!("n{rank}"), nombre, observed)));
        world.settled(i64::try_from(rank).unwrap() + 1).await;
    }
    world.send("autre", &mail("autre", 40));
    world.settled(4).await;
    assert!(world.simulator.state().iter().all(|capacity| capacity.nombre == 40));
    world.simulator.set_lieu(Lieu::normal(format!("1350054680/{NEW}")));

    assert_eq!(replay(&world, &["--code", "R01", "--finess", "299900100"]).out.lines().count(), 2);
    let shown = replay(&world, &["--code", "r01", "--finess", "350054680", "--service", NEW]);
    assert_eq!(shown.code, 1, "{}{}", shown.out, shown.err);
    assert_eq!(shown.out.matches(", rejetée par le ROR → à transmettre").count(), 1, "{}", shown.out);
    assert!(shown.out.contains("21 lits installés"), "{}", shown.out);
    let done = replay(&world, &["--code", "R01", "--executer"]);
    assert!(
        done.out.ends_with("Courriels rejoués : 1 ; lignes en route : 1 ; sans changement : 2 ; impossibles : 0.\n"),
        "{}",
        done.out
    );
    world.settled(4).await;
    let written = world.simulator.requests().into_iter().filter(|request| request.applique);
    let numbers: Vec<i64> = written.filter_map(|request| request.nombre).collect();
    assert_eq!(numbers, [40, 21], "never an older value");
    assert_eq!(world.journal("balance", &[]).code, 0);
    assert_eq!(service.stop().0.code(), Some(0));
}

/// The older observation was received later: whoever replays it is told that it will not be sent.
#[tokio::test]
async fn a_preview_goes_by_the_date_of_observation_before_the_order_of_receipt() {
    let world = World::new().await;
    let service = world.start();
    let newer = Clock::System.now() - SignedDuration::from_mins(10);
    for (rank, name, nombre, observed) in
        [(1, "recent", 21, newer), (2, "ancien", 20, newer - SignedDuration::from_mins(20))]
    {
        world.send(name, &of_new_service(&mail_at(name, nombre, observed)));
        world.settled(rank).await;
    }
    teach(&world);
    world.simulator.set_lieu(Lieu::normal(format!("1350054680/{NEW}")));
    assert_eq!(replay(&world, &["1", "--executer"]).code, 0);
    world.settled(2).await;
    let shown = replay(&world, &["2"]).out;
    assert!(shown.contains(" : rejetée au jugement → dépassée par un relevé plus récent\n"), "{shown}");
    let done = replay(&world, &["2", "--executer"]).out;
    assert!(done.contains("lignes en route : 0 ;"), "{done}");
    world.settled(2).await;
    assert_eq!(world.simulator.state()[0].nombre, 21);
    assert_eq!(service.stop().0.code(), Some(0));
}

#[tokio::test]
async fn one_row_is_sent_again_by_its_number() {
    let world = World::new().await;
    teach(&world);
    let service = world.start();
    world.send("seul", &of_new_service(&mail("seul", 20)));
    world.settled(1).await;
    let shown = world.journal("show", &["1"]).out;
    assert!(shown.contains("  - ligne 1, établissement 350054680, service NEUF-1 : 20 lits installés\n"), "{shown}");
    // Still refused: the cause was not mended, and the sender is not told twice.
    assert_eq!(replay(&world, &["--ligne", "1", "--executer"]).code, 0);
    world.settled(1).await;
    assert_eq!(world.last().await, ("rejete".to_owned(), vec!["R01".to_owned()]));
    world.simulator.set_lieu(Lieu::normal(format!("1350054680/{NEW}")));
    assert_eq!(replay(&world, &["--ligne", "1", "--executer"]).code, 0);
    world.settled(1).await;
    assert_eq!(world.last().await, ("integre".to_owned(), vec![]));
    until("reply and complement", async || replies(&world).len() == 2).await;
    assert_eq!(service.stop().0.code(), Some(0));
}

#[tokio::test]
async fn a_mail_in_quarantine_comes_out_of_it() {
    let world = World::new().await;
    let store = world.store().await;
    let (raw, account) = (mail("malade", 20), format!("maildir:{}", world.path("boite").display()));
    let raw = raw.as_bytes();
    let received = Received { account: &account, position: "malade", raw, size: raw.len() as u64, headers_only: false };
    let shift = WorkerLease::new(store.clone(), "essai", Duration::from_mins(10));
    shift.begin().await.unwrap();
    let (duty, settling) =
        (shift.take_mailbox(&account).await.unwrap().unwrap(), shift.take_settling().await.unwrap().unwrap());
    store.receive(&duty, &[received], Clock::System.now()).await.unwrap();
    let id = store.to_judge(&account, 1).await.unwrap()[0].id;
    let judged = JudgedMail {
        folder: "quarantaine".to_owned(),
        sender: None,
        message_id: None,
        defects: Vec::new(),
        documents: Vec::new(),
        unrecognised: false,
        verdict: Some(Verdict::Quarantaine),
    };
    assert_eq!(store.record(&duty, id, &judged, Clock::System.now()).await.unwrap(), Recorded::Stands);
    let ran = replay(&world, &["1"]);
    assert_eq!(
        (ran.code, ran.out.lines().next()),
        (1, Some("Courriel n° 1 : encore en cours : à rejouer une fois réglé"))
    );
    let outcome = store.settled_outcomes(&[id]).await.unwrap().pop().unwrap().1;
    let answer = NewReplyText::Silent("en quarantaine : l’exploitant s’en occupe".to_owned());
    store.settle(&settling, &[Settlement { mail: id, outcome, answer }], Clock::System.now()).await.unwrap();
    let done = replay(&world, &["1", "--executer"]);
    assert_eq!(done.code, 0, "{}{}", done.out, done.err);
    assert!(done.out.contains(" : en quarantaine → intégré\n"), "{}", done.out);
    let service = world.start();
    world.settled(1).await;
    assert_eq!(world.last().await, ("integre".to_owned(), vec![]));
    assert_eq!(service.stop().0.code(), Some(0));
    store.close().await;
}

#[tokio::test]
async fn what_cannot_be_judged_again_is_told() {
    let world = World::new().await;
    let service = world.start();
    world.send("vieux", &of_new_service(&mail("vieux", 20)));
    world.settled(1).await;
    until("the mail to be moved", async || {
        let store = world.store().await;
        let purged = store.purge_content(&Expiry::at(Clock::System.now())).await.unwrap();
        store.close().await;
        purged == 1
    })
    .await;
    assert_eq!(service.stop().0.code(), Some(0));
    let gone = replay(&world, &["1"]);
    assert_eq!((gone.code, gone.err.as_str()), (1, ""));
    assert!(gone.out.starts_with("Courriel n° 1 : contenu effacé au terme de sa conservation\n"), "{}", gone.out);
    let check = |arguments: &[&str], said: &str| {
        let ran = replay(&world, arguments);
        assert_eq!(ran.code, 2, "{arguments:?}: {}", ran.out);
        assert!(ran.err.contains(said), "{arguments:?}: {}", ran.err);
    };
    check(&["2"], "aucun courriel ne porte le numéro 2");
    check(&["--ligne", "7"], "aucune ligne ne porte le numéro 7");
    check(&[], "il manque");
    check(&["1", "--ligne", "7"], "s’excluent");
    check(&["1", "--service", "X"], "s’excluent");
}
