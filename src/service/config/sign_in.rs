//! How people and machines sign in to the journal on the web.

use std::net::IpAddr;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use base::config_values::{Identity, Secret, SecretError, Span};
use domain::access::{FactorKey, KeyError, Role};

/// Les comptes locaux, créés par « dispolits user add ».
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Local {
    /// Admet les comptes locaux ; `false` quand tous se connectent par OpenID Connect.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// Demande un second facteur (code à usage unique d’une application de téléphone) ; `false` est refusé en
    /// production.
    #[serde(default = "yes")]
    pub second_factor: bool,
    /// Clé qui chiffre dans la base les secrets des seconds facteurs : 32 caractères au hasard ou plus, hors de la base.
    /// Sans elle, ils y sont en clair. Ceux qui y sont déjà sont chiffrés au démarrage.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub factor_key: Option<Secret>,
}

/// A key of second factors that cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum FactorKeyError {
    /// It cannot be read.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// It is too short.
    #[error(transparent)]
    Key(#[from] KeyError),
}

impl Local {
    /// The key of second factors as it is now, if there is one.
    pub async fn factor_key(&self) -> Result<Option<FactorKey>, FactorKeyError> {
        let Some(secret) = &self.factor_key else { return Ok(None) };
        Ok(Some(FactorKey::new(&secret.reveal().await?)?))
    }
}

fn yes() -> bool {
    true
}

impl Default for Local {
    fn default() -> Self {
        Self { enabled: true, second_factor: true, factor_key: None }
    }
}

/// La connexion par OpenID Connect : Pro Santé Connect ou le fournisseur de l’agence.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OpenId {
    /// Adresse du fournisseur, telle qu’il la publie (`issuer`) ; sa description est lue à
    /// `/.well-known/openid-configuration`.
    pub issuer: String,
    /// Ce que dit le bouton : « Pro Santé Connect ».
    #[serde(default = "default_name")]
    pub name: String,
    /// Identifiant de Dispolits auprès de lui.
    pub client_id: String,
    /// Secret de Dispolits auprès de lui.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_secret: Option<Secret>,
    /// Portées demandées ; Pro Santé Connect : `openid scope_all`.
    #[serde(default = "default_scopes")]
    pub scopes: Vec<String>,
    /// Niveau demandé et exigé de l’authentification ; Pro Santé Connect : `eidas1`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acr_values: Option<String>,
    /// Donnée qui identifie la personne ; Pro Santé Connect : `SubjectNameID` (numéro RPPS préfixé).
    #[serde(default = "default_subject")]
    pub subject_claim: String,
    /// Donnée qui la nomme à l’écran.
    #[serde(default = "default_name_claim")]
    pub name_claim: String,
    /// Donnée dont dépend le rôle : un texte ou une liste de textes.
    pub role_claim: String,
    /// Valeurs de cette donnée qui donnent chaque rôle ; à plusieurs, le plus élevé ; à aucune, pas d’accès.
    pub roles: RoleValues,
    /// Autorité du certificat de ses serveurs (PEM) ; à défaut, celles du système.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca: Option<PathBuf>,
    /// Certificat client présenté à ses serveurs, s’ils en demandent un.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity: Option<Identity>,
    /// Délai de chaque requête à ses serveurs.
    #[serde(default = "default_timeout")]
    pub timeout: Span,
}

fn default_name() -> String {
    "OpenID Connect".to_owned()
}

fn default_scopes() -> Vec<String> {
    vec!["openid".to_owned()]
}

fn default_subject() -> String {
    "sub".to_owned()
}

fn default_name_claim() -> String {
    "name".to_owned()
}

fn default_timeout() -> Span {
    Span::seconds(10)
}

/// Les valeurs qui donnent chaque rôle.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RoleValues {
    /// Celles qui donnent le rôle de lecteur.
    #[serde(default)]
    pub lecteur: Vec<String>,
    /// Celles qui donnent le rôle d’opérateur.
    #[serde(default)]
    pub operateur: Vec<String>,
    /// Celles qui donnent le rôle d’administrateur.
    #[serde(default)]
    pub administrateur: Vec<String>,
}

impl RoleValues {
    /// The greatest role that one of the values gives.
    pub fn role_of(&self, values: &[String]) -> Option<Role> {
        let given = |role: &Role| self.of(*role).iter().any(|value| values.contains(value));
        Role::ALL.into_iter().rev().find(given)
    }

    fn of(&self, role: Role) -> &[String] {
        match role {
            Role::Lecteur => &self.lecteur,
            Role::Operateur => &self.operateur,
            Role::Administrateur => &self.administrateur,
        }
    }
}

/// Le mandataire placé devant, et ce qu’il transmet.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Proxy {
    /// Ses adresses : d’aucune autre on ne croit les en-têtes ci-dessous.
    #[schemars(with = "Vec<String>")]
    pub trusted: Vec<IpAddr>,
    /// En-tête où il met l’adresse du visiteur ; il doit y ajouter la sienne à la fin de ce qu’il a reçu.
    #[serde(default = "default_address_header")]
    pub address_header: String,
    /// En-tête où il met le certificat client qu’il a vérifié ; il doit effacer celui qu’un visiteur enverrait. Sans
    /// cette clé, aucun certificat n’est lu.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate_header: Option<String>,
    /// Ce que contient cet en-tête.
    #[serde(default)]
    pub certificate_format: CertificateFormat,
    /// Exige un certificat client de tous, en plus de leur connexion.
    #[serde(default)]
    pub certificate_required: bool,
    /// Machines admises à l’API par leur seul certificat ; un certificat d’organisation n’ouvre jamais la session d’une
    /// personne.
    #[serde(default)]
    pub machines: Vec<Machine>,
}

fn default_address_header() -> String {
    "X-Forwarded-For".to_owned()
}

/// Ce que le mandataire transmet d’un certificat client.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum CertificateFormat {
    /// Le certificat en PEM, encodé pour une URL (nginx : `$ssl_client_escaped_cert`).
    #[default]
    Pem,
    /// Son nom distinctif (nginx : `$ssl_client_s_dn`).
    Dn,
}

/// Une machine admise à l’API.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Machine {
    /// Nom distinctif de son certificat, tel que l’écrit RFC 4514 : `CN=superviseur,O=GCS,C=FR`.
    pub dn: String,
    /// Son rôle.
    pub role: Role,
}
