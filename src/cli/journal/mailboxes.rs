//! Which mailbox a mail came to: the store knows accounts, operators know the names of the configuration.

use crate::cli::CommandFailure;
use service::config::{Config, ConfigError};
use store::{JournalEntry, Store};

/// The mailboxes of the configuration: account and name, in its order.
#[derive(Debug)]
pub(super) struct Mailboxes(Vec<(String, String)>);

impl Mailboxes {
    pub(super) fn of(config: &Config) -> Result<Self, ConfigError> {
        let named = config.all_mailboxes().map(|one| Ok((one.settings()?.account(), one.name.to_owned())));
        named.collect::<Result<_, _>>().map(Self)
    }

    /// Whether it need be said which one is meant.
    pub(super) fn are_several(&self) -> bool {
        self.0.len() > 1
    }

    /// The name of an account; the account itself once it is no longer read.
    pub(super) fn name<'a>(&'a self, account: &'a str) -> &'a str {
        self.0.iter().find(|(one, _)| one == account).map_or(account, |(_, name)| name)
    }

    /// The entry with the name of its mailbox in place of the account.
    pub(super) fn named(&self, entry: JournalEntry) -> JournalEntry {
        JournalEntry { boite: self.name(&entry.boite).to_owned(), ..entry }
    }

    /// The accounts of the configuration, then those that are no longer read.
    pub(super) async fn accounts(&self, store: &Store) -> Result<Vec<String>, CommandFailure> {
        let mut all: Vec<String> = self.0.iter().map(|(account, _)| account.clone()).collect();
        let others = store.accounts().await?.into_iter().filter(|account| self.0.iter().all(|(one, _)| one != account));
        all.extend(others.collect::<Vec<_>>());
        Ok(all)
    }

    /// The account that an operator means by a name, or by the account itself.
    pub(super) async fn account(&self, text: &str, store: &Store) -> Result<String, CommandFailure> {
        if let Some((account, _)) = self.0.iter().find(|(_, name)| name == text) {
            return Ok(account.clone());
        }
        let all = self.accounts(store).await?;
        if all.iter().any(|account| account == text) {
            return Ok(text.to_owned());
        }
        let known: Vec<&str> = all.iter().map(|account| self.name(account)).collect();
        Err(format!("aucune boîte ne s’appelle « {text} » ; boîtes connues : {}", known.join(", ")).into())
    }
}
