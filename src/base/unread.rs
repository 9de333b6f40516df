//! Why a mail stays unread in its mailbox. It is never a verdict on the mail: nobody is answered for it, operators are told.

use std::fmt;
use std::str::FromStr;

macro_rules! causes {
    ($($(#[$doc:meta])* $cause:ident = $word:literal, $words:literal;)+) => {
        /// Why a mail could not be taken.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Cause {
            $($(#[$doc])* $cause,)+
        }

        impl Cause {
            /// Every cause.
            pub const ALL: &[Self] = &[$(Self::$cause),+];

            /// The word of the store, of metrics and of exports; stable.
            pub fn word(self) -> &'static str {
                match self {
                    $(Self::$cause => $word,)+
                }
            }

            /// For operators.
            pub fn in_words(self) -> &'static str {
                match self {
                    $(Self::$cause => $words,)+
                }
            }
        }
    };
}

causes! {
    /// The server said OK and gave nothing.
    Absent = "absent", "le serveur ne donne pas son contenu";
    /// It came without a single byte.
    Empty = "vide", "il ne contient aucun octet";
    /// Two readings in a row gave different bytes.
    Changing = "changeant", "deux lectures de suite n’ont pas donné les mêmes octets";
    /// The server refused to give it.
    Refused = "refuse", "le serveur refuse de le donner";
    /// The session ended while it was being read, alone.
    EndsSession = "rupture", "sa lecture met fin à la connexion";
    /// Its file cannot be read.
    Unreadable = "illisible", "son fichier ne peut pas être lu";
    /// The server gave another text in its place.
    Substitute = "substitut", "le serveur Exchange n’a pas su le convertir et donne un texte de remplacement ; l’original est resté sur le serveur";
    /// It was judged, and the folder it belongs to cannot be read in the store.
    Unfilable = "inclassable", "il est jugé, mais son dossier de classement est illisible dans la base";
}

/// A word that no version of this program has written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("cause inconnue : {0}")]
pub struct CauseError(String);

impl FromStr for Cause {
    type Err = CauseError;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        Self::ALL.iter().copied().find(|cause| cause.word() == word).ok_or_else(|| CauseError(word.to_owned()))
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.in_words())
    }
}

#[test]
fn words_of_causes_are_read_back() {
    for cause in Cause::ALL {
        assert_eq!(cause.word().parse(), Ok(*cause));
    }
}
