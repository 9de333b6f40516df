//! A conversation with a submission server, each exchange under its deadline, before encryption and after it: what the
//! service says, and what a diagnosis tries.
//!
//! EHLO is said once on a connection, and once more after STARTTLS, where everything begins anew (RFC 3207, section 4.2):
//! many servers refuse another one (503).

use std::fmt::Display;
use std::io;
use std::time::Duration;

use lettre::transport::smtp::commands::{Data, Ehlo, Quit, Rset, Starttls};
use lettre::transport::smtp::extension::ClientId;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::answer::SmtpAnswer;
use super::ehlo::Offers;
use super::envelope::Submission;
use super::fault::{Problem, SmtpFault, SmtpStep};
use super::login::Login;
use super::settings::{Security, SmtpSettings};
use base::config_values::Veil;
use domain::address::Address;
use domain::defect::excerpt;

/// The most that a server may answer to one command, in bytes.
const MAX_ANSWER: u64 = 64 * 1024;
/// The most challenges answered in one login: none of our mechanisms has more than two.
const MOST_CHALLENGES: usize = 2;
/// How many times the deadline of an exchange a server has to take the content over: it may look for viruses
/// before it answers (RFC 5321, section 4.5.3.2.6).
const CONTENT_PATIENCE: u32 = 10;

/// A connection on which EHLO was said.
#[derive(Debug)]
pub struct SmtpSession<S> {
    stream: BufReader<S>,
    limit: Duration,
    offers: Offers,
    broken: bool,
    /// Over what the server repeats of the login.
    veil: Veil,
}

/// Asks for STARTTLS (RFC 3207). A server without it is left at once, and so is one that says more than its answer:
/// someone on the way may have slipped it in, to be believed encrypted (CVE-2011-0411).
pub async fn starttls(socket: TcpStream, settings: &SmtpSettings) -> Result<TcpStream, Problem> {
    let clear = SmtpSession::begin(socket, settings, true).await.map_err(|problem| problem.at(SmtpStep::Starttls))?;
    clear.encrypt().await.map_err(|fault| Problem::new(SmtpStep::Starttls, fault))
}

impl<S: AsyncRead + AsyncWrite + Unpin> SmtpSession<S> {
    /// Begins on an encrypted stream. After STARTTLS the server has greeted in clear, and does not greet again.
    pub async fn open(stream: S, settings: &SmtpSettings) -> Result<Self, Problem> {
        let greets = settings.security == Security::Tls;
        let first = if greets { SmtpStep::Greeting } else { SmtpStep::Hello };
        let begun = Self::begin(stream, settings, greets).await;
        begun.map_err(|problem| if problem.step == first { problem.at_first_word() } else { problem })
    }

    async fn begin(stream: S, settings: &SmtpSettings, greets: bool) -> Result<Self, Problem> {
        let limit = settings.timeout.get();
        let mut session = Self {
            stream: BufReader::new(stream),
            limit,
            offers: Offers::default(),
            broken: false,
            veil: Veil::default(),
        };
        if greets {
            session.exchange(b"", limit).await.map_err(|fault| Problem::new(SmtpStep::Greeting, fault))?;
        }
        let answer = session.ask(Ehlo::new(ClientId::Domain(settings.hello.clone()))).await;
        let answer = answer.map_err(|fault| Problem::new(SmtpStep::Hello, fault))?;
        session.offers = Offers::read(answer.lines().skip(1));
        Ok(session)
    }

    /// What the server offers.
    pub fn offers(&self) -> &Offers {
        &self.offers
    }

    /// Whether nothing can be said any more: silence, a cut, or a server that closes, as opposed to a refusal.
    pub(super) fn is_broken(&self) -> bool {
        self.broken
    }

