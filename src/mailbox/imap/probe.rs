//! A connection that only looks at the mailbox: no folder is made, no mail read.

use async_imap::imap_proto::rfc2087::{QuotaResource, QuotaResourceName};
use async_imap::imap_proto::{Capability, Response};

use super::super::error::{MailboxError, Step};
use super::super::folder::{Destinations, Name};
use super::super::look::Quota;
use super::super::mail::Entry;
use super::command::{Abilities, Connection, Filing};
use super::{Imap, dial, folders, inventory, login};

/// A connection after the login.
#[derive(Debug)]
pub(in super::super) struct Probe {
    connection: Connection,
    abilities: Abilities,
    source: Name,
    destinations: Destinations,
}

impl Imap {
    pub(in super::super) async fn probe(&self) -> Result<Probe, MailboxError> {
        self.look().await.map_err(|error| error.naming(&self.settings))
    }

    async fn look(&self) -> Result<Probe, MailboxError> {
        let (dialogue, offered) = dial::dial(&self.endpoint, &self.settings).await?;
        let mut connection = login::login(dialogue, &offered, &self.settings).await?;
        let abilities = connection.abilities().await?;
        connection.identify(&abilities).await?;
        Ok(Probe { connection, abilities, source: self.source.clone(), destinations: self.destinations.clone() })
    }
}

impl Probe {
    pub(in super::super) fn announces(&self) -> bool {
        self.abilities.idles
    }

    pub(in super::super) fn moves(&self) -> bool {
        self.abilities.filing != Filing::Leave
    }

    pub(in super::super) async fn list(&mut self) -> Result<Vec<Entry>, MailboxError> {
        let selected = inventory::select(&mut self.connection, &self.source).await?;
        match selected.exists.unwrap_or_default() {
            0 => Ok(Vec::new()),
            exists => {
                let found = inventory::inventory(&mut self.connection, u64::from(exists)).await?;
                Ok(found.into_entries(selected.uid_validity))
            }
        }
    }

    pub(in super::super) async fn missing_folders(&mut self) -> Result<Vec<String>, MailboxError> {
        let mut missing = Vec::new();
        for name in self.destinations.names() {
            let found = folders::exists(&mut self.connection, name).await?;
            if !found.map_err(|text| MailboxError::Refused { step: Step::Folders, text })? {
                missing.push(name.shown().to_owned());
            }
        }
        Ok(missing)
    }

    /// The fullest limit on storage of the folder that is read (RFC 2087, section 4.3).
    pub(in super::super) async fn quota(&mut self) -> Result<Option<Quota>, MailboxError> {
        if !self.has_quota().await? {
            return Ok(None);
        }
        let mut limits: Vec<Quota> = Vec::new();
        let mut see = |response: &Response<'_>| {
            if let Response::Quota(quota) = response {
                limits.extend(quota.resources.iter().filter_map(storage));
            }
        };
        let command = format!("GETQUOTAROOT \"{}\"", self.source.wire());
        self.connection.run(Step::Select, &command, 0, &mut see).await?.or_refused(Step::Select)?;
        Ok(limits.into_iter().min_by_key(|quota| quota.limit.saturating_sub(quota.used)))
    }

    pub(in super::super) async fn close(self) {
        self.connection.logout().await;
    }

    async fn has_quota(&mut self) -> Result<bool, MailboxError> {
        let mut offered = false;
        let mut see = |response: &Response<'_>| {
            if let Response::Capabilities(capabilities) = response {
                offered |= capabilities.iter().any(is_quota);
            }
        };
        self.connection.run(Step::Capability, "CAPABILITY", 0, &mut see).await?.or_refused(Step::Capability)?;
        Ok(offered)
    }
}

fn is_quota(capability: &Capability<'_>) -> bool {
    matches!(capability, Capability::Atom(name) if name.eq_ignore_ascii_case("QUOTA"))
}

fn storage(resource: &QuotaResource<'_>) -> Option<Quota> {
    let is_storage = matches!(resource.name, QuotaResourceName::Storage);
    is_storage.then_some(Quota { used: resource.usage, limit: resource.limit })
}
