//! Judges of several mailboxes at work at the same time.

use std::path::Path;
use std::sync::{Arc, Mutex};

use base::clock::Clock;
use campaign::cahier;
use domain::outcome::Verdict;
use judging::judgement::Rules;
use judging::referential::{Files, Watch};
use service::health::Heartbeat;
use service::pipeline::SharedContext;
use store::{MailId, ReadingMark, Received, Store};
use tokio_util::sync::CancellationToken;

use crate::store::bench::{ACCOUNT, Bench};
use crate::store::engine::{Engine, on_both_engines};

const SUSPECTS: &str = "maildir:suspects";
const SOUND: [&str; 2] = ["maildir:sains-1", "maildir:sains-2"];
const MAILS: usize = 60;

async fn receive(bench: &Bench, account: &str) -> Vec<MailId> {
    for rank in 0..MAILS {
        let position = format!("{rank}");
        let raw = format!("From: a@ailleurs.test\r\nSubject: {account} {rank}\r\n\r\nrien\r\n");
        let mail =
            Received { account, position: &position, raw: raw.as_bytes(), size: raw.len() as u64, headers_only: false };
        bench.store.receive(&bench.duty, &[mail], bench.now()).await.unwrap();
    }
    bench.store.known_positions(account).await.unwrap().into_values().map(|known| known.id).collect()
}

fn courthouse(bench: &Bench, folder: &Path) -> SharedContext {
    let world = cahier::world().unwrap();
    let files = Files { etablissements: folder.join("etablissements.csv"), services: folder.join("services.csv") };
    std::fs::write(&files.etablissements, world.etablissements_csv).unwrap();
    std::fs::write(&files.services, world.services_csv).unwrap();
    let watch = Arc::new(Mutex::new(Watch::load(files).unwrap()));
    SharedContext::new(bench.shift.clone(), Clock::System, watch, Rules::default(), Heartbeat::new(Clock::System))
}

async fn judge(courthouse: SharedContext, account: &'static str) -> usize {
    let judge = courthouse.judge(account, 1024);
    assert_eq!(judge.take_duty().await.unwrap(), Some(0));
    judge.judge_all(&CancellationToken::new()).await.unwrap()
}

/// How often a mail was seen being read alone while others were being read: a crash at that moment would be
/// blamed on it.
async fn company(bench: &Bench, store: &Store) -> usize {
    let query = "SELECT CASE WHEN COUNT(*) FILTER (WHERE reading = 1) > 0 AND COUNT(*) FILTER (WHERE reading > 0) > 1
                 THEN 1 ELSE 0 END FROM mails";
    let mut seen = 0;
    while !store.accounts_to_judge().await.unwrap().is_empty() {
        seen += usize::from(bench.number(query).await == 1);
    }
    seen
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mail_that_is_read_alone_is_alone_whatever_other_mailboxes_get() {
    let bench = Bench::new(Engine::Sqlite).await;
    let folder = tempfile::tempdir().unwrap();
    let suspects = receive(&bench, SUSPECTS).await;
    bench.store.begin_reading(&bench.duty, &suspects, ReadingMark::Together).await.unwrap();
    assert_eq!(bench.store.recover_readings(&bench.duty, SUSPECTS).await.unwrap(), MAILS as u64);
    for account in SOUND {
        receive(&bench, account).await;
    }
    let courthouse = courthouse(&bench, folder.path());
    let judges = [SUSPECTS, SOUND[0], SOUND[1]].map(|account| tokio::spawn(judge(courthouse.clone(), account)));
    assert_eq!(company(&bench, &bench.store).await, 0);
    for ended in judges {
        assert_eq!(ended.await.unwrap(), MAILS);
    }
    assert_eq!(bench.number("SELECT COUNT(*) FROM mails WHERE attempts > 0 OR reading > 0").await, 0);
}

/// A mail whose reading was cut short so often in company and so often alone: its verdict once it is judged.
async fn verdict_after(engine: Engine, together: usize, alone: usize) -> Option<Verdict> {
    let bench = Bench::new(engine).await;
    let folder = tempfile::tempdir().unwrap();
    let raw = "From: a@ailleurs.test\r\nSubject: suspect\r\n\r\nrien\r\n";
    let id = bench.receive("1", raw).await;
    for how in
        std::iter::repeat_n(ReadingMark::Together, together).chain(std::iter::repeat_n(ReadingMark::Alone, alone))
    {
        bench.store.begin_reading(&bench.duty, &[id], how).await.unwrap();
        assert_eq!(bench.store.recover_readings(&bench.duty, ACCOUNT).await.unwrap(), 1);
    }
    assert_eq!(judge(courthouse(&bench, folder.path()), ACCOUNT).await, 1);
    bench.outcome(id).await.verdict
}

/// What cut it short may be a fault of ours, or the machine's: four times is not yet the mail's.
async fn a_mail_is_put_in_quarantine_after_five_readings_alone(engine: Engine) {
    for (together, alone) in [(0, 1), (0, 2), (0, 3), (0, 4), (9, 0), (9, 4)] {
        let verdict = verdict_after(engine, together, alone).await;
        assert_ne!(verdict, Some(Verdict::Quarantaine), "{together} in company, {alone} alone");
    }
    for (together, alone) in [(0, 5), (1, 5), (0, 6)] {
        let verdict = verdict_after(engine, together, alone).await;
        assert_eq!(verdict, Some(Verdict::Quarantaine), "{together} in company, {alone} alone");
    }
}

on_both_engines! {
    a_mail_is_put_in_quarantine_after_five_readings_alone,
}
