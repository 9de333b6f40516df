//! Submission to a real exim, and to servers that misbehave.

mod answers;
mod arrival;
pub(crate) mod gate;
mod login;
mod postfix;
mod refusal;
mod scripted;
mod wire;

use domain::address::Address;
use edges::smtp::{Handed, SendError, Sent, Smtp, SmtpSettings, Submission};

/// The sender of most mails here.
const FROM: &str = "disponibilites@region.test";
/// The Message-ID of every mail here.
const ID: &str = "reponse.1.0123456789abcdef@region.test";

fn address(text: &str) -> Address {
    text.parse().unwrap()
}

/// A mail as the reply module renders them: lines of CRLF, the last one too.
fn mail(body: &str) -> Vec<u8> {
    format!("From: {FROM}\r\nTo: lits@ch-armor.test\r\nSubject: essai\r\nMessage-ID: <{ID}>\r\n\r\n{body}\r\n")
        .into_bytes()
}

/// What comes of a mail that every one of them gets.
#[expect(clippy::unnecessary_wraps, reason = "compared with what sending gives")]
fn taken(to: &[&str]) -> Result<Sent, SendError> {
    let to: Vec<Address> = to.iter().map(|text| address(text)).collect();
    Ok(Sent::all(&to, &Handed::Taken))
}

/// Sends one mail; `from` empty for the null envelope sender.
async fn send(settings: &SmtpSettings, from: &str, to: &[&str], mail: &[u8]) -> Result<Sent, SendError> {
    hand_over(&Smtp::new(settings).unwrap(), from, to, mail).await
}

async fn hand_over(smtp: &Smtp, from: &str, to: &[&str], mail: &[u8]) -> Result<Sent, SendError> {
    let from = (!from.is_empty()).then(|| address(from));
    let to: Vec<Address> = to.iter().map(|text| address(text)).collect();
    smtp.send(&Submission { from: from.as_ref(), to: &to, message_id: ID, mail }).await
}
