//! The process is killed at random times while mails arrive and the ROR fails now and then. `tests/soak` runs this test
//! for as long as one likes; here it is short, and always the same.

use std::str::FromStr;
use std::time::{Duration, Instant};

use dispolits::sandbox::simulator::Effect;
use fastrand::Rng;

use super::region::{Outbox, Plan, Post, Region};
use super::traffic::{Cast, Traffic};
use super::{REST, at_once, fail_on, oracle};
use crate::store::engine::Engine;

/// How much, as the environment says it.
#[derive(Clone, Copy)]
struct Measure {
    kills: usize,
    mails: usize,
    seed: u64,
    /// After so long no more kills: then the end is judged with what was sent.
    limit: Duration,
}

impl Measure {
    fn asked() -> Self {
        Self {
            kills: asked("KILLS", 8),
            mails: asked("MAILS", 120),
            seed: asked("SEED", 20_261_123),
            limit: Duration::from_secs(asked("MINUTES", 10) * 60),
        }
    }
}

fn asked<T: FromStr>(name: &str, usual: T) -> T {
    let text = std::env::var(format!("SOAK_{name}")).ok();
    text.map_or(usual, |text| text.parse().unwrap_or_else(|_| panic!("SOAK_{name}: « {text} »")))
}

#[test]
fn deaths_at_random_lose_nothing() {
    let measure = Measure::asked();
    if std::env::var_os("SOAK_ENGINE").is_some() {
        die_at_random(asked("ENGINE", Engine::Sqlite), measure);
    } else {
        at_once(Engine::ALL, |engine| die_at_random(engine, measure));
    }
}

fn die_at_random(engine: Engine, measure: Measure) {
    let begin = Instant::now();
    let mut rng = Rng::with_seed(measure.seed);
    // Many places when there are many mails: otherwise nearly all would be superseded before they leave.
    let places = (measure.mails / 50).clamp(3, 100);
    let plan = Plan { engine, post: Post::Maildir, outbox: Outbox::Maildir, places };
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
    println!("{}", table(engine, measure.seed, [kills, sent, evidence.requests.len()], begin.elapsed(), &faults));
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

fn table(engine: Engine, seed: u64, [kills, sent, requests]: [usize; 3], took: Duration, faults: &[String]) -> String {
    let of = |kind: &str| faults.iter().filter(|fault| fault.starts_with(kind)).count();
    format!(
        "| engine | seed | kills | mails | requests | seconds | lost | stale | double verdict | other |\n\
         |---|---|---|---|---|---|---|---|---|---|\n| {} | {seed} | {kills} | {sent} | {requests} | {} | {} | {} | {} | {} |",
        engine.name(),
        took.as_secs(),
        of("lost") + of("left"),
        of("newest"),
        of("verdict"),
        faults.len() - of("lost") - of("left") - of("newest") - of("verdict"),
    )
}
