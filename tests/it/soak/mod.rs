//! The long run: real mailbox, submission server and database, several workers, and everything that may go wrong with
//! them, several things in one life, at random; an oracle judges from what was sent. `tests/soak` runs this for as long
//! as one likes; here it is short.

mod clocks;
mod held;
mod hospitals;
mod judge;
mod lives;
mod mails;
mod replies;
mod ror;
mod seen;
mod sight;
mod stand;
mod troubles;
mod witnesses;

use std::str::FromStr;
use std::time::Duration;

use lives::Soak;

use crate::crash::fail_on;
use crate::store::engine::Engine;

/// How much, as the environment says it.
#[derive(Clone)]
struct Measure {
    kills: usize,
    mails: usize,
    workers: usize,
    seed: u64,
    /// After so long no more kills: then the end is judged with what was sent.
    limit: Duration,
    /// Nothing but these troubles, if any are named.
    troubles: Vec<troubles::Trouble>,
}

impl Measure {
    fn asked(engine: Engine) -> Self {
        // One process at a time may open a file.
        let workers = if engine == Engine::Postgres { asked("WORKERS", 3) } else { 1 };
        let troubles: String = asked("TROUBLES", String::new());
        let troubles = troubles.split(',').filter(|name| !name.is_empty());
        Self {
            kills: asked("KILLS", 6),
            mails: asked("MAILS", 60),
            workers,
            seed: asked("SEED", 20_261_123),
            limit: Duration::from_secs(asked("MINUTES", 10) * 60),
            troubles: troubles.map(|name| name.parse().unwrap()).collect(),
        }
    }
}

fn asked<T: FromStr>(name: &str, usual: T) -> T {
    let text = std::env::var(format!("SOAK_{name}")).ok();
    text.map_or(usual, |text| text.parse().unwrap_or_else(|_| panic!("SOAK_{name}: « {text} »")))
}

#[test]
fn a_file_outlasts_deaths_clocks_and_servers() {
    run(Engine::Sqlite);
}

#[test]
fn several_workers_outlast_deaths_clocks_and_servers() {
    run(Engine::Postgres);
}

fn run(engine: Engine) {
    let measure = Measure::asked(engine);
    let (table, faults) = Soak::start(engine, measure).run();
    println!("{table}");
    fail_on(engine.name(), &faults);
}
