//! What must come of a mail: verdict, codes, rows and reply.

use domain::capacity::{Indicator, Location, Nature, Nombre};
use domain::defect::Code;
use domain::outcome::{Etat, Verdict};

/// What must be true once a mail is settled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExpectedCase {
    /// The verdict; `None` (« en-cours ») when rows stay held, as in `MailOutcome::verdict`.
    pub verdict: Option<Verdict>,
    /// Every code of the mail, sorted, with repetitions, warnings and refusals of the ROR included.
    pub codes: Vec<Code>,
    /// Every count that Dispolits accepted, in the order of the case, with its final state.
    pub lines: Vec<ExpectedLine>,
    /// The reply; `None` when none may be sent.
    pub reply: Option<ExpectedReply>,
}

/// One accepted count and where it must stand in the end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExpectedLine {
    /// The establishment and service.
    pub location: Location,
    /// The key of the count.
    pub indicator: Indicator,
    /// Beds or places.
    pub nature: Nature,
    /// How many.
    pub nombre: Nombre,
    /// Where the row stands once the mail is settled.
    pub etat: Etat,
}

/// What the reply must look like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExpectedReply {
    pub(super) contains: Vec<String>,
    pub(super) omits: Vec<String>,
    pub(super) subject: Option<String>,
    pub(super) receipt: bool,
}

impl ExpectedReply {
    /// Whether it must be an MDN (`multipart/report`, RFC 8098).
    pub fn is_receipt(&self) -> bool {
        self.receipt
    }

    /// The fragments its text part must contain.
    pub fn contains(&self) -> &[String] {
        &self.contains
    }

    /// The fragments that may stand nowhere in it.
    pub fn omits(&self) -> &[String] {
        &self.omits
    }

    /// The fragment its decoded subject must contain.
    pub fn subject(&self) -> Option<&str> {
        self.subject.as_deref()
    }

    /// The required fragments that `text` lacks. Runs of blanks and line ends count as one blank,
    /// since the text is wrapped.
    pub fn missing_from(&self, text: &str) -> Vec<&str> {
        let text = unwrapped(text);
        self.contains.iter().map(String::as_str).filter(|fragment| !text.contains(&unwrapped(fragment))).collect()
    }

    /// The forbidden fragments that stand in `text`, blanks read as in [`Self::missing_from`].
    pub fn leaked_into(&self, text: &str) -> Vec<&str> {
        let text = unwrapped(text);
        self.omits.iter().map(String::as_str).filter(|fragment| text.contains(&unwrapped(fragment))).collect()
    }
}

fn unwrapped(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
