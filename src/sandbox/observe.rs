//! What the system did with a mail, as its users see it: journal and reply.

use std::path::Path;
use std::time::Duration;

use tokio::time::Instant;

use super::transport;
use domain::address::Address;
use domain::defect::Code;
use domain::outcome::MailOutcome;
use reading::message;
use store::{MailId, Store, StoreError, StoredReply};

/// How often the journal is looked at.
const LOOK: Duration = Duration::from_millis(40);

/// What became of one mail.
#[derive(Debug, Clone)]
pub struct Observed {
    /// Its receipt number.
    pub id: MailId,
    /// Verdicts, rows and defects.
    pub outcome: MailOutcome,
    /// The reply as the sender's mailbox holds it.
    pub reply: Option<Vec<u8>>,
    /// Whether the journal says a reply was sent.
    pub replied: bool,
}

/// Why nothing could be observed.
#[derive(Debug, thiserror::Error)]
pub enum ObserveError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The mail did not come to its end in time.
    #[error("le courriel n’est pas réglé après {} s", .0.as_secs())]
    TooLong(Duration),
}

/// Waits until the newest mail of these bytes, received after `after`, is settled or held, and its
/// reply has left.
pub(super) async fn observe(
    store: &Store,
    maildirs: &Path,
    raw: &[u8],
    after: Option<MailId>,
    patience: Duration,
) -> Result<Observed, ObserveError> {
    let message_id = message::read(raw, &message::MessageLimits::default()).message_id().map(str::to_owned);
    let sha256 = store::sha256(raw);
    let deadline = Instant::now() + patience;
    while Instant::now() < deadline {
        let found =
            store.newest_mail(&sha256, message_id.as_deref()).await?.filter(|id| after.is_none_or(|last| *id > last));
        if let Some(id) = found
            && let Some(observed) = settled(store, maildirs, id).await?
        {
            return Ok(observed);
        }
        tokio::time::sleep(LOOK).await;
    }
    Err(ObserveError::TooLong(patience))
}

async fn settled(store: &Store, maildirs: &Path, id: MailId) -> Result<Option<Observed>, StoreError> {
    // Asked before the outcome is read, so that the outcome is the settled one.
    let is_settled = store.is_settled(id).await?;
    let Some(outcome) = store.outcome(id).await? else { return Ok(None) };
    let is_held = outcome.all_defects().any(|defect| defect.code() == Code::R04);
    if !(is_settled || is_held) {
        return Ok(None);
    }
    let replies = store.replies(id).await?;
    if replies.iter().any(|reply| reply.etat == "a-envoyer") {
        return Ok(None);
    }
    let sent = replies.iter().find(|reply| reply.kind == "reponse");
    let reply = sent.and_then(|reply| delivered(maildirs, reply));
    if reply.is_none() && sent.is_some_and(|reply| reply.etat == "envoyee") {
        // The submission server has it: it is on its way.
        return Ok(None);
    }
    Ok(Some(Observed { id, outcome, reply, replied: sent.is_some() }))
}

/// The reply in the mailbox of its first recipient.
fn delivered(maildirs: &Path, reply: &StoredReply) -> Option<Vec<u8>> {
    let recipient: Address = reply.recipients.split(' ').next()?.parse().ok()?;
    transport::find(maildirs, &recipient, &reply.content)
}
