//! Judging the mails of one account, each under a mark that a crash leaves behind.
//!
//! Accounts are judged side by side, each by one judge: marks, batches and recovery are an account's
//! own. A mail that is read alone is alone in the whole process, so that nothing else is blamed for it,
//! and it for nothing else.

pub(super) mod batch;
pub(super) mod context;
pub(super) mod delivery_notices;
pub(super) mod read_mail;
pub(super) mod unpack_quota;
pub(super) mod verdict;

use std::panic::AssertUnwindSafe;

use futures_util::FutureExt;
use jiff::Timestamp;
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use super::lease::TaskHold;
use crate::health::{Heartbeat, Task};
use base::fail_point;
use batch::JudgedBatch;
use context::SharedContext;
use delivery_notices::notice;
use domain::defect::Code;
use read_mail::{Count, examine_counted};
use store::{JudgedMail, Judging, MailId, ReadingMark, Recorded, Store, StoreError, StoredMail, TaskLease};
use verdict::{JudgingContext, quarantined, unread};

/// Mails judged together.
const BATCH: u32 = 50;
/// Readings of a mail alone that may fail before it is put in quarantine: a power cut or a kill strikes an innocent one
/// once in a while, and three in a row were seen in a thousand.
const MAX_ATTEMPTS: u32 = 5;

/// The one judge of an account.
#[derive(Debug)]
pub struct Judge {
    house: SharedContext,
    seat: TaskHold,
    pub(super) account: String,
    task: Task,
    max_bytes: u64,
}

impl Judge {
    /// Judges the mails of this account, which may have so many bytes.
    pub(super) fn new(house: SharedContext, seat: TaskHold, account: &str, max_bytes: u64) -> Self {
        let task = Task::Sweep(account.to_owned());
        Self { house, seat, account: account.to_owned(), task, max_bytes }
    }

    /// The account whose mails it judges.
    pub fn account(&self) -> &str {
        &self.account
    }

    pub(super) fn store(&self) -> &Store {
        self.seat.store()
    }

    /// The duty under which all that concerns its mailbox is written.
    pub(super) fn duty(&self) -> Result<TaskLease, StoreError> {
        self.seat.duty()
    }

    pub(super) fn now(&self) -> Timestamp {
        self.house.clock.now()
    }

    /// Where it is told what goes on in the mailbox.
    pub(super) fn pulse(&self) -> &Heartbeat {
        &self.house.pulse
    }

    /// The sweep of the account goes on, however long it is.
    pub(super) fn beat(&self) {
        self.house.pulse.beat(&self.task);
    }

    /// The size over which a mail is rejected unread, in bytes.
    pub(super) fn max_bytes(&self) -> u64 {
        self.max_bytes
    }

    /// Whether it has the duty, as far as it knows.
    pub fn is_on_duty(&self) -> bool {
        self.seat.duty().is_ok()
    }

    /// Takes the duty, and takes note of the readings that a crash or a panic cut short: how many there were. `None` if
    /// another worker has it.
    pub async fn take_duty(&self) -> Result<Option<u64>, StoreError> {
        let taken = self.seat.shift().take_mailbox(&self.account).await?;
        self.seat.set(taken.clone());
        match taken {
            Some(duty) => Ok(Some(self.store().recover_readings(&duty, &self.account).await?)),
            None => Ok(None),
        }
    }

    /// How many sweeps came to their end under the worker that has the duty.
    pub async fn sweeps(&self) -> Result<i64, StoreError> {
        self.seat.shift().sweeps_of(&self.account).await
    }

    /// A sweep came to its end: other workers are to see it.
    pub async fn swept(&self) -> Result<(), StoreError> {
        self.seat.shift().swept(&self.duty()?).await
    }

    /// Gives the duty up: another worker may do better.
    pub async fn leave_duty(&self) -> Result<(), StoreError> {
        self.seat.leave().await
    }

