//! Moving judged mails to their folder, once, and being sure that they went. A folder that refuses them is left alone
//! for a while, and nothing else waits for it.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use tracing::{info, warn};

use super::{Intake, IntakeError};
use crate::health::Concern;
use base::fail_point;
use edges::mailbox::{Attempt, Folder, ListedMail, MailboxError, MailboxSession, Moved, Position};
use store::{MailId, StoreError, ToMove};

/// Mails moved together.
const BATCH: u32 = 50;

/// What this sweep saw in the mailbox before it moved anything: every position.
pub(in crate::pipeline) struct Listing<'a>(HashSet<&'a Position>);

/// Which of the judged mails a filing is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::pipeline) enum Extent {
    /// Those that were seen.
    Seen,
    /// Those that were not seen too: all that was new was received, so that they have gone.
    All,
}

/// What was said of folders that refuse mails.
type FolderRefusals = BTreeMap<Folder, String>;

/// What one filing did.
#[derive(Debug, Default)]
struct Filed {
    /// Mails that were moved.
    moved: usize,
    /// Folders that took none of what they were asked to.
    closed: BTreeSet<Folder>,
}

impl<'a> Listing<'a> {
    pub(in crate::pipeline) fn of(entries: &'a [ListedMail]) -> Self {
        Self(entries.iter().map(|entry| &entry.position).collect())
    }

    /// Whether a mail was there.
    pub(in crate::pipeline) fn has(&self, position: &str) -> bool {
        position.parse::<Position>().is_ok_and(|position| self.0.contains(&position))
    }

    /// Whether a mail was there under the numbering of this listing, and is there no longer.
    pub(in crate::pipeline) fn lacks(&self, position: &str) -> bool {
        let same = |position: &Position| self.0.iter().next().is_some_and(|one| one.is_of_one_numbering(position));
        position.parse::<Position>().is_ok_and(|position| same(&position) && !self.0.contains(&position))
    }
}

impl Intake {
    /// Moves what is judged. A move is confirmed when the mailbox did it, or when a whole listing no
    /// longer shows the mail: an earlier, unconfirmed move did it, or another program. A mail that
    /// goes between the listing and the move may only have changed its position: the next sweep
    /// tells. A mail whose folder refuses it stays, judged and answered: a later sweep asks again.
    pub(in crate::pipeline) async fn file_judged(
        &self,
        mut session: MailboxSession,
        listing: &Listing<'_>,
        extent: Extent,
    ) -> Result<(MailboxSession, usize), IntakeError> {
        let (mut filed, mut after) = (0, None);
        let (mut closed, asked_again) = (self.holding.held(), self.holding.due());
        loop {
            let waiting = self.waiting(extent, &closed, after).await?;
            let Some(last) = waiting.last() else { break };
            after = Some(last.id);
            let (there, gone): (Vec<_>, Vec<_>) = waiting.into_iter().partition(|mail| listing.has(&mail.position));
            for (mails, attempt) in self.apart(there, &closed) {
                let batch;
                (session, batch) = self.file_batch(session, &mails, attempt).await?;
                filed += batch.moved;
                closed.extend(batch.closed);
            }
            if extent == Extent::All {
                let gone: Vec<MailId> = gone.iter().map(|mail| mail.id).collect();
                self.judge.store().moved(&self.judge.duty()?, &gone, self.judge.now()).await?;
                filed += gone.len();
            }
        }
        if extent == Extent::All {
            // Nothing is left that they could refuse.
            asked_again.intersection(&self.holding.due()).for_each(|folder| self.takes(*folder));
        }
        Ok((session, filed))
    }

    /// The next page. Mails of closed folders matter only where it is asked whether they have gone.
    async fn waiting(
        &self,
        extent: Extent,
        closed: &BTreeSet<Folder>,
        after: Option<MailId>,
    ) -> Result<Vec<ToMove>, StoreError> {
        let but: Vec<&str> = match extent {
            Extent::Seen => closed.iter().map(|folder| folder.word()).collect(),
            Extent::All => Vec::new(),
        };
        self.judge.store().to_move(&self.judge.account, &but, after, BATCH).await
    }

    /// What is filed together: first attempts apart from others, which come before them so that no copy just made is taken
    /// for theirs, these by how many files are not theirs, and apart from all the folders in which a session ended.
    fn apart(&self, mails: Vec<ToMove>, closed: &BTreeSet<Folder>) -> Vec<(Vec<ToMove>, Attempt)> {
        let mut groups: BTreeMap<(Option<Folder>, bool, u32), Vec<ToMove>> = BTreeMap::new();
        for mail in mails {
            let folder = mail.folder.parse::<Folder>().ok();
            if folder.is_none_or(|folder| !closed.contains(&folder)) {
                let suspect = folder.filter(|folder| self.holding.is_suspect(*folder));
                groups.entry((suspect, !mail.tried, mail.others)).or_default().push(mail);
            }
        }
        let attempt = |is_first, others| if is_first { Attempt::First } else { Attempt::Again { others } };
        groups.into_iter().map(|((_, is_first, others), mails)| (mails, attempt(is_first, others))).collect()
    }

