//! What a file of a case is, told by its extension.

use std::path::Path;

/// The kinds of files that are treated differently.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FileKind {
    /// `.xml`: a document, wrapped in a standard mail when it is sent.
    Document,
    /// `.eml`: a whole mail.
    Mail,
    /// `.txt`: a text to put in another file.
    Text,
    /// Anything else, sent byte for byte.
    Raw,
}

impl FileKind {
    /// The kind of the file named `name`.
    pub(super) fn of(name: &str) -> Self {
        match Path::new(name).extension().and_then(|extension| extension.to_str()) {
            Some("xml") => Self::Document,
            Some("eml") => Self::Mail,
            Some("txt") => Self::Text,
            _ => Self::Raw,
        }
    }
}
