//! The sections of the configuration that are nobody else's.

use std::num::NonZeroU32;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use base::config_values::Span;
use base::retry::Schedule;
use domain::address::Address;
use edges::ror;

/// Qualification ou production, jamais mêlées.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Environnement {
    /// Essais : bandeau et préfixe d’objet dans les réponses.
    Qualification,
    /// Exploitation réelle.
    Production,
}

/// L’API d’écriture du ROR.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Ror {
    /// Accès à l’API.
    pub api: ror::RorSettings,
    /// Rythme des envois.
    #[serde(default)]
    pub delivery: DeliverySection,
}

/// Le rythme des envois au ROR.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct DeliverySection {
    /// Nombre de lieux servis en même temps ; les requêtes vers un même lieu se suivent toujours.
    pub concurrency: u32,
    /// Temps pendant lequel une requête sans réponse peut encore être appliquée par le ROR.
    pub settle: Span,
    /// Attentes avant chaque nouvel essai ; la dernière se répète.
    pub retry: Schedule,
    /// Nombre d’échecs de suite qui suspend les envois.
    pub breaker_failures: u32,
    /// Durée de cette suspension, avant un essai isolé.
    pub breaker_pause: Span,
    /// Nombre de requêtes par seconde à ne pas dépasser ; sans cette clé, aucun plafond.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requests_per_second: Option<NonZeroU32>,
    /// Lire ce que porte le ROR avant d’écrire : s’il porte un relevé plus récent (une saisie manuelle),
    /// le nôtre est dépassé. Demande des droits de lecture.
    pub read_before_write: bool,
    /// Attente au-delà de laquelle une ligne est montrée en retard ; elle n’est jamais abandonnée.
    pub late_after: Span,
}

impl Default for DeliverySection {
    fn default() -> Self {
        Self {
            concurrency: 8,
            settle: Span::seconds(60),
            retry: Schedule::default(),
            breaker_failures: 5,
            breaker_pause: Span::seconds(30),
            requests_per_second: None,
            read_before_write: false,
            late_after: Span::seconds(3600),
        }
    }
}

/// Quand confirmer un envoi entièrement intégré.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum OnSuccess {
    /// Jamais.
    Never,
    /// Quand le courriel demande un accusé de traitement.
    #[default]
    OnRequest,
    /// Toujours.
    Always,
}

/// Par où partent les réponses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ReplyTransport {
    /// Par le serveur de la section `[smtp]`.
    Smtp,
    /// Dans des Maildirs, un par destinataire, sous `reply.maildir`.
    Maildir,
}

/// Les réponses aux expéditeurs.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Reply {
    /// Adresse d’expédition des réponses : la boîte de Dispolits.
    #[schemars(with = "String")]
    pub from: Address,
    /// Nom affiché.
    #[serde(default = "default_name")]
    pub from_name: String,
    /// Autres adresses de Dispolits, auxquelles il ne répond jamais.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub own_addresses: Vec<Address>,
    /// Domaines auxquels une réponse peut être adressée ; vide : aucune réponse.
    #[serde(default)]
    pub allowed_domains: Vec<String>,
    /// Par où partent les réponses.
    pub transport: ReplyTransport,
    /// Dossier des Maildirs, avec `transport = "maildir"`.
    #[serde(default)]
    pub maildir: Option<PathBuf>,
    /// Quand confirmer un envoi entièrement intégré.
    #[serde(default)]
    pub on_success: OnSuccess,
    /// Délai au-delà duquel des rejets déjà connus sont annoncés sans attendre le ROR.
    #[serde(default = "quarter")]
    pub deadline: Span,
    /// Réponses par heure à un même expéditeur, à une même adresse de destination, et à tous les expéditeurs inconnus du
    /// référentiel réunis. Au-delà, les rejets d’un expéditeur connu sont réunis dans un récapitulatif. Les envois de test
    /// et le retour à la normale sont répondus à leur expéditeur jusqu’à dix fois ce nombre.
    #[serde(default = "default_cap")]
    pub cap_per_hour: u32,
    /// Courriels de réponse par heure en tout, récapitulatifs compris ; au-delà, rien ne part avant que l’heure avance.
    #[serde(default = "default_total")]
    pub total_per_hour: u32,
    /// Les avis de traitement (MDN) partent avec un expéditeur d’enveloppe vide (RFC 8098) ; `false`
    /// si le serveur d’envoi le refuse.
    #[serde(default = "yes")]
    pub null_return_path: bool,
    /// Joindre le courriel d’origine aux réponses ; jamais quand il contient autre chose que des rapports reconnus.
    #[serde(default = "yes")]
    pub attach_original: bool,
    /// Taille du plus grand courriel d’origine joint en entier, en octets ; d’un plus grand, seul l’en-tête revient.
    #[serde(default = "default_original")]
    pub original_max_bytes: usize,
    /// Joindre en entier aussi un courriel d’origine à 8 bits (8BITMIME) ; `false` pour n’en renvoyer que l’en-tête.
    #[serde(default = "yes")]
    pub eight_bit: bool,
    /// Référence NIL du produit (en-tête X-MSS-NIL), obligatoire en production.
    #[serde(default)]
    pub nil: Option<String>,
    /// Adresse où une personne lit ce qu’on répond aux courriels de Dispolits (Reply-To de tous) ; sans elle, ces réponses
    /// reviennent à Dispolits, qui les montre à l’exploitant sans y répondre.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub contact: Option<Address>,
    /// Attentes avant chaque nouvel essai d’envoi ; la dernière se répète.
    #[serde(default = "default_reply_retry")]
    pub retry: Schedule,
    /// Nombre d’essais avant l’abandon d’une réponse.
    #[serde(default = "default_tries")]
    pub tries: u32,
}

