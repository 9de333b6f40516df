//! The `[web]` section: the journal of the operators, on the web.

use std::net::SocketAddr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::sign_in::{Local, OpenId, Proxy};
use super::{ConfigError, Environnement, contradiction};
use domain::access::{Lifetimes, Policy};

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
    /// La durée des sessions.
    #[serde(default)]
    pub sessions: Lifetimes,
    /// Ce que les rôles permettent de voir.
    #[serde(default)]
    pub rights: Policy,
    /// Les comptes locaux.
    #[serde(default)]
    pub local: Local,
    /// La connexion par OpenID Connect.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub openid: Option<OpenId>,
    /// Le mandataire placé devant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proxy: Option<Proxy>,
}

impl Web {
    /// Whether browsers reach it by https.
    pub fn is_https(&self) -> bool {
        self.public_url.as_deref().is_some_and(|url| url.starts_with("https://"))
    }

    /// The address that browsers see, without a slash at its end.
    pub fn origin(&self) -> String {
        let listened = format!("http://{}", self.listen);
        self.public_url.as_deref().map_or(listened, |url| url.trim_end_matches('/').to_owned())
    }

    /// What is right only if the network in between is trusted, in French.
    pub(super) fn warnings(&self) -> Vec<&'static str> {
        let everywhere = self.listen.ip().is_unspecified();
        let clear = everywhere.then_some(
            "web.listen écoute en clair (HTTP) sur toutes les interfaces : donnez l’adresse où le mandataire vous joint, ou fermez ce port au pare-feu",
        );
        let shared = (self.is_https() && self.proxy.is_none()).then_some(
            "[web.proxy] manque : derrière un mandataire, tous les visiteurs ont alors la même adresse et se partagent une seule limite d’essais",
        );
        let factors = self.local.enabled && self.local.second_factor && self.local.factor_key.is_none();
        let unsealed = factors.then_some(
            "web.local.factor_key manque : les secrets des seconds facteurs sont en clair dans la base et dans ses copies",
        );
        clear.into_iter().chain(shared).chain(unsealed).collect()
    }

    /// Refuses what would let passwords or sessions be read or guessed.
    pub(super) fn check(&self, environnement: Environnement) -> Result<(), ConfigError> {
        let is_production = environnement == Environnement::Production;
        if !self.local.enabled && self.openid.is_none() {
            return contradiction("web : ni compte local ni OpenID Connect, personne ne pourrait se connecter");
        }
        if !self.local.second_factor && is_production {
            return contradiction("web.local.second_factor = false n’est pas admis en production");
        }
        if !self.is_https() && (is_production || !self.listen.ip().is_loopback()) {
            return contradiction(
                "web.public_url : une adresse https:// est exigée en production, et hors de cette machine",
            );
        }
        if self.public_url.as_deref().is_some_and(|url| !is_origin(url)) {
            return contradiction("web.public_url : attendu https://nom, sans chemin");
        }
        if let Some(openid) = &self.openid
            && !openid.issuer.starts_with("https://")
            && (is_production || !is_loopback_url(&openid.issuer))
        {
            return contradiction("web.openid.issuer : une adresse https:// est exigée");
        }
        match &self.proxy {
            Some(proxy) if proxy.certificate_header.is_none() => match proxy {
                Proxy { certificate_required: true, .. } => {
                    contradiction("web.proxy.certificate_required demande web.proxy.certificate_header")
                }
                Proxy { machines, .. } if !machines.is_empty() => {
                    contradiction("web.proxy.machines demande web.proxy.certificate_header")
                }
                Proxy { .. } => Ok(()),
            },
            _ => Ok(()),
        }
    }
}

/// Scheme and authority alone.
fn is_origin(url: &str) -> bool {
    let authority = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    let authority = authority.map(|rest| rest.trim_end_matches('/'));
    authority.is_some_and(|rest| !rest.is_empty() && !rest.contains(['/', '?', '#', '@', ' ']))
}

/// For trials on one machine.
fn is_loopback_url(url: &str) -> bool {
    ["http://127.0.0.1", "http://[::1]", "http://localhost"]
        .iter()
        .any(|local| url.strip_prefix(local).is_some_and(|rest| rest.is_empty() || rest.starts_with([':', '/'])))
}
