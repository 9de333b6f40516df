//! A connection that only looks at the mailbox: no folder is made, no mail read.

use tokio::time::timeout;

use super::super::error::{MailboxError, MailboxStep};
use super::super::folder::{Destinations, Name};
use super::super::inspect::{Hindrance, Quota};
use super::super::mail::ListedMail;
use super::exchange::{Abilities, ImapConnection};
use super::facts::Facts;
use super::{Imap, connect, folders, list, login};

/// A connection after the login.
#[derive(Debug)]
pub(in crate::mailbox) struct Probe {
    connection: ImapConnection,
    abilities: Abilities,
    facts: Facts,
    source: Name,
    destinations: Destinations,
}

impl Imap {
    pub(in crate::mailbox) async fn probe(&self) -> Result<Probe, MailboxError> {
        self.look().await.map_err(|error| error.naming(&self.settings))
    }

    async fn look(&self) -> Result<Probe, MailboxError> {
        let (mut dialogue, offered) = connect::dial(&self.endpoint, &self.settings).await?;
        login::login(&mut dialogue, &offered, &self.settings).await?;
        let limit = self.settings.timeout.get();
        let facts = timeout(limit, Facts::ask(&mut dialogue, &self.source, &self.destinations)).await;
        let facts = facts.map_err(|_| MailboxError::Timeout(MailboxStep::Folders))??;
        let mut connection = ImapConnection::new(dialogue, limit);
        let abilities = connection.abilities().await?;
        connection.identify(&abilities).await?;
        let (source, destinations) = (self.source.clone(), self.destinations.clone());
        Ok(Probe { connection, abilities, facts, source, destinations })
    }
}

impl Probe {
    pub(in crate::mailbox) fn announces(&self) -> bool {
        self.abilities.idles
    }

    pub(in crate::mailbox) fn moves(&self) -> bool {
        self.abilities.filing.moves()
    }

    pub(in crate::mailbox) async fn list(&mut self) -> Result<Vec<ListedMail>, MailboxError> {
        let selected = list::select(&mut self.connection, &self.source).await?;
        match selected.exists.unwrap_or_default() {
            0 => Ok(Vec::new()),
            exists => {
                let found = list::inventory(&mut self.connection, u64::from(exists)).await?;
                Ok(found.into_entries(selected.uid_validity))
            }
        }
    }

    pub(in crate::mailbox) async fn missing_folders(&mut self) -> Result<Vec<String>, MailboxError> {
        let mut missing = Vec::new();
        for name in self.destinations.names() {
            let found = folders::exists(&mut self.connection, name).await?;
            if !found.map_err(|text| MailboxError::Refused { step: MailboxStep::Folders, text })? {
                missing.push(name.shown().to_owned());
            }
        }
        Ok(missing)
    }

    pub(in crate::mailbox) fn hindrances(&self, missing: &[String]) -> Vec<Hindrance> {
        self.facts.hindrances(&self.source, &self.destinations, missing, self.abilities.filing)
    }

    pub(in crate::mailbox) fn quota(&self) -> Option<Quota> {
        self.facts.quota
    }

    pub(in crate::mailbox) async fn close(self) {
        self.connection.logout().await;
    }
}
