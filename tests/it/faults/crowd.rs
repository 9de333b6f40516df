//! Many mails at once, as after a long stop of the mail server.

use super::table;
use crate::crash::region::{Outbox, Plan, Post, Region};
use crate::crash::traffic::{Cast, Traffic};
use crate::crash::{REST, at_once, fail_on, oracle};
use crate::store::engine::Engine;

/// More than are read, judged or moved together, several times over.
const MAILS: usize = 150;

const HEADER: [&str; 4] = ["ce qui arrive", "ce que dit la trace", "perdus (SQLite)", "perdus (PostgreSQL)"];

#[test]
fn many_mails_at_once_are_all_treated() {
    at_once(Engine::ALL, |engine| {
        let region = Region::start(Plan { engine, post: Post::Maildir, outbox: Outbox::Maildir, places: 20 });
        let mut traffic = Traffic::new(20_261_123, 20, Cast::All);
        let mails = traffic.batch(MAILS);
        region.deliver(&traffic, &mails);
        let service = region.run(None);
        region.settle(3 * REST);
        let (status, log) = service.stop();
        assert!(status.success(), "{log}");
        fail_on("many at once", &oracle::at_the_end(&traffic.letters, &region.evidence()));
    });
    let name = format!("{MAILS} courriels d’un coup");
    table::check("courriels", HEADER, &[[&name, "rien", "0", "0"].map(str::to_owned)]);
}
