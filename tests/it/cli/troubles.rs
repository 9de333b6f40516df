//! The service when others fail: the ROR, the hospital's mailbox, a mail that cannot be read, another robot.

use std::time::Duration;

use base::clock::Clock;
use campaign::simulator::{Effect, IndicatorKey, SimulatedFault};
use jiff::SignedDuration;
use reading::message;
use store::{ReadingMark, Received, WorkerLease};

use super::service::{World, mail, mail_at, until};
use crate::faults::table;

const PLACE: &str = "1350054680/C01-A";
const HOSPITAL: &str = "lits@ch-armor.test";

/// What the ROR holds of a location.
fn held(world: &World, place: &str) -> Vec<i64> {
    world.simulator.state().iter().filter(|one| one.identifiant == place).map(|one| one.nombre).collect()
}

fn fault(effect: Effect, place: &str, fois: u32) -> SimulatedFault {
    SimulatedFault { effect, identifiant: Some(place.to_owned()), indicateur: None, apres: 0, fois }
}

fn refusal(statut: u16, code: &str, texte: Option<&str>) -> Effect {
    let (codes, texte) = (vec![code.to_owned()], texte.map(str::to_owned));
    Effect::Refus { statut, codes, texte, expression: None, retry_after: None }
}

/// The counts that the ROR was asked to write, in order.
fn writes(world: &World) -> Vec<i64> {
    world.simulator.requests().iter().filter_map(|one| one.nombre).collect()
}

