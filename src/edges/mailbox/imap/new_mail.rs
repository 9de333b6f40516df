//! Whether mail came since the last list, from what the server says in passing.

use async_imap::imap_proto::{MailboxDatum, Response};
use tracing::debug;

/// The number of mails in the selected folder, followed answer by answer: a server may announce new
/// mail in the answer to any command (RFC 3501, section 7), not only while we wait for it.
#[derive(Debug, Default)]
pub(super) struct Arrivals {
    /// Unknown until SELECT says it.
    mails: Option<u32>,
    some: bool,
}

impl Arrivals {
    /// A list begins, and will show whatever came.
    pub(super) fn forget(&mut self) {
        *self = Self::default();
    }

    /// Another folder was looked at meanwhile: mail may have come.
    pub(super) fn doubt(&mut self) {
        *self = Self { mails: None, some: true };
    }

    pub(super) fn some(&self) -> bool {
        self.some
    }

    pub(super) fn see(&mut self, response: &Response<'_>) {
        match response {
            Response::MailboxData(MailboxDatum::Exists(number)) => {
                debug!(exists = number, "the server announces {number} mails");
                self.some |= self.mails.is_some_and(|mails| *number > mails);
                self.mails = Some(*number);
            }
            Response::Expunge(number) => {
                debug!(expunge = number, "the server announces that a mail has gone");
                self.mails = self.mails.map(|mails| mails.saturating_sub(1));
            }
            _ => {}
        }
    }
}
