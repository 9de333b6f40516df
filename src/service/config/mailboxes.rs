//! The mailboxes that are read: `[mailbox]`, and each further one under `[mailboxes.<nom>]`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Config, ConfigError, Reply};
use base::config_values::Span;
use domain::address::Address;
use edges::mailbox::{Folders, ImapSettings, MailboxSettings, MaildirSettings};

/// The name of the mailbox of `[mailbox]`.
const MAIN: &str = "principale";
/// A name stands in a variable of the environment and at the head of a trace line.
const LONGEST_NAME: usize = 32;

/// La boîte où les établissements écrivent.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MailboxSection {
    /// Boîte déposée sur disque au format Maildir.
    #[serde(default)]
    pub maildir: Option<MaildirSettings>,
    /// Boîte MSSanté lue par IMAP.
    #[serde(default)]
    pub imap: Option<ImapSettings>,
    /// Adresse d’expédition des réponses aux courriels de cette boîte ; `reply.from` par défaut.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub from: Option<Address>,
    /// Intervalle entre deux relevés.
    #[serde(default = "minute")]
    pub poll: Span,
    /// Taille maximale d’un courriel, en octets ; au-delà, seul l’en-tête est lu (M03).
    #[serde(default = "default_max_bytes")]
    pub max_bytes: u64,
    /// Dossiers de classement.
    #[serde(default)]
    pub folders: Folders,
}

fn minute() -> Span {
    Span::seconds(60)
}

fn default_max_bytes() -> u64 {
    10 * 1024 * 1024
}

/// The name of a further mailbox, as operators, traces and variables of the environment write it.
///
/// Guarantees: 1 to 32 of `a` to `z`, digits, `-` and `_`; begins with a letter; no `__`, which
/// separates keys in the environment; not the name of `[mailbox]`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct MailboxName(String);

/// A text that names no further mailbox.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MailboxNameError {
    /// A letter, length or order that is not allowed.
    #[error(
        "« {0} » ne peut nommer une boîte : 32 caractères au plus, une lettre puis a-z, 0-9, « - » et « _ », sans « __ »"
    )]
    Illegal(String),
    /// The name of `[mailbox]`.
    #[error("« {MAIN} » est le nom de la boîte de la section [mailbox] : donnez-en un autre")]
    Main,
}

impl TryFrom<String> for MailboxName {
    type Error = MailboxNameError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let legal =
            |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || matches!(letter, '-' | '_');
        let begins = text.starts_with(|letter: char| letter.is_ascii_lowercase());
        if text == MAIN {
            Err(MailboxNameError::Main)
        } else if begins && text.len() <= LONGEST_NAME && text.chars().all(legal) && !text.contains("__") {
            Ok(Self(text))
        } else {
            Err(MailboxNameError::Illegal(text))
        }
    }
}

impl From<MailboxName> for String {
    fn from(name: MailboxName) -> Self {
        name.0
    }
}

/// The further mailboxes, by their names.
pub type Further = BTreeMap<MailboxName, MailboxSection>;

/// A mailbox of the configuration with its name.
#[derive(Debug, Clone, Copy)]
pub struct NamedMailbox<'a> {
    /// Its name: `principale` for `[mailbox]`.
    pub name: &'a str,
    /// Its section.
    pub section: &'a MailboxSection,
}

impl<'a> NamedMailbox<'a> {
    /// The section as the file writes it: `mailbox`, `mailboxes.brest`.
    pub fn key(&self) -> String {
        self.further().map_or_else(|| "mailbox".to_owned(), |name| format!("mailboxes.{name}"))
    }

    /// Its name, unless it is that of `[mailbox]`: what tells it apart where there may be only one.
    pub fn further(&self) -> Option<&'a str> {
        (self.name != MAIN).then_some(self.name)
    }

    /// The one backend that is configured.
    pub fn settings(&self) -> Result<MailboxSettings, ConfigError> {
        match (&self.section.maildir, &self.section.imap) {
            (Some(maildir), None) => Ok(MailboxSettings::Maildir(maildir.clone())),
            (None, Some(imap)) => Ok(MailboxSettings::from(imap.clone())),
            _ => {
                let key = self.key();
                Err(ConfigError::Contradiction(format!(
                    "la section [{key}] contient soit [{key}.maildir], soit [{key}.imap]"
                )))
            }
        }
    }

    /// The address that replies to its mails leave from.
    pub fn from(&self, reply: &'a Reply) -> &'a Address {
        self.section.from.as_ref().unwrap_or(&reply.from)
    }
}

impl Config {
    /// Every mailbox, that of `[mailbox]` first.
    pub fn all_mailboxes(&self) -> impl Iterator<Item = NamedMailbox<'_>> {
        let main = self.mailbox.iter().map(|section| NamedMailbox { name: MAIN, section });
        main.chain(self.mailboxes.iter().map(|(name, section)| NamedMailbox { name: &name.0, section }))
    }

    /// What the folder of a word of the store is called in the mailbox of an account; the word itself once that mailbox
    /// is no longer read.
    pub fn folder_name<'a>(&'a self, account: &str, word: &'a str) -> &'a str {
        let is_its = |named: &NamedMailbox<'_>| named.settings().is_ok_and(|settings| settings.account() == account);
        match (self.all_mailboxes().find(is_its), word.parse()) {
            (Some(named), Ok(folder)) => named.section.folders.name(folder),
            _ => word,
        }
    }

    /// The most bytes of a mail that any mailbox gives, 0 without mailbox.
    pub fn max_bytes(&self) -> u64 {
        self.all_mailboxes().map(|mailbox| mailbox.section.max_bytes).max().unwrap_or(0)
    }

    /// Refuses a configuration without mailbox, and two names for one: a mail is read by one worker task,
    /// over one connection.
    pub(super) fn check_mailboxes(&self) -> Result<(), ConfigError> {
        let mut seen: Vec<(NamedMailbox<'_>, MailboxSettings)> = Vec::new();
        for mailbox in self.all_mailboxes() {
            let settings = mailbox.settings()?;
            if let Some((first, _)) = seen.iter().find(|(_, other)| other.is_same_mailbox(&settings)) {
                return Err(ConfigError::Contradiction(format!(
                    "les sections [{}] et [{}] désignent la même boîte : gardez-en une",
                    first.key(),
                    mailbox.key()
                )));
            }
            seen.push((mailbox, settings));
        }
        if seen.is_empty() {
            return Err(ConfigError::Contradiction(
                "aucune boîte à relever : écrivez une section [mailbox] ou [mailboxes.nom]".to_owned(),
            ));
        }
        Ok(())
    }
}
