//! Somebody else takes the mails out of the mailbox.

use crate::crash::letter::Answer;
use crate::crash::region::{Outbox, Plan, Post, Region};
use crate::crash::traffic::{Cast, Traffic};
use crate::crash::{REST, at_once};
use crate::store::engine::Engine;

/// Verdict, end of each count, and how many replies.
type Outcome = (Option<String>, Vec<String>, usize);

#[test]
fn a_mail_that_was_stored_is_judged_and_answered_although_somebody_deleted_it() {
    let outcomes = at_once(Engine::ALL, |engine| {
        let region = Region::start(Plan { engine, post: Post::Maildir, outbox: Outbox::Maildir, places: 3 });
        let mut traffic = Traffic::new(20_261_123, 3, Cast::All);
        let mails = [traffic.telling()];
        region.deliver(&traffic, &mails);
        region.die_at("mail-received");
        for directory in ["new", "cur"].map(|name| region.inbox().join(name)) {
            std::fs::remove_dir_all(&directory).unwrap();
            std::fs::create_dir(&directory).unwrap();
        }
        let service = region.run(None);
        region.settle(REST);
        // The next one goes its usual way.
        let mails = [traffic.telling()];
        region.deliver(&traffic, &mails);
        region.settle(REST);
        assert!(service.stop().0.success());
        assert!(traffic.letters.iter().all(|letter| letter.answer == Answer::Once));
        outcomes(&region)
    });
    for (verdict, ends, replies) in outcomes.iter().flatten() {
        assert_eq!((verdict.as_deref(), *replies), (Some("partiellement-integre"), 1));
        assert!(!ends.is_empty() && ends.iter().all(|end| ["transmise", "depassee"].contains(&end.as_str())));
    }
    assert_eq!(outcomes.map(|mails| mails.len()), [2, 2]);
}

fn outcomes(region: &Region) -> Vec<Outcome> {
    let evidence = region.evidence();
    let replies: usize =
        evidence.boxes.iter().filter(|(name, _)| name.contains("lits@")).map(|(_, all)| all.len()).sum();
    let ledger = evidence.ledger;
    let ends = |id| ledger.rows.iter().filter(|row| row.mail_id == id).map(|row| row.etat.clone()).collect();
    let share = replies / ledger.mails.len();
    ledger.mails.iter().map(|mail| (mail.verdict.clone(), ends(mail.id), share)).collect()
}
