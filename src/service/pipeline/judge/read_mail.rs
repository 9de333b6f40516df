//! Reading a mail and its documents: pure, bounded, and run apart so that a fault of ours on one
//! mail stays with that mail.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::Semaphore;

use super::unpack_quota::Unpacking;
use reading::message;
use reading::message::Message;
use reading::report;
use reading::report::ReportReading;
use store::MailId;

/// How long one mail may be read before the reading is given up.
const DEADLINE: Duration = Duration::from_mins(1);

/// Mails read at one time. One whose reading was given up goes on until it ends, and counts until then.
static READ_AT_ONCE: Semaphore = Semaphore::const_new(16);

/// The limits of both readers.
#[derive(Debug, Clone, Default)]
pub(crate) struct ReadLimits {
    pub(crate) message: message::MessageLimits,
    pub(crate) report: report::DocumentLimits,
}

/// On whose account a mail is read.
pub(crate) struct Count {
    pub(in crate::pipeline) unpacking: Unpacking,
    pub(in crate::pipeline) mail: MailId,
    /// When it was received.
    pub(in crate::pipeline) at: Timestamp,
}

/// A mail that was read.
pub(crate) struct Examined {
    pub(crate) message: Message,
    pub(crate) readings: Vec<ReportReading>,
}

/// A reading that did not come to its end: our fault, never a verdict.
#[derive(Debug, thiserror::Error)]
pub enum ExamineError {
    /// A fault of ours.
    #[error("la lecture du courriel a été interrompue par une erreur interne")]
    Panicked,
    /// It took too long.
    #[error("la lecture du courriel dépasse {} s", DEADLINE.as_secs())]
    TooLong,
}

/// Reads a mail and its documents on a thread of its own.
pub(crate) async fn examine(raw: Vec<u8>, limits: ReadLimits) -> Result<Examined, ExamineError> {
    apart(move || read(&raw, &limits)).await
}

/// The same, within what its sender may have unpacked in an hour.
pub(crate) async fn examine_counted(raw: Vec<u8>, count: Count) -> Result<Examined, ExamineError> {
    apart(move || {
        let Count { unpacking, mail, at } = count;
        let sender = message::sender_of(&raw);
        let allowance = Some(unpacking.allowance(sender.as_ref(), mail, at));
        let limits = message::MessageLimits { allowance, ..message::MessageLimits::default() };
        let examined = read(&raw, &ReadLimits { message: limits, ..ReadLimits::default() });
        unpacking.spend(sender.as_ref(), mail, at, examined.message.unpacked());
        examined
    })
    .await
}

/// Reads a mail, without its documents, on a thread of its own.
pub(crate) async fn read_message(raw: Vec<u8>) -> Result<Message, ExamineError> {
    apart(move || message::read(&raw, &message::MessageLimits::default())).await
}

/// Whether these bytes stand for a mail that its server could not convert. A reading that fails says no: the mail is then
/// judged, where such a fault is kept with it.
pub(crate) async fn is_substitute(raw: &[u8]) -> bool {
    const LONGEST: usize = 64 * 1024;
    if raw.len() > LONGEST {
        return false;
    }
    let raw = raw.to_vec();
    apart(move || message::is_substitute(&raw)).await.unwrap_or(false)
}

async fn apart<T: Send + 'static>(read: impl FnOnce() -> T + Send + 'static) -> Result<T, ExamineError> {
    let Ok(Ok(turn)) = tokio::time::timeout(DEADLINE, READ_AT_ONCE.acquire()).await else {
        return Err(ExamineError::TooLong);
    };
    let reading = tokio::task::spawn_blocking(move || {
        let _turn = turn;
        std::panic::catch_unwind(AssertUnwindSafe(read)).map_err(|_| ExamineError::Panicked)
    });
    match tokio::time::timeout(DEADLINE, reading).await {
        Ok(Ok(examined)) => examined,
        Ok(Err(_)) => Err(ExamineError::Panicked),
        Err(_) => Err(ExamineError::TooLong),
    }
}

fn read(raw: &[u8], limits: &ReadLimits) -> Examined {
    let message = message::read(raw, &limits.message);
    let readings = message
        .candidates()
        .iter()
        .map(|candidate| report::read(&candidate.name, &candidate.bytes, &limits.report))
        .collect();
    Examined { message, readings }
}
