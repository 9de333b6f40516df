//! The `[web]` section: the journal of the operators, on the web.

use std::net::SocketAddr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Le journal des opérateurs, servi par `dispolits run`.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Web {
    /// Adresse d’écoute. Dispolits n’y parle que HTTP : TLS est l’affaire du mandataire placé devant.
    #[schemars(with = "String")]
    pub listen: SocketAddr,
    /// Adresse que voient les navigateurs, par exemple `https://lits.exemple.fr` ; à défaut, celle de l’écoute.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub public_url: Option<String>,
    /// Ouvre à tous la page où un établissement essaie un fichier avant de l’envoyer.
    #[serde(default)]
    pub check_page: bool,
}

impl Web {
    /// Whether browsers reach it by https.
    pub fn is_https(&self) -> bool {
        self.public_url.as_deref().is_some_and(|url| url.starts_with("https://"))
    }
}
