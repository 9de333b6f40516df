//! The machine part of a receipt (MDN): RFC 8098, section 3, in the national profile 1.1.3.

use std::fmt::Write as _;

use super::classify::{is_failure, rejections};
use super::{ReceiptRequest, ReplyEnvelope};
use domain::defect::Code;
use domain::outcome::MailOutcome;

/// The most codes named in the `Error` field.
const CODES_LIMIT: usize = 8;

/// The fields of `message/disposition-notification`, ASCII with CRLF.
pub(super) fn fields(outcome: &MailOutcome, envelope: &ReplyEnvelope, request: &ReceiptRequest) -> String {
    let id = envelope.original_message_id.as_deref().and_then(super::mail::valid_id);
    let failure = is_failure(outcome);
    let fields = [
        Some(format!("Reporting-UA: {}; Dispolits", envelope.from.domain())),
        request.original_recipient.as_ref().map(|address| format!("Original-Recipient: rfc822;{address}")),
        Some(format!("Final-Recipient: rfc822;{}", request.final_recipient)),
        id.map(|id| format!("Original-Message-ID: <{id}>")),
        Some(format!("Disposition: automatic-action/MDN-sent-automatically; {}", disposition(failure))),
        failure.then(|| format!("Error: {}", error(outcome))),
    ];
    fields.into_iter().flatten().fold(String::new(), |mut text, field| {
        // Writing into a String cannot fail.
        let _ = write!(text, "{field}\r\n");
        text
    })
}

fn disposition(failure: bool) -> &'static str {
    if failure { "processed/error" } else { "processed" }
}

/// `906^Autre erreur : C01 CAPACITE_NEGATIVE`: the national code, then ours.
fn error(outcome: &MailOutcome) -> String {
    let mut codes: Vec<Code> = rejections(outcome).map(domain::defect::Defect::code).collect();
    codes.sort_unstable();
    codes.dedup();
    let names: Vec<String> = codes.iter().take(CODES_LIMIT).map(|code| format!("{code} {}", code.name())).collect();
    let more = if codes.len() > CODES_LIMIT { ", ..." } else { "" };
    match names.as_slice() {
        [] => "906^Autre erreur".to_owned(),
        names => format!("906^Autre erreur : {}{more}", names.join(", ")),
    }
}