/// The readable part of a reply, on one line.
fn text(reply: &str) -> String {
    message::text_of(reply.as_bytes()).split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A mail of several services, each with one count.
fn report(identifiant: &str, counts: &[(&str, &str, i64)]) -> String {
    let now = Clock::System.now();
    let service = |(service, statut, nombre): &(&str, &str, i64)| {
        let count = format!("<capacite statut=\"{statut}\" nombre=\"{nombre}\"/>");
        format!("<service code=\"{service}\" dateReleve=\"{now}\">{count}</service>")
    };
    let services: Vec<String> = counts.iter().map(service).collect();
    let whole = mail_at(identifiant, 0, now);
    let (head, _) = whole.split_once("<service").unwrap();
    format!("{head}{}</etablissement></disponibilites>\r\n", services.concat())
}

#[tokio::test]
async fn a_ror_that_fails_rejects_nothing_and_fills_no_inbox() {
    let world = World::new().await;
    let service = world.start();
    let failures = [
        ("503 avec Retry-After", Effect::Statut { statut: 503, retry_after: Some("1".to_owned()) }),
        ("500 pour un seul indicateur", Effect::Statut { statut: 500, retry_after: None }),
        ("403 d’une passerelle", Effect::Passerelle { statut: 403 }),
        ("404 d’une passerelle", Effect::Passerelle { statut: 404 }),
        ("400 sans OperationOutcome", Effect::Statut { statut: 400, retry_after: None }),
        ("connexion coupée pour un seul indicateur", Effect::CoupureAvant),
        ("200 qui n’est pas du FHIR", Effect::Charabia),
        ("409 `conflict`", refusal(409, "conflict", None)),
        ("423 `lock-error`", refusal(423, "lock-error", None)),
        ("400 `transient`", refusal(400, "transient", None)),
        ("422 `processing`", refusal(422, "processing", None)),
        ("405 `not-supported`", refusal(405, "not-supported", None)),
        ("404, type de ressource inconnu", refusal(404, "not-found", Some("Unknown resource type 'Location'"))),
    ];
    let (told, mut rows) = ("envois au ROR suspendus", Vec::new());
    for (rank, (name, effect)) in (1..).zip(failures) {
        let earlier = service.log().matches(told).count();
        assert!(world.simulator.inject(fault(effect.clone(), PLACE, 1000)));
        world.send(&format!("panne-{rank}"), &mail(&format!("panne-{rank}"), rank));
        until("the mail to leave the inbox", async || world.lying_in(".Traites") == usize::try_from(rank).unwrap())
            .await;
        let before = world.simulator.requests().len();
        until("a new try", async || world.simulator.requests().len() > before + 1).await;
        assert_eq!(world.last().await, ("en-cours".to_owned(), vec![]), "{effect:?}");
        world.simulator.clear_faults();
        world.settled(rank).await;
        assert_eq!(world.last().await, ("integre".to_owned(), vec![]), "{effect:?}");
        assert_eq!(held(&world, PLACE), [rank], "{effect:?}");
        let is_told = service.log().matches(told).count() > earlier;
        rows.push([name.to_owned(), if is_told { format!("`{told}`") } else { "rien".to_owned() }, "0".to_owned()]);
    }
    table::check("reponses", ["ce que répond le ROR", "ce que dit la trace", "perdus"], &rows);
    assert_eq!(world.lying_in(""), 0);
    assert_eq!(world.replies_to(HOSPITAL), Vec::<String>::new());
    assert_eq!(service.stop().0.code(), Some(0));
}

#[tokio::test]
async fn an_outage_is_told_once_and_its_end_once() {
    let mut world = World::new().await;
    // A row counts once, however often it fails.
    world.change("breaker_pause", "breaker_failures = 1\nbreaker_pause");
    let service = world.start();
    assert!(world.simulator.inject(fault(Effect::Statut { statut: 503, retry_after: None }, PLACE, 1000)));
    world.send("panne", &mail("panne", 7));
    until("several tries", async || world.simulator.requests().len() > 8).await;
    world.simulator.clear_faults();
    world.settled(1).await;
    let (_, log) = service.stop();
    assert_eq!(log.matches("envois au ROR suspendus : ").count(), 1, "{log}");
    assert_eq!(log.matches("le ROR répond de nouveau").count(), 1, "{log}");
}

#[tokio::test]
async fn an_indicator_that_fails_for_ever_does_not_starve_its_location() {
    let world = World::new().await;
    let service = world.start();
    let installed = Some(IndicatorKey { statut: Some("01".to_owned()), ..IndicatorKey::default() });
    let ill = Effect::Statut { statut: 500, retry_after: None };
    assert!(world.simulator.inject(SimulatedFault { indicateur: installed, ..fault(ill, PLACE, 100_000) }));
    let sound = "nombre=\"9\"/><capacite statut=\"occupe\" nombre=\"4\"/>";
    world.send("malade", &mail("malade", 9).replace("nombre=\"9\"/>", sound));
    until("the sound count to be held", async || held(&world, PLACE) == [4]).await;
    world.send("apres", &mail("apres", 9).replace("nombre=\"9\"/>", &sound.replace('4', "5")));
    until("the next one", async || held(&world, PLACE) == [5]).await;
    world.simulator.clear_faults();
    world.settled(2).await;
    assert_eq!(held(&world, PLACE), [9, 5]);
    let (status, log) = service.stop();
    assert_eq!(status.code(), Some(0));
    assert!(!log.contains("envois au ROR suspendus"), "{log}");
    assert_eq!(world.replies_to(HOSPITAL), Vec::<String>::new());
}

#[tokio::test]
async fn one_message_id_over_two_contents_is_two_mails() {
    let world = World::new().await;
    let service = world.start();
    for (rank, name, nombre) in [(1, "premier", 7), (2, "second", 8)] {
        world.send(name, &mail(name, nombre).replace(&format!("<{name}@"), "<toujours@"));
        world.settled(rank).await;
        assert_eq!(world.last().await, ("integre".to_owned(), vec![]));
        assert_eq!(held(&world, PLACE), [nombre]);
    }
    assert_eq!(service.stop().0.code(), Some(0));
}

#[tokio::test]
async fn a_mail_that_waited_for_years_is_read_like_any_other() {
    let world = World::new().await;
    world.send("oublie", &mail("oublie", 7));
    let old = std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_600_000_000);
    for file in world.path("boite/new").read_dir().unwrap() {
        std::fs::File::options().write(true).open(file.unwrap().path()).unwrap().set_modified(old).unwrap();
    }
    let service = world.start();
    world.settled(1).await;
    assert_eq!(world.last().await, ("integre".to_owned(), vec![]));
    assert_eq!(service.stop().0.code(), Some(0));
}

