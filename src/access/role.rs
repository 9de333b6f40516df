//! The roles of the people who use the journal.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Right, Rights};

/// Le rôle d’une personne.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Voit ce qui est arrivé, sans les contenus.
    Lecteur,
    /// Voit les contenus et agit.
    Operateur,
    /// Gère les comptes, lit le journal d’audit, voit les documents de patients reçus par erreur.
    Administrateur,
}

impl Role {
    /// What the role allows where the configuration says nothing else.
    pub fn rights(self) -> Rights {
        let rights: &[Right] = match self {
            Self::Lecteur => &[Right::Metadonnees],
            Self::Operateur => &[Right::Metadonnees, Right::Contenu, Right::Action],
            Self::Administrateur => {
                &[Right::Metadonnees, Right::Contenu, Right::Patient, Right::Action, Right::Administration]
            }
        };
        rights.iter().copied().collect()
    }

    /// Its French name.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Lecteur => "lecteur",
            Self::Operateur => "opérateur",
            Self::Administrateur => "administrateur",
        }
    }
}
