//! Store to sender: replies leave as they were stored, again and again until they are taken over.
//!
//! While the server as a whole is unavailable, nothing is held against any reply: the one at hand is tried again with
//! growing waits, the others stay where they are.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::tracer::Tracer;
use crate::address::{Address, mask_all};
use crate::clock::Clock;
use crate::config;
use crate::fail_point::fail_point;
use crate::health::{Concern, Pulse, Task};
use crate::mailbox;
use crate::reply;
use crate::smtp::{SendError, Sent, Smtp, Submission};
use crate::store::{MailId, ReplyToSend, Shift, StoreError};

/// Replies sent in one go.
const BATCH: u32 = 50;

/// By where replies leave.
#[derive(Debug)]
pub enum Transport {
    /// A submission server.
    Smtp(Box<Smtp>),
    /// Maildirs under this folder, one for each recipient.
    Maildir(PathBuf),
}

impl Transport {
    /// Hands a mail over.
    pub async fn send(&self, mail: &Submission<'_>) -> Result<Sent, SendError> {
        match self {
            Self::Smtp(server) => server.send(mail).await,
            Self::Maildir(root) => {
                mail.to.iter().try_for_each(|recipient| deliver(root, recipient, mail))?;
                Ok(Sent { refused: Vec::new() })
            }
        }
    }
}

/// The Maildir of an address below `root`; no address can name anything outside it.
pub fn maildir_of(root: &Path, address: &Address) -> PathBuf {
    root.join(address.as_str().replace(['/', '\\', ':'], "_"))
}

/// The file bears the Message-ID: one that is there already was left by a try cut short.
fn deliver(root: &Path, recipient: &Address, mail: &Submission<'_>) -> Result<(), SendError> {
    let name = mail.message_id.replace(['/', ':'], "_");
    match mailbox::deliver(&maildir_of(root, recipient), mail.mail, &name) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => {
            Err(SendError::Deferred(format!("dépôt dans le Maildir : {error}")))
        }
        _ => {
            fail_point!("reply-copied");
            Ok(())
        }
    }
}

/// Store to sender.
#[derive(Debug)]
pub struct Posting {
    shift: Shift,
    clock: Clock,
    transport: Transport,
    settings: config::Reply,
    outage: Mutex<Outage>,
    pulse: Pulse,
    tracer: Tracer,
}

/// How long the server as a whole has been unavailable.
#[derive(Debug, Default)]
struct Outage {
    failures: u32,
    until: Option<Timestamp>,
}

impl Posting {
    /// Posts through this transport.
    pub fn new(
        shift: Shift,
        clock: Clock,
        transport: Transport,
        settings: &config::Reply,
        pulse: Pulse,
        tracer: Tracer,
    ) -> Self {
        Self { shift, clock, transport, settings: settings.clone(), outage: Mutex::default(), pulse, tracer }
    }

    /// Sends what is due, or until `stop`: a letter under way is sent to its end. Returns how many
    /// replies were handled.
    pub async fn round(&self, stop: &CancellationToken) -> Result<usize, StoreError> {
        let now = self.clock.now();
        if self.outage().until.is_some_and(|until| now < until) {
            return Ok(0);
        }
        let due = self.shift.replies_to_send(BATCH, now).await?;
        let sent = self.send(&due, stop).await;
        if sent.as_ref().is_ok_and(|sent| *sent < due.len()) {
            self.shift.release_replies().await?;
        }
        sent
    }

    /// In order, until one shows that there is no server to send by, or another worker may have taken over.
    async fn send(&self, due: &[ReplyToSend], stop: &CancellationToken) -> Result<usize, StoreError> {
        for (rank, reply) in due.iter().enumerate() {
            if stop.is_cancelled() || !self.shift.is_on() {
                return Ok(rank);
            }
            self.post(reply).await?;
            self.pulse.beat(&Task::Posting);
            if self.outage().until.is_some() {
                return Ok(rank);
            }
        }
        Ok(due.len())
    }

    /// A reply that is too large leaves without the sender's mail: its text and its report matter more.
    async fn post(&self, reply: &ReplyToSend) -> Result<(), StoreError> {
        fail_point!("reply-leaving");
        let sent = self.transport.send(&submission(reply)).await;
        let lighter = match sent {
            Err(SendError::TooLarge(_)) => reply::without_original(&reply.content),
            _ => None,
        };
        let Some(content) = lighter else { return self.posted(reply, sent).await };
        info!("{} trop volumineuse : envoyée sans le courriel d’origine", named(reply));
        self.shift.store().lighten_reply(reply.id, &content).await?;
        let reply = ReplyToSend { content, ..reply.clone() };
        let sent = self.transport.send(&submission(&reply)).await;
        self.posted(&reply, sent).await
    }

