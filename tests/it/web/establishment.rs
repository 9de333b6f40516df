//! The page of an establishment, read while one calls it.

use dispolits::access::Role;

use super::browser::{Browser, Screen};
use super::desk::Desk;

const ARMOR: &str = "/etablissements/350054680";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_only_tried_is_not_told_on_the_phone() {
    let desk = Desk::with(&["test-partiel"]).await;
    let browser = Browser::open(Screen::Wide).await;
    browser.go(&desk.at(Role::Operateur, ARMOR)).await;
    let told = browser.text(".resume").await;
    assert!(told.contains("Seuls des essais (mode test) ont été rejetés") && !told.contains("C01"), "{told}");
    let history = browser.text("section[aria-labelledby=rejets] tbody tr").await;
    assert!(history.contains("C01") && history.contains("essai"), "{history}");
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_last_rejection_told_is_that_of_a_real_report() {
    let desk = Desk::with(&["c01-capacite-negative", "test-partiel"]).await;
    let page = desk.page(Role::Operateur, ARMOR).await;
    let told = page.split("id=\"services\"").next().unwrap();
    let real = format!("/courriels/{}\"", desk.number("c01-capacite-negative"));
    assert!(told.contains(&real), "{told}");
    assert!(!told.contains(&format!("/courriels/{}\"", desk.number("test-partiel"))), "{told}");
    desk.close().await;
}
