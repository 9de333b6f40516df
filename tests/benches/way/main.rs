//! The whole way of many mails: from a real Dovecot through the real program to the simulated ROR, measured beside the
//! bare limits of its parts. `tests/bench --help` says how.
#![cfg(test)]

mod arguments;
#[expect(dead_code, reason = "the tests use the rest of it")]
#[path = "../../it/dovecot/mod.rs"]
mod dovecot;
mod field;
#[path = "../hospital.rs"]
mod hospital;
mod latency;
mod limits;
mod process;
mod table;

use std::time::{Duration, Instant};

use arguments::Arguments;
use clap::Parser;
use field::Field;
use table::Table;

/// Mails that wait while the program is started again.
pub(crate) const RESTART: usize = 400;

fn main() {
    let asked = Arguments::parse();
    let end = Instant::now() + Duration::from_mins(asked.minutes);
    let mut table = Table::new(&asked);
    let field = Field::start(&asked);
    if asked.down {
        table.outage(&wait_for_the_ror(&field, asked.mails, end));
        println!("{table}");
        return;
    }
    let limits = limits::measure(&field);
    field.fill(asked.mails + asked.backlog);
    let drained = drain(&field, asked.mails, end);
    table.drained(&drained, &limits);
    if asked.backlog == 0 {
        table.restart(restart(&field, end));
        if asked.seconds > 0 {
            table.latency(&latency::measure(&field, asked.seconds, end));
        }
    }
    table.limits(&limits);
    println!("{table}");
}

/// What it took to deliver all that waited.
struct Drained {
    mails: usize,
    requests: usize,
    took: Duration,
    cpu: Duration,
    peak: u64,
}

fn drain(field: &Field, mails: usize, end: Instant) -> Drained {
    let begin = Instant::now();
    let program = field.run("info");
    field.wait_until(end, "every mail to be settled", || field.settled() >= mails);
    let (took, cpu) = (begin.elapsed(), program.cpu());
    let drained = Drained { mails, requests: field.requests(), took, cpu, peak: program.peak() };
    program.stop();
    drained
}

/// How long the counts wait under watch.
const OUTAGE: Duration = Duration::from_secs(20);

/// What counts cost that wait for a ROR that is ill.
struct Outage {
    waiting: usize,
    peak: u64,
}

fn wait_for_the_ror(field: &Field, mails: usize, end: Instant) -> Outage {
    field.make_the_ror_ill();
    field.fill(mails);
    let program = field.run("info");
    field.wait_until(end, "every mail to be judged", || field.judged() >= mails);
    std::thread::sleep(OUTAGE);
    let outage = Outage { waiting: field.waiting(), peak: program.peak() };
    program.stop();
    outage
}

/// From the start after a death, with mails and counts that wait, to the next acknowledgement.
fn restart(field: &Field, end: Instant) -> Duration {
    field.fill(RESTART);
    let before = field.requests();
    let program = field.run("info");
    field.wait_until(end, "the first requests", || field.requests() > before + 500);
    program.kill();
    let before = field.requests();
    let begin = Instant::now();
    let program = field.run("info");
    field.wait_until(end, "the first request after the start", || field.requests() > before);
    let took = begin.elapsed();
    field.wait_until(end, "the rest to be settled", || field.is_at_rest());
    program.stop();
    took
}
