//! A disk that is nearly full: that of the file, or of the service where the database is on a server.

use domain::alerts::IncidentKind;

use super::stage::Stage;
use crate::store::engine::{Engine, on_both_engines};

async fn a_disk_that_is_nearly_full(engine: Engine) {
    let mut stage = Stage::new(engine).await;
    let object = stage.path("").display().to_string().trim_end_matches('/').to_owned();
    let mut full = stage.config.clone();
    full.alerts.disk_percent = 100;
    full.alerts.open_after = base::config_values::Span::seconds(0);
    let tight = stage.alarm_of(&stage.bench.shift, &full, &stage.pulse);
    let roomy = std::mem::replace(&mut stage.alarm, tight);
    stage.minutes(1).await;
    let [incident] = stage.open(IncidentKind::Disk).await.try_into().unwrap();
    assert_eq!(incident.objet, object);
    assert!(incident.phrase.starts_with("il reste "), "{}", incident.phrase);
    stage.alarm = roomy;
    stage.minutes(12).await;
    assert_eq!(stage.open(IncidentKind::Disk).await, []);
}

#[tokio::test]
async fn with_a_server_the_disk_of_the_service_is_watched() {
    let mut stage = Stage::new(Engine::Sqlite).await;
    let mut full = stage.config.clone();
    full.alerts.disk_percent = 100;
    full.alerts.open_after = base::config_values::Span::seconds(0);
    full.store = store::StoreSettings::at("postgres://lits@base.test/lits");
    stage.alarm = stage.alarm_of(&stage.bench.shift, &full, &stage.pulse);
    stage.minutes(1).await;
    let [incident] = stage.open(IncidentKind::Disk).await.try_into().unwrap();
    assert_eq!(incident.objet, std::env::current_dir().unwrap().display().to_string());
}

on_both_engines!(a_disk_that_is_nearly_full);
