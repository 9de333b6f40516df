//! Mails that cannot be taken: noted, told once, tried again at intervals, and never in the way of the others.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tracing::{error, info};

use super::move_judged::Listing;
use super::{Intake, IntakeError};
use base::config_values::after;
use base::unread::Cause;
use edges::mailbox::{Folder, Left, ListedMail, MailboxError, Position};
use store::{KnownUnread, NewUnread, StoreError, ToMove};

/// Before the second try; each wait is twice the last, up to the longest.
const FIRST_WAIT: Duration = Duration::from_secs(5);
/// The longest that a mail that could not be taken waits for its next try.
pub const LONGEST_UNREAD: Duration = Duration::from_mins(10);

/// What is known of the mails of one mailbox that were left, during one sweep.
pub(in crate::pipeline) type KnownLeft = HashMap<String, KnownUnread>;

/// Mails in whose reading a session ended. In memory alone.
#[derive(Debug, Default)]
pub(in crate::pipeline) struct Doubted(Mutex<Blame>);

#[derive(Debug, Default)]
struct Blame {
    /// Those of a set: each is read alone, so that the one to blame is found.
    alone: BTreeSet<Position>,
    /// Those that were stored before and looked at once more, alone: how often a session ended so, and when they may be
    /// looked at again.
    looks: BTreeMap<Position, (u32, Timestamp)>,
}

impl Doubted {
    pub(in crate::pipeline) fn has(&self, position: &Position) -> bool {
        self.lock().alone.contains(position)
    }

    /// Whether a stored mail is not to be looked at now: sessions ended with it.
    pub(in crate::pipeline) fn rests(&self, position: &Position, now: Timestamp) -> bool {
        self.lock().looks.get(position).is_some_and(|(_, next_at)| now < *next_at)
    }

    /// A session ended while stored mails were being looked at.
    pub(in crate::pipeline) fn ended_with(&self, positions: &[Position], now: Timestamp) {
        let mut blame = self.lock();
        match positions {
            [one] => {
                let (times, next_at) = blame.looks.entry(one.clone()).or_insert((0, now));
                *next_at = after(now, wait_after(*times));
                *times = times.saturating_add(1);
            }
            several => blame.alone.extend(several.iter().cloned()),
        }
    }

    /// A stored mail was looked at, and the session goes on.
    pub(in crate::pipeline) fn cleared(&self, position: &Position) {
        let mut blame = self.lock();
        blame.alone.remove(position);
        blame.looks.remove(position);
    }

    /// Mails that came, or have gone, are beyond doubt.
    pub(in crate::pipeline) fn keep_only(&self, listing: &Listing<'_>) {
        let mut blame = self.lock();
        blame.alone.retain(|position| listing.has(position.as_str()));
        blame.looks.retain(|position, _| listing.has(position.as_str()));
    }

    fn lock(&self) -> MutexGuard<'_, Blame> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// In which order mails are read: those that were left before keep nothing new waiting.
pub(in crate::pipeline) struct Order<'a> {
    /// Together.
    pub(in crate::pipeline) sound: Vec<&'a ListedMail>,
    /// Each alone.
    pub(in crate::pipeline) alone: Vec<&'a ListedMail>,
}

impl Intake {
    /// What was left in this mailbox and is still there; what has gone is forgotten.
    pub(in crate::pipeline) async fn still_left(&self, listing: &Listing<'_>) -> Result<KnownLeft, StoreError> {
        self.doubted.keep_only(listing);
        let mut left = self.judge.store().known_unread(&self.judge.account).await?;
        let gone: Vec<String> = left.keys().filter(|position| !listing.has(position)).cloned().collect();
        if !gone.is_empty() {
            let gone: Vec<&str> = gone.iter().map(String::as_str).collect();
            self.judge.store().unread_gone(&self.judge.duty()?, &self.judge.account, &gone, self.judge.now()).await?;
            left.retain(|position, _| !gone.contains(&position.as_str()));
        }
        Ok(left)
    }

