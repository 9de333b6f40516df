//! `dispolits run`: signals, one worker a store, the referential at start and while running, crashes.

use std::collections::BTreeMap;
use std::fs;
use std::time::Duration;

use base::clock::Clock;
use jiff::SignedDuration;
use store::WorkerLease;

use super::service::{World, mail, mail_at, until};

#[tokio::test]
async fn sigterm_ends_what_is_begun_and_exits_with_zero() {
    let world = World::new().await;
    let service = world.start();
    for rank in 0..10 {
        world.send(&format!("m{rank}"), &mail(&format!("arret-{rank}"), 20 + rank));
    }
    let store = world.store().await;
    until("a first mail", async || store.balance(None).await.unwrap().recus > 0).await;
    let (status, log) = service.stop();
    assert_eq!(status.code(), Some(0), "{log}");
    assert!(log.contains("les travaux en cours se terminent") && !log.contains("ERROR"), "{log}");
    let after = WorkerLease::new(store, "essai", Duration::from_secs(30));
    after.begin().await.unwrap();
    assert_eq!(after.take_over(Clock::System.now()).await.unwrap(), 0, "a request was cut short");
    after.end().await.unwrap();
    let service = world.start();
    world.settled(10).await;
    assert_eq!(service.stop().0.code(), Some(0));
}

#[tokio::test]
async fn sighup_takes_a_right_configuration_over_and_refuses_a_wrong_one() {
    let world = World::new().await;
    let service = world.start();
    world.configure("[validation]\nplafon = 10\n");
    service.signal("HUP");
    service.wait_for("configuration refusée, l’ancienne reste en vigueur : configuration : validation.plafon", 1);
    world.send("ancienne", &mail("ancienne", 20));
    world.settled(1).await;
    assert_eq!(world.last().await, ("integre".to_owned(), vec![]));
    world.configure("[validation]\nplafond = 10\ngravite_c03 = \"rejet\"\n");
    service.signal("HUP");
    service.wait_for("Dispolits est en service", 2);
    world.send("nouvelle", &mail("nouvelle", 20));
    world.settled(2).await;
    assert_eq!(world.last().await, ("rejete".to_owned(), vec!["C03".to_owned()]));
    let (status, log) = service.stop();
    assert_eq!(status.code(), Some(0), "{log}");
    assert!(log.contains("configuration relue"), "{log}");
}

/// Well written, and nothing that a worker could be made of: who is at work stays there.
#[tokio::test]
async fn sighup_leaves_the_worker_at_work_where_the_new_one_cannot_be_prepared() {
    let world = World::new().await;
    let service = world.start();
    let right = fs::read_to_string(world.path("config.toml")).unwrap();
    let absent = world.path("absent.pem").display().to_string();
    let without = |key: &str| {
        let (before, rest) = right.split_once(&format!("{key} = \"")).unwrap();
        format!("{before}{key} = \"{absent}\"{}", rest.split_once('"').unwrap().1)
    };
    let with = |section: &str| format!("{right}\n{section}\n");
    let revocation = |sources: &str| with(&format!("[revocation]\nconnections = [\"ror\"]\n{sources}"));
    let wrong = [
        without("ca"),
        without("certificate"),
        without("key"),
        revocation(""),
        revocation("urls = [\"ldap://crl.test/liste\"]"),
        revocation("urls = [\"pas une adresse\"]"),
        with(&format!("[alerts.webhook]\nurl = \"https://alertes.test/\"\nca = \"{absent}\"")),
    ];
    for (rank, wrong) in (1..).zip(wrong) {
        world.write("config.toml", &wrong);
        service.signal("HUP");
        service.wait_for("configuration refusée, l’ancienne reste en vigueur : ", usize::try_from(rank).unwrap());
        let name = format!("reste-{rank}");
        world.send(&name, &mail(&name, 20));
        world.settled(rank).await;
        assert_eq!(service.log().matches("Dispolits est en service").count(), 1, "{rank}: {}", service.log());
    }
    world.write("config.toml", &right);
    service.signal("HUP");
    service.wait_for("Dispolits est en service", 2);
    assert_eq!(service.stop().0.code(), Some(0));
}

