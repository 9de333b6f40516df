//! The `[ror]` section of the configuration.

use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use base::config_values::{Identity, Secret, Span};
use domain::capacity::GenreCode;

/// Accès au service d’écriture du ROR.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RorSettings {
    /// Adresse de base de l’API, en https, sans le nom du service :
    /// `https://api-fhir.ror.esante.gouv.fr` en production.
    pub base_url: String,
    /// Adresse complète du serveur de jetons, en https.
    pub token_url: String,
    /// Identifiant du client « fournisseur » donné par l’ANS.
    pub client_id: String,
    /// Fichier PEM des autorités qui certifient l’API. Par défaut, celles de la machine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca: Option<PathBuf>,
    /// Fichier PEM des autorités qui certifient le serveur de jetons. Par défaut, les mêmes que pour l’API.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_ca: Option<PathBuf>,
    /// Certificat client (IGC-Santé ORG AUTH_CLI) présenté au serveur de jetons, selon la RFC 8705.
    pub identity: Identity,
    /// Certificat client présenté à l’API elle-même, si un relais régional l’exige.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub api_identity: Option<Identity>,
    /// Code envoyé pour le genre indifférencié : « 03 » ou « 04 ». Obligatoire et sans valeur par
    /// défaut : la nomenclature a retiré le 03, les exemples du service d’écriture l’emploient
    /// encore. À demander au GRADeS ou à l’ANS.
    pub genre_indifferencie: GenreCode,
    /// Délai total d’une requête, de la connexion à la fin de la réponse.
    #[serde(default = "default_timeout")]
    pub timeout: Span,
    /// Délai de connexion, négociation TLS comprise.
    #[serde(default = "default_connect_timeout")]
    pub connect_timeout: Span,
    /// Avance avec laquelle un jeton est renouvelé avant son expiration, au plus la moitié de sa durée.
    #[serde(default = "default_token_margin")]
    pub token_margin: Span,
    /// Portée (« scope ») demandée avec le jeton, si le serveur de jetons en exige une.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// Le client qui lit, avec `ror.delivery.read_before_write`.
    #[serde(default)]
    pub reader: Reader,
}

/// Le client « consommateur », qui lit le ROR avant d’écrire (`ror.delivery.read_before_write`), et ce qu’il dit de lui.
/// En production, l’ANS donne deux clients, chacun avec son certificat. Ce qui n’est pas dit ici est celui de `[ror.api]`.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Reader {
    /// Identifiant du client « consommateur » donné par l’ANS ; à défaut, celui qui écrit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// Son certificat ; à défaut, et sans secret, celui de `[ror.api]`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub identity: Option<Identity>,
    /// Son secret, si l’ANS lui en a donné un à la place d’un certificat.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret: Option<Secret>,
    /// Portée (« scope ») demandée avec son jeton ; à défaut, celle de `[ror.api]`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// En-tête `Ror-Profil-Utilisateur-Code`, donné par l’ANS à l’intégration.
    pub profile_code: String,
    /// En-tête `Ror-Profil-Utilisateur-System`.
    pub profile_system: String,
    /// En-tête `Ror-Role-Metier-Code`.
    pub role_code: String,
    /// En-tête `Ror-Role-Metier-System`.
    pub role_system: String,
}

/// The values of ANS's page « consommation-api » (R4 3.0), where a program reads by itself.
impl Default for Reader {
    fn default() -> Self {
        Self {
            client_id: None,
            identity: None,
            secret: None,
            scope: None,
            profile_code: "CU22".to_owned(),
            profile_system: "1.2.250.1.213.1.6.1.66".to_owned(),
            role_code: "AUTOMATE".to_owned(),
            role_system: "1.2.250.1.213.1.1.4.6".to_owned(),
        }
    }
}

impl Reader {
    /// Whether it is the client that writes.
    pub fn is_the_writer(&self) -> bool {
        self.client_id.is_none() && self.identity.is_none() && self.secret.is_none() && self.scope.is_none()
    }

    /// What is wrong with it, in French.
    pub fn fault(&self) -> Option<&'static str> {
        let headers = [&self.profile_code, &self.profile_system, &self.role_code, &self.role_system];
        let is_sendable = |value: &&String| !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_graphic());
        match () {
            () if self.secret.is_some() && self.identity.is_some() => {
                Some("ror.api.reader : un secret ou un certificat (identity), pas les deux")
            }
            () if self.secret.is_some() && self.client_id.is_none() => {
                Some("ror.api.reader.secret demande ror.api.reader.client_id")
            }
            () if self.client_id.as_deref().is_some_and(|client| client.trim().is_empty()) => {
                Some("ror.api.reader.client_id est vide")
            }
            () if !headers.iter().all(is_sendable) => Some(
                "ror.api.reader : les quatre valeurs des en-têtes Ror-* sont des codes, sans blanc ni accent, et aucune n’est vide",
            ),
            () => None,
        }
    }
}

impl RorSettings {
    /// The authorities of the token endpoint: its own, or those of the API.
    pub fn token_authorities(&self) -> Option<&Path> {
        self.token_ca.as_deref().or(self.ca.as_deref())
    }
}

fn default_timeout() -> Span {
    Span::seconds(20)
}

fn default_connect_timeout() -> Span {
    Span::seconds(10)
}

fn default_token_margin() -> Span {
    Span::seconds(30)
}
