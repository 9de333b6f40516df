//! The 36 codes: a public contract, stable for ever.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::article::Article;
use super::catalogue;

/// Whether a defect rejects what stands under it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// What stands under it is rejected.
    Rejet,
    /// Said to the sender; changes neither verdict nor exit code.
    Avertissement,
}

impl Severity {
    /// The word of the contract.
    pub fn word(self) -> &'static str {
        match self {
            Self::Rejet => "rejet",
            Self::Avertissement => "avertissement",
        }
    }
}

/// Who must act.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Actor {
    /// The establishment that sent the report.
    Etablissement,
    /// The regional agency, which keeps the referential and the ROR.
    Grades,
    /// The operator of Dispolits.
    Exploitant,
}

impl Actor {
    /// Every one.
    pub const ALL: [Self; 3] = [Self::Etablissement, Self::Grades, Self::Exploitant];

    /// The word of the contract.
    pub fn word(self) -> &'static str {
        match self {
            Self::Etablissement => "etablissement",
            Self::Grades => "grades",
            Self::Exploitant => "exploitant",
        }
    }

    /// How the replies name it.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Etablissement => "votre établissement",
            Self::Grades => "le GRADeS",
            Self::Exploitant => "l’exploitant de Dispolits",
        }
    }
}

/// What a defect rejects, with all that stands under it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// The whole mail.
    Courriel,
    /// One attached document.
    Document,
    /// The element it occurs in.
    Element,
    /// One establishment of a document.
    Etablissement,
    /// One service.
    Service,
    /// One count.
    Capacite,
    /// One row already accepted by Dispolits.
    Ligne,
}

impl Scope {
    /// The scope in French.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Courriel => "le courriel",
            Self::Document => "le document",
            Self::Element => "l’élément concerné",
            Self::Etablissement => "l’établissement",
            Self::Service => "le service",
            Self::Capacite => "la capacité",
            Self::Ligne => "la ligne",
        }
    }
}

macro_rules! codes {
    ($($code:ident $doc:literal),+ $(,)?) => {
        /// A rule of the interface that a report can break.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema)]
        pub enum Code { $(#[doc = $doc] $code,)+ }

        impl Code {
            /// Every code, in the order of the contract.
            pub const ALL: &'static [Self] = &[$(Self::$code,)+];

            /// The code as written everywhere: `C01`.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$code => stringify!($code),)+ }
            }

            /// The article of its name: one that is missing does not compile.
            fn article(self) -> &'static Article {
                match self { $(Self::$code => &catalogue::$code,)+ }
            }
        }
    };
}

codes! {
    M01 "Sender in nobody's list.",
    M02 "No XML in the mail.",
    M03 "Mail over the size limit.",
    M04 "Archive refused.",
    M05 "MIME unreadable.",
    M06 "Patient document sent by mistake.",
    D01 "XML not well-formed.",
    D02 "DOCTYPE present.",
    D03 "A limit of the reader exceeded.",
    D04 "Bytes do not match the declared encoding.",
    D05 "Root element not known.",
    D06 "Missing, unknown or ill-typed item.",
    D07 "Same identifiant, other content.",
    E01 "Not a FINESS number.",
    E02 "FINESS key wrong.",
    E03 "Establishment not in the referential.",
    E04 "Sender may not report for this establishment.",
    E05 "An EJ where the EG is wanted.",
    S01 "Service not in the referential.",
    S02 "Available beds in a closed service.",
    S03 "Service twice for one establishment.",
    C01 "Negative count.",
    C02 "Count not a whole number.",
    C03 "Count above the ceiling.",
    C04 "Counts of a service do not add up.",
    C05 "Combination of attributes not legal.",
    C06 "Value outside the nomenclature.",
    C07 "Same indicator twice in a service.",
    H01 "Date unreadable or without zone.",
    H02 "Observation in the future.",
    H03 "Observation too old.",
    R01 "Location not known to the ROR.",
    R02 "Location not unique in the ROR.",
    R03 "Business rule of the ROR.",
    R04 "Rights missing in the ROR.",
    R05 "Any other refusal of the ROR.",
}

impl Code {
    /// Whether the document was not read to its end: nobody knows what it holds.
    pub fn leaves_unread(self) -> bool {
        matches!(self, Self::D01 | Self::D02 | Self::D03 | Self::D04 | Self::D05)
    }

    /// The name of the contract: `CAPACITE_NEGATIVE`.
    pub fn name(self) -> &'static str {
        self.article().name
    }

    /// What it rejects.
    pub fn scope(self) -> Scope {
        self.article().scope
    }

    /// Its severity before configuration.
    pub fn severity(self) -> Severity {
        self.article().severity
    }

    /// Who must act, the first one first.
    pub fn actors(self) -> &'static [Actor] {
        self.article().actors
    }

    /// The sentence for the sender.
    pub fn sentence(self) -> &'static str {
        self.article().sentence
    }

    /// How to mend it.
    pub fn hint(self) -> &'static str {
        self.article().hint
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A text that is none of the 36 codes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("« {0} » n’est pas un code de rejet connu")]
pub struct UnknownCode(String);

impl FromStr for Code {
    type Err = UnknownCode;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.iter().copied().find(|code| code.as_str() == text).ok_or_else(|| UnknownCode(text.to_owned()))
    }
}