    async fn posted(&self, reply: &ReplyToSend, sent: Result<Sent, SendError>) -> Result<(), StoreError> {
        self.tracer.posted(reply, sent.as_ref().map(|_| "accepté")).await?;
        match sent {
            Ok(sent) => {
                fail_point!("reply-sent");
                self.is_available();
                self.sent(reply, &sent).await
            }
            Err(failure @ SendError::Unavailable(_)) => self.waits(reply, &failure).await,
            Err(failure) => {
                self.is_available();
                self.failed(reply, &failure).await
            }
        }
    }

    async fn sent(&self, reply: &ReplyToSend, sent: &Sent) -> Result<(), StoreError> {
        self.pulse.replied("sent");
        let (number, name) = (reply.mail.map(MailId::number), named(reply));
        info!(courriel = number, message_id = reply.message_id, "{name} envoyée");
        for (address, answer) in &sent.refused {
            let (address, answer) = (address.masked(), mask_all(answer));
            warn!(courriel = number, "{name}, sans {address} : {answer}");
        }
        let refused = sent.refused.iter().map(|(address, answer)| format!("{address} : {answer}"));
        let refused = refused.reduce(|all, one| format!("{all} ; {one}"));
        self.shift.store().reply_sent(reply.id, refused.as_deref(), self.clock.now()).await?;
        fail_point!("reply-recorded");
        Ok(())
    }

    async fn failed(&self, reply: &ReplyToSend, failure: &SendError) -> Result<(), StoreError> {
        let number = reply.mail.map(MailId::number);
        warn!(courriel = number, "{} : {}", named(reply), mask_all(&failure.to_string()));
        let next_at = self.next_try(reply, failure);
        self.pulse.replied(if next_at.is_some() { "deferred" } else { "abandoned" });
        self.shift.store().reply_failed(reply.id, &failure.to_string(), next_at, self.clock.now()).await
    }

    /// Tells of an outage when it begins, and keeps the cause with the reply for the journal.
    async fn waits(&self, reply: &ReplyToSend, failure: &SendError) -> Result<(), StoreError> {
        self.pulse.replied("unavailable");
        let cause = failure.cause();
        if failure.is_refused_login() {
            self.pulse.ails(Concern::SmtpLogin, cause);
        }
        if self.begin_or_prolong_outage() {
            warn!("les réponses attendent, le serveur d’envoi est indisponible : {}", mask_all(cause));
        }
        self.shift.store().reply_waits(reply.id, cause).await
    }

    fn begin_or_prolong_outage(&self) -> bool {
        let mut outage = self.outage();
        let wait = self.settings.retry.wait(outage.failures, None, fastrand::f64());
        outage.failures = outage.failures.saturating_add(1);
        outage.until = Some(after(self.clock.now(), wait));
        outage.failures == 1
    }

    fn is_available(&self) {
        self.pulse.well(&Concern::SmtpLogin);
        let ended = std::mem::take(&mut *self.outage());
        if ended.until.is_some() {
            info!("le serveur d’envoi est de nouveau disponible");
        }
    }

    fn outage(&self) -> MutexGuard<'_, Outage> {
        self.outage.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn next_try(&self, reply: &ReplyToSend, failure: &SendError) -> Option<Timestamp> {
        let again = failure.is_transient() && reply.attempts.saturating_add(1) < self.settings.tries;
        let wait = self.settings.retry.wait(reply.attempts, None, fastrand::f64());
        again.then(|| after(self.clock.now(), wait))
    }
}

fn submission(reply: &ReplyToSend) -> Submission<'_> {
    Submission {
        from: reply.return_path.as_ref(),
        to: &reply.recipients,
        message_id: &reply.message_id,
        mail: &reply.content,
    }
}

/// What the traces call a letter.
fn named(reply: &ReplyToSend) -> String {
    reply.mail.map_or_else(|| reply.id.to_string(), |mail| format!("réponse au courriel {}", mail.number()))
}

fn after(now: Timestamp, wait: std::time::Duration) -> Timestamp {
    let wait = SignedDuration::try_from(wait).unwrap_or(SignedDuration::MAX);
    now.saturating_add(wait).unwrap_or(now)
}
