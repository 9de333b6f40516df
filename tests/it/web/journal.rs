//! The journal as operators read, filter and save it.

use dispolits::access::Role;

use super::browser::{Browser, Screen};
use super::desk::Desk;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_must_act_on_a_warning_is_named_though_nothing_is_to_be_treated() {
    let desk = Desk::with(&["c04-capacites-incoherentes", "valide-minimal"]).await;
    let browser = Browser::open(Screen::Wide).await;
    browser.go(&desk.at(Role::Operateur, "/journal?agir=etablissement")).await;
    assert_eq!(browser.count("tbody tr").await, 1);
    let line = browser.text("tbody tr").await;
    assert!(line.contains("C04 (avert.)") && line.contains("Établissement"), "{line}");
    let to_be_treated = desk.page(Role::Operateur, "/journal?rejets=oui&traite=non").await;
    assert!(to_be_treated.contains("Aucun courriel ne répond à ces critères."));
    desk.close().await;
}
