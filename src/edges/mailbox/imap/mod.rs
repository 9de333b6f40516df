//! The IMAP backend (RFC 3501, IDLE RFC 2177, UIDPLUS RFC 4315, MOVE RFC 6851), always over TLS.
//!
//! Answers are framed by ourselves ([`answers`]), so that one that cannot be read ends nothing; what is needed of them is
//! read loosely ([`parsing`]). Every command goes through [`exchange`], which demands the tagged OK, under a deadline and a
//! limit of bytes.

mod answers;
mod byte_limit;
mod connect;
mod exchange;
mod facts;
mod fetch;
mod fetched;
mod folders;
mod framing;
mod idle;
mod leftover_copies;
mod list;
mod login;
mod login_rate;
mod move_mails;
mod new_mail;
mod parsing;
mod prelogin;
mod probe;
mod sasl;
mod uid;

use std::collections::BTreeMap;
use std::time::Duration;

use super::error::{MailboxError, MailboxSetupError};
use super::folder::{Destinations, Name};
use super::mail::Folder;
use super::settings::{Folders, ImapSettings};
use connect::Endpoint;
use exchange::{Abilities, ImapConnection};
use login_rate::LoginRate;
pub(super) use probe::Probe;
use uid::Uid;

use base::tls::revocation::Revocation;

/// A mailbox of a server, as configured.
#[derive(Debug)]
pub(super) struct Imap {
    settings: ImapSettings,
    endpoint: Endpoint,
    source: Name,
    destinations: Destinations,
    pace: LoginRate,
}

/// A connection on which the folder to read is selected.
#[derive(Debug)]
pub(super) struct ImapSession {
    connection: ImapConnection,
    abilities: Abilities,
    source: Name,
    destinations: Destinations,
    /// UIDs mean nothing without it; never zero.
    uid_validity: u32,
    /// Sizes of the last list.
    listed: BTreeMap<Uid, u64>,
    /// The folders that take no mails, with the server's words.
    refused: BTreeMap<Folder, String>,
    /// Whether a mail came twice the same with fewer bytes than announced: then the sizes of this server are no sign.
    misjudges: bool,
    /// How long to wait at least before the next list.
    rest: Duration,
}

impl Imap {
    pub(super) fn new(settings: &ImapSettings, folders: &Folders) -> Result<Self, MailboxSetupError> {
        sasl::check(settings)?;
        if settings.timeout.get().is_zero() {
            return Err(MailboxSetupError::Timeout);
        }
        let source = Name::new(&settings.folder)?;
        let destinations = Destinations::new(folders, source.shown())?;
        let (endpoint, pace) = (Endpoint::new(settings)?, LoginRate::new(settings.login_interval.get()));
        Ok(Self { endpoint, settings: settings.clone(), source, destinations, pace })
    }

    pub(super) fn check_revocation(&mut self, revocation: Revocation) {
        self.endpoint.check_revocation(revocation);
    }

    pub(super) async fn open(&self) -> Result<ImapSession, MailboxError> {
        self.pace.ready().await;
        self.connect().await.map_err(|error| error.naming(&self.settings))
    }

    async fn connect(&self) -> Result<ImapSession, MailboxError> {
        let (mut dialogue, offered) = connect::dial(&self.endpoint, &self.settings).await?;
        self.pace.count();
        login::login(&mut dialogue, &offered, &self.settings).await?;
        let mut connection = ImapConnection::new(dialogue, self.settings.timeout.get());
        let abilities = connection.abilities().await?;
        connection.identify(&abilities).await?;
        let refused = folders::make(&mut connection, &self.destinations, abilities.filing).await?;
        let selected = list::select(&mut connection, &self.source).await?;
        Ok(ImapSession {
            connection,
            abilities,
            source: self.source.clone(),
            destinations: self.destinations.clone(),
            uid_validity: selected.uid_validity,
            listed: BTreeMap::new(),
            refused,
            misjudges: false,
            rest: idle::SHORTEST_WAIT,
        })
    }
}

impl ImapSession {
    pub(super) fn moves(&self) -> bool {
        self.abilities.filing.moves()
    }

    pub(super) fn refusals(&self) -> &BTreeMap<Folder, String> {
        &self.refused
    }

    pub(super) async fn make_folders(&mut self) -> Result<(), MailboxError> {
        self.refused = folders::make(&mut self.connection, &self.destinations, self.abilities.filing).await?;
        Ok(())
    }

    pub(super) async fn close(self) {
        self.connection.logout().await;
    }
}
