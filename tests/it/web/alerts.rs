//! The alerts as operators read them.

use dispolits::access::Role;
use dispolits::alerts::{Change, Kind, Observation, Severity};
use dispolits::clock::Clock;

use super::axe;
use super::browser::{Browser, Screen};
use super::desk::Desk;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_open_alert_says_when_it_will_close() {
    let desk = Desk::with(&["c01-capacite-negative"]).await;
    let now = Clock::System.now();
    let seen = |kind, object| Observation::new(kind, object, Severity::Attention, "une phrase", Some(now));
    let open = [seen(Kind::Rejections, "tous"), seen(Kind::Undelivered, "courriel 1")];
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