    /// Those of the mails to be read now.
    pub(in crate::pipeline) fn order<'a>(&self, new: Vec<&'a ListedMail>, left: &KnownLeft) -> Order<'a> {
        let now = self.judge.now();
        let mut order = Order { sound: Vec::new(), alone: Vec::new() };
        let mut again = Vec::new();
        for entry in new {
            match left.get(entry.position.as_str()) {
                Some(known) if known.next_at.is_some_and(|at| at <= now) => again.push(entry),
                Some(_) => {}
                None if self.doubted.has(&entry.position) => order.alone.push(entry),
                None => order.sound.push(entry),
            }
        }
        order.alone.extend(again);
        order
    }

    /// Takes note of mails that came to nothing. Gives how many of them were known to be left before.
    pub(in crate::pipeline) async fn leave(
        &self,
        entries: &[&ListedMail],
        mails: &[Left],
        left: &KnownLeft,
    ) -> Result<usize, StoreError> {
        if mails.is_empty() {
            return Ok(0);
        }
        let now = self.judge.now();
        let noted: Vec<NewUnread> = mails.iter().map(|mail| self.noted(entries, mail, left, now)).collect();
        self.judge.store().leave_unread(&self.judge.duty()?, &noted, now).await?;
        self.tracer.left(mails).await?;
        let is_known = |mail: &&Left| left.contains_key(mail.position.as_str());
        for mail in mails.iter().filter(|mail| !is_known(mail)) {
            let (position, cause) = (&mail.position, mail.cause);
            error!(position = %position, cause = cause.word(), "un courriel reste non lu dans la boîte ({position}) : {cause} ; nouvel essai à intervalles");
        }
        Ok(mails.iter().filter(is_known).count())
    }

    /// Judged mails whose folder cannot be read in the store stay where they are, and stop no other.
    pub(in crate::pipeline) async fn leave_unfilable(&self, mails: &[ToMove]) -> Result<(), StoreError> {
        let unfilable = |mail: &ToMove| {
            let position = mail.position.parse().ok()?;
            let (cause, detail) = (Cause::Unfilable, format!("courriel n° {}", mail.id.number()));
            mail.folder.parse::<Folder>().is_err().then_some(Left { position, cause, detail })
        };
        let mut mails: Vec<Left> = mails.iter().filter_map(unfilable).collect();
        if mails.is_empty() {
            return Ok(());
        }
        let left = self.judge.store().known_unread(&self.judge.account).await?;
        mails.retain(|mail| !left.contains_key(mail.position.as_str()));
        self.leave(&[], &mails, &left).await.map(drop)
    }

    /// Mails that were left, and came.
    pub(in crate::pipeline) async fn came_at_last<'a>(
        &self,
        positions: impl Iterator<Item = &'a Position>,
        left: &KnownLeft,
    ) -> Result<(), StoreError> {
        let came: Vec<&str> = positions.map(Position::as_str).filter(|position| left.contains_key(*position)).collect();
        for position in &came {
            info!(position, "le courriel qui restait non lu ({position}) est lu");
        }
        self.judge.store().read_at_last(&self.judge.duty()?, &self.judge.account, &came).await
    }

    /// The session ended while these mails were being read: one alone is to blame, several are each read alone from now on.
    pub(in crate::pipeline) async fn blame(
        &self,
        entries: &[&ListedMail],
        failure: MailboxError,
        left: &KnownLeft,
    ) -> Result<IntakeError, StoreError> {
        if may_be_of_a_mail(&failure) {
            match entries {
                [entry] => {
                    let (cause, detail) = (Cause::EndsSession, failure.to_string());
                    let mail = Left { position: entry.position.clone(), cause, detail };
                    self.leave(entries, &[mail], left).await?;
                }
                several => self.doubted.lock().alone.extend(several.iter().map(|entry| entry.position.clone())),
            }
        }
        Ok(failure.into())
    }

    /// In how long the next mail that was left is to be tried again, if there is one.
    pub(in crate::pipeline) async fn next_try(&self) -> Result<Option<Duration>, StoreError> {
        let left = self.judge.store().known_unread(&self.judge.account).await?;
        let now = self.judge.now();
        // One that is overdue waits for the next sweep, whenever that is.
        let next = left.values().filter_map(|known| known.next_at).filter(|at| *at > now).min();
        Ok(next.map(|at| Duration::try_from(at.duration_since(now)).unwrap_or_default()))
    }

    fn noted(&self, entries: &[&ListedMail], mail: &Left, left: &KnownLeft, now: Timestamp) -> NewUnread {
        let entry = entries.iter().find(|entry| entry.position == mail.position);
        let tries = left.get(mail.position.as_str()).map_or(0, |known| known.tries);
        NewUnread {
            account: self.judge.account.clone(),
            position: mail.position.to_string(),
            cause: mail.cause,
            detail: domain::defect::excerpt(&mail.detail),
            size: entry.map_or(0, |entry| entry.size),
            arrived_at: entry.and_then(|entry| entry.internal_date),
            next_at: after(now, wait_after(tries)),
        }
    }
}

/// Whether a session may have ended for what was being read.
pub(in crate::pipeline) fn may_be_of_a_mail(failure: &MailboxError) -> bool {
    use MailboxError::{Broken, Protocol, Refused, Timeout};
    matches!(failure, Broken(_) | Protocol { .. } | Refused { .. } | Timeout(_))
}

/// How long to wait after so many earlier tries.
fn wait_after(tries: u32) -> Duration {
    FIRST_WAIT.saturating_mul(2_u32.saturating_pow(tries)).min(LONGEST_UNREAD)
}

#[test]
fn waits_grow_to_their_limit() {
    let waits: Vec<u64> = [0, 1, 2, 6, 7, 40].map(|tries| wait_after(tries).as_secs()).to_vec();
    assert_eq!(waits, [5, 10, 20, 320, 600, 600]);
}
