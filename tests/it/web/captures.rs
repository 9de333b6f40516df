//! Pictures of the pages, for the README and for whoever mends them.

use std::fs;
use std::path::PathBuf;

use domain::access::Role;

use super::browser::{Browser, Screen};
use super::desk::Desk;

/// Where the pictures go, if they are wanted: see tests/screenshots.
const FOLDER: &str = "DISPOLITS_CAPTURES";
/// A README is read on slow lines too.
const LARGEST: usize = 150_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_pages_are_pictured() {
    let desk = Desk::open().await;
    let pages = [
        ("tableau-de-bord", "/".to_owned(), 950),
        ("journal", "/journal?rejets=oui".to_owned(), 640),
        ("etablissement", "/etablissements/350054680".to_owned(), 900),
        ("verifier", "/verifier".to_owned(), 400),
        ("courriel", format!("/courriels/{}", desk.number("c01-capacite-negative")), 950),
    ];
    let mut large = Vec::new();
    for (screen, suffix) in [(Screen::Wide, "large"), (Screen::Phone, "telephone")] {
        let browser = Browser::open(screen).await;
        for (name, page, tall) in &pages {
            let tallest = if screen == Screen::Phone { 1200 } else { *tall };
            browser.go(&desk.at(Role::Operateur, page)).await;
            let picture = browser.picture(screen, tallest).await;
            keep(&format!("{name}-{suffix}.png"), &picture);
            large.extend((picture.len() >= LARGEST).then(|| format!("{name}-{suffix}: {} bytes", picture.len())));
        }
    }
    desk.close().await;
    assert!(large.is_empty(), "{large:?}");
}

fn keep(name: &str, picture: &[u8]) {
    if let Some(folder) = std::env::var_os(FOLDER).map(PathBuf::from) {
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join(name), picture).unwrap();
    }
}
