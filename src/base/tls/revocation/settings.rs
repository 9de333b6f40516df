//! The `[revocation]` section of the configuration.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::config_values::Span;

/// Les connexions dont le certificat de serveur peut être vérifié.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ListConnection {
    /// La lecture de la boîte aux lettres.
    Imap,
    /// L’envoi des réponses.
    Smtp,
    /// Le ROR : API et serveur de jetons.
    Ror,
}

/// La vérification que le certificat du serveur n’est pas révoqué (MSSanté ECO.1.1.6 et 1.1.7), par
/// les listes (CRL) de ses autorités.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RevocationSettings {
    /// Adresses `http` ou `https` où les listes sont publiées. La liste est signée : `http` suffit.
    #[serde(default)]
    pub urls: Vec<String>,
    /// Fichiers de listes (DER ou PEM) qu’un autre programme tient à jour ; ils sont relus quand ils changent.
    #[serde(default)]
    pub files: Vec<PathBuf>,
    /// Connexions vérifiées, qui doivent avoir une clé `ca` : `imap`, `smtp`, `ror`.
    #[serde(default = "default_connections")]
    pub connections: Vec<ListConnection>,
    /// Dossier où la dernière liste valable de chaque adresse est gardée.
    #[serde(default = "default_folder")]
    pub folder: PathBuf,
    /// Intervalle entre deux téléchargements. Après un échec, ou passé la date de la prochaine liste,
    /// l’essai est refait toutes les cinq minutes.
    #[serde(default = "default_refresh")]
    pub refresh: Span,
    /// Temps pendant lequel une liste périmée, que rien n’a pu remplacer, sert encore, avec une alarme
    /// chaque heure ; ensuite les connexions sont refusées. `0s` : refusées aussitôt.
    #[serde(default = "default_grace")]
    pub grace: Span,
    /// Délai d’un téléchargement.
    #[serde(default = "default_timeout")]
    pub timeout: Span,
}

fn default_connections() -> Vec<ListConnection> {
    vec![ListConnection::Imap, ListConnection::Smtp]
}

fn default_folder() -> PathBuf {
    PathBuf::from("/var/lib/dispolits/crl")
}

fn default_refresh() -> Span {
    Span::seconds(6 * 3600)
}

fn default_grace() -> Span {
    Span::seconds(7 * 86_400)
}

fn default_timeout() -> Span {
    Span::seconds(30)
}
