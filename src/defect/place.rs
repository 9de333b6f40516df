//! Where in a mail a defect stands.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::path::path_in_words;

/// A place in an attachment. Lines and columns count from 1, columns in characters.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Place {
    /// The attachment's name, or an empty text for the mail as a whole.
    #[serde(default)]
    pub piece: String,
    /// Line in the decoded text.
    #[serde(rename = "ligne")]
    pub line: Option<u32>,
    /// Column in the decoded text, in characters.
    #[serde(rename = "colonne")]
    pub column: Option<u32>,
    /// Path such as `etablissement[350054680]/service[SSR38888]/capacite[2]/@nombre`.
    #[serde(rename = "chemin")]
    pub path: Option<String>,
    /// Bytes of the decoded text, to mark the spot; not part of any contract.
    #[serde(skip)]
    pub span: Option<Range<usize>>,
}

impl Place {
    /// The mail as a whole.
    pub fn mail() -> Self {
        Self::default()
    }

    /// An attachment as a whole.
    pub fn piece(name: impl Into<String>) -> Self {
        Self { piece: name.into(), ..Self::default() }
    }

    /// The same place with a path.
    #[must_use]
    pub fn with_path(mut self, path: impl Into<String>) -> Self {
        self.path = Some(path.into());
        self
    }

    /// The place in French: `rapport.xml, ligne 7, colonne 41`; empty for the mail as a whole.
    pub fn in_words(&self) -> String {
        let name = (!self.piece.is_empty()).then(|| self.piece.clone());
        let line = self.line.map(|line| format!("ligne {line}"));
        let column = self.column.map(|column| format!("colonne {column}"));
        [name, line, column].into_iter().flatten().collect::<Vec<_>>().join(", ")
    }

    /// The path in French: `établissement 350054680, service SSR38888`; empty without one.
    pub fn path_in_words(&self) -> String {
        self.path.as_deref().map(path_in_words).unwrap_or_default()
    }

    /// Place and path in French; empty for the mail as a whole.
    pub fn in_full(&self) -> String {
        let parts = [self.in_words(), self.path_in_words()];
        parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" : ")
    }
}
