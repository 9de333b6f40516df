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

use std::fmt::Write;

use super::ehlo::Offers;
use super::fault::{Problem, SmtpFault, SmtpStep};
use domain::address::Address;

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
    pub(super) fn sender(&self, offers: &Offers) -> Result<String, Problem> {
        let from = self.from.map(|from| mailbox(from, SmtpStep::Sender)).transpose()?.unwrap_or_default();
        let parameters = [self.size(offers)?, self.body(offers)?].into_iter().flatten();
        let mut command = format!("MAIL FROM:<{from}>");
        for parameter in parameters.chain(self.notices(offers)) {
            let _ = write!(command, " {parameter}");
        }
        Ok(command)
    }

    /// `RCPT TO` of one recipient.
    pub(super) fn recipient(&self, to: &Address, offers: &Offers) -> Result<String, Problem> {
        let command = format!("RCPT TO:<{}>", mailbox(to, SmtpStep::Recipient)?);
        if !offers.dsn() {
            return Ok(command);
        }
        let wanted = if self.from.is_some() { "FAILURE,DELAY" } else { "NEVER" };
        Ok(format!("{command} NOTIFY={wanted} ORCPT=rfc822;{}", xtext(to.as_str())))
    }

    fn size(&self, offers: &Offers) -> Result<Option<String>, Problem> {
        let size = self.mail.len();
        match offers.size() {
            Some(limit) if limit < size as u64 => {
                Err(unfit(format!("{size} octets, le serveur en accepte {limit} au plus")))
            }
            _ => Ok(offers.takes_size().then(|| format!("SIZE={size}"))),
        }
    }

    fn body(&self, offers: &Offers) -> Result<Option<String>, Problem> {
        match (self.mail.is_ascii(), offers.eight_bit()) {
            (true, _) => Ok(None),
            (false, true) => Ok(Some("BODY=8BITMIME".to_owned())),
            (false, false) => Err(unfit("le serveur n’accepte pas les contenus à 8 bits (8BITMIME)".to_owned())),
        }
    }

    /// A Message-ID that is too long for an ENVID is left out: the header that comes back names the mail as well.
    fn notices(&self, offers: &Offers) -> Vec<String> {
        if !offers.dsn() || self.from.is_none() {
            return Vec::new();
        }
        let is_plain = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'+' | b'=');
        let fits = self.message_id.len() <= LONGEST_ENVID && self.message_id.bytes().all(is_plain);
        let envid = fits.then(|| format!("ENVID={}", self.message_id));
        [Some("RET=HDRS".to_owned()), envid].into_iter().flatten().collect()
    }
}

fn unfit(why: String) -> Problem {
    Problem::new(SmtpStep::Content, SmtpFault::Unfit(why))
}

/// An address that can stand in an envelope as it is: a dot-string at a domain or an address literal (RFC 5321, section
/// 4.1.2).
fn mailbox(address: &Address, step: SmtpStep) -> Result<&str, Problem> {
    let is_atom = |atom: &str| !atom.is_empty() && atom.bytes().all(is_atext);
    let is_name =
        |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_'));
    let is_literal = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b':' | b'.'));
    let domain = address.domain();
    let literal = domain.strip_prefix('[').and_then(|domain| domain.strip_suffix(']'));
    let is_domain = literal.map_or_else(|| is_name(domain), is_literal);
    let is_writable = address.local().split('.').all(is_atom) && is_domain;
    is_writable.then(|| address.as_str()).ok_or_else(|| Problem::new(step, SmtpFault::Unwritable))
}

/// A character of an atom (RFC 5322, section 3.2.3).
fn is_atext(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&byte)
}

/// As the value of an extension's parameter (RFC 3461, section 4).
fn xtext(text: &str) -> String {
    text.bytes().fold(String::new(), |mut coded, byte| {
        if byte.is_ascii_graphic() && !matches!(byte, b'+' | b'=') {
            coded.push(char::from(byte));
        } else {
            let _ = write!(coded, "+{byte:02X}");
        }
        coded
    })
}