/// A request is not answered, and applied only after the newer count that came meanwhile.
async fn check_late_request(with_a_crash: bool) {
    let mut world = World::new().await;
    world.change("settle = \"1s\"", "settle = \"6s\"");
    world.change(
        "genre_indifferencie",
        if with_a_crash { "genre_indifferencie" } else { "timeout = \"1s\"\ngenre_indifferencie" },
    );
    let mut service = world.start();
    let start = Clock::System.now() - SignedDuration::from_mins(5);
    let observed = |second: i64| start + SignedDuration::from_secs(second);
    assert!(world.simulator.inject(fault(Effect::Tardif { ms: None }, PLACE, 1)));
    world.send("ancien", &mail_at("ancien", 10, observed(1)));
    until("the request that is not answered", async || !writes(&world).is_empty()).await;
    if with_a_crash {
        service.kill();
        service = world.start();
        assert!(service.log().contains("à refaire : envois 1"), "{}", service.log());
    }
    world.send("nouveau", &mail_at("nouveau", 11, observed(2)));
    until("the newer count to be held", async || held(&world, PLACE) == [11]).await;
    world.simulator.release().await;
    assert_eq!(held(&world, PLACE), [10], "the late request came to nothing: this test proves nothing");
    until("the newer count to be held again", async || held(&world, PLACE) == [11]).await;
    world.settled(2).await;
    assert_eq!(service.stop().0.code(), Some(0));
}

#[tokio::test]
async fn a_request_applied_after_a_newer_count_does_not_last() {
    check_late_request(false).await;
}

#[tokio::test]
async fn a_request_that_a_crash_left_behind_does_not_last_either() {
    check_late_request(true).await;
}

#[tokio::test]
async fn a_slow_location_holds_no_other() {
    let world = World::new().await;
    let service = world.start();
    assert!(world.simulator.inject(fault(Effect::Lent { ms: 15_000 }, PLACE, 1)));
    world.send("lent", &mail("lent", 1));
    let asked = |place: &str| world.simulator.requests().iter().any(|one| one.identifiant.as_deref() == Some(place));
    until("the slow request", async || asked(PLACE)).await;
    world.send("vif", &report("vif", &[("C02-A", "installe", 2)]));
    until("the other location to be served", async || held(&world, "1350054680/C02-A") == [2]).await;
    assert_eq!(held(&world, PLACE), Vec::<i64>::new(), "served after the slow one");
    assert_eq!(service.stop().0.code(), Some(0));
}

#[tokio::test]
async fn known_rejections_are_told_at_the_deadline_and_completed_once() {
    let world = World::new().await;
    world.configure("deadline = \"1s\"\n");
    let service = world.start();
    assert!(world.simulator.inject(fault(Effect::Statut { statut: 503, retry_after: None }, "1350054680/R01-A", 1000)));
    world.send("tardif", &report("tardif", &[("C01-A", "installe", -1), ("R01-A", "installe", 2)]));
    until("the first reply", async || world.replies_to(HOSPITAL).len() == 1).await;
    let first = text(&world.replies_to(HOSPITAL)[0]);
    assert!(first.contains("en cours de traitement") && first.contains("C01") && !first.contains("R01 "), "{first}");
    world.simulator.clear_faults();
    world.settled(1).await;
    until("the complement", async || world.replies_to(HOSPITAL).len() == 2).await;
    let second = text(&world.replies_to(HOSPITAL)[1]);
    assert!(second.contains("Complément") && second.contains("R01"), "{second}");
    world.send("autre", &mail("autre", 3));
    world.settled(2).await;
    assert_eq!(service.stop().0.code(), Some(0));
    let told = world.replies_to(HOSPITAL).iter().filter(|reply| reply.contains("In-Reply-To: <tardif@")).count();
    assert_eq!(told, 2, "one reply and one complement");
}

