//! The journal as operators read, filter and save it.

use domain::access::Role;
use reqwest::StatusCode;
use store::MailId;

use super::axe;
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_time_that_ends_before_it_begins_is_told_in_the_form() {
    let desk = Desk::with(&["valide-minimal"]).await;
    let browser = Browser::open(Screen::Phone).await;
    browser.go(&desk.at(Role::Lecteur, "/journal?du=2026-11-24&au=2026-11-23")).await;
    assert!(browser.text(".filtres .erreur").await.contains("« Reçus à partir du » doit précéder"));
    assert_eq!(browser.count("#du[value='2026-11-24']").await, 1, "what was asked can be mended");
    axe::check(&browser, "a time that ends before it begins").await;
    let export = desk.get(Role::Lecteur, "/journal.csv?du=2026-11-24&au=2026-11-23").await;
    assert_eq!(export.status(), StatusCode::BAD_REQUEST);
    let machine = desk.get(Role::Lecteur, "/api/v1/courriels?du=2026-11-24&au=2026-11-23").await;
    assert_eq!(machine.status(), StatusCode::OK);
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_establishment_is_found_by_its_number_as_people_write_it() {
    let desk = Desk::with(&["valide-corse-du-sud", "valide-minimal"]).await;
    let finess = desk.sandbox.store.journal_entry(MailId::of(desk.number("valide-corse-du-sud"))).await.unwrap();
    let finess = finess.unwrap().lieux[0].finess.to_lowercase();
    let (start, end) = finess.split_at(5);
    let browser = Browser::open(Screen::Wide).await;
    browser.go(&desk.at(Role::Lecteur, "/journal")).await;
    browser.click("details summary").await;
    browser.fill("#finess", &format!(" {start} {end}.")).await;
    browser.click(".filtres button").await;
    browser.arrive("finess=").await;
    assert_eq!(browser.count("tbody tr").await, 1);
    assert!(browser.text("tbody tr").await.contains(&finess.to_uppercase()));
    desk.close().await;
}
