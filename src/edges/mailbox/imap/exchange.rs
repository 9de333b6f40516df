//! One command and its whole answer: the tagged OK is demanded, under a deadline and a limit of
//! bytes. The only place that reads from a session.

use std::io;
use std::time::Duration;

use async_imap::imap_proto::{Capability, Outcome, Response, ResponseCode, Status};
use tokio::time::timeout;
use tracing::debug;

use super::super::error::{MailboxError, MailboxStep};
use super::super::folder::Name;
use super::answers::Answers;
use super::connect;
use super::connect::{Socket, Stream};
use super::new_mail::Arrivals;
use super::parsing::{Understood, understand};
use super::prelogin::Dialogue;
use base::config_values::Veil;
use base::fail_point;
use base::tls;

/// Bytes that any answer may take beside the mails it carries.
pub(super) const GRANTED: u64 = 64 * 1024;
/// Room for what surrounds one mail in an answer.
pub(super) const FRAME: u64 = 512;
/// The slowest line that is still worked with, in bytes a second: a command that carries mails gets
/// so much longer a deadline.
const SLOWEST: u64 = 32 * 1024;

/// Response codes of a server that cannot now, and says nothing of the password or the folder
/// (RFC 5530, section 3).
const FOR_NOW: [&str; 4] = ["[UNAVAILABLE]", "[INUSE]", "[LIMIT]", "[SERVERBUG]"];

/// The longest a server may take to say good-bye: nothing depends on it.
pub(super) const FAREWELL: Duration = Duration::from_secs(5);

/// The most bytes that are read only to be passed over, of mails that are larger than announced.
const PASSED_OVER: u64 = 256 * 1024 * 1024;

/// A connection after the login.
#[derive(Debug)]
pub(super) struct ImapConnection {
    answers: Answers<Socket>,
    commands: u32,
    pub(super) timeout: Duration,
    pub(super) arrivals: Arrivals,
    /// Over what the server repeats of the login.
    veil: Veil,
}

