//! Submission to a real exim, and to servers that misbehave.

mod arrival;
mod refusal;
mod scripted;

use dispolits::address::Address;
use dispolits::smtp::{SendError, Sent, Settings, Smtp};

/// The sender of most mails here.
const FROM: &str = "disponibilites@region.test";

fn address(text: &str) -> Address {
    text.parse().unwrap()
}

/// A mail as the reply module renders them: lines of CRLF, the last one too.
fn mail(body: &str) -> Vec<u8> {
    format!("From: {FROM}\r\nTo: lits@ch-armor.test\r\nSubject: essai\r\nMessage-ID: <1@region.test>\r\n\r\n{body}\r\n")
        .into_bytes()
}

/// Sends one mail; `from` empty for the null envelope sender.
async fn send(settings: &Settings, from: &str, to: &[&str], mail: &[u8]) -> Result<Sent, SendError> {
    let from = (!from.is_empty()).then(|| address(from));
    let to: Vec<Address> = to.iter().map(|text| address(text)).collect();
    Smtp::new(settings).unwrap().send(from.as_ref(), &to, mail).await
}
