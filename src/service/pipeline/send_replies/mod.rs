//! Store to sender: replies leave as they were stored, again and again until they are taken over for each recipient.
//!
//! While the server as a whole is unavailable, nothing is held against any reply: the one at hand is tried again with
//! growing waits, the others stay where they are. The same holds of the replies of one envelope sender that the server does
//! not take mails from.

pub(super) mod outages;

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::mailbox_trace::MailboxTrace;
use crate::config;
use crate::health::{Concern, Heartbeat, Task};
use base::clock::Clock;
use base::config_values::after;
use base::fail_point;
use domain::address::{Address, mask_all};
use edges::mailbox;
use edges::smtp::{Handed, Obstacle, SendError, Sent, Smtp, Submission};
use judging::reply;
use outages::{Outages, Scope};
use store::{Handing, MailId, ReplyToSend, StoreError, Whereabouts, WorkerLease};

/// Replies sent in one go.
const BATCH: u32 = 50;

/// By where replies leave.
#[derive(Debug, Clone)]
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
                let handed = mail.to.iter().map(|recipient| (recipient.clone(), deliver(root, recipient, mail)));
                Ok(Sent { handed: handed.collect() })
            }
        }
    }
}

/// The Maildir of an address below `root`; no address can name anything outside it.
pub fn maildir_of(root: &Path, address: &Address) -> PathBuf {
    root.join(address.as_str().replace(['/', '\\', ':'], "_"))
}

/// The file bears the Message-ID: one that is there already was left by a try cut short.
fn deliver(root: &Path, recipient: &Address, mail: &Submission<'_>) -> Handed {
    let name = mail.message_id.replace(['/', ':'], "_");
    match mailbox::deliver(&maildir_of(root, recipient), mail.mail, &name) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => {
            Handed::Later(format!("dépôt dans le Maildir : {error}"))
        }
        _ => {
            fail_point!("reply-copied");
            Handed::Taken
        }
    }
}

/// Store to sender.
#[derive(Debug)]
pub struct Posting {
    shift: WorkerLease,
    clock: Clock,
    transport: Transport,
    settings: config::Reply,
    outages: Outages,
    pulse: Heartbeat,
    tracer: MailboxTrace,
}

impl Posting {
    /// Posts through this transport.
    pub fn new(
        shift: WorkerLease,
        clock: Clock,
        transport: Transport,
        settings: &config::Reply,
        pulse: Heartbeat,
        tracer: MailboxTrace,
    ) -> Self {
        Self { shift, clock, transport, settings: settings.clone(), outages: Outages::default(), pulse, tracer }
    }

    /// Sends what is due, or until `stop`: a letter under way is sent to its end. Returns how many
    /// replies were handled.
    pub async fn round(&self, stop: &CancellationToken) -> Result<usize, StoreError> {
        let now = self.clock.now();
        let Some(refused) = self.outages.refused_senders(self.clock.passed()) else { return Ok(0) };
        let due = self.shift.replies_to_send(BATCH, &refused, now).await?;
        let sent = self.send(&due, stop).await;
        if sent.as_ref().is_ok_and(|sent| *sent < due.len()) {
            self.shift.release_replies().await?;
        }
        sent
    }

    /// In order, until one shows that there is no server to send by, or another worker may have taken over; without those
    /// from a sender that one shows to be refused.
    async fn send(&self, due: &[ReplyToSend], stop: &CancellationToken) -> Result<usize, StoreError> {
        let mut handled = 0;
        for reply in due {
            let passed = self.clock.passed();
            if stop.is_cancelled() || !self.shift.is_on() || self.outages.holds(&Scope::Server, passed) {
                break;
            }
            if self.outages.holds(&Scope::Sender(reply.return_path.clone()), passed) {
                continue;
            }
            self.post(reply).await?;
            self.pulse.beat(&Task::Posting);
            handled += 1;
        }
        Ok(handled)
    }

    /// A reply that is refused for what it holds leaves once more, without the sender's mail, to those who do not want the
    /// whole: its text and its report matter more.
    async fn post(&self, reply: &ReplyToSend) -> Result<(), StoreError> {
        fail_point!("reply-leaving");
        let sent = match self.hand_over(reply).await? {
            Ok(sent) => sent,
            Err(failure) => return self.waits(reply, &failure).await,
        };
        let Some((lighter, why)) = lightened(reply, &sent) else { return self.handed(reply, &sent).await };
        info!("{} refusée pour son contenu : envoyée sans le courriel d’origine ({})", named(reply), mask_all(&why));
        let news = handings(&sent, |handed| matches!(handed, Handed::Later(_) | Handed::Unwanted(_)));
        self.shift.store().lighten_reply(reply.id, &news, &lighter.content, &why).await?;
        match self.hand_over(&lighter).await? {
            Ok(again) => self.handed(reply, &sent.with(again)).await,
            Err(failure) => self.waits(reply, &failure).await,
        }
    }

    /// One submission, traced. That it came to an answer shows that the server and the sender are in order.
    async fn hand_over(&self, reply: &ReplyToSend) -> Result<Result<Sent, SendError>, StoreError> {
        let sent = self.transport.send(&submission(reply)).await;
        self.tracer.posted(reply, &sent).await?;
        if sent.is_ok() {
            self.are_available(reply);
        }
        Ok(sent)
    }

