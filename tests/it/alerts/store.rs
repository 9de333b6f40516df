//! Incidents in the store: opened once whoever opens them, told of in the same transaction.

use base::config_values::Span;
use domain::alerts::{Change, Event, IncidentKind, Observation, Severity};
use store::{StoreError, Way};

use crate::store::bench::{Bench, worker};
use crate::store::engine::{Engine, on_both_engines};

fn seen(severity: Severity) -> Observation {
    Observation::new(IncidentKind::RorDown, "ROR", severity, "le ROR ne répond pas", None)
}

fn opening(bench: &Bench) -> Change {
    Change::Open { observation: seen(Severity::Attention), since: bench.after(-300) }
}

async fn an_incident_has_one_life(engine: Engine) {
    let bench = Bench::new(engine).await;
    let duty = bench.shift.take_alerts().await.unwrap().unwrap();
    let change = async |change: Change| {
        bench.store.change_incidents(Some(&duty), &[change], &Way::ALL, bench.now()).await.unwrap();
    };
    change(opening(&bench)).await;
    change(opening(&bench)).await;
    let [incident] = bench.store.open_incidents().await.unwrap().try_into().unwrap();
    assert_eq!((incident.kind, incident.objet.as_str(), incident.numero), (IncidentKind::RorDown, "ROR", 1));
    assert_eq!((incident.depuis, incident.ouvert_a, incident.clos_a), (bench.after(-300), bench.now(), None));
    assert_eq!(bench.store.open_incidents_by_kind().await.unwrap(), [("ror-indisponible".to_owned(), 1)]);
    bench.advance(60);
    change(Change::Seen { numero: 1, observation: seen(Severity::Attention) }).await;
    change(Change::Worsen { numero: 1, observation: seen(Severity::Grave) }).await;
    let [incident] = bench.store.open_incidents().await.unwrap().try_into().unwrap();
    assert_eq!((incident.gravite, incident.vu_a, incident.rappele_a), (Severity::Grave, bench.now(), bench.now()));
    for _ in 0..2 {
        change(Change::Close { numero: 1 }).await;
    }
    change(Change::Seen { numero: 1, observation: seen(Severity::Grave) }).await;
    assert_eq!(bench.store.open_incidents().await.unwrap(), []);
    change(opening(&bench)).await;
    let [second, first] = bench.store.incidents(None, 10).await.unwrap().try_into().unwrap();
    assert!(second.is_open() && !first.is_open(), "open anew, the old one stays closed");
    assert_eq!(bench.store.incidents(Some(second.numero), 10).await.unwrap(), [first]);
    let told: Vec<(String, Way)> =
        bench.store.alerts_of(1).await.unwrap().into_iter().map(|one| (one.evenement, one.voie)).collect();
    let events = ["ouverture", "aggravation", "cloture"];
    let expected: Vec<(String, Way)> =
        events.iter().flat_map(|event| Way::ALL.map(|way| ((*event).to_owned(), way))).collect();
    assert_eq!(told, expected);
}

