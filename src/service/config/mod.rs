//! The configuration: one TOML file, every key overridable by the environment, unknown keys refused.

mod certificates;
mod environment;
mod example;
mod fault;
mod files;
mod mailboxes;
mod reading;
mod sections;
mod separation;
mod sign_in;
mod web;
mod webhook;

use std::path::Path;

use figment::Figment;
use figment::providers::Serialized;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use certificates::Certificates;
pub use files::Loose;
pub use mailboxes::{Further, MailboxName, MailboxNameError, MailboxSection, NamedMailbox};
pub use reading::{Fault, Faults, MailboxFault, Purpose, Reading, Sources, of_referential};
pub use sections::{
    DeliverySection, Environnement, Log, LogFormat, LogLevel, OnSuccess, Reply, ReplyTransport, Retention, Ror,
};
pub use sign_in::{CertificateFormat, FactorKeyError, Local, Machine, OpenId, Proxy, RoleValues};
pub use web::Web;

use crate::health;
use base::tls::revocation;
use domain::alerts;
use edges::smtp;
use judging::judgement::{Indicators, Rules};
use judging::referential;

/// La configuration de Dispolits.
///
/// Chaque clé peut être remplacée par une variable d’environnement : `DISPOLITS__ROR__API__CLIENT_ID`
/// remplace `client_id` de la section `[ror.api]`.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// `qualification` ou `production`.
    pub environnement: Environnement,
    /// La boîte où les établissements écrivent.
    #[serde(default)]
    pub mailbox: Option<MailboxSection>,
    /// D’autres boîtes, chacune sous son nom : `[mailboxes.brest]`. Chacune a son compte, ses dossiers
    /// et sa relève ; le référentiel, la base, le ROR et l’envoi des réponses sont communs.
    #[serde(default)]
    #[schemars(with = "std::collections::BTreeMap<String, MailboxSection>")]
    pub mailboxes: Further,
    /// Le référentiel régional.
    pub referential: referential::Files,
    /// Les règles de validation.
    #[serde(default)]
    pub validation: Rules,
    /// L’API d’écriture du ROR.
    pub ror: Ror,
    /// La base de données.
    pub store: store::StoreSettings,
    /// Les réponses aux expéditeurs.
    pub reply: Reply,
    /// Le serveur d’envoi, avec `reply.transport = "smtp"`.
    #[serde(default)]
    pub smtp: Option<smtp::SmtpSettings>,
    /// La vérification que les certificats des serveurs ne sont pas révoqués.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revocation: Option<revocation::RevocationSettings>,
    /// La durée de conservation des contenus, du journal et des traces.
    #[serde(default)]
    pub retention: Retention,
    /// La surveillance du service.
    #[serde(default)]
    pub health: health::HealthSettings,
    /// Le journal des opérateurs, sur le web ; sans cette section, il n’est pas servi.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub web: Option<Web>,
    /// Les alertes aux opérateurs.
    #[serde(default)]
    pub alerts: alerts::AlertSettings,
    /// Les traces.
    #[serde(default)]
    pub log: Log,
}

