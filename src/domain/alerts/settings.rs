//! The `[alerts]` section of the configuration.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::address::Address;
use base::config_values::{Secret, Span};
use base::retry::Schedule;

/// Les alertes aux opérateurs : ce qui les ouvre, ce qui les clôt, à qui elles sont dites.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct AlertSettings {
    /// Destinataires des courriels d’alerte ; vide : aucun. Ils partent par le même chemin que les réponses
    /// (`reply.transport`) : par un opérateur MSSanté, seules des adresses MSSanté conviennent.
    #[schemars(with = "Vec<String>")]
    pub recipients: Vec<Address>,
    /// Appel HTTP à chaque alerte ; il reste quand c’est l’envoi des courriels qui ne va pas.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub webhook: Option<Webhook>,
    /// Temps pendant lequel une cause doit durer avant d’ouvrir une alerte ; ce qui mesure déjà un temps (relève,
    /// silence, retard) et ce qui n’arrive qu’une fois (M06, réponse non remise) ouvre aussitôt.
    pub open_after: Span,
    /// Temps pendant lequel la cause doit avoir disparu avant de clore l’alerte.
    pub close_after: Span,
    /// Attente pendant laquelle les alertes sont réunies en un seul message.
    pub gather: Span,
    /// Délai après lequel une alerte encore ouverte est rappelée.
    pub remind_after: Span,
    /// Attentes avant chaque nouvel essai d’un message d’alerte ; la dernière se répète.
    pub retry: Schedule,
    /// Âge au-delà duquel un message d’alerte qui ne part pas est abandonné.
    pub abandon_after: Span,
    /// Temps pendant lequel une réponse non remise ou un document de patient reste signalé.
    pub event_window: Span,
    /// Mode tension : les établissements et services sont dits en retard et silencieux plus tôt.
    pub tension: bool,
    /// Cadence la plus longue admise de quiconque en mode tension.
    pub tension_cadence: Span,
    /// Durée minimale d’un silence, quelle que soit la cadence.
    pub silence_minimum: Span,
    /// Durée au bout de laquelle des valeurs identiques, ou une dateReleve qui n’avance plus, sont signalées.
    pub frozen_after: Span,
    /// Nombre de rejets en une heure sous lequel rien n’est jamais inhabituel.
    pub rejections_minimum: u32,
    /// Multiple de l’habitude à partir duquel les rejets d’une heure sont inhabituels.
    pub rejections_factor: u32,
    /// Attente d’une réponse au-delà de laquelle une alerte s’ouvre.
    pub replies_after: Span,
    /// Part libre du disque de la base (du service, avec PostgreSQL), en pour cent, sous laquelle une alerte s’ouvre ; grave à la moitié.
    pub disk_percent: u8,
}

/// Un appel HTTP POST, en JSON, à chaque alerte.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Webhook {
    /// Adresse appelée ; `https`, ou `http` vers cette machine. Le champ `text` convient à Mattermost et à Teams.
    // Shown without its path, which is often the secret of the other side.
    #[serde(serialize_with = "origin_alone")]
    pub url: String,
    /// Jeton envoyé dans l’en-tête `Authorization: Bearer`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bearer: Option<Secret>,
    /// Clé de la signature HMAC-SHA-256, envoyée dans l’en-tête `X-Dispolits-Signature`. Elle porte sur
    /// `livraison.secondes.corps` : les en-têtes `X-Dispolits-Delivery` et `X-Dispolits-Timestamp`, puis le corps. Qui
    /// reçoit refuse ce qui est trop vieux (5 min par exemple) ou déjà reçu sous ce nom.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hmac_key: Option<Secret>,
    /// Autorité du certificat du serveur (PEM) ; à défaut, celles du système.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca: Option<PathBuf>,
    /// Délai d’un appel.
    #[serde(default = "ten_seconds")]
    pub timeout: Span,
}

fn origin_alone<S: serde::Serializer>(url: &str, serializer: S) -> Result<S::Ok, S::Error> {
    let Some((scheme, rest)) = url.split_once("://") else { return serializer.serialize_str("***") };
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    serializer.serialize_str(&format!("{scheme}://{host}/***"))
}

fn ten_seconds() -> Span {
    Span::seconds(10)
}

impl Default for AlertSettings {
    fn default() -> Self {
        Self {
            recipients: Vec::new(),
            webhook: None,
            open_after: Span::seconds(5 * 60),
            close_after: Span::seconds(10 * 60),
            gather: Span::seconds(60),
            remind_after: Span::seconds(24 * 3600),
            retry: Schedule::default(),
            abandon_after: Span::seconds(24 * 3600),
            event_window: Span::seconds(24 * 3600),
            tension: false,
            tension_cadence: Span::seconds(12 * 3600),
            silence_minimum: Span::seconds(3600),
            frozen_after: Span::seconds(7 * 86_400),
            rejections_minimum: 10,
            rejections_factor: 3,
            replies_after: Span::seconds(30 * 60),
            disk_percent: 10,
        }
    }
}
