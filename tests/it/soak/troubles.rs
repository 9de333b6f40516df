//! What goes wrong during a life of the workers.

use std::time::{Duration, Instant};

use fastrand::Rng;
use jiff::Timestamp;

use super::mails::Mails;
use super::ror::{Mishap, Order};
use super::stand::{Stand, WITHOUT_MOVE};
use crate::crash::letter::INDICATORS;
use crate::store::engine::Engine;

/// How far a clock may be from the right time, in seconds: observations are older than that.
const FARTHEST: i64 = 4500;
/// The farthest that one jump goes.
const JUMP: i64 = 4000;

/// One thing that goes wrong; each ends by itself before the next begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trouble {
    RorSlow,
    RorAnswerLost,
    RorCuts,
    RorBusy,
    /// A worker is stopped and goes on later.
    Pause,
    MachineJumps,
    DatabaseJumps,
    /// While a location's counts are sent slowly, its worker is taken for dead, and a newer one comes.
    Replaced,
    MailboxDies,
    MailboxDiesFiling,
    MailboxRenumbers,
    MailsRemoved,
    SubmissionDies,
    /// It comes back only once the machine's clock was set back.
    SubmissionBackEarlier,
    DatabaseDies,
    DiskFull,
    /// All are killed, and their clocks set back, or on, before they begin again.
    ClocksWhileDown,
    /// The machine's clock is set back between the mails of hospitals that wait for each answer.
    ClockBetweenTurns,
    /// A hospital makes as many mistakes as are answered in an hour, and more once the clock was set back.
    CapAcrossJump,
    /// Several copies of one mail are on their way at once: only if it is named. Nobody can tell them apart, and of those
    /// that meet when the mailbox dies one may be taken for the other, which is then in its folder once.
    CopiesMeet,
}

/// Those that come at any time of a life.
const ANY_TIME: [Trouble; 16] = [
    Trouble::RorSlow,
    Trouble::RorAnswerLost,
    Trouble::RorCuts,
    Trouble::RorBusy,
    Trouble::Pause,
    Trouble::MachineJumps,
    Trouble::DatabaseJumps,
    Trouble::Replaced,
    Trouble::MailboxDies,
    Trouble::MailboxDiesFiling,
    Trouble::MailboxRenumbers,
    Trouble::MailsRemoved,
    Trouble::SubmissionDies,
    Trouble::SubmissionBackEarlier,
    Trouble::DatabaseDies,
    Trouble::DiskFull,
];

impl std::str::FromStr for Trouble {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let others = [Self::ClocksWhileDown, Self::ClockBetweenTurns, Self::CapAcrossJump, Self::CopiesMeet];
        ANY_TIME
            .into_iter()
            .chain(others)
            .find(|trouble| format!("{trouble:?}") == name)
            .ok_or_else(|| format!("no trouble « {name} »"))
    }
}

impl Trouble {
    /// One of these that may come at any time on this engine, if there is one.
    pub(super) fn draw(rng: &mut Rng, engine: Engine, only: &[Self]) -> Option<Self> {
        let only_shared = [Self::DatabaseJumps, Self::Replaced, Self::DatabaseDies];
        let fits =
            |trouble: &Self| (engine == Engine::Postgres || !only_shared.contains(trouble)) && trouble.is_among(only);
        rng.choice(ANY_TIME.into_iter().filter(fits).collect::<Vec<_>>())
    }

    /// All are, if none is named.
    pub(super) fn is_among(self, only: &[Self]) -> bool {
        only.is_empty() || only.contains(&self)
    }

    /// From its beginning to its end, while the workers run.
    pub(super) fn strike(self, stand: &mut Stand, mails: &mut Mails, rng: &mut Rng) {
        match self {
            Self::RorSlow => spoil(stand, Mishap::Slow(Duration::from_millis(rng.u64(50..1500)))),
            Self::RorAnswerLost => spoil(stand, Mishap::AnswerLost),
            Self::RorCuts => spoil(stand, Mishap::Cut),
            Self::RorBusy => spoil(stand, Mishap::Busy),
            Self::Pause => pause(stand, rng),
            Self::MachineJumps => {
                let seconds = jump(stand.machine.offset(), rng);
                stand.machine.jump(seconds);
            }
            Self::DatabaseJumps => {
                let seconds = jump(stand.server.offset(), rng);
                stand.server.jump(seconds);
            }
            Self::Replaced => replace(stand, mails, rng),
            Self::MailboxDies => mailbox_dies(stand, rng),
            Self::MailboxDiesFiling => mailbox_dies_filing(stand, mails, rng),
            Self::MailboxRenumbers => {
                stand.dovecot.stop();
                stand.dovecot.forget_numbers();
                stand.dovecot.restart();
            }
            Self::MailsRemoved => remove(stand, mails),
            Self::SubmissionDies => submission_dies(stand, mails, rng, 0),
            Self::SubmissionBackEarlier => {
                if !may_go_back(stand.machine.offset()) {
                    let seconds = back(stand.machine.offset(), rng);
                    stand.machine.jump(seconds);
                }
                let back = back(stand.machine.offset(), rng);
                submission_dies(stand, mails, rng, back);
            }
            Self::DatabaseDies => {
                if let Some(mut cluster) = stand.cluster.take() {
                    stand.all_are_cut();
                    cluster.stop();
                    std::thread::sleep(Duration::from_millis(rng.u64(50..1500)));
                    cluster.restart();
                    stand.cluster = Some(cluster);
                }
            }
            Self::DiskFull => {
                stand.all_are_cut();
                stand.fill_the_disk();
                let postings = mails.batch(3);
                stand.deliver(mails, &postings);
                std::thread::sleep(Duration::from_millis(rng.u64(200..1500)));
                stand.make_room();
            }
            // Not of one life: the soak sees to them.
            Self::ClocksWhileDown | Self::ClockBetweenTurns | Self::CapAcrossJump | Self::CopiesMeet => {}
        }
    }
}

