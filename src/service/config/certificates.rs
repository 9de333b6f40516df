//! The certificates that the configuration names: whose servers they are for, and until when.

use std::path::{Path, PathBuf};

use super::{Config, ConfigError};
use base::config_values::Identity;
use base::tls;
use base::tls::expiry;
use base::tls::revocation;
use base::tls::revocation::{ListConnection, Revocation};

/// The certificates of one connection.
#[derive(Debug, Clone)]
pub struct Certificates<'a> {
    /// The section that names them: `mailbox.imap`.
    pub section: String,
    /// How `[revocation]` names the connection.
    pub connection: ListConnection,
    /// The key of the authorities, and their file.
    pub ca: (String, Option<&'a Path>),
    /// The key of our own certificate, and where it is.
    pub identity: (String, Option<&'a Identity>),
}

impl<'a> Certificates<'a> {
    /// As a section of a mail server names them.
    fn of(
        section: String,
        connection: ListConnection,
        ca: Option<&'a PathBuf>,
        identity: Option<&'a Identity>,
    ) -> Self {
        let ca = (format!("{section}.ca"), ca.map(PathBuf::as_path));
        let identity = (format!("{section}.identity"), identity);
        Self { section, connection, ca, identity }
    }
}

impl Config {
    /// Every connection over TLS, with its certificates.
    pub fn certificates(&self) -> Vec<Certificates<'_>> {
        let mailboxes = self.all_mailboxes().filter_map(|named| {
            let imap = named.section.imap.as_ref()?;
            let section = format!("{}.imap", named.key());
            Some(Certificates::of(section, ListConnection::Imap, imap.ca.as_ref(), imap.identity.as_ref()))
        });
        let smtp = self.smtp.iter().map(|smtp| {
            Certificates::of("smtp".to_owned(), ListConnection::Smtp, smtp.ca.as_ref(), smtp.identity.as_ref())
        });
        mailboxes.chain(smtp).chain(self.certificates_of_the_ror()).collect()
    }

    /// Those of the token endpoint, those of the API, then those of the client that reads, if it has its own.
    fn certificates_of_the_ror(&self) -> Vec<Certificates<'_>> {
        let (ror, section) = (&self.ror.api, || "ror.api".to_owned());
        let token = Certificates::of(section(), ListConnection::Ror, ror.ca.as_ref(), Some(&ror.identity));
        let own_ca = ror.token_ca.as_deref().map(|ca| ("ror.api.token_ca".to_owned(), Some(ca)));
        let api = Certificates::of(section(), ListConnection::Ror, ror.ca.as_ref(), ror.api_identity.as_ref());
        let api_identity = ("ror.api.api_identity".to_owned(), ror.api_identity.as_ref());
        let token = Certificates { ca: own_ca.unwrap_or_else(|| token.ca.clone()), ..token };
        let reader = ror.reader.identity.as_ref().map(|identity| {
            let (section, key) = ("ror.api.reader".to_owned(), "ror.api.reader.identity".to_owned());
            Certificates { section, identity: (key, Some(identity)), ..token.clone() }
        });
        [token, Certificates { identity: api_identity, ..api }].into_iter().chain(reader).collect()
    }

    /// The lists that servers' certificates are checked against; none without `[revocation]`.
    pub fn revocation(
        &self,
        make: impl FnOnce(
            &revocation::RevocationSettings,
            Vec<PathBuf>,
        ) -> Result<Revocation, revocation::RevocationSetupError>,
    ) -> Result<Revocation, ConfigError> {
        let Some(settings) = &self.revocation else { return Ok(Revocation::default()) };
        let named = |one: &Certificates<'_>| settings.connections.contains(&one.connection);
        let mut authorities: Vec<PathBuf> =
            self.certificates().iter().filter(|one| named(one)).filter_map(|one| one.ca.1.map(Into::into)).collect();
        authorities.dedup();
        make(settings, authorities).map_err(|error| ConfigError::Contradiction(error.to_string()))
    }

    /// The sections whose servers are not checked for revocation, each with the reason.
    pub fn unchecked(&self) -> Vec<(String, &'static str)> {
        let named = |one: &Certificates<'_>| {
            self.revocation.as_ref().is_some_and(|settings| settings.connections.contains(&one.connection))
        };
        let mut all: Vec<_> = self
            .certificates()
            .into_iter()
            .filter_map(|one| match (named(&one), one.ca.1) {
                (false, _) => Some((one.section, "[revocation] ne la nomme pas")),
                (true, None) => Some((one.section, "sans clé « ca », ce sont les autorités de la machine")),
                (true, Some(_)) => None,
            })
            .collect();
        all.dedup();
        all
    }

    /// Our own certificates that are near their end, or past it, the nearest first. For alarms,
    /// dashboards and metrics; an unreadable file is told by whoever connects with it.
    pub fn expiring(&self, now: jiff::Timestamp) -> Vec<expiry::ExpiryAlarm> {
        let mut alarms: Vec<expiry::ExpiryAlarm> = Vec::new();
        for identity in self.certificates().into_iter().filter_map(|one| one.identity.1) {
            let own = tls::presented(identity);
            alarms.extend(own.and_then(|own| expiry::ExpiryAlarm::of(identity.file().to_owned(), own, now)));
        }
        alarms.sort_by(|one, other| (one.days_left, &one.file).cmp(&(other.days_left, &other.file)));
        alarms.dedup();
        alarms
    }
}
