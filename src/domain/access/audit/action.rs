//! The deeds that the audit log knows, under words that never change.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

macro_rules! deeds {
    ($($(#[$doc:meta])* $deed:ident = $word:literal, $words:literal;)+) => {
        /// What was done.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "kebab-case")]
        pub enum Deed {
            $($(#[$doc])* $deed,)+
        }

        impl Deed {
            /// Every deed.
            pub const ALL: &[Self] = &[$(Self::$deed),+];

            /// The word of the store and of exports; stable.
            pub fn word(self) -> &'static str {
                match self {
                    $(Self::$deed => $word,)+
                }
            }

            /// For people.
            pub fn in_words(self) -> &'static str {
                match self {
                    $(Self::$deed => $words,)+
                }
            }
        }
    };
}

deeds! {
    /// A session was opened.
    Connexion = "connexion", "connexion";
    /// A session was closed by its owner.
    Deconnexion = "deconnexion", "déconnexion";
    /// Sessions were closed by somebody else.
    SessionsFermees = "sessions-fermees", "sessions fermées";
    /// An account was locked for a while after failures.
    ConnexionBloquee = "connexion-bloquee", "connexion bloquée après des échecs";
    /// A local account was made.
    CompteCree = "compte-cree", "compte créé";
    /// Its role or name was changed.
    CompteModifie = "compte-modifie", "compte modifié";
    /// It was locked by an administrator.
    CompteVerrouille = "compte-verrouille", "compte verrouillé";
    /// It was unlocked.
    CompteDeverrouille = "compte-deverrouille", "compte déverrouillé";
    /// Its password or second factor was reset.
    CompteReinitialise = "compte-reinitialise", "compte réinitialisé";
    /// It was removed.
    CompteSupprime = "compte-supprime", "compte supprimé";
    /// Its owner chose a password.
    MotDePasse = "mot-de-passe", "mot de passe choisi";
    /// Its owner enrolled a second factor.
    SecondFacteur = "second-facteur", "second facteur enregistré";
    /// The content of a patient document was shown.
    ContenuPatient = "contenu-patient", "contenu de patient consulté";
    /// A mail was judged again.
    Rejouer = "rejouer", "courriel rejoué";
    /// Waiting rows or replies are sent now.
    Essayer = "essayer", "nouvel essai immédiat";
    /// A mail was released from quarantine.
    Liberer = "liberer", "courriel sorti de quarantaine";
    /// A reply was sent again.
    Renvoyer = "renvoyer", "réponse renvoyée";
    /// A mail was marked as handled.
    Traiter = "traiter", "courriel marqué comme traité";
    /// The mark was taken off.
    Rouvrir = "rouvrir", "courriel à traiter de nouveau";
    /// A silent establishment was muted until a date.
    Silence = "silence", "établissement mis en silence";
    /// The mute was taken off.
    FinSilence = "fin-silence", "silence levé";
    /// The deletion of an indicator that stands in the ROR twice was asked for.
    SupprimerDouble = "supprimer-double", "suppression demandée d’un indicateur en double";
    /// A mail that stays unread in its mailbox is to be tried again.
    Relire = "relire", "nouvelle lecture demandée";
    /// It was set aside: nobody waits for it any more.
    Ecarter = "ecarter", "courriel non lu mis à l’écart";
    /// A reminder mail was sent.
    Relance = "relance", "relance envoyée";
}

/// The object of deeds on a mail.
pub fn on_mail(number: i64) -> String {
    format!("courriel {number}")
}

/// The object of deeds on a mail that stays unread in its mailbox.
pub fn on_unread(number: i64) -> String {
    format!("courriel non lu {number}")
}

/// The object of deeds on an establishment.
pub fn on_establishment(finess: impl fmt::Display) -> String {
    format!("etablissement {finess}")
}

/// The object of deeds on a location.
pub fn on_location(lieu: impl fmt::Display) -> String {
    format!("lieu {lieu}")
}

/// A word that names no deed: another version wrote it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("acte « {0} » inconnu")]
pub struct DeedError(String);

impl FromStr for Deed {
    type Err = DeedError;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        Self::ALL.iter().copied().find(|deed| deed.word() == word).ok_or_else(|| DeedError(word.to_owned()))
    }
}

#[test]
fn words_of_deeds_are_read_back() {
    for deed in Deed::ALL {
        assert_eq!(deed.word().parse(), Ok(*deed));
        assert_eq!(serde_json::to_string(deed).unwrap(), format!("\"{}\"", deed.word()));
    }
}
