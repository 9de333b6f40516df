//! Waiting for mail: IDLE (RFC 2177) where the server has it, else sleep.
//!
//! Whatever ends the wait, a list follows: what IDLE says is a hint.

use std::time::Duration;

use tokio::time::{Instant, sleep, sleep_until, timeout};
use tokio_util::sync::CancellationToken;
use tracing::warn;

use super::super::error::{MailboxError, MailboxStep};
use super::ImapSession;
use super::exchange::{CommandAnswer, FAREWELL, GRANTED, Heard, ImapConnection};

/// IDLE is ended and begun again at least that often, well before the 29 minutes of the RFC: routers
/// forget silent connections sooner, and only a word shows that ours is one of those.
const LONGEST_IDLE: Duration = Duration::from_mins(5);
/// The longest a server may take to answer DONE.
const DONE_LIMIT: Duration = Duration::from_secs(15);
/// Between two lists at least: mails that come one by one are not waited for in vain.
pub(super) const SHORTEST_WAIT: Duration = Duration::from_millis(20);
/// The same, of a server that announces mail again and again and shows none.
const WEARY_WAIT: Duration = Duration::from_secs(1);

/// What came of IDLE.
enum Idled {
    /// It ended, by either side.
    Over,
    /// The server would not have it; its words.
    Refused(String),
}

/// Why nobody waits any more.
enum Woken {
    /// Mail came, the time is over, or we are to stop.
    ByUs,
    /// The server ended the command.
    ByServer(CommandAnswer),
}

impl ImapSession {
    /// Until mail may be there that the last list did not show, `at_most` that long, or until `stop`.
    pub(in crate::mailbox) async fn wait(
        &mut self,
        at_most: Duration,
        stop: &CancellationToken,
    ) -> Result<(), MailboxError> {
        let (begin, longest) = (Instant::now(), at_most.min(LONGEST_IDLE));
        if !self.connection.arrivals.some() {
            if !self.abilities.idles {
                stop.run_until_cancelled(sleep(at_most)).await;
            } else if let Idled::Refused(text) = self.connection.idle(longest, stop).await? {
                warn!(
                    "le serveur de messagerie annonce IDLE et le refuse ({text}) : la boîte est relevée par intervalles"
                );
                self.abilities.idles = false;
                stop.run_until_cancelled(sleep(at_most)).await;
            }
        }
        stop.run_until_cancelled(sleep_until(begin + self.rest.min(at_most))).await;
        Ok(())
    }

    /// A list showed new mail or not: after the wait for it, the next may come soon, or less soon than the last.
    pub(super) fn take_rest(&mut self, fruitful: bool) {
        self.rest = if fruitful { SHORTEST_WAIT } else { self.rest.saturating_mul(2).min(WEARY_WAIT) };
    }
}

impl ImapConnection {
    async fn idle(&mut self, at_most: Duration, stop: &CancellationToken) -> Result<Idled, MailboxError> {
        self.grant(GRANTED);
        let begun = timeout(self.timeout, self.begin_idle()).await;
        let (tag, refusal) = begun.unwrap_or(Err(MailboxError::Timeout(MailboxStep::Wait)))?;
        if let Some(text) = refusal {
            return Ok(Idled::Refused(text));
        }
        match self.rest(&tag, at_most, stop).await? {
            Woken::ByServer(answer) => answer.or_refused(MailboxStep::Wait)?,
            Woken::ByUs => {
                let limit = if stop.is_cancelled() { FAREWELL } else { DONE_LIMIT.min(self.timeout) };
                let done = timeout(limit, self.end_idle(&tag)).await;
                done.unwrap_or(Err(MailboxError::Timeout(MailboxStep::Wait)))?;
            }
        }
        Ok(Idled::Over)
    }

    /// Gives the tag, and what the server says if it refuses.
    async fn begin_idle(&mut self) -> Result<(String, Option<String>), MailboxError> {
        let tag = self.say(MailboxStep::Wait, "IDLE").await?;
        loop {
            match self.hear(MailboxStep::Wait, &mut |_| {}).await? {
                Heard::Data => {}
                Heard::Ready => return Ok((tag, None)),
                Heard::Done(answered, CommandAnswer::Refused(text)) if answered == tag => return Ok((tag, Some(text))),
                Heard::Done(..) => return Err(out_of_turn()),
            }
        }
    }

    /// Silence is what is hoped for here, so that its limit is lifted.
    async fn rest(&mut self, tag: &str, at_most: Duration, stop: &CancellationToken) -> Result<Woken, MailboxError> {
        self.limit_silence(None);
        let woken = timeout(at_most, stop.run_until_cancelled(self.until_mail_comes(tag))).await;
        self.limit_silence(Some(self.timeout));
        match woken {
            Ok(Some(woken)) => woken,
            Ok(None) | Err(_) => Ok(Woken::ByUs),
        }
    }

    async fn until_mail_comes(&mut self, tag: &str) -> Result<Woken, MailboxError> {
        while !self.arrivals.some() {
            match self.hear(MailboxStep::Wait, &mut |_| {}).await? {
                Heard::Data => {}
                Heard::Done(answered, answer) if answered == tag => return Ok(Woken::ByServer(answer)),
                Heard::Done(..) | Heard::Ready => return Err(out_of_turn()),
            }
        }
        Ok(Woken::ByUs)
    }

    async fn end_idle(&mut self, tag: &str) -> Result<(), MailboxError> {
        self.write(MailboxStep::Wait, "DONE\r\n").await?;
        loop {
            match self.hear(MailboxStep::Wait, &mut |_| {}).await? {
                Heard::Data => {}
                Heard::Done(answered, answer) if answered == tag => return answer.or_refused(MailboxStep::Wait),
                Heard::Done(..) | Heard::Ready => return Err(out_of_turn()),
            }
        }
    }
}

fn out_of_turn() -> MailboxError {
    MailboxError::Protocol { step: MailboxStep::Wait, what: "elle ne répond pas à notre commande" }
}
