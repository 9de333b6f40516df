//! The page of an establishment, read while one calls it.

use domain::access::Role;
use reqwest::StatusCode;

use super::axe;
use super::browser::{Browser, Screen};
use super::desk::Desk;

const ARMOR: &str = "/etablissements/350054680";
/// Closed in the referential.
const CLOSED: &str = "359900032";
/// An entité juridique.
const OWNER: &str = "350054607";

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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_is_reminded_who_has_nothing_to_send() {
    let desk = Desk::with(&["valide-minimal"]).await;
    let browser = Browser::open(Screen::Wide).await;
    for (finess, why) in [(CLOSED, "fermé dans le référentiel"), (OWNER, "relancez ses établissements")] {
        let page = format!("/etablissements/{finess}");
        browser.go(&desk.at(Role::Operateur, &page)).await;
        let told = browser.text("main").await;
        assert!(told.contains("Pas de relance") && told.contains(why), "{told}");
        assert_eq!(browser.count(&format!("a[href='{page}/relance']")).await, 0);
        browser.go(&desk.at(Role::Operateur, &format!("{page}/relance"))).await;
        assert!(browser.text("main").await.contains(why));
        assert_eq!(browser.count("form.action").await, 0);
        let form = desk.http.post(desk.at(Role::Operateur, &format!("{page}/relance"))).body("texte=x&objet=x");
        let sent = form.header("content-type", "application/x-www-form-urlencoded").send().await.unwrap();
        assert_eq!(sent.status(), StatusCode::CONFLICT);
    }
    axe::check(&browser, "no reminder").await;
    desk.close().await;
}
