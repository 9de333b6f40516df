//! How a hospital's mail gets to Dispolits, and its replies to the hospital: dropped into Maildirs, or by real
//! servers.

use std::io;
use std::path::{Path, PathBuf};

use tokio::sync::Semaphore;

use campaign::cahier::EAI_ADDRESS;
use domain::address::{Address, AddressError};
use edges::mailbox;
use edges::smtp::{SendError, Smtp, Submission};
use reading::message;
use reading::message::ReturnPath;
use service::pipeline::maildir_of;

/// Mails submitted at one time: exim starts a process for each.
const AT_ONCE: usize = 4;

/// A mail that cannot be sent.
#[derive(Debug, thiserror::Error)]
pub enum PostError {
    /// It cannot be dropped.
    #[error("dépôt du courriel : {0}")]
    Drop(#[from] io::Error),
    /// The submission server does not take it.
    #[error("envoi du courriel : {0}")]
    Submit(#[from] SendError),
    /// It refuses this mail.
    #[error("envoi du courriel : {0}")]
    Refused(String),
    /// The address of the sandbox is wrong.
    #[error(transparent)]
    Address(#[from] AddressError),
}

/// How mails travel in a sandbox.
#[derive(Debug)]
pub(super) enum Post {
    /// Dropped into this Maildir; whatever serves it gives them back byte for byte.
    Maildir(PathBuf),
    /// Submitted by the hospitals.
    Smtp {
        /// The submission server.
        server: Box<Smtp>,
        /// Who may submit just now.
        turns: Semaphore,
    },
}

impl Post {
    pub(super) fn by(server: Smtp) -> Self {
        Self::Smtp { server: Box::new(server), turns: Semaphore::new(AT_ONCE) }
    }

    /// Sends a mail, and returns it as it arrives.
    pub(super) async fn send(&self, raw: &[u8], unique: &str) -> Result<Vec<u8>, PostError> {
        match self {
            Self::Maildir(maildir) => {
                mailbox::deliver(maildir, raw, unique)?;
                Ok(raw.to_vec())
            }
            Self::Smtp { server, turns } => {
                let from = envelope_sender(raw);
                let mail = without_return_path(&with_crlf(raw));
                // Never closed: without a turn it is sent all the same.
                let _turn = turns.acquire().await.ok();
                let to = [EAI_ADDRESS.parse()?];
                let submission = Submission { from: from.as_ref(), to: &to, message_id: unique, mail: &mail };
                let sent = server.send(&submission).await?;
                if let Some((_, why)) = sent.left().next() {
                    return Err(PostError::Refused(why.cause().to_owned()));
                }
                Ok(arrived(from.as_ref(), &mail))
            }
        }
    }
}

/// Where the fixture says that it comes from; where it does not say, whoever wants to be answered.
fn envelope_sender(raw: &[u8]) -> Option<Address> {
    let message = message::read(raw, &message::MessageLimits::default());
    match message.return_path() {
        ReturnPath::Address(address) => Some(address.clone()),
        ReturnPath::Null => None,
        ReturnPath::Absent => message.sender().or(message.reply_to()).cloned(),
    }
}

/// What the last server makes of a mail (RFC 5321, section 4.4).
fn arrived(from: Option<&Address>, mail: &[u8]) -> Vec<u8> {
    let from = from.map_or("", Address::as_str);
    [format!("Return-Path: <{from}>\r\n").as_bytes(), mail].concat()
}

/// The mail in the Maildir of an address that is this one, whatever a server added or did to its line ends.
pub(super) fn find(maildirs: &Path, recipient: &Address, mail: &[u8]) -> Option<Vec<u8>> {
    let folder = maildir_of(maildirs, recipient);
    // Whoever opens the mailbox moves its mails from one to the other.
    let folders = ["new", "cur"].map(|name| std::fs::read_dir(folder.join(name)).into_iter().flatten());
    let files = folders.into_iter().flatten().flatten().filter_map(|file| std::fs::read(file.path()).ok());
    let wanted = with_crlf(mail);
    files.map(|bytes| without_return_path(&with_crlf(&bytes))).find(|bytes| *bytes == wanted)
}

/// Lines ended as SMTP and IMAP end them.
fn with_crlf(bytes: &[u8]) -> Vec<u8> {
    let mut lines = Vec::with_capacity(bytes.len());
    for &byte in bytes {
        if byte == b'\n' && lines.last() != Some(&b'\r') {
            lines.push(b'\r');
        }
        lines.push(byte);
    }
    lines
}

/// Without the header fields `Return-Path`: the last server writes its own.
fn without_return_path(mail: &[u8]) -> Vec<u8> {
    const NAME: &[u8] = b"return-path:";
    let (mut kept, mut in_header, mut dropping) = (Vec::with_capacity(mail.len()), true, false);
    for line in mail.split_inclusive(|byte| *byte == b'\n') {
        in_header &= line != b"\r\n";
        let is_folded = line.starts_with(b" ") || line.starts_with(b"\t");
        let is_one = line.get(..NAME.len()).is_some_and(|start| start.eq_ignore_ascii_case(NAME));
        dropping = in_header && (is_one || dropping && is_folded);
        if !dropping {
            kept.extend_from_slice(line);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_servers_do_to_a_mail_is_undone() {
        let check = |raw: &str, expected: &str| {
            let bytes = without_return_path(&with_crlf(raw.as_bytes()));
            assert_eq!(String::from_utf8(bytes).unwrap(), expected, "{raw:?}");
        };
        check("Return-path: <>\nA: b\n\nc", "A: b\r\n\r\nc");
        check("A: b\r\nRETURN-PATH:\r\n <a@b.test>\r\n\tx\r\nC: d\r\n", "A: b\r\nC: d\r\n");
        check("A: b\n\nReturn-Path: <c@d.test>\n e\n", "A: b\r\n\r\nReturn-Path: <c@d.test>\r\n e\r\n");
        check("", "");
    }

    #[test]
    fn the_envelope_is_that_of_the_fixture() {
        let check = |header: &str, expected: Option<&str>| {
            let sender = envelope_sender(format!("{header}\r\n\r\n").as_bytes());
            assert_eq!(sender.as_ref().map(Address::as_str), expected, "{header}");
        };
        check("From: a@b.test\r\nReturn-Path: <c@d.test>", Some("c@d.test"));
        check("From: a@b.test\r\nReturn-Path: <>", None);
        check("From: a@b.test", Some("a@b.test"));
        check("From: a@b.test, c@d.test\r\nReply-To: e@f.test", Some("e@f.test"));
        check("Subject: x", None);
    }
}