    /// Notes what came of it for each recipient, and when those who wait are tried again.
    async fn handed(&self, reply: &ReplyToSend, sent: &Sent) -> Result<(), StoreError> {
        if sent.taken().next().is_some() {
            fail_point!("reply-sent");
        }
        let now = self.clock.now();
        let again = reply.attempts.saturating_add(1) < self.settings.tries;
        let news = handings(sent, |handed| again && matches!(handed, Handed::Later(_)));
        let next_at = after(now, self.settings.retry.wait(reply.attempts, None, fastrand::f64()));
        let all = self.shift.store().reply_handed(reply.id, &news, next_at, now).await?;
        fail_point!("reply-recorded");
        self.tell(reply, &news, &all);
        Ok(())
    }

    fn tell(&self, reply: &ReplyToSend, news: &[Handing], all: &[Handing]) {
        let (number, name) = (reply.mail.map(MailId::number), named(reply));
        let count = |is: fn(&Whereabouts) -> bool| all.iter().filter(|one| is(&one.whereabouts)).count();
        let taken = count(|one| matches!(one, Whereabouts::Taken));
        let waiting = count(|one| matches!(one, Whereabouts::Waiting(_)));
        self.pulse.replied(match (waiting, taken) {
            (0, 0) => "abandoned",
            (0, _) => "sent",
            _ => "deferred",
        });
        if news.iter().any(|one| one.whereabouts == Whereabouts::Taken) {
            let to = if taken == all.len() {
                String::new()
            } else {
                format!(" à {taken} de ses {} destinataires", all.len())
            };
            info!(courriel = number, message_id = reply.message_id, "{name} envoyée{to}");
        }
        for one in news {
            let (to, answer) = (one.to.masked(), mask_all(one.whereabouts.answer().unwrap_or_default()));
            match one.whereabouts {
                Whereabouts::Taken => {}
                Whereabouts::Waiting(_) => {
                    warn!(courriel = number, "{name}, pour {to} : envoi remis à plus tard : {answer}");
                }
                Whereabouts::Refused(_) => {
                    warn!(courriel = number, "{name}, pour {to} : envoi refusé par le serveur : {answer}");
                }
            }
        }
    }

    /// Tells of an outage when it begins, and keeps the cause with the reply for the journal. A reply that shows its sender
    /// to be refused goes behind the others: were it the only one, they would wait for nothing.
    async fn waits(&self, reply: &ReplyToSend, failure: &SendError) -> Result<(), StoreError> {
        self.pulse.replied("unavailable");
        let cause = failure.cause.as_str();
        let scope = match failure.obstacle {
            Obstacle::Server => Scope::Server,
            Obstacle::Login => {
                self.pulse.ails(Concern::SmtpLogin, cause);
                Scope::Server
            }
            Obstacle::Sender => {
                self.pulse.ails(Concern::SmtpSender(reply.return_path.clone()), cause);
                Scope::Sender(reply.return_path.clone())
            }
        };
        let wait = |failures| self.settings.retry.wait(failures, None, fastrand::f64());
        let (wait, is_first) = self.outages.prolong(&scope, self.clock.passed(), wait);
        if is_first {
            warn!("{} : {}", scope.begun(), mask_all(cause));
        }
        let behind = (failure.obstacle == Obstacle::Sender).then(|| after(self.clock.now(), wait.saturating_mul(2)));
        self.shift.store().reply_waits(reply.id, cause, behind).await
    }

    fn are_available(&self, reply: &ReplyToSend) {
        self.pulse.well(&Concern::SmtpLogin);
        self.pulse.well(&Concern::SmtpSender(reply.return_path.clone()));
        for scope in [Scope::Server, Scope::Sender(reply.return_path.clone())] {
            if self.outages.end(&scope) {
                info!("{}", scope.ended());
            }
        }
    }
}

/// The reply without the sender's mail for those who do not want the whole, and the first of their answers; `None` if
/// there is nobody, or nothing to leave out.
fn lightened(reply: &ReplyToSend, sent: &Sent) -> Option<(ReplyToSend, String)> {
    let unwanted = sent.handed.iter().filter(|(_, handed)| matches!(handed, Handed::Unwanted(_)));
    let recipients: Vec<Address> = unwanted.clone().map(|(address, _)| address.clone()).collect();
    let why = unwanted.map(|(_, handed)| handed.cause().to_owned()).next()?;
    let content = reply::without_original(&reply.content)?;
    Some((ReplyToSend { recipients, content, ..reply.clone() }, why))
}

/// What is noted of each recipient: who has not got it waits if `waits` says so, else will never get it.
fn handings(sent: &Sent, waits: impl Fn(&Handed) -> bool) -> Vec<Handing> {
    let whereabouts = |handed: &Handed| match handed {
        Handed::Taken => Whereabouts::Taken,
        left if waits(left) => Whereabouts::Waiting(left.cause().to_owned()),
        left => Whereabouts::Refused(left.cause().to_owned()),
    };
    sent.handed.iter().map(|(to, handed)| Handing { to: to.clone(), whereabouts: whereabouts(handed) }).collect()
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