/// Takes note of an answer.
pub(super) type See<'a> = &'a mut (dyn FnMut(&Response<'_>) + Send);

/// Takes note of an answer, and of the whole length of its literal if the beginning alone was kept.
pub(super) type SeeCut<'a> = &'a mut (dyn FnMut(&Response<'_>, Option<u64>) + Send);

/// What the mails that a command brings may take in memory.
#[derive(Debug, Clone, Copy)]
pub(super) struct Room {
    /// Bytes of mails that are kept whole, in all.
    pub(super) whole: u64,
    /// Bytes that are kept of each mail beyond them.
    pub(super) beginning: u64,
    /// How many mails are asked for.
    pub(super) mails: u64,
}

/// One answer of the server.
pub(super) enum Heard {
    /// The end of the command of this tag.
    Done(String, CommandAnswer),
    /// It waits for us to go on.
    Ready,
    /// Anything else.
    Data,
}

/// How a command ended.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum CommandAnswer {
    /// As asked.
    Ok,
    /// NO or BAD, with the server's text.
    Refused(String),
}

/// What a server can do for us after the login.
#[derive(Debug, Clone, Default)]
pub(super) struct Abilities {
    pub(super) filing: Filing,
    /// Whether it removes the mails that are named, and no others (RFC 4315).
    pub(super) removes: bool,
    pub(super) idles: bool,
    identifies: bool,
}

/// How mails leave the folder that is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Filing {
    /// By MOVE (RFC 6851).
    Move,
    /// By COPY, then UID EXPUNGE (RFC 4315), which removes nobody else's mails.
    Copy,
    /// Not at all: EXPUNGE alone would remove what another client marked.
    #[default]
    Leave,
}

impl Filing {
    fn among(offered: &[Capability<'_>]) -> Self {
        match () {
            () if has(offered, "MOVE") => Self::Move,
            () if has(offered, "UIDPLUS") => Self::Copy,
            () => Self::Leave,
        }
    }

    /// Whether mails leave the folder that is read.
    pub(super) fn moves(self) -> bool {
        self != Self::Leave
    }
}

impl CommandAnswer {
    /// Makes a refusal the folder's fault, unless the server cannot now.
    pub(super) fn or_missing(self, step: MailboxStep, folder: &Name) -> Result<(), MailboxError> {
        match self {
            Self::Refused(text) if !is_for_now(&text) => {
                Err(MailboxError::FolderMissing { folder: folder.shown().to_owned(), text })
            }
            other => other.or_refused(step),
        }
    }

    /// Makes a refusal an error.
    pub(super) fn or_refused(self, step: MailboxStep) -> Result<(), MailboxError> {
        match self {
            Self::Ok => Ok(()),
            Self::Refused(text) => Err(MailboxError::Refused { step, text }),
        }
    }
}

impl ImapConnection {
    pub(super) fn new(dialogue: Dialogue<Stream>, timeout: Duration) -> Self {
        let (veil, stream) = (dialogue.veil().clone(), dialogue.hand_over());
        Self { answers: Answers::new(stream), commands: 0, timeout, arrivals: Arrivals::default(), veil }
    }

    /// Runs a command that brings `carried` bytes of mail at most, and shows every answer to `see`.
    pub(super) async fn run(
        &mut self,
        step: MailboxStep,
        command: &str,
        carried: u64,
        see: See<'_>,
    ) -> Result<CommandAnswer, MailboxError> {
        self.grant(carried.saturating_add(GRANTED));
        let limit = self.timeout.saturating_add(Duration::from_secs(carried / SLOWEST));
        let mut see = |response: &Response<'_>, _: Option<u64>| see(response);
        let conversation = self.converse(step, command, &mut see);
        timeout(limit, conversation).await.unwrap_or(Err(MailboxError::Timeout(step)))
    }

    /// Runs a command that brings mails, whose sizes the server may have announced wrongly: memory is bounded by the room
    /// alone.
    pub(super) async fn run_in(
        &mut self,
        step: MailboxStep,
        command: &str,
        room: Room,
        see: SeeCut<'_>,
    ) -> Result<CommandAnswer, MailboxError> {
        let others = room.mails.saturating_mul(room.beginning.saturating_add(FRAME)).saturating_add(GRANTED);
        self.answers.grant_literals(others, room.whole, room.beginning, PASSED_OVER);
        let limit = self.timeout.saturating_add(Duration::from_secs(room.whole / SLOWEST));
        timeout(limit, self.converse(step, command, see)).await.unwrap_or(Err(MailboxError::Timeout(step)))
    }

    /// Runs a command of which only the end matters.
    pub(super) async fn order(&mut self, step: MailboxStep, command: &str) -> Result<CommandAnswer, MailboxError> {
        self.run(step, command, 0, &mut |_| {}).await
    }

    pub(super) async fn abilities(&mut self) -> Result<Abilities, MailboxError> {
        let mut abilities = Abilities::default();
        let mut see = |response: &Response<'_>| {
            if let Response::Capabilities(offered) = response {
                abilities = Abilities {
                    filing: Filing::among(offered),
                    removes: has(offered, "UIDPLUS"),
                    idles: has(offered, "IDLE"),
                    identifies: has(offered, "ID"),
                };
            }
        };
        self.run(MailboxStep::Capability, "CAPABILITY", 0, &mut see).await?.or_refused(MailboxStep::Capability)?;
        Ok(abilities)
    }

    /// Says what we are (RFC 2971): some servers refuse SELECT before. Their opinion of it is no matter.
    pub(super) async fn identify(&mut self, abilities: &Abilities) -> Result<(), MailboxError> {
        if abilities.identifies {
            let command = concat!("ID (\"name\" \"Dispolits\" \"version\" \"", env!("CARGO_PKG_VERSION"), "\")");
            self.order(MailboxStep::Identify, command).await?;
        }
        Ok(())
    }

    /// Takes leave; what the server makes of it changes nothing.
    pub(super) async fn logout(mut self) {
        let farewell = async {
            self.say(MailboxStep::Leave, "LOGOUT").await?;
            while let Heard::Data = self.hear(MailboxStep::Leave, &mut |_| {}).await? {}
            Ok(())
        };
        match timeout(FAREWELL, farewell).await {
            // BYE.
            Ok(Ok(()) | Err(MailboxError::Refused { .. })) => {}
            Ok(Err(error)) => debug!(%error, "the server did not answer LOGOUT"),
            Err(_) => debug!("the server did not answer LOGOUT in time"),
        }
    }

    async fn converse(
        &mut self,
        step: MailboxStep,
        command: &str,
        see: SeeCut<'_>,
    ) -> Result<CommandAnswer, MailboxError> {
        let tag = self.say(step, command).await?;
        if step == MailboxStep::File {
            fail_point!("imap-filing-sent");
        }
        loop {
            match self.hear_cut(step, see).await? {
                Heard::Data => {}
                Heard::Done(answered, answer) if answered == tag => return Ok(answer),
                Heard::Done(..) | Heard::Ready => {
                    return Err(MailboxError::Protocol { step, what: "elle ne répond pas à notre commande" });
                }
            }
        }
    }

    /// From now on, so many bytes may be read and no more.
    pub(super) fn grant(&mut self, bytes: u64) {
        self.answers.grant(bytes);
    }

    /// How long the server may be silent.
    pub(super) fn limit_silence(&mut self, limit: Option<Duration>) {
        connect::limit_silence(self.answers.stream(), limit);
    }

    /// Sends a command; gives its tag.
    pub(super) async fn say(&mut self, step: MailboxStep, command: &str) -> Result<String, MailboxError> {
        self.commands = self.commands.saturating_add(1);
        let tag = format!("A{:04}", self.commands);
        self.write(step, &format!("{tag} {command}\r\n")).await?;
        Ok(tag)
    }

    pub(super) async fn write(&mut self, step: MailboxStep, line: &str) -> Result<(), MailboxError> {
        self.answers.write(step, line).await
    }

    /// The next answer; data and the end of a command are shown to `see`. Nothing of it is lost if
    /// this is given up while it waits.
    pub(super) async fn hear(&mut self, step: MailboxStep, see: See<'_>) -> Result<Heard, MailboxError> {
        self.hear_cut(step, &mut |response, _| see(response)).await
    }

    async fn hear_cut(&mut self, step: MailboxStep, see: SeeCut<'_>) -> Result<Heard, MailboxError> {
        let answer = self.answers.next(step).await?;
        let response = match understand(&answer) {
            Understood::As(response) => response,
            Understood::Unneeded => return Ok(Heard::Data),
            Understood::Foreign => return Err(MailboxError::Protocol { step, what: "elle est illisible" }),
        };
        self.arrivals.see(&response);
        match &response {
            Response::Continue(_) => Ok(Heard::Ready),
            Response::Data { status: Status::Bye, outcome } => {
                Err(MailboxError::Refused { step, text: text(outcome, &self.veil) })
            }
            Response::Done { tag, status, outcome } => {
                see(&response, answer.cut);
                Ok(Heard::Done(tag.0.clone(), end(status, outcome, &self.veil)))
            }
            other => {
                see(other, answer.cut);
                Ok(Heard::Data)
            }
        }
    }
}

/// What became of the connection.
pub(super) fn from_io(step: MailboxStep, error: &io::Error) -> MailboxError {
    if let Some(fault) = tls::tls_error(error) {
        return match tls::certificate_alert(fault) {
            Some(alert) => {
                MailboxError::CertificateRefused { said: format!("alerte TLS {alert:?}"), presented: String::new() }
            }
            None => MailboxError::Tls(tls::told(fault)),
        };
    }
    match error.kind() {
        io::ErrorKind::TimedOut => MailboxError::Timeout(step),
        io::ErrorKind::FileTooLarge => MailboxError::Protocol { step, what: "elle dépasse la taille attendue" },
        io::ErrorKind::Other | io::ErrorKind::InvalidData => {
            MailboxError::Protocol { step, what: "elle est illisible" }
        }
        _ => MailboxError::Broken(step),
    }
}

/// Whether a refusal may pass by itself.
pub(super) fn is_for_now(text: &str) -> bool {
    FOR_NOW.iter().any(|code| text.contains(code))
}

/// A refusal, with the server's words made safe to repeat.
pub(super) fn refused(step: MailboxStep, text: &str) -> MailboxError {
    MailboxError::Refused { step, text: domain::defect::excerpt(text) }
}

fn end(status: &Status, outcome: &Outcome<'_>, veil: &Veil) -> CommandAnswer {
    if *status == Status::Ok { CommandAnswer::Ok } else { CommandAnswer::Refused(text(outcome, veil)) }
}

fn text(outcome: &Outcome<'_>, veil: &Veil) -> String {
    let code = match outcome.code {
        Some(ResponseCode::Alert) => "[ALERT] ",
        Some(ResponseCode::TryCreate) => "[TRYCREATE] ",
        _ => "",
    };
    let said = veil.over(outcome.information.as_deref().unwrap_or_default());
    domain::defect::excerpt(&format!("{code}{said}"))
}

fn has(offered: &[Capability<'_>], name: &str) -> bool {
    offered.iter().any(|capability| matches!(capability, Capability::Atom(atom) if atom.eq_ignore_ascii_case(name)))
}