    /// Judges every mail of the account that is not judged yet, or until `stop`. A fault of the store
    /// ends it and blames no mail.
    pub async fn judge_all(&self, stop: &CancellationToken) -> Result<usize, StoreError> {
        let judged = Box::pin(self.judge_batches(stop)).await;
        if judged.is_err() || stop.is_cancelled() {
            // Marks that stay are those of a crash. If the store cannot be written to now, the next
            // reading writes them anew.
            if let Err(failure) = self.end_readings().await {
                warn!("marques de lecture non effacées : {failure}");
            }
        }
        judged
    }

    async fn end_readings(&self) -> Result<(), StoreError> {
        self.store().end_readings(&self.duty()?, &self.account).await
    }

    async fn judge_batches(&self, stop: &CancellationToken) -> Result<usize, StoreError> {
        let mut judged = 0;
        loop {
            let waiting = self.store().to_judge(&self.account, BATCH).await?;
            if waiting.is_empty() || stop.is_cancelled() {
                return Ok(judged);
            }
            judged += waiting.len();
            self.beat();
            let (suspects, sound): (Vec<_>, Vec<_>) = waiting.into_iter().partition(|mail| mail.suspect);
            self.judge_together(&sound, stop).await?;
            for suspect in suspects {
                if !stop.is_cancelled() {
                    self.judge_alone(suspect).await?;
                }
            }
            self.house.judged.notify_one();
        }
    }

    /// A fault here makes every mail of the batch suspect: each is then read alone.
    async fn judge_together(&self, batch: &[Judging], stop: &CancellationToken) -> Result<(), StoreError> {
        if batch.is_empty() {
            return Ok(());
        }
        let _company = self.house.company.read().await;
        let ids: Vec<MailId> = batch.iter().map(|mail| mail.id).collect();
        self.store().begin_reading(&self.duty()?, &ids, ReadingMark::Together).await?;
        fail_point!("reading-marked");
        let mut docket = JudgedBatch::default();
        for id in ids {
            if stop.is_cancelled() {
                break;
            }
            if let Some((mail, judged)) = self.blaming(id, self.hear(id)).await? {
                docket.add(mail, judged);
            }
            if docket.is_full() {
                self.record_all(std::mem::take(&mut docket)).await?;
            }
        }
        self.record_all(docket).await
    }

    /// A mail and the judgement on it; `None` when its reading failed on our side.
    async fn hear(&self, id: MailId) -> Result<Option<(StoredMail, JudgedMail)>, StoreError> {
        let Some(mail) = self.store().mail(id).await? else { return Ok(None) };
        Ok(self.verdict_on(&mail).await?.map(|judged| (mail, judged)))
    }

    /// Records what was judged together. Those whose judgement another mailbox overtook, or another mail of theirs, are
    /// judged anew; each alone, if one cannot be recorded.
    async fn record_all(&self, docket: JudgedBatch) -> Result<(), StoreError> {
        let recorded = self.store().record_all(&self.duty()?, &docket.judgements(), self.now()).await;
        let recorded = match recorded {
            Err(failure) if failure.is_of_one_record() => None,
            recorded => Some(recorded?),
        };
        fail_point!("judgement-recorded");
        for (rank, (mail, judged)) in docket.entries().enumerate() {
            match recorded.as_ref().and_then(|recorded| recorded.get(rank)) {
                Some(Recorded::Stands) => self.tell(mail, judged),
                Some(Recorded::Overtaken) | None => self.judge(mail.id, ReadingMark::Together).await?,
            }
        }
        Ok(())
    }

    async fn judge_alone(&self, mail: Judging) -> Result<(), StoreError> {
        if mail.attempts >= MAX_ATTEMPTS {
            error!(
                courriel = mail.id.number(),
                "courriel mis en quarantaine après {MAX_ATTEMPTS} lectures interrompues"
            );
            return self.record(mail.id, &quarantined()).await.map(drop);
        }
        let _alone = self.house.company.write().await;
        self.store().begin_reading(&self.duty()?, &[mail.id], ReadingMark::Alone).await?;
        fail_point!("reading-marked");
        self.judge(mail.id, ReadingMark::Alone).await
    }

