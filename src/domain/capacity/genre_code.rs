//! The code by which the undifferentiated gender is sent.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Code TRE_R332 du genre indifférencié.
///
/// The NOS retired `03` on 2025-08-28 (JDV_J190 keeps `04`), while the examples of the write
/// service still send `03`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum GenreCode {
    /// 03, « Indifférencié ».
    #[serde(rename = "03")]
    Indifferencie,
    /// 04, « Indéterminé ».
    #[serde(rename = "04")]
    Indetermine,
}

/// A text that is neither `03` nor `04`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("le code du genre indifférencié est « 03 » ou « 04 »")]
pub struct NotAGenreCode;

impl GenreCode {
    /// The NOS code.
    pub fn code(self) -> &'static str {
        match self {
            Self::Indifferencie => "03",
            Self::Indetermine => "04",
        }
    }

    /// The other code.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::Indifferencie => Self::Indetermine,
            Self::Indetermine => Self::Indifferencie,
        }
    }

    /// The NOS display.
    pub fn display(self) -> &'static str {
        match self {
            Self::Indifferencie => "Indifférencié",
            Self::Indetermine => "Indéterminé",
        }
    }
}

impl fmt::Display for GenreCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl FromStr for GenreCode {
    type Err = NotAGenreCode;

    fn from_str(code: &str) -> Result<Self, Self::Err> {
        [Self::Indifferencie, Self::Indetermine].into_iter().find(|genre| genre.code() == code).ok_or(NotAGenreCode)
    }
}
