//! One answer of the server after the other, whole and within bounds, whatever it says.

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use super::super::error::{MailboxError, MailboxStep};
use super::byte_limit::Limited;
use super::exchange::from_io;
use super::framing::{Framing, Mark};

/// Read at once, at most.
const CHUNK: usize = 16 * 1024;

/// One answer as it came.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) bytes: Vec<u8>,
    /// How deeply its lists are nested.
    pub(super) depth: u32,
    /// The whole length of the literal of which the beginning alone was kept, if there is one.
    pub(super) cut: Option<u64>,
}

/// What is read from a session.
#[derive(Debug)]
pub(super) struct Answers<S> {
    stream: Limited<S>,
    /// From the beginning of the present answer on.
    read: Vec<u8>,
    framing: Framing,
    bounds: Bounds,
    cut: Option<Cut>,
}

/// What an answer may take in memory.
#[derive(Debug, Clone, Copy)]
struct Bounds {
    /// Bytes of literals that are kept whole.
    whole: u64,
    /// Bytes that are kept of each of the others.
    beginning: u64,
}

/// A literal that is being cut short.
#[derive(Debug, Clone, Copy)]
struct Cut {
    /// Its whole length.
    bytes: u64,
    /// Where its kept beginning ends.
    end: usize,
    /// Bytes to be dropped there that are still to come.
    dropped: u64,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Answers<S> {
    pub(super) fn new(stream: Limited<S>) -> Self {
        let bounds = Bounds { whole: u64::MAX, beginning: 0 };
        Self { stream, read: Vec::new(), framing: Framing::default(), bounds, cut: None }
    }

    pub(super) fn stream(&mut self) -> &mut Limited<S> {
        &mut self.stream
    }

    /// From now on, so many bytes may be read and no more.
    pub(super) fn grant(&mut self, bytes: u64) {
        self.stream.grant(bytes);
        self.bounds = Bounds { whole: u64::MAX, beginning: 0 };
    }

    /// From now on, `whole` bytes of literals are kept, of those beyond them the `beginning` of each, and `dropped` bytes
    /// may be read only to be passed over.
    pub(super) fn grant_literals(&mut self, others: u64, whole: u64, beginning: u64, dropped: u64) {
        self.stream.grant(others.saturating_add(whole).saturating_add(dropped));
        self.bounds = Bounds { whole, beginning };
    }

    /// The next answer. Nothing of it is lost if this is given up while it waits.
    pub(super) async fn next(&mut self, step: MailboxStep) -> Result<Answer, MailboxError> {
        loop {
            self.drop_unwanted();
            match self.framing.follow(&self.read) {
                Mark::End(length) => return Ok(self.take(length)),
                Mark::Literal { at, bytes } => self.admit(step, at, bytes)?,
                Mark::More => {
                    self.read.reserve(CHUNK);
                    let read = self.stream.read_buf(&mut self.read).await.map_err(|error| from_io(step, &error))?;
                    if read == 0 {
                        return Err(MailboxError::Broken(step));
                    }
                }
            }
        }
    }

    pub(super) async fn write(&mut self, step: MailboxStep, line: &str) -> Result<(), MailboxError> {
        self.stream.write_all(line.as_bytes()).await.map_err(|error| from_io(step, &error))?;
        self.stream.flush().await.map_err(|error| from_io(step, &error))
    }

    fn take(&mut self, length: usize) -> Answer {
        let rest = self.read.split_off(length);
        let bytes = std::mem::replace(&mut self.read, rest);
        let framing = std::mem::take(&mut self.framing);
        Answer { bytes, depth: framing.deepest(), cut: self.cut.take().map(|cut| cut.bytes) }
    }

    /// A literal that is announced is waited for only if it may come: memory is taken for what is there.
    fn admit(&mut self, step: MailboxStep, at: usize, bytes: u64) -> Result<(), MailboxError> {
        let kept = if bytes <= self.bounds.whole { bytes } else { self.bounds.beginning.min(bytes) };
        let there = self.read.len().saturating_sub(self.after(at));
        let missing = bytes.saturating_sub(u64::try_from(there).unwrap_or(u64::MAX));
        if missing > self.stream.left() {
            return Err(MailboxError::Protocol { step, what: "elle dépasse la taille attendue" });
        }
        if kept == bytes {
            self.bounds.whole = self.bounds.whole.saturating_sub(bytes);
        } else {
            self.cut(at, kept, bytes);
        }
        Ok(())
    }

    /// Where the literal itself begins that is announced here.
    fn after(&self, at: usize) -> usize {
        let line = self.read.get(at..).unwrap_or_default();
        let end = line.iter().position(|byte| *byte == b'\n').unwrap_or(line.len());
        at.saturating_add(end).saturating_add(1)
    }

    /// The answer will be read as if the server had announced what is kept.
    fn cut(&mut self, at: usize, kept: u64, bytes: u64) {
        let rest = self.read.split_off(self.after(at).min(self.read.len()));
        self.read.truncate(at);
        self.read.extend_from_slice(format!("{{{kept}}}\r\n").as_bytes());
        let from = self.read.len();
        self.framing.keep(from, kept);
        self.read.extend_from_slice(&rest);
        let end = from.saturating_add(usize::try_from(kept).unwrap_or(usize::MAX));
        self.cut = Some(Cut { bytes, end, dropped: bytes.saturating_sub(kept) });
    }

    fn drop_unwanted(&mut self) {
        let Some(cut) = &mut self.cut else { return };
        let there = self.read.len().saturating_sub(cut.end);
        let now = usize::try_from(cut.dropped).unwrap_or(usize::MAX).min(there);
        cut.dropped = cut.dropped.saturating_sub(u64::try_from(now).unwrap_or(u64::MAX));
        self.read.drain(cut.end.min(self.read.len())..cut.end.saturating_add(now).min(self.read.len()));
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::duplex;

    use super::*;

    /// What is made of these bytes, where ten bytes of literals are kept whole and four of each other one.
    async fn check(said: &str, expected: &[(&str, Option<u64>)]) {
        let (ours, mut theirs) = duplex(64);
        let said = said.to_owned();
        tokio::spawn(async move { theirs.write_all(said.as_bytes()).await });
        let mut answers = Answers::new(Limited::new(ours, 0));
        answers.grant_literals(1000, 10, 4, 100);
        for (text, cut) in expected {
            let answer = answers.next(MailboxStep::Fetch).await.unwrap();
            assert_eq!((String::from_utf8(answer.bytes).unwrap().as_str(), answer.cut), (*text, *cut));
        }
        assert!(answers.next(MailboxStep::Fetch).await.is_err());
    }

    #[tokio::test]
    async fn answers_are_given_one_by_one() {
        check("* 1 X\r\n* OK\r\nA1 OK\r\n", &[("* 1 X\r\n", None), ("* OK\r\n", None), ("A1 OK\r\n", None)]).await;
    }

    #[tokio::test]
    async fn of_a_literal_beyond_the_bounds_the_beginning_is_kept() {
        let first = ("* 1 X {10}\r\n0123456789\r\n", None);
        let mut said = "* 1 X {10}\r\n0123456789\r\n* 2 X {80}\r\n".to_owned();
        said.push_str(&"abcd".repeat(20));
        said.push_str(" Y {3}\r\nabc)\r\nA1 OK\r\n");
        check(&said, &[first, ("* 2 X {4}\r\nabcd Y {3}\r\nabc)\r\n", Some(80)), ("A1 OK\r\n", None)]).await;
    }

    #[tokio::test]
    async fn what_may_never_come_is_not_waited_for() {
        check("* 1 X {5000}\r\nabc", &[]).await;
        check("* 1 X {99999999999999999999}\r\nabc", &[]).await;
    }
}
