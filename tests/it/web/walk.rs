//! Each page as each role: what it shows, what it hides, and nothing that axe finds wrong.

use dispolits::access::Role;

use super::axe;
use super::browser::{Browser, Screen};
use super::desk::Desk;

const ROLES: [Role; 3] = [Role::Lecteur, Role::Operateur, Role::Administrateur];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_page_is_accessible_to_every_role() {
    let desk = Desk::open().await;
    let browser = Browser::open(Screen::Wide).await;
    let mails = ["c01-capacite-negative", "m06-cda-a-cote-d-un-rapport", "valide-service-complet", "r01-lieu-inconnu"];
    let fixed = [
        "/",
        "/?periode=30j",
        "/journal",
        "/journal?rejets=oui&tri=-expediteur",
        "/journal?du=hier",
        "/etablissements",
        "/etablissements/350054680",
        "/etablissements/299900100",
        "/alertes",
        "/verifier",
    ];
    let mut pages = fixed.map(str::to_owned).to_vec();
    pages.extend(mails.map(|case| format!("/courriels/{}", desk.number(case))));
    for role in ROLES {
        for page in &pages {
            browser.go(&desk.at(role, page)).await;
            axe::check(&browser, &format!("{page} ({})", role.in_words())).await;
        }
    }
    desk.close().await;
}