async fn what_is_to_be_told_leaves_together_once_it_has_waited(engine: Engine) {
    let bench = Bench::new(engine).await;
    let duty = bench.shift.take_alerts().await.unwrap().unwrap();
    let open = async |object: &str| {
        let observation = Observation::new(IncidentKind::Unswept, object, Severity::Grave, "rien", None);
        let change = Change::Open { observation, since: bench.now() };
        bench.store.change_incidents(Some(&duty), &[change], &Way::ALL, bench.now()).await.unwrap();
    };
    open("une").await;
    bench.advance(30);
    open("deux").await;
    let due = async |way| bench.store.alerts_due(way, Span::seconds(60), bench.now()).await.unwrap();
    assert_eq!(due(Way::Courriel).await, None, "the oldest waits for others");
    bench.advance(30);
    let mail = due(Way::Courriel).await.unwrap();
    assert_eq!(mail.news.iter().map(|one| one.incident.objet.as_str()).collect::<Vec<_>>(), ["une", "deux"]);
    assert!(mail.news.iter().all(|one| one.event == Event::Ouverture));
    bench.store.alerts_sent(&duty, &mail.ids, "a***@r***.test", bench.now()).await.unwrap();
    assert_eq!(due(Way::Courriel).await, None);
    let call = due(Way::Webhook).await.unwrap();
    bench.store.alerts_failed(&duty, &call.ids, "HTTP 500", Some(bench.after(60)), bench.now()).await.unwrap();
    assert_eq!(due(Way::Webhook).await, None, "later");
    bench.advance(60);
    let again = due(Way::Webhook).await.unwrap();
    assert_eq!((again.ids.clone(), again.attempts), (call.ids, 1));
    bench.store.alerts_failed(&duty, &again.ids, "HTTP 500", None, bench.now()).await.unwrap();
    assert_eq!(due(Way::Webhook).await, None, "given up");
    let told = bench.store.alerts_of(1).await.unwrap();
    let states: Vec<(&str, Option<&str>, Option<&str>)> =
        told.iter().map(|one| (one.etat.as_str(), one.destinataires.as_deref(), one.echec.as_deref())).collect();
    assert_eq!(states, [("envoyee", Some("a***@r***.test"), None), ("abandonnee", None, Some("HTTP 500"))]);
}

async fn two_workers_open_one_incident_and_one_of_them_tells(engine: Engine) {
    if engine == Engine::Sqlite {
        // One worker at a time opens a file: the second of a story is the first, restarted.
        return;
    }
    let bench = Bench::new(engine).await;
    let (one, other) = (bench.shift.clone(), worker(&bench.store, "autre").await);
    let duty = one.take_alerts().await.unwrap().unwrap();
    assert_eq!(other.take_alerts().await.unwrap(), None);
    let changes = [opening(&bench)];
    let (first, second) = tokio::join!(
        bench.store.change_incidents(Some(&duty), &changes, &Way::ALL, bench.now()),
        bench.store.change_incidents(None, &changes, &Way::ALL, bench.now()),
    );
    first.unwrap();
    second.unwrap();
    assert_eq!(bench.store.open_incidents().await.unwrap().len(), 1);
    assert_eq!(bench.number("SELECT COUNT(*) FROM alerts").await, 2, "each way once");
    one.leave(&duty).await.unwrap();
    let taken = other.take_alerts().await.unwrap();
    assert!(taken.is_some());
    let late = bench.store.alerts_sent(&duty, &[1], "personne", bench.now()).await;
    assert!(matches!(late, Err(StoreError::Lapsed)), "{late:?}");
}

async fn closed_incidents_are_forgotten_with_what_was_told(engine: Engine) {
    let bench = Bench::new(engine).await;
    let duty = bench.shift.take_alerts().await.unwrap().unwrap();
    let changes = [opening(&bench), Change::Close { numero: 1 }];
    bench.store.change_incidents(Some(&duty), &changes, &Way::ALL, bench.now()).await.unwrap();
    bench.store.change_incidents(Some(&duty), &[opening(&bench)], &Way::ALL, bench.now()).await.unwrap();
    assert_eq!(bench.store.purge_incidents(bench.now()).await.unwrap(), 0);
    assert_eq!(bench.store.purge_incidents(bench.after(1)).await.unwrap(), 1);
    assert_eq!(bench.store.incidents(None, 10).await.unwrap().len(), 1, "an open one stays");
    assert_eq!(bench.number("SELECT COUNT(*) FROM alerts").await, 2);
}

on_both_engines! {
    an_incident_has_one_life,
    what_is_to_be_told_leaves_together_once_it_has_waited,
    two_workers_open_one_incident_and_one_of_them_tells,
    closed_incidents_are_forgotten_with_what_was_told,
}
