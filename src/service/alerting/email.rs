//! A message of alert as a mail.

use jiff::Timestamp;
use mail_builder::MessageBuilder;
use mail_builder::headers::date::Date;
use mail_builder::headers::raw::Raw;
use mail_builder::headers::text::Text;

use domain::address::Address;
use domain::alerts::Digest;

/// Who writes to whom.
#[derive(Debug, Clone)]
pub(super) struct AlertEnvelope {
    pub(super) from: Address,
    pub(super) from_name: String,
    pub(super) to: Vec<Address>,
    pub(super) nil: Option<String>,
    /// Where a person reads the answers.
    pub(super) contact: Option<Address>,
}

impl AlertEnvelope {
    /// The whole mail. It says that a machine wrote it, so that no machine answers (RFC 3834, section 5).
    pub(super) fn mail(&self, digest: &Digest, message_id: &str, now: Timestamp) -> std::io::Result<Vec<u8>> {
        let to: Vec<&str> = self.to.iter().map(Address::as_str).collect();
        let mail = MessageBuilder::new()
            .from((self.from_name.as_str(), self.from.as_str()))
            .to(to)
            .subject(digest.subject())
            .date(Date::new(now.as_second()))
            .message_id(message_id)
            .header("Auto-Submitted", Raw::new("auto-generated"))
            .text_body(digest.text().replace('\n', "\r\n"));
        let mail = match &self.contact {
            Some(contact) => mail.reply_to(contact.as_str()),
            None => mail,
        };
        let mail = match &self.nil {
            Some(nil) => mail.header("X-MSS-NIL", Text::new(nil.as_str())),
            None => mail,
        };
        mail.write_to_vec()
    }

    /// The same news have the same Message-ID, however often they are tried.
    pub(super) fn message_id(&self, name: &str) -> String {
        format!("alerte-{name}@{}", self.from.domain())
    }
}
