//! Life after life: workers start, mails come, things go wrong, workers are killed. Now and then nothing goes wrong for
//! long enough that everything must come to rest: what does not is a stall.

use std::time::{Duration, Instant};

use fastrand::Rng;

use super::Measure;
use super::hospitals::CAP;
use super::judge::{Findings, judge};
use super::mails::Mails;
use super::seen::Seen;
use super::stand::{Stand, WITHOUT_MOVE};
use super::troubles::{Trouble, back};
use super::witnesses;
use crate::store::engine::Engine;

/// Nothing that is due may take longer while nothing is at fault: the longest lease, hold and wait together, and room
/// for a machine on which others compile.
const STALL: Duration = Duration::from_secs(90);
/// How long nothing more may come after everything came.
const CALM: Duration = Duration::from_millis(700);
/// Lives between two rests, at most.
const LIVES: usize = 4;
/// One life in so many lasts for minutes, of as many as make it worth their time.
const LONG: usize = 100;
const MINUTES: Duration = Duration::from_secs(75);
/// A little more than the hour that caps look back on, and digests wait for.
const AN_HOUR: i64 = 3660;

pub(super) struct Soak {
    measure: Measure,
    begin: Instant,
    pub(super) stand: Stand,
    pub(super) mails: Mails,
    pub(super) seen: Seen,
    rng: Rng,
    kills: usize,
    sent: usize,
    rests: usize,
    longest: Duration,
    told: Vec<String>,
}

impl Soak {
    pub(super) fn start(engine: Engine, measure: Measure) -> Self {
        let mut rng = Rng::with_seed(measure.seed);
        let mut mails = Mails::new(measure.seed, measure.mails.max(4 * measure.kills));
        mails.copies_meet = measure.troubles.contains(&Trouble::CopiesMeet);
        let more = if rng.bool() { WITHOUT_MOVE } else { "" };
        let stand = Stand::start(engine, measure.workers, &mails.hospitals, more);
        let begin = Instant::now();
        let (seen, longest) = (Seen::default(), Duration::ZERO);
        let told = vec![format!("{more:?}")];
        Self { measure, begin, stand, mails, seen, rng, kills: 0, sent: 0, rests: 0, longest, told }
    }

    /// So many mails come while nothing is at fault.
    pub(super) fn rest_after(&mut self, mails: usize) -> Result<(), Vec<String>> {
        self.send(mails);
        self.settle(true)
    }

    /// A table of what was done, and what was found wrong.
    pub(super) fn run(mut self) -> (String, Vec<String>) {
        let faults = self.live_on().err().unwrap_or_default();
        let kept: Vec<&str> = self.told.iter().rev().take(25).rev().map(String::as_str).collect();
        if !faults.is_empty() {
            println!("the last of {} steps:\n{}\n{}", self.told.len(), kept.join("\n"), self.traces());
            self.stand.keep();
        }
        (self.table(&faults), faults)
    }

    fn live_on(&mut self) -> Result<(), Vec<String>> {
        let mut lives = 0;
        while self.kills < self.measure.kills && self.begin.elapsed() < self.measure.limit {
            self.live();
            // Those that go on have what they keep in memory.
            let goes_on = self.rng.u8(..4) == 0;
            if !goes_on {
                self.die();
            }
            lives += 1;
            if goes_on || lives >= LIVES || self.rng.u8(..4) == 0 {
                lives = 0;
                self.rest()?;
            }
        }
        self.end()
    }

