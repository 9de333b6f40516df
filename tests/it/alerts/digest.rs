//! What people read.

use domain::alerts::{Digest, Event, Incident, IncidentKind, News, Observation, Severity};
use jiff::Timestamp;

fn at(hour: u8) -> Timestamp {
    format!("2026-11-23T{hour:02}:00:00Z").parse().unwrap()
}

fn incident(kind: IncidentKind, object: &str, severity: Severity, sentence: &str) -> Incident {
    Incident::sample(&Observation::new(kind, object, severity, sentence, None), at(6), at(7))
}

fn news(event: Event) -> News {
    let incident =
        incident(IncidentKind::Unswept, "principale", Severity::Grave, "aucune relève complète depuis 12 min");
    News { event, incident }
}

#[test]
fn one_incident_is_told_in_full() {
    let digest = Digest::new(vec![news(Event::Ouverture)], Some("QUALIFICATION"));
    insta::assert_snapshot!("une", format!("{}\n\n{}", digest.subject(), digest.text()));
}

#[test]
fn several_are_told_together_the_gravest_first_and_the_closed_last() {
    let mut closed = news(Event::Cloture);
    closed.incident.clos_a = Some(at(9));
    let silent =
        incident(IncidentKind::SilentService, "350054680/A", Severity::Attention, "le service n’est plus envoyé");
    let opened = News { event: Event::Ouverture, incident: silent };
    let digest = Digest::new(vec![closed, opened, news(Event::Rappel), news(Event::Ouverture)], None);
    insta::assert_snapshot!("plusieurs", format!("{}\n\n{}", digest.subject(), digest.text()));
}

#[test]
fn a_flood_is_counted() {
    let digest = Digest::new(vec![news(Event::Ouverture); 80], None);
    assert!(digest.text().ends_with("… et 30 autres : voyez le tableau de bord.\n"));
    assert_eq!(digest.json()["total"], 80);
    assert_eq!(digest.json()["alertes"].as_array().unwrap().len(), 50);
    assert_eq!(digest.subject(), "[grave] Dispolits : alertes, 80 ouvertes");
}

#[test]
fn programs_read_every_field() {
    let json = Digest::new(vec![news(Event::Ouverture)], None).json();
    insta::assert_snapshot!("json", serde_json::to_string_pretty(&json).unwrap());
}
