//! What is wrong with a report, said so that the person who must act can mend it.
//!
//! A defect is an answer to the sender, never an error of ours. One type serves the reply, the
//! journal, the command line and the test campaign.

mod article;
mod catalogue;
mod code;
mod nearest;
mod path;
mod place;
mod size;

use serde::{Deserialize, Serialize};

pub use code::{Actor, Code, Scope, Severity};
pub use nearest::nearest;
pub use path::Path;
pub use place::Place;
pub use size::size_in_words;

/// The most characters of a sender's text that a defect repeats.
const EXCERPT_CHARS: usize = 120;

/// One thing wrong, with its place, what was found, what was expected and how to mend it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "DefectWire", from = "DefectWire")]
pub struct Defect {
    code: Code,
    severity: Severity,
    place: Place,
    found: Option<String>,
    expected: Option<String>,
    message: String,
    hint: String,
}

impl Defect {
    /// A defect of this code with the catalogue's severity, sentence and hint.
    pub fn new(code: Code, place: Place) -> Self {
        #[cfg(feature = "count-defects")]
        MADE.with(|made| made.set(made.get() + 1));
        Self {
            code,
            severity: code.severity(),
            place,
            found: None,
            expected: None,
            message: code.sentence().to_owned(),
            hint: code.hint().to_owned(),
        }
    }

    /// Quotes the value found: shortened, control characters replaced.
    #[must_use]
    pub fn found(mut self, value: impl AsRef<str>) -> Self {
        self.found = Some(excerpt(value.as_ref()));
        self
    }

    /// Says what was expected in its place; control characters of a value quoted there are replaced.
    #[must_use]
    pub fn expected(mut self, value: impl AsRef<str>) -> Self {
        self.expected = Some(value.as_ref().chars().map(visible).collect());
        self
    }

    /// Adds a sentence to the catalogue's.
    #[must_use]
    pub fn detail(mut self, sentence: impl AsRef<str>) -> Self {
        self.message = format!("{} {}", self.message, excerpt_of(sentence.as_ref(), 4 * EXCERPT_CHARS));
        self
    }

    /// Puts a sentence made for this case in the place of the catalogue's, where that would be false. It repeats
    /// nothing of the sender's: it is shown to whoever may see no contents, too.
    #[must_use]
    pub fn sentence_instead(mut self, sentence: impl AsRef<str>) -> Self {
        self.message = excerpt_of(sentence.as_ref(), 4 * EXCERPT_CHARS);
        self
    }

    /// Puts a hint made for this case in the place of the catalogue's; it repeats nothing of the sender's either.
    #[must_use]
    pub fn hint_instead(mut self, hint: impl AsRef<str>) -> Self {
        self.hint = hint.as_ref().chars().map(visible).collect();
        self
    }

    /// Changes the severity, where configuration allows it.
    #[must_use]
    pub fn with_severity(mut self, severity: Severity) -> Self {
        self.severity = severity;
        self
    }

    /// Names the attachment, where the place does not yet.
    #[must_use]
    pub fn in_piece(mut self, name: &str) -> Self {
        if self.place.piece.is_empty() {
            name.clone_into(&mut self.place.piece);
        }
        self
    }

    /// What is wrong, wherever it is: two defects of one fault differ by their place alone.
    pub fn fault(&self) -> impl Eq + std::hash::Hash + '_ {
        (self.code, self.severity, self.found.as_deref(), self.expected.as_deref(), &self.message, &self.hint)
    }

    /// Gives the attachment another name.
    #[must_use]
    pub fn renamed(mut self, name: &str) -> Self {
        name.clone_into(&mut self.place.piece);
        self
    }

    /// Quotes nothing.
    #[must_use]
    pub fn unquoted(self) -> Self {
        Self { found: None, ..self }
    }

    /// What may be told of it to whoever may see no contents: code, sentence, hint, line and column, and nothing that
    /// the sender or the ROR wrote.
    #[must_use]
    pub fn without_values(self) -> Self {
        let sentence = self.code.sentence();
        let message = if self.message.starts_with(sentence) { sentence.to_owned() } else { self.message };
        let place = Place { line: self.place.line, column: self.place.column, ..Place::mail() };
        Self { place, found: None, expected: None, message, ..self }
    }

    /// The stable code.
    pub fn code(&self) -> Code {
        self.code
    }

    /// Whether what stands under it is rejected.
    pub fn is_rejection(&self) -> bool {
        self.severity == Severity::Rejet
    }

    /// Rejection or warning.
    pub fn severity(&self) -> Severity {
        self.severity
    }

    /// Where it is.
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// The value found, shortened.
    pub fn found_text(&self) -> Option<&str> {
        self.found.as_deref()
    }

    /// What was expected.
    pub fn expected_text(&self) -> Option<&str> {
        self.expected.as_deref()
    }

    /// The French sentence a clerk understands.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// How to mend it.
    pub fn hint(&self) -> &str {
        &self.hint
    }
}

#[cfg(feature = "count-defects")]
thread_local! {
    static MADE: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

/// How many defects this thread has made.
#[cfg(feature = "count-defects")]
pub fn made() -> usize {
    MADE.with(std::cell::Cell::get)
}

/// A sender's text made safe to repeat: one line, no control characters, shortened.
pub fn excerpt(text: &str) -> String {
    excerpt_of(text, EXCERPT_CHARS)
}

/// The same, shortened to `limit` characters; « … » says that there was more.
pub fn excerpt_of(text: &str, limit: usize) -> String {
    let mut short: String = text.chars().take(limit).map(visible).collect();
    if text.chars().nth(limit).is_some() {
        short.push('…');
    }
    short
}

fn visible(character: char) -> char {
    if is_unprintable(character) { '·' } else { character }
}

/// Control characters and those that reorder or hide text on the screen of its reader: format characters, fillers
/// without ink and tags (Unicode general category Cf, and the blank letters of Hangul).
pub fn is_unprintable(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{ad}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}'
                | '\u{feff}' | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}' | '\u{1d173}'..='\u{1d17a}'
                | '\u{e0000}'..='\u{e0fff}'
        )
}

/// The shape of `check --format json`, kept apart from the type it carries.
#[derive(Serialize, Deserialize)]
struct DefectWire {
    code: Code,
    #[serde(default)]
    nom: String,
    severite: Severity,
    #[serde(default)]
    agir: Vec<Actor>,
    #[serde(flatten)]
    place: Place,
    trouve: Option<String>,
    attendu: Option<String>,
    message: String,
    conseil: String,
}

impl From<Defect> for DefectWire {
    fn from(defect: Defect) -> Self {
        Self {
            code: defect.code,
            nom: defect.code.name().to_owned(),
            severite: defect.severity,
            agir: defect.code.actors().to_vec(),
            place: defect.place,
            trouve: defect.found,
            attendu: defect.expected,
            message: defect.message,
            conseil: defect.hint,
        }
    }
}

impl From<DefectWire> for Defect {
    fn from(wire: DefectWire) -> Self {
        Self {
            code: wire.code,
            severity: wire.severite,
            place: wire.place,
            found: wire.trouve,
            expected: wire.attendu,
            message: wire.message,
            hint: wire.conseil,
        }
    }
}
