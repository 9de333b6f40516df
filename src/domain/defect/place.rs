//! Where in a mail a defect stands.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::path::Path;

/// A place in an attachment. Lines and columns count from 1, columns in characters.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(into = "PlaceWire", from = "PlaceWire")]
pub struct Place {
    /// The attachment's name, or an empty text for the mail as a whole.
    pub piece: String,
    /// Line in the decoded text.
    pub line: Option<u32>,
    /// Column in the decoded text, in characters.
    pub column: Option<u32>,
    /// Its path in the document.
    pub path: Option<Path>,
    /// Bytes of the decoded text, to mark the spot; not part of any contract.
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
    pub fn with_path(mut self, path: impl Into<Path>) -> Self {
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
        self.path.as_ref().map(Path::in_words).unwrap_or_default()
    }

    /// Place and path in French; empty for the mail as a whole.
    pub fn in_full(&self) -> String {
        let parts = [self.in_words(), self.path_in_words()];
        parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" : ")
    }
}

/// The shape of `check --format json`.
#[derive(Serialize, Deserialize)]
struct PlaceWire {
    #[serde(default)]
    piece: String,
    ligne: Option<u32>,
    colonne: Option<u32>,
    chemin: Option<String>,
    /// Said only where it is so: `chemin` names the service by its rank.
    #[serde(rename = "serviceParRang", default, skip_serializing_if = "std::ops::Not::not")]
    service_par_rang: bool,
}

impl From<Place> for PlaceWire {
    fn from(place: Place) -> Self {
        Self {
            piece: place.piece,
            ligne: place.line,
            colonne: place.column,
            service_par_rang: place.path.as_ref().is_some_and(Path::names_service_by_rank),
            chemin: place.path.map(|path| path.to_string()),
        }
    }
}

impl From<PlaceWire> for Place {
    fn from(wire: PlaceWire) -> Self {
        let by_rank = wire.service_par_rang;
        Self {
            piece: wire.piece,
            line: wire.ligne,
            column: wire.colonne,
            path: wire.chemin.map(|text| Path::from(text).service_by_rank(by_rank)),
            span: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Path, Place};

    fn check(place: &Place, expected: &str) {
        let written = serde_json::to_string(place).unwrap();
        assert_eq!(written, expected);
        let read: Place = serde_json::from_str(&written).unwrap();
        assert_eq!(&read, place);
    }

    #[test]
    fn a_place_is_read_back_as_it_was_written() {
        check(&Place::mail(), r#"{"piece":"","ligne":null,"colonne":null,"chemin":null}"#);
        let path = Path::from("service[2]");
        check(
            &Place::piece("a").with_path(path.clone()),
            r#"{"piece":"a","ligne":null,"colonne":null,"chemin":"service[2]"}"#,
        );
        check(
            &Place::piece("a").with_path(path.service_by_rank(true)),
            r#"{"piece":"a","ligne":null,"colonne":null,"chemin":"service[2]","serviceParRang":true}"#,
        );
    }
}