fn default_name() -> String {
    "Dispolits – disponibilités en lits".to_owned()
}

fn quarter() -> Span {
    Span::seconds(15 * 60)
}

fn default_cap() -> u32 {
    20
}

fn default_total() -> u32 {
    500
}

fn default_original() -> usize {
    1 << 20
}

fn yes() -> bool {
    true
}

fn default_reply_retry() -> Schedule {
    Schedule::default()
}

fn default_tries() -> u32 {
    30
}

/// La durée de conservation du contenu des courriels, du journal et des traces.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Retention {
    /// Contenu brut des courriels intégrés ou en doublon.
    pub content: Span,
    /// Contenu brut des courriels rejetés, même en partie, ou en quarantaine : jusque-là, ils peuvent être
    /// rejoués.
    pub rejected_content: Span,
    /// Contenu des documents de patients reçus par erreur (M06).
    pub patient_content: Span,
    /// Contenu des courriels dont quelque chose n’a pas été reconnu comme un rapport : personne ne sait ce qu’il contient.
    /// Passé ce délai, ils ne peuvent plus être rejoués.
    pub unrecognised_content: Span,
    /// Journal des courriels intégrés, ignorés ou en doublon : documents, lignes, requêtes au ROR, réponses.
    pub journal: Span,
    /// Journal des rejets : celui des autres courriels.
    pub rejected_journal: Span,
    /// Traces des actions sur les boîtes, que l’opérateur et l’ANS peuvent demander.
    pub traces: Span,
}

impl Default for Retention {
    fn default() -> Self {
        Self {
            content: Span::seconds(30 * 86_400),
            rejected_content: Span::seconds(90 * 86_400),
            patient_content: Span::seconds(86_400),
            unrecognised_content: Span::seconds(7 * 86_400),
            journal: Span::seconds(180 * 86_400),
            rejected_journal: Span::seconds(730 * 86_400),
            traces: Span::seconds(180 * 86_400),
        }
    }
}

/// Le niveau des traces. Plus bas que `debug`, des bibliothèques écriraient mots de passe et
/// courriels : ce n’est pas proposé.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum LogLevel {
    /// Rien.
    Off,
    /// Ce qui demande l’intervention de quelqu’un.
    Error,
    /// Ce qui se répare seul mais mérite un regard.
    Warn,
    /// Le sort de chaque courriel.
    #[default]
    Info,
    /// Le détail des échanges, sans contenu.
    Debug,
}

impl LogLevel {
    /// The word of the filter.
    pub fn word(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Error => "error",
            Self::Warn => "warn",
            Self::Info => "info",
            Self::Debug => "debug",
        }
    }
}

/// La forme des traces.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// Une ligne lisible.
    #[default]
    Text,
    /// Un objet JSON par ligne.
    Json,
}

/// Les traces, écrites sur la sortie d’erreur.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Log {
    /// Niveau : `off`, `error`, `warn`, `info` ou `debug`.
    pub level: LogLevel,
    /// Forme.
    pub format: LogFormat,
}