    /// Some mails are there before the start, some come while the workers run and things go wrong.
    fn live(&mut self) {
        let due = (self.measure.mails * (self.kills + 1) / self.measure.kills).saturating_sub(self.sent);
        self.send(due / 2);
        self.stand.run();
        let long = self.measure.kills >= LONG && self.rng.usize(..LONG) == 0;
        let until = Instant::now() + if long { MINUTES } else { Duration::from_millis(self.rng.u64(100..2500)) };
        let troubles = self.rng.usize(..4);
        for _ in 0..troubles {
            std::thread::sleep(Duration::from_millis(self.rng.u64(..400)));
            self.suffer();
            self.send((due / 2).div_ceil(troubles));
        }
        while Instant::now() < until {
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    fn suffer(&mut self) {
        let drawn = Trouble::draw(&mut self.rng, self.stand.engine, &self.measure.troubles);
        if let Some(trouble) = drawn {
            self.tell(&format!("{trouble:?}"));
            trouble.strike(&mut self.stand, &mut self.mails, &mut self.rng);
        }
    }

    fn may(&mut self, trouble: Trouble, one_time_in: u8) -> bool {
        let comes = trouble.is_among(&self.measure.troubles) && self.rng.u8(..one_time_in) == 0;
        if comes {
            self.tell(&format!("{trouble:?}"));
        }
        comes
    }

    /// All at once as in a power cut, or one of several; clocks may be set while they are down.
    fn die(&mut self) {
        let all = self.stand.workers.len() == 1 || self.rng.bool();
        if all {
            self.stand.kill_all();
        } else {
            let rank = self.rng.usize(..self.stand.workers.len());
            self.stand.kill(rank);
        }
        self.kills += 1;
        self.tell(if all { "all are killed" } else { "one is killed" });
        if all && self.may(Trouble::ClocksWhileDown, 2) {
            let back_to = [&self.stand.machine, &self.stand.server].map(|clock| back(clock.offset(), &mut self.rng));
            let [machine, server] = if self.rng.bool() { back_to } else { [self.rng.i64(10..600); 2] };
            self.stand.machine.jump(machine);
            self.stand.server.jump(server);
        }
    }

    /// Notes a step, for a failure.
    fn tell(&mut self, what: &str) {
        let (at, clocks) =
            (self.begin.elapsed().as_secs_f32(), [self.stand.machine.offset(), self.stand.server.offset()]);
        self.told.push(format!("{at:.1} s, clocks at {clocks:?} s: {what}"));
    }

    fn send(&mut self, count: usize) {
        let postings = self.mails.batch(count);
        self.sent += postings.len();
        self.stand.deliver(&self.mails, &postings);
    }

    /// Nothing is at fault any more, and everything must come to its end in time. Then some more is asked for that goes
    /// one after the other.
    fn rest(&mut self) -> Result<(), Vec<String>> {
        self.settle(false)?;
        self.rests += 1;
        for _ in 0..2 {
            let postings = self.mails.turn(3);
            self.stand.deliver(&self.mails, &postings);
            self.settle(false)?;
            if self.may(Trouble::ClockBetweenTurns, 3) {
                let seconds = back(self.stand.machine.offset(), &mut self.rng);
                self.stand.machine.jump(seconds);
            }
        }
        if self.rests % 8 == 1 && self.may(Trouble::CapAcrossJump, 1) {
            self.reach_the_cap()?;
        }
        Ok(())
    }

    /// As many mistakes as are answered in an hour; the clock is set back before all of them, and some more are made.
    fn reach_the_cap(&mut self) -> Result<(), Vec<String>> {
        let offset = self.stand.machine.offset();
        self.stand.machine.jump(offset.max(0) - offset);
        let (hospital, postings) = self.mails.mistakes(None, CAP);
        self.stand.deliver(&self.mails, &postings);
        self.settle(false)?;
        let seconds = back(self.stand.machine.offset(), &mut self.rng);
        self.stand.machine.jump(seconds);
        let (_, postings) = self.mails.mistakes(Some(hospital), 3);
        self.stand.deliver(&self.mails, &postings);
        self.settle(false)
    }

    fn settle(&mut self, digests: bool) -> Result<(), Vec<String>> {
        self.tell("nothing is at fault");
        self.stand.ror.be_well();
        self.stand.run();
        let begin = Instant::now();
        let mut calm = None;
        let mut pause = Duration::from_millis(100);
        loop {
            std::thread::sleep(pause);
            let looking = Instant::now();
            let Findings { missing, wrong } = self.judge(digests);
            // What is judged is not to be kept from its work.
            pause = pause.max(3 * looking.elapsed());
            // A mail that is on its way from one folder to another is in both or none for a moment.
            let is_lasting = |fault: &&String| !["folder: ", "lost: "].iter().any(|kind| fault.starts_with(kind));
            if wrong.iter().any(|fault| is_lasting(&fault)) {
                return Err(wrong);
            }
            if missing.is_empty() && wrong.is_empty() {
                let since = *calm.get_or_insert_with(Instant::now);
                self.longest = self.longest.max(since - begin);
                if since.elapsed() > CALM {
                    self.mails.settled = self.mails.letters.len();
                    let bad = witnesses::traces(&self.stand);
                    return if bad.is_empty() { Ok(()) } else { Err(bad) };
                }
            } else {
                calm = None;
            }
            if begin.elapsed() > STALL {
                let stalled = missing.into_iter().map(|what| format!("stall: {what}"));
                return Err(wrong.into_iter().chain(stalled).collect());
            }
        }
    }

    fn judge(&mut self, digests: bool) -> Findings {
        self.seen.look(&self.stand);
        let held = self.stand.ror.held();
        judge(&self.mails.letters, &self.seen, &held, self.stand.cuts, digests)
    }

    /// What waits for an hour to be told in a digest is told once it has passed, and the program's own books agree.
    fn end(&mut self) -> Result<(), Vec<String>> {
        self.settle(false)?;
        self.stand.machine.jump(AN_HOUR);
        self.stand.server.jump(AN_HOUR);
        self.settle(true)?;
        let mut faults = self.stand.stop_all();
        faults.extend(witnesses::faults(&self.stand, &self.mails.letters));
        faults.extend(witnesses::traces(&self.stand));
        if faults.is_empty() { Ok(()) } else { Err(faults) }
    }

    /// The ends of the newest traces, for a failure.
    fn traces(&self) -> String {
        let logs = self.stand.logs();
        let newest = logs.iter().rev().take(self.stand.workers.len());
        let end = |(path, log): &(std::path::PathBuf, String)| {
            let lines: Vec<&str> = log.lines().collect();
            format!("{}\n{}\n", path.display(), lines[lines.len().saturating_sub(40)..].join("\n"))
        };
        newest.map(end).collect::<Vec<_>>().concat()
    }

    fn table(&self, faults: &[String]) -> String {
        let of =
            |kinds: &[&str]| faults.iter().filter(|fault| kinds.iter().any(|kind| fault.starts_with(kind))).count();
        let kinds: [&[&str]; 4] = [
            &["lost", "folder", "effect", "left"],
            &["older", "newest", "request"],
            &["stall"],
            &["reply", "codes", "form"],
        ];
        let [lost, stale, stalled, replies] = kinds.map(of);
        let other = faults.len() - lost - stale - stalled - replies;
        let requests = self.stand.ror.held().writes().len();
        format!(
            "| engine | seed | workers | kills | mails | requests | seconds | longest wait (ms) | lost | stale | stalled | replies | other |\n\
             |---|---|---|---|---|---|---|---|---|---|---|---|---|\n\
             | {} | {} | {} | {} | {} | {requests} | {} | {} | {lost} | {stale} | {stalled} | {replies} | {other} |",
            self.stand.engine.name(),
            self.measure.seed,
            self.measure.workers,
            self.kills,
            self.mails.letters.iter().map(|letter| letter.sent).sum::<usize>(),
            self.begin.elapsed().as_secs(),
            self.longest.as_millis(),
        )
    }
}
