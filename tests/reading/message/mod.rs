//! Reading mails: what is found in them, and what is answered when nothing can be.

#[cfg(test)]
mod archives;
#[cfg(test)]
mod build;
mod damage;
mod documents;
mod envelope;
#[cfg(test)]
mod hostile;
#[cfg(test)]
mod receipts;
mod rivals;

use reading::message::{Message, MessageLimits, read};

/// Reads with the default limits.
fn read_mail(raw: &[u8]) -> Message {
    read(raw, &MessageLimits::default())
}

/// What was found, in one line: `rapport.xml, b.xml` or `M04 M05`, or `accusé` for a receipt.
fn outcome(message: &Message) -> String {
    let defects: Vec<&str> = message.defects().iter().map(|defect| defect.code().as_str()).collect();
    let names: Vec<&str> = message.candidates().iter().map(|candidate| candidate.name.as_str()).collect();
    let said = [message.receipt().is_some(), !defects.is_empty(), !names.is_empty()];
    assert_eq!(said.iter().filter(|said| **said).count(), 1, "one of receipt, {defects:?}, {names:?}");
    if message.receipt().is_some() { "accusé".to_owned() } else { defects.join(" ") + &names.join(", ") }
}

/// A mail and what is found in it.
struct Case {
    about: &'static str,
    raw: Vec<u8>,
    expected: &'static str,
}

fn check(Case { about, raw, expected }: Case) {
    assert_eq!(outcome(&read_mail(&raw)), expected, "{about}");
}

fn case(about: &'static str, raw: Vec<u8>, expected: &'static str) -> Case {
    Case { about, raw, expected }
}
