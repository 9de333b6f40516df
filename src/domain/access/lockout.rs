//! The pause that failures to sign in cost: guessing becomes hopeless. They are counted by login and origin, so that
//! nobody is locked out by somebody else's.

use jiff::{SignedDuration, Timestamp};

use base::config_values::has_passed;

/// Failures that cost nothing.
const FREE: u32 = 5;
/// The pause after the first that does.
const FIRST: SignedDuration = SignedDuration::from_mins(1);
/// The longest pause.
const LONGEST: SignedDuration = SignedDuration::from_mins(60);

/// The failures of an account from one origin since it was last signed in to from there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Lockout {
    /// How many, one after the other.
    pub failures: u32,
    /// The last of them.
    pub last: Option<Timestamp>,
}

impl Lockout {
    /// Until when every attempt is refused unseen, if now is before that: 5 failures are free, then 1, 2, 4 … 60 minutes.
    pub fn until(&self, now: Timestamp) -> Option<Timestamp> {
        let (last, pause) = (self.last?, self.pause()?);
        let until = last.saturating_add(pause).ok()?;
        (!has_passed(pause, last, now)).then_some(until)
    }

    fn pause(&self) -> Option<SignedDuration> {
        let beyond = self.failures.checked_sub(FREE)?;
        let minutes = FIRST.checked_mul(1_i32.checked_shl(beyond.min(16))?)?;
        Some(minutes.min(LONGEST))
    }
}

#[test]
fn the_pause_grows_and_ends() {
    let last = Timestamp::UNIX_EPOCH;
    let minutes = |failures| {
        let until = Lockout { failures, last: Some(last) }.until(last)?;
        Some(until.duration_since(last).as_mins())
    };
    let pauses: Vec<Option<i64>> = [0, 4, 5, 6, 7, 10, 11, u32::MAX].map(minutes).to_vec();
    assert_eq!(pauses, [None, None, Some(1), Some(2), Some(4), Some(32), Some(60), Some(60)]);
    let locked = Lockout { failures: 5, last: Some(last) };
    assert!(locked.until(last + SignedDuration::from_secs(59)).is_some());
    assert_eq!(locked.until(last + SignedDuration::from_secs(60)), None);
    assert!(locked.until(last - SignedDuration::from_secs(59)).is_some());
    assert_eq!(locked.until(last - SignedDuration::from_hours(48)), None, "the clock was set back");
}