/// A configuration that cannot be used. An operator must mend it.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("fichier de configuration {path} : {source}")]
    File {
        /// The file.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// The table of indicators cannot be read.
    #[error("validation.indicateurs : fichier {path} : {source}")]
    Indicators {
        /// The file.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// Not TOML.
    #[error("configuration : ce n’est pas du TOML : {0}")]
    Toml(String),
    /// A key is missing, unknown or ill-typed.
    #[error("configuration : {}", fault::in_french(.0))]
    Shape(Box<figment::Error>),
    /// Keys that contradict each other.
    #[error("configuration : {0}")]
    Contradiction(String),
}

impl Config {
    /// Reads the file and the environment.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| ConfigError::File { path: path.display().to_string(), source })?;
        let mut table: toml::Table = text.parse().map_err(|error| ConfigError::Toml(fault::not_toml(&text, &error)))?;
        environment::overlay(&mut table, std::env::vars(), Self::schema().as_value());
        let figment = Figment::from(Serialized::defaults(table));
        let config: Self = figment.extract().map_err(|error| ConfigError::Shape(Box::new(error)))?;
        config.check()?;
        Ok(config)
    }

    /// Refuses keys that contradict each other.
    pub fn check(&self) -> Result<(), ConfigError> {
        self.check_mailboxes()?;
        self.rules()?;
        separation::check_addresses(self)?;
        self.check_retention()?;
        self.check_alerts()?;
        self.ror.api.reader.fault().map_or(Ok(()), contradiction)?;
        self.web.as_ref().map_or(Ok(()), |web| web.check(self.environnement))?;
        self.check_lease()?;
        if !self.health.is_local() {
            return contradiction("health.listen : seule une adresse de cette machine est admise, 127.0.0.1 ou [::1]");
        }
        let same = |web: &Web| web.listen.port() != 0 && Some(web.listen) == self.health.listen;
        if self.web.as_ref().is_some_and(same) {
            return contradiction("web.listen : health.listen a la même adresse, une seule des deux peut y répondre");
        }
        match (self.reply.transport, &self.smtp, &self.reply.maildir) {
            (ReplyTransport::Smtp, None, _) => contradiction("reply.transport = \"smtp\" demande une section [smtp]"),
            (ReplyTransport::Maildir, _, None) => {
                contradiction("reply.transport = \"maildir\" demande la clé reply.maildir")
            }
            _ => Ok(()),
        }
    }

    /// A request that outlives the lease under which it left could be applied after those of the next holder.
    fn check_lease(&self) -> Result<(), ConfigError> {
        if self.store.is_shared() && self.store.lease.get() <= self.ror.api.timeout.get() {
            return contradiction(
                "store.lease : le bail doit être plus long que ror.api.timeout, sans quoi une demande pourrait lui survivre",
            );
        }
        Ok(())
    }

    /// What is kept of a mail says that it came before, and what came after it: it must outlive its content, and the
    /// age at which an observation is refused.
    fn check_retention(&self) -> Result<(), ConfigError> {
        let retention = &self.retention;
        let oldest = self.validation.age_maximal.get() + self.validation.avance_maximale.get();
        let kept = [(retention.journal, retention.content), (retention.rejected_journal, retention.rejected_content)];
        if kept.iter().any(|(journal, content)| journal.get() < content.get() || journal.get() <= oldest) {
            return contradiction(
                "retention : le journal se garde au moins aussi longtemps que le contenu, et plus que validation.age_maximal",
            );
        }
        Ok(())
    }

    /// What may be right in a trial and is a fault in production, in French.
    pub fn warnings(&self) -> Vec<&'static str> {
        let is_production = self.environnement == Environnement::Production;
        let has_nil = self.reply.nil.as_deref().is_some_and(|nil| !nil.trim().is_empty());
        let nil = (is_production && !has_nil).then_some(
            "reply.nil manque : en production, tout courriel MSSanté porte la référence NIL du produit (X-MSS-NIL, exigence ECO.2.4.3)",
        );
        let web = self.web.iter().flat_map(Web::warnings);
        let reads_as_writer = self.ror.delivery.read_before_write && self.ror.api.reader.is_the_writer();
        let reader = (is_production && reads_as_writer).then_some(
            "ror.delivery.read_before_write lit avec le client qui écrit : en production, l’ANS donne un client « consommateur » à part (section [ror.api.reader])",
        );
        nil.into_iter().chain(reader).chain(web).collect()
    }

    /// The rules of validation, with the table of indicators.
    pub fn rules(&self) -> Result<Rules, ConfigError> {
        let table = match &self.validation.indicateurs {
            None => Indicators::shipped(),
            Some(path) => Indicators::parse(
                &std::fs::read_to_string(path)
                    .map_err(|source| ConfigError::Indicators { path: path.display().to_string(), source })?,
            ),
        };
        let indicators =
            table.map_err(|error| ConfigError::Contradiction(format!("validation.indicateurs : {error}")))?;
        Ok(Rules { indicators, ..self.validation.clone() })
    }

    /// The JSON schema of the file, for editors and for `schemas/config.schema.json`.
    pub fn schema() -> schemars::Schema {
        schemars::schema_for!(Self)
    }
}

fn contradiction(sentence: &str) -> Result<(), ConfigError> {
    Err(ConfigError::Contradiction(sentence.to_owned()))
}
