//! What can be allowed, one thing apart from the other.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One thing that a person may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Right {
    /// Voir ce qui est arrivé, de qui, et ce qu’il en est advenu.
    Metadonnees,
    /// Voir les contenus : XML, réponses, courriels bruts.
    Contenu,
    /// Voir un document de patient reçu par erreur (M06).
    Patient,
    /// Agir : rejouer, relancer, marquer comme traité.
    Action,
    /// Gérer les comptes et lire le journal d’audit.
    Administration,
}

/// What a person may do.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rights(BTreeSet<Right>);

impl Rights {
    /// Whether this is allowed.
    pub fn allow(&self, right: Right) -> bool {
        self.0.contains(&right)
    }
}

impl FromIterator<Right> for Rights {
    fn from_iter<I: IntoIterator<Item = Right>>(rights: I) -> Self {
        Self(rights.into_iter().collect())
    }
}
