//! The few lines up to the login, read by ourselves: what stands in the buffer when TLS begins must
//! be known.

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use super::super::error::{MailboxError, MailboxStep};
use super::byte_limit::Limited;
use super::exchange::{from_io, refused};
use super::framing;
use base::config_values::Veil;
use base::tls;

const LONGEST_LINE: usize = 8 * 1024;
const MOST_LINES: usize = 100;

/// What a server offers before the login, upper case.
#[derive(Debug, Default)]
pub(super) struct Offered(Vec<String>);

/// How a command ended, with the server's text made safe to repeat.
#[derive(Debug)]
pub(super) enum PreloginAnswer {
    Ok,
    No(String),
    Bad(String),
}

/// Says what to answer a challenge with; nothing if none was expected.
pub(super) type Respond<'a> = &'a mut (dyn FnMut(&str) -> Option<String> + Send);

/// Lines to and from a server.
#[derive(Debug)]
pub(super) struct Dialogue<S> {
    stream: S,
    read: Vec<u8>,
    commands: u32,
    /// Over what the server repeats of the login.
    veil: Veil,
}

impl Offered {
    pub(super) fn has(&self, capability: &str) -> bool {
        self.0.iter().any(|offered| offered == capability)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Dialogue<S> {
    pub(super) fn new(stream: S) -> Self {
        Self { stream, read: Vec::new(), commands: 0, veil: Veil::default() }
    }

    /// Shows nothing of this any more, whatever the server says.
    pub(super) fn cover(&mut self, veil: Veil) {
        self.veil = veil;
    }

    pub(super) fn veil(&self) -> &Veil {
        &self.veil
    }

    /// The server's first line. `PREAUTH` is refused: it would skip STARTTLS, and the login.
    pub(super) async fn greeting(&mut self) -> Result<(), MailboxError> {
        let line = self.line(MailboxStep::Greeting).await?;
        match line.split_once(' ') {
            Some(("*", rest)) if has_status(rest, "OK") => Ok(()),
            // RFC 3501, section 7.1.5; nginx says BAD to a client without a certificate.
            Some(("*", rest)) if ["BYE", "BAD", "NO"].iter().any(|status| has_status(rest, status)) => {
                Err(refused(MailboxStep::Greeting, words(rest)))
            }
            // A web server on this port.
            _ if tls::blames_our_certificate(&line) => Err(refused(MailboxStep::Greeting, &line)),
            _ => Err(MailboxError::Protocol { step: MailboxStep::Greeting, what: "l’accueil n’est ni OK ni BYE" }),
        }
    }

    /// What the server offers at this moment.
    pub(super) async fn capabilities(&mut self) -> Result<Offered, MailboxError> {
        let lines = self.command(MailboxStep::Capability, "CAPABILITY").await?;
        let offered = lines.iter().filter_map(|line| line.strip_prefix("* CAPABILITY "));
        Ok(Offered(offered.flat_map(str::split_whitespace).map(str::to_ascii_uppercase).collect()))
    }

    /// Runs a command; gives the lines before its OK.
    pub(super) async fn command(&mut self, step: MailboxStep, command: &str) -> Result<Vec<String>, MailboxError> {
        match self.exchange(step, command, &mut |_| None).await? {
            (PreloginAnswer::Ok, lines) => Ok(lines),
            (PreloginAnswer::No(text) | PreloginAnswer::Bad(text), _) => Err(MailboxError::Refused { step, text }),
        }
    }

    /// Runs a command that the server may answer with challenges first (RFC 3501, section 7.5).
    pub(super) async fn exchange(
        &mut self,
        step: MailboxStep,
        command: &str,
        respond: Respond<'_>,
    ) -> Result<(PreloginAnswer, Vec<String>), MailboxError> {
        self.commands = self.commands.saturating_add(1);
        let tag = format!("D{}", self.commands);
        self.say(step, &format!("{tag} {command}")).await?;
        let mut lines = Vec::new();
        for _ in 0..MOST_LINES {
            let line = match self.line(step).await {
                Err(MailboxError::Broken(_)) if let Some(last) = last_words(&lines) => return Err(refused(step, last)),
                line => line?,
            };
            let (first, rest) = line.split_once(' ').unwrap_or((&line, ""));
            match first {
                "*" if has_status(rest, "BYE") => return Err(refused(step, words(rest))),
                "*" => lines.push(self.with_literals(step, line).await?),
                "+" => match respond(rest) {
                    Some(response) => self.say(step, &response).await?,
                    None => break,
                },
                first if first == tag => return Ok((answer(rest), lines)),
                _ => break,
            }
        }
        Err(MailboxError::Protocol { step, what: "la réponse n’a pas la forme attendue" })
    }

    /// The stream, provided that the server said nothing that was not asked for: in front of TLS
    /// such bytes may come from anyone (CVE-2011-0411).
    pub(super) fn into_stream(self, step: MailboxStep) -> Result<S, MailboxError> {
        if self.read.is_empty() {
            Ok(self.stream)
        } else {
            Err(MailboxError::Protocol { step, what: "le serveur a parlé sans qu’on l’interroge" })
        }
    }

    async fn say(&mut self, step: MailboxStep, line: &str) -> Result<(), MailboxError> {
        let written = self.stream.write_all(format!("{line}\r\n").as_bytes()).await;
        written.map_err(|error| from_io(step, &error))?;
        self.stream.flush().await.map_err(|error| from_io(step, &error))
    }

    /// A line of data with its literals as quoted strings (RFC 3501, section 4.3), so that it is read like any other.
    async fn with_literals(&mut self, step: MailboxStep, mut line: String) -> Result<String, MailboxError> {
        while let Some((at, bytes)) = framing::announced(&line) {
            if line.len().saturating_add(bytes) > LONGEST_LINE {
                return Err(MailboxError::Protocol { step, what: "une ligne est trop longue" });
            }
            let literal = self.bytes(step, bytes).await?;
            let rest = self.line(step).await?;
            line.truncate(at);
            line.push_str(&quoted(&String::from_utf8_lossy(&literal)));
            line.push_str(&rest);
        }
        Ok(line)
    }

    async fn bytes(&mut self, step: MailboxStep, bytes: usize) -> Result<Vec<u8>, MailboxError> {
        while self.read.len() < bytes {
            self.read_more(step).await?;
        }
        let rest = self.read.split_off(bytes);
        Ok(std::mem::replace(&mut self.read, rest))
    }

    async fn read_more(&mut self, step: MailboxStep) -> Result<(), MailboxError> {
        match self.stream.read_buf(&mut self.read).await.map_err(|error| from_io(step, &error))? {
            0 => Err(MailboxError::Broken(step)),
            _ => Ok(()),
        }
    }

    async fn line(&mut self, step: MailboxStep) -> Result<String, MailboxError> {
        loop {
            if let Some(end) = self.read.iter().position(|byte| *byte == b'\n') {
                let rest = self.read.split_off(end.saturating_add(1));
                let line = std::mem::replace(&mut self.read, rest);
                return Ok(self.veil.over(String::from_utf8_lossy(&line).trim_end()));
            }
            if self.read.len() > LONGEST_LINE {
                return Err(MailboxError::Protocol { step, what: "une ligne est trop longue" });
            }
            self.read_more(step).await?;
        }
    }
}

impl<S> Dialogue<Limited<S>> {
    /// The stream for whoever goes on, what was read ahead included.
    pub(super) fn hand_over(self) -> Limited<S> {
        let mut stream = self.stream;
        stream.give_back(self.read);
        stream
    }
}

/// A quoted string of one line.
fn quoted(text: &str) -> String {
    let escaped = text.replace('\\', "\\\\").replace('"', "\\\"").replace(['\r', '\n'], " ");
    format!("\"{escaped}\"")
}

fn answer(rest: &str) -> PreloginAnswer {
    let text = domain::defect::excerpt(words(rest));
    match rest.split(' ').next() {
        Some(status) if status.eq_ignore_ascii_case("OK") => PreloginAnswer::Ok,
        Some(status) if status.eq_ignore_ascii_case("NO") => PreloginAnswer::No(text),
        _ => PreloginAnswer::Bad(text),
    }
}

/// What a server said before it ended the connection without answering.
fn last_words(lines: &[String]) -> Option<&str> {
    let rest = lines.last()?.strip_prefix("* ")?;
    ["BAD", "NO"].iter().any(|status| has_status(rest, status)).then(|| words(rest))
}

fn has_status(rest: &str, status: &str) -> bool {
    rest.split(' ').next().is_some_and(|word| word.eq_ignore_ascii_case(status))
}

/// What follows the status.
fn words(rest: &str) -> &str {
    rest.split_once(' ').map_or("", |(_, words)| words)
}