#[tokio::test]
async fn a_second_worker_on_the_same_store_is_refused() {
    let world = World::new().await;
    let service = world.start();
    let ran = world.refused();
    let store = world.path("dispolits.db");
    assert_eq!(ran.code, 2);
    let sentence = format!(
        "erreur : un autre « dispolits run » utilise déjà cette base ({}) ; arrêtez-le d’abord\n",
        store.display()
    );
    assert_eq!(ran.err, sentence);
    assert_eq!(service.stop().0.code(), Some(0));
    assert_eq!(world.start().stop().0.code(), Some(0), "the lock is given back");
}

#[tokio::test]
async fn a_referential_that_is_wrong_at_the_first_start_is_told_whole() {
    let world = World::new().await;
    world.write("services.csv", "finess;code;libelle;nature;etat;cadence\n123;A;;;ouvert;\n350054680;B;;;parfois;\n");
    let ran = world.refused();
    assert_eq!(ran.code, 2);
    assert!(ran.err.starts_with("erreur : referential : référentiel refusé, "), "{}", ran.err);
    for line in ["services.csv", "123", "parfois"] {
        assert!(ran.err.contains(line), "« {line} » is missing in {}", ran.err);
    }
}

#[tokio::test]
async fn the_last_whole_referential_serves_until_its_files_are_right_again() {
    let world = World::new().await;
    let right = fs::read_to_string(world.path("services.csv")).unwrap();
    assert_eq!(world.start().stop().0.code(), Some(0));
    world.write("services.csv", "finess;code\n");
    let service = world.start();
    assert!(service.log().contains("reste en vigueur : référentiel refusé"), "{}", service.log());
    world.send("ancien", &mail("ancien", 20));
    world.settled(1).await;
    assert_eq!(world.last().await.0, "integre");
    world.write("services.csv", &right.replace("350054680;C01-A;", "350054680;C01-AA;"));
    service.wait_for("nouveau référentiel en vigueur", 1);
    world.send("nouveau", &mail("nouveau", 20));
    world.settled(2).await;
    assert_eq!(world.last().await, ("rejete".to_owned(), vec!["S01".to_owned()]));
    assert_eq!(service.stop().0.code(), Some(0));
}

#[tokio::test]
async fn a_kill_in_the_middle_loses_nothing_and_repeats_nothing() {
    const MAILS: i64 = 50;
    let world = World::new().await;
    let store = world.store().await;
    let start = Clock::System.now() - SignedDuration::from_mins(5);
    for rank in 0..MAILS {
        // Every second one is rejected, and so answered; the others come from somebody else, so that
        // none of them has to be told that all is well again.
        let name = format!("coupure-{rank}");
        let observed = start + SignedDuration::from_secs(rank);
        let text = match rank % 2 {
            0 => mail_at(&name, -1, observed),
            _ => mail_at(&name, 20 + rank, observed).replace("lits@", "sih@"),
        };
        world.send(&name, &text);
    }
    for share in [1, 10, 30] {
        let service = world.start();
        until("a part to be settled", async || {
            let balance = store.balance(None).await.unwrap();
            balance.recus - balance.en_cours >= share
        })
        .await;
        service.kill();
    }
    let service = world.start();
    world.settled(MAILS).await;
    until("replies to leave", async || sent(&world) == [MAILS / 2, 0]).await;
    assert_eq!(service.stop().0.code(), Some(0));
    let balance = store.balance(None).await.unwrap();
    assert!(balance.holds());
    // Of two counts for one indicator the newest wins: the others are superseded, and integrated all the same.
    assert_eq!((balance.integres, balance.rejetes, balance.doublons), (MAILS / 2, MAILS / 2, 0));
    assert_eq!(world.journal("balance", &[]).code, 0);
    let held = world.simulator.state();
    assert_eq!(held.iter().map(|capacity| capacity.nombre).collect::<Vec<_>>(), [20 + MAILS - 1]);
    store.close().await;
}

/// How many mails were answered, and how many of them more than once.
fn sent(world: &World) -> [i64; 2] {
    let mut answers: BTreeMap<String, i64> = BTreeMap::new();
    let folder = world.path("reponses/lits@ch-armor.test/new");
    for file in fs::read_dir(folder).into_iter().flatten() {
        let text = fs::read_to_string(file.unwrap().path()).unwrap();
        let answered = text.lines().find(|line| line.starts_with("In-Reply-To:")).unwrap().to_owned();
        *answers.entry(answered).or_default() += 1;
    }
    let repeated = answers.values().filter(|count| **count > 1).count();
    [i64::try_from(answers.len()).unwrap(), i64::try_from(repeated).unwrap()]
}
