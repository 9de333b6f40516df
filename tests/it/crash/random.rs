//! The process is killed at random times while mails arrive and the ROR fails now and then. `tests/soak` runs this test
//! for as long as one likes; here it is short, and always the same.

use std::time::{Duration, Instant};

use dispolits::sandbox::simulator::Effect;
use fastrand::Rng;

use super::engine::Engine;
use super::region::{Outbox, Plan, Post, Region};
use super::traffic::{Cast, Traffic};
use super::{REST, fail_on, oracle};

/// How much, as the environment says it.
struct Measure {
    engine: Engine,
    kills: usize,
    mails: usize,
    seed: u64,
    /// After so long no more kills: then the end is judged with what was sent.
    limit: Duration,
}

impl Measure {
    fn asked() -> Self {
        fn asked<T: std::str::FromStr>(name: &str, usual: T) -> T {
            let text = std::env::var(format!("SOAK_{name}")).ok();
            text.map_or(usual, |text| text.parse().unwrap_or_else(|_| panic!("SOAK_{name}: « {text} »")))
        }
        Self {
            engine: asked("ENGINE", Engine::Sqlite),
            kills: asked("KILLS", 10),
            mails: asked("MAILS", 150),
            seed: asked("SEED", 20_261_123),
            limit: Duration::from_secs(asked("MINUTES", 10) * 60),
        }
    }
}

#[test]
fn deaths_at_random_lose_nothing() {
    let measure = Measure::asked();
    let begin = Instant::now();
    let mut rng = Rng::with_seed(measure.seed);
    // Many places when there are many mails: otherwise nearly all would be superseded before they leave.
    let places = (measure.mails / 50).clamp(3, 100);
    let plan = Plan { engine: measure.engine, post: Post::Maildir, outbox: Outbox::Maildir, places };
    let (region, mut traffic) = (Region::start(plan), Traffic::new(measure.seed, places, Cast::All));
    let mut kills = 0;
    let mut sent = 0;
    while kills < measure.kills && begin.elapsed() < measure.limit {
        let due = measure.mails * (kills + 1) / measure.kills;
        sent += live_and_die(&region, &mut traffic, &mut rng, due.saturating_sub(sent));
        kills += 1;
        // Reading all of it takes longer and longer.
        if kills % (measure.kills / 20).max(1) == 0 {
            fail_on(&format!("after {kills} deaths"), &oracle::at_rest(&traffic.letters, &region.evidence()));
        }
    }
    region.simulator.clear_faults();
    let service = region.run(None);
    region.settle(REST + measure.limit);
    assert!(service.stop().0.success());
    let evidence = region.evidence();
    let faults = oracle::at_the_end(&traffic.letters, &evidence);
    println!("{}", table(&measure, kills, sent, &evidence.requests.len(), begin.elapsed(), &faults));
    fail_on("at the end", &faults);
}

/// Some mails are there before the start, some come while the program runs; then it is killed. Returns how many came.
fn live_and_die(region: &Region, traffic: &mut Traffic, rng: &mut Rng, due: usize) -> usize {
    let before = traffic.batch(due / 2);
    region.deliver(traffic, &before);
    if let Some(effect) = trouble(rng) {
        region.simulator.inject(effect.once());
    }
    let service = region.run(None);
    let during = traffic.batch(due - due / 2);
    let pause = Duration::from_millis(rng.u64(50..900)) / u32::try_from(during.len() + 1).unwrap();
    for posting in during {
        region.deliver(traffic, &[posting]);
        std::thread::sleep(pause);
    }
    std::thread::sleep(pause);
    service.kill();
    due
}

fn trouble(rng: &mut Rng) -> Option<Effect> {
    match rng.u8(..8) {
        0 => Some(Effect::Tardif { ms: Some(rng.u64(50..500)) }),
        1 => Some(Effect::ReponsePerdue),
        2 => Some(Effect::CoupureAvant),
        3 => Some(Effect::Statut { statut: 503, retry_after: None }),
        4 => Some(Effect::Lent { ms: rng.u64(50..500) }),
        _ => None,
    }
}

fn table(measure: &Measure, kills: usize, sent: usize, requests: &usize, took: Duration, faults: &[String]) -> String {
    let of = |kind: &str| faults.iter().filter(|fault| fault.starts_with(kind)).count();
    format!(
        "| engine | seed | kills | mails | requests | seconds | lost | stale | double verdict | other |\n\
         |---|---|---|---|---|---|---|---|---|---|\n| {} | {} | {kills} | {sent} | {requests} | {} | {} | {} | {} | {} |",
        measure.engine.name(),
        measure.seed,
        took.as_secs(),
        of("lost") + of("left"),
        of("newest"),
        of("verdict"),
        faults.len() - of("lost") - of("left") - of("newest") - of("verdict"),
    )
}