    /// That it is tried is durable before it is: a crash may leave a copy without a removal.
    async fn file_batch(
        &self,
        session: MailboxSession,
        mails: &[ToMove],
        attempt: Attempt,
    ) -> Result<(MailboxSession, Filed), IntakeError> {
        self.leave_unfilable(mails).await?;
        let (ids, moves): (Vec<MailId>, Vec<_>) = mails.iter().filter_map(planned).unzip();
        if ids.is_empty() {
            return Ok((session, Filed::default()));
        }
        self.judge.store().begin_filing(&self.judge.duty()?, &ids, self.judge.now()).await?;
        fail_point!("move-planned");
        let filed = session.file(&moves, attempt).await;
        let (session, outcomes) = filed.inspect_err(|failure| self.interrupted(&moves, failure))?;
        fail_point!("move-done");
        self.judge.beat();
        self.tracer.filed(&moves, &outcomes, session.refusals()).await?;
        let done = self.confirm(&ids, &outcomes).await?;
        fail_point!("move-recorded");
        let closed = self.learn(&moves, &outcomes, session.refusals());
        Ok((session, Filed { moved: done, closed }))
    }

    async fn confirm(&self, ids: &[MailId], outcomes: &[Moved]) -> Result<usize, StoreError> {
        let with = |wanted: Moved| -> Vec<MailId> {
            ids.iter().zip(outcomes).filter(|(_, outcome)| **outcome == wanted).map(|(id, _)| *id).collect()
        };
        let (moved, left) = (with(Moved::Done), with(Moved::Left));
        // What was refused left no copy: on the next attempt one that is found would be another mail's.
        self.judge.store().not_filed(&self.judge.duty()?, &with(Moved::Refused)).await?;
        self.judge.store().moved(&self.judge.duty()?, &moved, self.judge.now()).await?;
        self.judge.store().left(&self.judge.duty()?, &left, self.judge.now()).await?;
        Ok(moved.len())
    }

    /// What a filing says of the folders: those that took nothing of what they were asked to are given.
    fn learn(&self, moves: &[(Position, Folder)], outcomes: &[Moved], refusals: &FolderRefusals) -> BTreeSet<Folder> {
        let with = |wanted: fn(Moved) -> bool| -> BTreeSet<Folder> {
            moves.iter().zip(outcomes).filter(|(_, one)| wanted(**one)).map(|((_, folder), _)| *folder).collect()
        };
        let (taken, refused) = (with(|one| one == Moved::Done), with(Moved::is_refused));
        for folder in &taken {
            self.holding.proven(*folder);
        }
        taken.difference(&refused).for_each(|folder| self.takes(*folder));
        let said = refusals.iter().filter(|(folder, _)| refused.contains(folder));
        said.for_each(|(folder, said)| self.refuses(*folder, said));
        refused.difference(&taken).copied().collect()
    }

    /// Folders that are to be asked again are made first if they are missing: at the opening and in long sessions alike.
    pub(in crate::pipeline) async fn look_at_folders(
        &self,
        mut session: MailboxSession,
    ) -> Result<MailboxSession, IntakeError> {
        let due = self.holding.due();
        if !due.is_empty() {
            session = session.make_folders().await?;
        }
        let is_news =
            |folder: Folder| due.contains(&folder) || !self.holding.is_known(folder) && !self.holding.is_proven(folder);
        let news = session.refusals().iter().filter(|(folder, _)| is_news(**folder));
        news.for_each(|(folder, said)| self.refuses(*folder, said));
        Ok(session)
    }

    /// From now on this folder is left alone for a while, and people are told.
    fn refuses(&self, folder: Folder, said: &str) {
        let (wait, name) = (self.holding.refused(folder).as_secs(), self.folders.name(folder));
        self.judge.pulse().ails(self.filing_in(folder), said);
        warn!("le dossier « {name} » n’accepte pas les courriels jugés ({said}) ; nouvel essai dans {wait} s");
    }

    fn takes(&self, folder: Folder) {
        if self.holding.well(folder) {
            self.judge.pulse().well(&self.filing_in(folder));
            info!("le dossier « {} » accepte de nouveau les courriels jugés", self.folders.name(folder));
        }
    }

    /// The session ended in the middle. Once is nobody's fault; twice, with one folder alone, is that folder's.
    fn interrupted(&self, moves: &[(Position, Folder)], failure: &MailboxError) {
        let folders: BTreeSet<Folder> = moves.iter().map(|(_, folder)| *folder).collect();
        if failure.is_of_filing()
            && let Some(folder) = self.holding.interrupted(&folders)
        {
            self.refuses(folder, &failure.to_string());
        }
    }

    fn filing_in(&self, folder: Folder) -> Concern {
        Concern::Filing { account: self.judge.account.clone(), folder: self.folders.name(folder).to_owned() }
    }
}

/// A mail whose position or folder cannot be read stays where it is, and stops no other.
fn planned(mail: &ToMove) -> Option<(MailId, (Position, Folder))> {
    Some((mail.id, (mail.position.parse().ok()?, mail.folder.parse().ok()?)))
}
