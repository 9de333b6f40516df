//! What a delivery notice says of one recipient (RFC 3464, section 2.3).

use super::fields::Group;

/// What became of a mail for one recipient. Texts are safe to repeat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryNotice {
    /// The address it was sent to, as far as the server says.
    pub recipient: Option<String>,
    /// What happened.
    pub action: Action,
    /// The status code, such as `5.1.1` (RFC 3463).
    pub status: Option<String>,
    /// What the refusing server said: `550 5.1.1 no such mailbox`.
    pub diagnostic: Option<String>,
}

/// RFC 3464, section 2.3.3.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// It will never arrive.
    Failed,
    /// It has not arrived yet; the server still tries.
    Delayed,
    /// It arrived, or left for servers that tell no more (`delivered`, `relayed`, `expanded`).
    Done,
}

impl DeliveryNotice {
    /// Reads a group of fields; `None` if it is not about a recipient.
    pub(super) fn read(group: &Group) -> Option<Self> {
        let status = group.values("status").find_map(status);
        let word = group.values("action").next().map(str::to_ascii_lowercase);
        // The word is mandatory; without it the class of the status tells (RFC 3463, section 3.1).
        let action = match word.as_deref().or(status.as_deref().and_then(|status| status.get(..2)))? {
            "failed" | "5." => Action::Failed,
            "delayed" | "4." => Action::Delayed,
            _ => Action::Done,
        };
        Some(Self {
            recipient: group.typed("original-recipient").or_else(|| group.typed("final-recipient")),
            action,
            status,
            diagnostic: group.typed("diagnostic-code"),
        })
    }
}

/// A status code, without the comment that may follow it.
fn status(value: &str) -> Option<String> {
    let code = value.split_whitespace().next()?;
    let is_number = |text: &str| (1..=3).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    (code.split('.').count() == 3 && code.split('.').all(is_number)).then(|| code.to_owned())
}