    /// Says who we are, if the settings want it. Returns the mechanism, `None` without any.
    pub async fn login(&mut self, settings: &SmtpSettings) -> Result<Option<&'static str>, Problem> {
        let login =
            Login::of(settings).await.map_err(|error| Problem::new(SmtpStep::Login, SmtpFault::Settings(error)))?;
        let Some(mut login) = login else { return Ok(None) };
        self.veil = login.veil().clone();
        let done = self.identify(&mut login).await;
        let reason = login.reason().map(str::to_owned);
        done.map_err(|fault| Problem { reason, ..Problem::new(SmtpStep::Login, fault) })?;
        Ok(Some(login.mechanism()))
    }

    async fn identify(&mut self, login: &mut Login) -> Result<(), SmtpFault> {
        let mechanism = login.mechanism();
        if !self.offers.mechanisms().iter().any(|offered| offered == mechanism) {
            return Err(SmtpFault::NoMechanism(mechanism));
        }
        let mut words = login.opening();
        for _ in 0..=MOST_CHALLENGES {
            let answer = self.ask(format!("{words}\r\n")).await?;
            if !answer.has_code(334) {
                return Ok(());
            }
            words = login.answer(answer.text());
        }
        Err(SmtpFault::Questions)
    }

    /// `MAIL FROM`, with what the server can take of it.
    pub async fn sender(&mut self, mail: &Submission<'_>) -> Result<(), Problem> {
        let command = mail.sender(&self.offers)?;
        self.command(SmtpStep::Sender, format!("{command}\r\n")).await
    }

    /// `RCPT TO` of one recipient.
    pub async fn recipient(&mut self, mail: &Submission<'_>, to: &Address) -> Result<(), Problem> {
        let command = mail.recipient(to, &self.offers)?;
        self.command(SmtpStep::Recipient, format!("{command}\r\n")).await
    }

    /// The content, byte for byte, after the server said that it may come.
    pub(super) async fn content(&mut self, mail: &[u8]) -> Result<(), Problem> {
        self.command(SmtpStep::Content, Data).await?;
        let answer = self.exchange(&stuffed(mail), self.limit * CONTENT_PATIENCE).await;
        answer.map(drop).map_err(|fault| Problem::new(SmtpStep::Content, fault))
    }

    /// Takes back the mail begun; what the server thinks of it changes nothing.
    pub async fn forget(&mut self) {
        let _ = self.ask(Rset).await;
    }

    /// Takes leave; what the server thinks of it changes nothing.
    pub async fn close(mut self) {
        if !self.broken {
            let _ = self.ask(Quit).await;
            let _ = timeout(self.limit, self.stream.shutdown()).await;
        }
    }

    async fn command(&mut self, step: SmtpStep, command: impl Display) -> Result<(), Problem> {
        self.ask(command).await.map(drop).map_err(|fault| Problem::new(step, fault))
    }

    /// One command, its line end included. An answer that is a refusal is a fault.
    async fn ask(&mut self, command: impl Display) -> Result<SmtpAnswer, SmtpFault> {
        self.exchange(command.to_string().as_bytes(), self.limit).await
    }

    /// Says these bytes, if any, and hears the answer.
    async fn exchange(&mut self, bytes: &[u8], limit: Duration) -> Result<SmtpAnswer, SmtpFault> {
        let heard = timeout(limit, async {
            self.stream.write_all(bytes).await?;
            self.stream.flush().await?;
            self.hear().await
        });
        let heard = heard.await.unwrap_or(Err(SmtpFault::Silent));
        let heard =
            heard.and_then(|answer| if answer.is_positive() { Ok(answer) } else { Err(SmtpFault::Refused(answer)) });
        self.broken |= heard.as_ref().is_err_and(SmtpFault::ends);
        heard
    }

    /// The lines of one answer (RFC 5321, section 4.2.1).
    async fn hear(&mut self) -> Result<SmtpAnswer, SmtpFault> {
        let veil = &self.veil;
        let mut stream = (&mut self.stream).take(MAX_ANSWER);
        let mut lines = Vec::new();
        loop {
            let mut line = Vec::new();
            stream.read_until(b'\n', &mut line).await?;
            if line.last() != Some(&b'\n') {
                return Err(SmtpFault::Cut(io::Error::from(io::ErrorKind::UnexpectedEof)));
            }
            let line = veil.over(String::from_utf8_lossy(&line).trim_end());
            let is_last = line.as_bytes().get(3) != Some(&b'-');
            lines.push(line);
            if is_last {
                let last = lines.last().map_or("", String::as_str);
                return SmtpAnswer::read(&lines).ok_or_else(|| SmtpFault::Garbled(excerpt(last)));
            }
        }
    }
}

impl SmtpSession<TcpStream> {
    async fn encrypt(mut self) -> Result<TcpStream, SmtpFault> {
        if !self.offers.starttls() {
            return Err(SmtpFault::NoStarttls);
        }
        self.ask(Starttls).await?;
        if !self.stream.buffer().is_empty() {
            return Err(SmtpFault::Meddled);
        }
        Ok(self.stream.into_inner())
    }
}

/// The content as it travels: a dot before each line that begins with one, and a line of one dot at the end (RFC 5321,
/// section 4.5.2).
fn stuffed(mail: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(mail.len() + mail.len() / 64 + 8);
    for line in mail.split_inclusive(|byte| *byte == b'\n') {
        if line.starts_with(b".") {
            bytes.push(b'.');
        }
        bytes.extend_from_slice(line);
    }
    if !mail.ends_with(b"\r\n") {
        bytes.extend_from_slice(b"\r\n");
    }
    bytes.extend_from_slice(b".\r\n");
    bytes
}
