//! A reminder to an establishment that has gone silent: written by a person, so an ordinary mail.

use base16ct::lower::encode_string;
use jiff::Timestamp;
use mail_builder::MessageBuilder;
use mail_builder::headers::content_type::ContentType;
use mail_builder::headers::date::Date;
use mail_builder::headers::text::Text;
use mail_builder::mime::{BodyPart, MimePart};
use sha2::{Digest, Sha256};

use super::subject::{QUALIFICATION, header_text};
use domain::address::Address;

/// The most characters of the subject, and of configured header values.
const CHARS: usize = 200;

/// All that a reminder is made of.
#[derive(Debug, Clone)]
pub struct Reminder<'a> {
    /// The mailbox of Dispolits: without `contact` answers come there, and are read as any mail.
    pub from: &'a Address,
    /// Its display name.
    pub from_name: &'a str,
    /// Whom it reminds.
    pub to: &'a Address,
    /// Where a person reads the answers.
    pub contact: Option<&'a Address>,
    /// The subject as it was written; made fit for a header.
    pub subject: &'a str,
    /// The text as it was written.
    pub text: &'a str,
    /// Without angle brackets.
    pub message_id: &'a str,
    /// The reference of the product, if configured.
    pub nil: Option<&'a str>,
    /// Whether this is the environment of qualification.
    pub qualification: bool,
    /// When it is written.
    pub at: Timestamp,
}

/// The whole mail with CRLF line ends: the same bytes for the same reminder.
pub fn reminder(letter: &Reminder<'_>) -> Vec<u8> {
    let prefix = if letter.qualification { QUALIFICATION } else { "" };
    let subject = format!("{prefix}{}", header_text(letter.subject, CHARS));
    let mail = MessageBuilder::new()
        .from((header_text(letter.from_name, CHARS), letter.from.to_string()))
        .to(letter.to.as_str())
        .subject(subject.as_str())
        .date(Date::new(letter.at.as_second()))
        .message_id(letter.message_id);
    let mail = match letter.contact {
        Some(contact) => mail.reply_to(contact.as_str()),
        None => mail,
    };
    let mail = match letter.nil {
        Some(nil) => mail.header("X-MSS-NIL", Text::new(header_text(nil, CHARS))),
        None => mail,
    };
    let text = letter.text.replace("\r\n", "\n").replace(['\r', '\0'], "").replace('\n', "\r\n");
    let kind = ContentType::new("multipart/mixed").attribute("boundary", boundary(letter, &text));
    let part = MimePart::new("text/plain", BodyPart::Text(text.into()));
    let mut output = Vec::new();
    mail.body(MimePart::new(kind, vec![part])).serialize(&mut output);
    output
}

/// Derived from what it separates; `=_` never occurs in quoted-printable or base64.
fn boundary(letter: &Reminder<'_>, text: &str) -> String {
    let digest = Sha256::new().chain_update(letter.message_id).chain_update([0]).chain_update(text).finalize();
    let digits = encode_string(&digest);
    format!("=_{}", digits.get(..40).unwrap_or(&digits))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_was_typed_makes_a_header() {
        let address: Address = "lits@ch-armor.test".parse().unwrap();
        let letter = Reminder {
            from: &address,
            from_name: "Dispolits",
            to: &address,
            contact: Some(&address),
            subject: "Relance\r\nBcc: tous@autre.test",
            text: "Bonjour,\r\n.\r\n<b>é</b>\r\n",
            message_id: "relance.1@eai.test",
            nil: None,
            qualification: true,
            at: Timestamp::UNIX_EPOCH,
        };
        let mail = String::from_utf8(reminder(&letter)).unwrap();
        let (head, body) = mail.split_once("\r\n\r\n").unwrap();
        assert!(!head.lines().any(|line| line.starts_with("Bcc:")), "{head}");
        assert!(head.contains("QUALIFICATION") && head.contains("Message-ID: <relance.1@eai.test>"), "{head}");
        assert!(!head.contains("Auto-Submitted"), "a person wrote it");
        assert!(head.contains("Reply-To: <lits@ch-armor.test>"), "{head}");
        assert!(body.contains("Bonjour,"), "{body}");
        assert_eq!(reminder(&letter), mail.as_bytes());
    }
}