    async fn judge(&self, id: MailId, how: ReadingMark) -> Result<(), StoreError> {
        self.blaming(id, self.judge_and_record(id, how)).await.map(drop)
    }

    /// A fault that this mail alone can have caused stays with it: then there is nothing to show.
    async fn blaming<T>(
        &self,
        id: MailId,
        work: impl Future<Output = Result<Option<T>, StoreError>>,
    ) -> Result<Option<T>, StoreError> {
        match AssertUnwindSafe(work).catch_unwind().await {
            Ok(Ok(Some(done))) => return Ok(Some(done)),
            Ok(Ok(None)) => {}
            Ok(Err(failure)) if !failure.is_of_one_record() => return Err(failure),
            Ok(Err(failure)) => error!(courriel = id.number(), "jugement impossible : {failure}"),
            Err(_) => error!(courriel = id.number(), "le jugement a été interrompu par une erreur interne"),
        }
        self.store().reading_failed(&self.duty()?, id).await?;
        Ok(None)
    }

    /// `None` if the judgement did not come to its end. One that another mailbox overtook begins anew: it then knows
    /// the other's documents, so that this ends.
    async fn judge_and_record(&self, id: MailId, how: ReadingMark) -> Result<Option<()>, StoreError> {
        loop {
            let Some((mail, judged)) = self.hear(id).await? else { return Ok(None) };
            if how == ReadingMark::Alone {
                self.store().interpreted_alone(&self.duty()?, id).await?;
            }
            if self.record(id, &judged).await? == Recorded::Stands {
                fail_point!("judgement-recorded");
                self.tell(&mail, &judged);
                return Ok(Some(()));
            }
        }
    }

    fn tell(&self, mail: &StoredMail, judged: &JudgedMail) {
        judged.all_defects().for_each(|defect| self.house.pulse.found(defect.code()));
        log_judgement(mail, judged);
    }

    async fn record(&self, id: MailId, judged: &JudgedMail) -> Result<Recorded, StoreError> {
        self.store().record(&self.duty()?, id, judged, self.now()).await
    }

    /// `None` when the reading failed on our side.
    async fn verdict_on(&self, mail: &StoredMail) -> Result<Option<JudgedMail>, StoreError> {
        if let Some(judged) = unread(mail, self.max_bytes) {
            return Ok(Some(judged));
        }
        fail_point!("mail-reading", &mail.sha256);
        let raw = mail.raw.clone().unwrap_or_default();
        let unpacked = Count { unpacking: self.house.unpacking.clone(), mail: mail.id, at: mail.received_at };
        match examine_counted(raw, unpacked).await {
            Ok(examined) => {
                notice(self.store(), &self.duty()?, mail.id, &examined.message).await?;
                let referential = self.house.referential();
                let court = JudgingContext {
                    store: self.store(),
                    referential: &referential,
                    rules: &self.house.rules,
                    again: None,
                    at: None,
                };
                court.judge(mail, examined).await.map(Some)
            }
            Err(failure) => {
                error!(courriel = mail.id.number(), sha256 = mail.sha256, "{failure}");
                Ok(None)
            }
        }
    }
}

fn log_judgement(mail: &StoredMail, judged: &JudgedMail) {
    let defects = judged.defects.len() + judged.documents.iter().map(|document| document.defects.len()).sum::<usize>();
    let accepted: usize = judged.documents.iter().map(|document| document.updates.len()).sum();
    if judged.defects.iter().any(|defect| defect.code() == Code::M06) {
        error!(courriel = mail.id.number(), "document de patient reçu par erreur (M06) : prévenez l’établissement");
    }
    info!(
        courriel = mail.id.number(),
        sha256 = mail.sha256,
        octets = mail.size,
        expediteur = judged.sender.as_ref().map(domain::address::Address::masked),
        documents = judged.documents.len(),
        capacites = accepted,
        defauts = defects,
        dossier = judged.folder,
        "courriel {} jugé ; capacités retenues : {accepted}, défauts : {defects}",
        mail.id.number(),
    );
}