fn spoil(stand: &Stand, mishap: Mishap) {
    stand.ror.order(Order { only: None, mishap });
}

/// Any jump that leaves the clock near enough.
fn jump(offset: i64, rng: &mut Rng) -> i64 {
    // Small ones too: what is a little more than a lease or a deadline.
    let drawn = if rng.bool() { rng.i64(-JUMP..=JUMP) } else { rng.i64(-30..=30) };
    (offset + drawn).clamp(-FARTHEST, FARTHEST) - offset
}

/// A jump back; one on, if there is no room to go back.
pub(super) fn back(offset: i64, rng: &mut Rng) -> i64 {
    if !may_go_back(offset) {
        return rng.i64(0..=FARTHEST) - offset;
    }
    (offset - rng.i64(600..=JUMP)).max(-FARTHEST) - offset
}

fn may_go_back(offset: i64) -> bool {
    offset > -FARTHEST + 1000
}

/// For shorter than a lease, or longer.
fn pause(stand: &Stand, rng: &mut Rng) {
    let rank = rng.usize(..stand.workers.len());
    stand.signal(rank, "STOP");
    std::thread::sleep(Duration::from_millis(if rng.bool() { rng.u64(50..2000) } else { rng.u64(4000..9000) }));
    stand.signal(rank, "CONT");
}

fn replace(stand: &mut Stand, mails: &mut Mails, rng: &mut Rng) {
    let place = rng.usize(..3);
    let (location, older) = mails.newest_of(place);
    let observed = Timestamp::from_second(mails.letters[older.letter].counts[0].observed).unwrap();
    for _ in 0..INDICATORS.len() {
        let mishap = Mishap::Slow(Duration::from_millis(rng.u64(1200..1700)));
        stand.ror.order(Order { only: Some((location.clone(), observed)), mishap });
    }
    let before = writes_at(stand, &location);
    stand.deliver(mails, &[older]);
    await_at_most(Duration::from_secs(5), || writes_at(stand, &location) > before);
    // More than a lease; half of the time the one who sends cannot renew meanwhile.
    let stopped = rng.bool().then(|| rng.usize(..stand.workers.len()));
    if let Some(rank) = stopped {
        stand.signal(rank, "STOP");
    }
    stand.server.jump(if stand.server.offset() > 0 { 10 } else { rng.i64(4..600) });
    let (_, newer) = mails.newest_of(place);
    stand.deliver(mails, &[newer]);
    if let Some(rank) = stopped {
        std::thread::sleep(Duration::from_millis(rng.u64(500..2500)));
        stand.signal(rank, "CONT");
    }
    std::thread::sleep(Duration::from_millis(rng.u64(2000..6000)));
}

fn writes_at(stand: &Stand, location: &str) -> usize {
    stand.ror.held().writes().iter().filter(|write| write.place == location).count()
}

fn mailbox_dies(stand: &mut Stand, rng: &mut Rng) {
    stand.dovecot.stop();
    std::thread::sleep(Duration::from_millis(rng.u64(10..1500)));
    // It comes back with the extension MOVE or without.
    stand.dovecot.set_more(if rng.bool() { WITHOUT_MOVE } else { "" });
}

/// As soon as one of many mails is seen in its folder.
fn mailbox_dies_filing(stand: &mut Stand, mails: &mut Mails, rng: &mut Rng) {
    let folder = stand.dovecot.maildir().join(".Traites/cur");
    let filed = || folder.read_dir().map_or(0, Iterator::count);
    let before = filed();
    let postings = mails.batch(24);
    stand.deliver(mails, &postings);
    let seen = before + rng.usize(1..6);
    await_at_most(Duration::from_secs(5), || filed() >= seen);
    mailbox_dies(stand, rng);
}

/// Somebody takes a copy of a mail out of the inbox: nobody misses it.
fn remove(stand: &Stand, mails: &mut Mails) {
    let copy = mails.copy();
    // Not if it turned out to be a mail of its own.
    let is_copy = mails.letters[copy.letter].sent > 1;
    stand.deliver(mails, std::slice::from_ref(&copy));
    if !is_copy {
        return;
    }
    for directory in ["new", "cur"].map(|name| stand.dovecot.maildir().join(name)) {
        for entry in directory.read_dir().into_iter().flatten().flatten() {
            let is_it = entry.file_name().to_string_lossy().starts_with(&copy.unique);
            if is_it && std::fs::remove_file(entry.path()).is_ok() {
                mails.letters[copy.letter].removed += 1;
            }
        }
    }
}

fn submission_dies(stand: &mut Stand, mails: &mut Mails, rng: &mut Rng, jump: i64) {
    stand.all_are_cut();
    stand.exim.stop();
    let postings = mails.batch(6);
    stand.deliver(mails, &postings);
    std::thread::sleep(Duration::from_millis(rng.u64(500..2500)));
    stand.machine.jump(jump);
    stand.exim.restart();
}

/// What does not come is not what is tried.
fn await_at_most(patience: Duration, mut holds: impl FnMut() -> bool) {
    let end = Instant::now() + patience;
    while !holds() && Instant::now() < end {
        std::thread::sleep(Duration::from_millis(1));
    }
}