#[tokio::test]
async fn our_own_replies_and_what_comes_back_for_them_are_never_answered() {
    let world = World::new().await;
    let service = world.start();
    world.send("rejet", &mail("rejet", -1));
    until("the reply", async || world.replies_to(HOSPITAL).len() == 1).await;
    let reply = world.replies_to(HOSPITAL).remove(0);
    // It comes back as it is, as if another robot had written it, and as a notice of non-delivery.
    let id = reply.lines().find_map(|line| line.strip_prefix("Message-ID: ")).unwrap();
    let echoes = [
        reply.clone(),
        reply.replacen("dispolits@eai.test", HOSPITAL, 1),
        format!(
            "Return-Path: <>\r\nFrom: MAILER-DAEMON@eai.test\r\nTo: dispolits@eai.test\r\nSubject: Undelivered\r\n\
             MIME-Version: 1.0\r\nContent-Type: multipart/report; boundary=b; report-type=delivery-status\r\n\r\n\
             --b\r\n\r\nLost.\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.test\r\n\r\n\
             Final-Recipient: rfc822; {HOSPITAL}\r\nAction: failed\r\nStatus: 5.1.1\r\n\
             --b\r\nContent-Type: message/rfc822\r\n\r\nMessage-ID: {id}\r\n\r\n{reply}\r\n--b--\r\n"
        ),
    ];
    for (rank, echo) in (2..).zip(&echoes) {
        world.send(&format!("echo-{rank}"), echo);
        world.settled(rank).await;
    }
    // A reply written meanwhile would leave before this one.
    world.send("second", &mail("second", -2));
    until("the next reply", async || world.replies_to(HOSPITAL).len() > 1).await;
    assert_eq!(world.replies_to(HOSPITAL).len(), 2);
    assert_eq!(world.replies_to("dispolits@eai.test").len() + world.replies_to("MAILER-DAEMON@eai.test").len(), 0);
    let shown = world.journal("show", &["1"]).out;
    assert!(shown.contains("réponse non remise"), "{shown}");
    let listed = world.journal("list", &["--code", "C01"]).out;
    assert!(listed.lines().any(|line| line.starts_with('1') && line.ends_with("non remise")), "{listed}");
    assert_eq!(service.stop().0.code(), Some(0));
}

#[tokio::test]
async fn a_mail_whose_reading_ends_the_process_is_put_aside_and_blocks_no_other() {
    let world = World::new().await;
    let text = mail("funeste", 1);
    world.send("funeste", &text);
    let position = std::fs::read_dir(world.path("boite/new")).unwrap().next().unwrap().unwrap().file_name();
    let position = position.into_string().unwrap();
    let account = format!("maildir:{}", world.path("boite").display());
    let store = world.store().await;
    let received = Received {
        account: &account,
        position: &position,
        raw: text.as_bytes(),
        size: text.len() as u64,
        headers_only: false,
    };
    let gone = WorkerLease::new(store.clone(), "essai", Duration::from_secs(30));
    gone.begin().await.unwrap();
    let duty = gone.take_mailbox(&account).await.unwrap().unwrap();
    store.receive(&duty, &[received], Clock::System.now()).await.unwrap();
    let funeste = store.to_judge(&account, 1).await.unwrap()[0].id;
    for how in [ReadingMark::Together].into_iter().chain([ReadingMark::Alone; 5]) {
        store.begin_reading(&duty, &[funeste], how).await.unwrap();
        assert_eq!(store.recover_readings(&duty, &account).await.unwrap(), 1, "as at the start after a crash");
    }
    store.close().await;
    let service = world.start();
    world.send("suivant", &mail("suivant", 7));
    world.settled(2).await;
    until("both to be filed", async || world.lying_in("") == 0).await;
    assert_eq!((world.lying_in(".Quarantaine"), world.lying_in(".Traites")), (1, 1));
    assert_eq!(held(&world, PLACE), [7]);
    assert_eq!(world.replies_to(HOSPITAL), Vec::<String>::new());
    let (status, log) = service.stop();
    assert_eq!(status.code(), Some(0));
    assert!(log.contains("courriel mis en quarantaine"), "{log}");
}

#[tokio::test]
async fn the_contact_of_the_senders_only_establishment_hears_of_every_rejection() {
    let world = World::new().await;
    let service = world.start();
    let contact = "direction-des-soins@ch-armor.test";
    for (rank, finess) in (1..).zip(["350054680", "350054681", "359900016", "350054607"]) {
        let name = format!("rejet-{rank}");
        world.send(&name, &mail(&name, -1).replace("finess=\"350054680\"", &format!("finess=\"{finess}\"")));
        until("the copy", async || world.replies_to(contact).len() >= rank).await;
    }
    assert_eq!(service.stop().0.code(), Some(0));
}
