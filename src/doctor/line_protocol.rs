//! Lines to and from a server, in the little IMAP and HTTP that a diagnosis needs.

use std::io;

use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};

/// The longest line, and the most of them in one answer.
const LONGEST_LINE: u64 = 8 * 1024;
const MOST_LINES: usize = 100;
/// The tag of every IMAP command: one is asked at a time.
const TAG: &str = "D";

/// A conversation.
#[derive(Debug)]
pub(super) struct Dialogue<S>(BufReader<S>);

/// What was answered: the lines in order, the last one decides.
#[derive(Debug, Default)]
pub(super) struct ServerLine(Vec<String>);

impl<S: AsyncRead + AsyncWrite + Unpin> Dialogue<S> {
    pub(super) fn new(stream: S) -> Self {
        Self(BufReader::new(stream))
    }

    /// The greeting of an IMAP server.
    pub(super) async fn imap_greeting(&mut self) -> io::Result<ServerLine> {
        Ok(ServerLine(vec![self.line().await?]))
    }

    /// An IMAP command and its answer (RFC 3501, section 2.2).
    pub(super) async fn imap(&mut self, command: &str) -> io::Result<ServerLine> {
        self.say(&format!("{TAG} {command}")).await?;
        self.lines(|line| line.split(' ').next() == Some(TAG)).await
    }

    /// The head of an answer in HTTP/1.1 (RFC 9112, section 2.1), up to the empty line.
    pub(super) async fn http(&mut self, request: &str) -> io::Result<ServerLine> {
        self.say(request).await?;
        self.lines(str::is_empty).await
    }

    /// The stream, unless more came than was asked for: before TLS such bytes may come from anyone
    /// (CVE-2011-0411).
    pub(super) fn into_stream(self) -> Option<S> {
        self.0.buffer().is_empty().then(|| self.0.into_inner())
    }

    async fn say(&mut self, line: &str) -> io::Result<()> {
        self.0.write_all(format!("{line}\r\n").as_bytes()).await?;
        self.0.flush().await
    }

    async fn lines(&mut self, is_last: impl Fn(&str) -> bool) -> io::Result<ServerLine> {
        let mut lines = Vec::new();
        while lines.len() < MOST_LINES {
            let line = self.line().await?;
            let ends = is_last(&line);
            lines.push(line);
            if ends {
                return Ok(ServerLine(lines));
            }
        }
        Err(io::Error::from(io::ErrorKind::InvalidData))
    }

    async fn line(&mut self) -> io::Result<String> {
        let mut line = Vec::new();
        let read = (&mut self.0).take(LONGEST_LINE).read_until(b'\n', &mut line).await?;
        if read == 0 || line.last() != Some(&b'\n') {
            return Err(io::Error::from(io::ErrorKind::UnexpectedEof));
        }
        Ok(String::from_utf8_lossy(&line).trim_end().to_owned())
    }
}

impl ServerLine {
    pub(super) fn lines(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// Whether an IMAP answer is OK.
    pub(super) fn is_ok(&self) -> bool {
        self.0.last().and_then(|line| line.split(' ').nth(1)).is_some_and(|word| word.eq_ignore_ascii_case("OK"))
    }

    /// The deciding line, safe to show.
    pub(super) fn told(&self) -> String {
        domain::defect::excerpt(self.0.last().map_or("", String::as_str))
    }
}
