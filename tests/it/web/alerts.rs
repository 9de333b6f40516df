//! The alerts as operators read them.

use base::clock::Clock;
use domain::access::Role;
use domain::alerts::{Change, IncidentKind, Observation, Severity};

use super::axe;
use super::browser::{Browser, Screen};
use super::desk::Desk;
use crate::sign_in::site::Site;
use crate::store::engine::{Engine, on_both_engines};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_open_alert_says_when_it_will_close() {
    let desk = Desk::with(&["c01-capacite-negative"]).await;
    let now = Clock::System.now();
    let seen = |kind, object| Observation::new(kind, object, Severity::Attention, "une phrase", Some(now));
    let open = [seen(IncidentKind::Rejections, "tous"), seen(IncidentKind::Undelivered, "courriel 1")];
    let changes = open.map(|observation| Change::Open { observation, since: now });
    desk.sandbox.store.change_incidents(None, &changes, &[], now).await.unwrap();
    for screen in [Screen::Wide, Screen::Phone] {
        let browser = Browser::open(screen).await;
        browser.go(&desk.at(Role::Lecteur, "/alertes")).await;
        let told = browser.text("main").await;
        for expected in [
            "ne se ferme pas à la main",
            "marquer des courriels comme traités n’y change rien",
            "après que le courriel est marqué comme traité",
        ] {
            assert!(told.contains(expected), "{expected} in {told}");
        }
        axe::check(&browser, "/alertes").await;
    }
    desk.close().await;
}

async fn the_disk_that_nobody_watches_is_told(engine: Engine) {
    let site = Site::new(engine, "").await;
    site.account("anne", Role::Lecteur).await;
    let page = site.signed_in("anne").await.get("/alertes").await.text;
    let is_told = page.contains("Le disque du serveur PostgreSQL n’est pas surveillé");
    assert_eq!(is_told, engine == Engine::Postgres, "{page}");
}

on_both_engines!(the_disk_that_nobody_watches_is_told);
