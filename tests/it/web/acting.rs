//! What operators do in a browser, and what others may not.

use domain::access::Role;
use domain::access::audit::Deed;
use reqwest::StatusCode;
use store::{AuditFilter, MailId};

use super::axe;
use super::browser::{Browser, Screen};
use super::desk::Desk;
use crate::served::until;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mail_is_replayed_once_the_referential_is_mended() {
    let desk = Desk::with(&["s01-service-inconnu"]).await;
    let browser = Browser::open(Screen::Wide).await;
    let mail = format!("/courriels/{}", desk.number("s01-service-inconnu"));
    browser.go(&desk.at(Role::Operateur, &mail)).await;
    browser.click(&format!("a[href='{mail}/rejouer']")).await;
    browser.arrive("/rejouer").await;
    assert!(browser.text("main").await.contains("rien ne changerait"));

    desk.add_service("350054680;S01-PR0CHE;UHCD;;ouvert;");
    browser.go(&desk.at(Role::Operateur, &format!("{mail}/rejouer"))).await;
    let proposed = browser.text("main").await;
    assert!(proposed.contains("Lignes reprises") && proposed.contains("S01-PR0CHE"), "{proposed}");
    axe::check(&browser, "rejouer").await;
    browser.fill("#note", "référentiel complété").await;
    browser.click("form.action button").await;
    until("the mail is judged again", async || {
        let id = MailId::of(desk.number("s01-service-inconnu"));
        desk.sandbox.store.is_settled(id).await.unwrap() && !desk.sandbox.store.replays(id).await.unwrap().is_empty()
    })
    .await;
    browser.go(&desk.at(Role::Operateur, &mail)).await;
    let life = browser.text(".chronologie").await;
    assert!(life.contains("rejoué : 2 lignes reprises") && life.contains("statut 404"), "{life}");
    let filter = AuditFilter { deed: Some(Deed::Rejouer.word().to_owned()), ..AuditFilter::default() };
    let [record] = desk.sandbox.store.audit(&filter, 10).await.unwrap().try_into().unwrap();
    assert_eq!(record.note, "référentiel complété");
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mail_is_marked_as_handled() {
    let desk = Desk::with(&["c01-capacite-negative"]).await;
    let browser = Browser::open(Screen::Phone).await;
    let mail = format!("/courriels/{}", desk.number("c01-capacite-negative"));
    browser.go(&desk.at(Role::Operateur, &format!("{mail}/traite"))).await;
    browser.fill("#note", "vu avec <b>le</b> service").await;
    browser.click("form.action button").await;
    until("the note is kept", async || {
        let id = MailId::of(desk.number("c01-capacite-negative"));
        desk.sandbox.store.handled(id).await.unwrap().is_some()
    })
    .await;
    browser.go(&desk.at(Role::Lecteur, &mail)).await;
    let name = Role::Operateur.in_words();
    let told = browser.text("main").await;
    assert!(told.contains("vu avec <b>le</b> service") && told.contains(&format!("par {name}")), "{told}");
    browser.go(&desk.at(Role::Administrateur, &format!("/audit?qui={name}"))).await;
    let line = browser.text("tbody tr").await;
    assert!(line.contains(&format!("{name} (compte local)")) && !line.contains("local:"), "{line}");
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_may_not_act_does_not() {
    let desk = Desk::with(&["c01-capacite-negative"]).await;
    let browser = Browser::open(Screen::Wide).await;
    let mail = format!("/courriels/{}", desk.number("c01-capacite-negative"));
    let of_mail = ["rejouer", "reponse", "traite", "essayer"].map(|deed| format!("{mail}/{deed}"));
    let others = ["/causes/C01/rejouer", "/etablissements/350054680/silence", "/etablissements/350054680/relance"];
    for path in of_mail.into_iter().chain(others.map(str::to_owned)) {
        assert_eq!(desk.get(Role::Lecteur, &path).await.status(), StatusCode::FORBIDDEN, "{path}");
        let form = "note=x&empreinte=x&texte=x&objet=x&jusqu_au=2099-01-01";
        let request = desk.http.post(desk.at(Role::Lecteur, &path)).body(form);
        let posted = request.header("content-type", "application/x-www-form-urlencoded").send().await.unwrap();
        assert!(posted.status().is_client_error(), "{path}: {}", posted.status());
        browser.go(&desk.at(Role::Operateur, &path)).await;
        axe::check(&browser, &path).await;
    }
    let deeds = desk.sandbox.store.audit(&AuditFilter::default(), 10).await.unwrap();
    assert!(deeds.iter().all(|deed| deed.acte == "compte-cree"), "nothing was done but the accounts: {deeds:?}");
    desk.close().await;
}
