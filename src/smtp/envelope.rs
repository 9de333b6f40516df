//! What the envelope of a mail declares and asks for, as far as the server offers it.
//!
//! | offered | said | why |
//! |---|---|---|
//! | SIZE (RFC 1870) | `SIZE=` | a mail that is too large is refused before it is sent |
//! | 8BITMIME (RFC 6152) | `BODY=8BITMIME` | for content beyond ASCII, which a server without it would spoil |
//! | DSN (RFC 3461) | `RET=HDRS`, `ENVID=` our Message-ID, `NOTIFY=FAILURE,DELAY`, `ORCPT=` | MSSanté référentiel #2, ECO.2.3.1: notices of delivery are asked for |
//!
//! Success is not asked for: it would fill the mailbox that reports arrive in with one notice for each reply, and
//! nobody is to act on it. With the null envelope sender (MDN: RFC 8098, section 3) a notice could go nowhere, so none
//! is wanted: `NOTIFY=NEVER`.

use lettre::transport::smtp::commands::{Mail, Rcpt};
use lettre::transport::smtp::extension::{MailBodyParameter, MailParameter, RcptParameter};

use super::error::SendError;
use super::offers::Offers;
use crate::address::Address;

/// The longest ENVID (RFC 3461, section 4.4), in bytes.
const LONGEST_ENVID: usize = 100;

/// A mail to hand over.
#[derive(Debug, Clone, Copy)]
pub struct Submission<'a> {
    /// The envelope sender, `None` the null one.
    pub from: Option<&'a Address>,
    /// The recipients: whom the mail is for, then those who get a copy.
    pub to: &'a [Address],
    /// Its Message-ID, without angle brackets: notices of delivery name the mail by it.
    pub message_id: &'a str,
    /// The whole mail, its lines ended by CRLF.
    pub mail: &'a [u8],
}

impl Submission<'_> {
    /// `MAIL FROM`. What the server cannot take is kept back from it.
    pub(super) fn sender(&self, offers: &Offers) -> Result<Mail, SendError> {
        let from = self.from.map(mailbox).transpose()?;
        let parameters = [self.size(offers)?, self.body(offers)?].into_iter().flatten();
        Ok(Mail::new(from, parameters.chain(self.notices(offers)).collect()))
    }

    /// `RCPT TO` of one recipient.
    pub(super) fn recipient(&self, to: &Address, offers: &Offers) -> Result<Rcpt, SendError> {
        let parameter =
            |keyword: &str, value: String| RcptParameter::Other { keyword: keyword.to_owned(), value: Some(value) };
        let wanted = if self.from.is_some() { "FAILURE,DELAY" } else { "NEVER" };
        let parameters = if offers.dsn() {
            vec![parameter("NOTIFY", wanted.to_owned()), parameter("ORCPT", format!("rfc822;{to}"))]
        } else {
            Vec::new()
        };
        Ok(Rcpt::new(mailbox(to)?, parameters))
    }

    fn size(&self, offers: &Offers) -> Result<Option<MailParameter>, SendError> {
        let size = self.mail.len();
        match offers.size() {
            Some(limit) if limit < size as u64 => {
                Err(SendError::TooLarge(format!("{size} octets, le serveur en accepte {limit} au plus")))
            }
            _ => Ok(offers.takes_size().then_some(MailParameter::Size(size))),
        }
    }

    fn body(&self, offers: &Offers) -> Result<Option<MailParameter>, SendError> {
        match (self.mail.is_ascii(), offers.eight_bit()) {
            (true, _) => Ok(None),
            (false, true) => Ok(Some(MailParameter::Body(MailBodyParameter::EightBitMime))),
            (false, false) => {
                Err(SendError::Refused("le serveur n’accepte pas les contenus à 8 bits (8BITMIME)".to_owned()))
            }
        }
    }

    /// A Message-ID that is too long for an ENVID is left out: the header that comes back names the mail as well.
    fn notices(&self, offers: &Offers) -> Vec<MailParameter> {
        if !offers.dsn() || self.from.is_none() {
            return Vec::new();
        }
        let parameter = |keyword: &str, value: &str| MailParameter::Other {
            keyword: keyword.to_owned(),
            value: Some(value.to_owned()),
        };
        let is_plain = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'+' | b'=');
        let fits = self.message_id.len() <= LONGEST_ENVID && self.message_id.bytes().all(is_plain);
        let envid = fits.then(|| parameter("ENVID", self.message_id));
        [Some(parameter("RET", "HDRS")), envid].into_iter().flatten().collect()
    }
}

fn mailbox(address: &Address) -> Result<lettre::Address, SendError> {
    let parsed = address.as_str().parse();
    parsed.map_err(|_| SendError::Refused("adresse impossible à écrire dans une enveloppe".to_owned()))
}
