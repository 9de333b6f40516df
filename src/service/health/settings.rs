//! The `[health]` section of the configuration.

use std::net::SocketAddr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use base::config_values::Span;

/// La surveillance du service.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct HealthSettings {
    /// Adresse locale où répondent `/healthz`, `/readyz` et `/metrics` ; sans cette clé, aucune.
    #[schemars(with = "Option<String>")]
    pub listen: Option<SocketAddr>,
    /// Retard admis d’une relève complète sur l’intervalle de sa boîte, et de son jugement sur la
    /// réception d’un courriel ; au-delà, le service n’est pas prêt.
    pub sweep_delay: Span,
    /// Temps pendant lequel une tâche peut ne donner aucun signe ; au-delà, elle est bloquée, et
    /// systemd relance le service.
    pub stuck_after: Span,
}

impl Default for HealthSettings {
    fn default() -> Self {
        Self { listen: None, sweep_delay: Span::seconds(300), stuck_after: Span::seconds(600) }
    }
}

impl HealthSettings {
    /// Whether nobody but this machine can reach it.
    pub fn is_local(&self) -> bool {
        self.listen.is_none_or(|address| address.ip().is_loopback())
    }
}
