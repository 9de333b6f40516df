//! The standard mail a bare report is wrapped in: what a hospital's bed management software sends.

use jiff::Timestamp;
use mail_builder::MessageBuilder;
use mail_builder::headers::address::Address as Mailbox;
use mail_builder::headers::content_type::ContentType;
use mail_builder::headers::raw::Raw;
use mail_builder::mime::MimePart;

use super::EAI_ADDRESS;
use super::case::Sending;
use domain::address::Address;

/// The domain of the sender when the case does not say: each case then writes from an address of
/// its own, so that caps and confirmations by sender never couple two cases.
const DEFAULT_DOMAIN: &str = "cas.ch-armor.test";

/// The subject when the case does not say.
const DEFAULT_SUBJECT: &str = "Disponibilités en lits";

const TEXT: &str = "Bonjour,\r\n\r\nVeuillez trouver ci-joint le relevé de nos capacités.\r\n\r\n\
    Message automatique du logiciel de gestion des lits.\r\n";

/// The mail that carries `report` under the sending's file name. Date, boundary and Message-ID
/// are stated, so that the same arguments give the same bytes.
pub(super) fn wrap(case: &str, sending: &Sending, report: &[u8], id: &str, now: Timestamp) -> std::io::Result<Vec<u8>> {
    let default = format!("{case}@{DEFAULT_DOMAIN}");
    let sender = sending.sender.as_ref().map_or(default.as_str(), Address::as_str);
    let domain = sender.split_once('@').map_or("", |(_, domain)| domain);
    let mut mail = MessageBuilder::new();
    if sending.wants_receipt {
        let request = format!("<{sender}>");
        mail = mail.header("Return-Path", Raw::new(request.clone()));
        mail = mail.header("Disposition-Notification-To", Raw::new(request));
    }
    mail.from(Mailbox::new_address(Some("Gestion des lits"), sender))
        .to(EAI_ADDRESS)
        .subject(sending.subject.as_deref().unwrap_or(DEFAULT_SUBJECT))
        .date(now.as_second())
        .message_id(format!("{id}@{domain}"))
        .body(body(sending.file(), report))
        .write_to_vec()
}

fn body<'x>(name: &'x str, report: &'x [u8]) -> MimePart<'x> {
    let kind = ContentType::new("multipart/mixed").attribute("boundary", "=_cahier_de_tests");
    MimePart::new(
        kind,
        vec![MimePart::new("text/plain", TEXT), MimePart::new("application/xml", report).attachment(name)],
    )
}
