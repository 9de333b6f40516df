//! Revocation of servers' certificates (MSSanté ECO.1.1.6: checked by CRL or OCSP; 1.1.7: the last
//! list that has not expired is kept).
//!
//! Lists, not OCSP: a list that was fetched yesterday still serves when its publisher is out of
//! reach, and nobody learns when we connect. A list is believed for its signature alone, by an
//! authority of the `ca` files, so it may come over plain HTTP; the verifier of every connection
//! checks the signature again.
//!
//! When a list cannot be replaced in time, two wrongs threaten: to trust a server that was revoked
//! meanwhile, and to stop carrying bed counts because a publisher is down. So a list past its end
//! serves for a configured grace, with an alarm every hour, and still refuses whatever it revokes;
//! past the grace, or with no list at all, connections are refused. Nothing stops without a week of
//! alarms, and nothing goes unchecked for ever.

mod list;
mod lists;
mod settings;
mod source;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use reqwest::Url;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::{CertificateError, RootCertStore};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};

pub use list::{ListFault, RevocationList};
use lists::RevocationLists;
pub use lists::{ListStatus, Status};
pub use settings::{ListConnection, RevocationSettings};
use source::ListSource;

use super::{Certificate, TlsError, chain, provider};
use crate::clock::Clock;

/// The lists that servers' certificates are checked against; clones share them. The default checks
/// none: for connections without the `[revocation]` section, and never in place of the verification
/// of the certificate itself.
#[derive(Debug, Clone, Default)]
pub struct Revocation(Option<Arc<RevocationLists>>);

/// A `[revocation]` section that cannot work.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RevocationSetupError {
    /// Neither an address nor a file.
    #[error("[revocation] demande au moins une adresse (urls) ou un fichier (files)")]
    NoSource,
    /// An address that is not plain http or https.
    #[error("[revocation] : « {0} » n’est pas une adresse http ou https")]
    Url(String),
}

/// No list serves, so nobody can say whether a certificate is revoked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "aucune liste de révocation utilisable ({0}) : la connexion est refusée ; voyez [revocation] et « dispolits doctor »"
)]
pub struct NoList(String);

impl Revocation {
    /// Takes up the kept lists and reads the files; asks nothing of the network. `authorities` are
    /// the `ca` files of the connections to be checked.
    pub fn new(
        settings: &RevocationSettings,
        authorities: Vec<PathBuf>,
        clock: Clock,
    ) -> Result<Self, RevocationSetupError> {
        Self::with(settings, authorities, clock, true)
    }

    /// The same, to look only: nothing is ever written.
    pub fn look(
        settings: &RevocationSettings,
        authorities: Vec<PathBuf>,
        clock: Clock,
    ) -> Result<Self, RevocationSetupError> {
        Self::with(settings, authorities, clock, false)
    }

    fn with(
        settings: &RevocationSettings,
        authorities: Vec<PathBuf>,
        clock: Clock,
        keeps: bool,
    ) -> Result<Self, RevocationSetupError> {
        let urls = settings.urls.iter().map(|url| check(url).map(|()| ListSource::Url(url.clone())));
        let files = settings.files.iter().map(|path| Ok(ListSource::File(path.clone())));
        let sources = urls.chain(files).collect::<Result<Vec<_>, _>>()?;
        if sources.is_empty() {
            return Err(RevocationSetupError::NoSource);
        }
        Ok(Self(Some(Arc::new(RevocationLists::new(settings, sources, authorities, clock, keeps)))))
    }

    /// The same lists for a connection that the section names; none for another.
    #[must_use]
    pub fn of(&self, connection: ListConnection) -> Self {
        let named = |lists: &&Arc<RevocationLists>| lists.covers(connection);
        Self(self.0.as_ref().filter(named).cloned())
    }

    /// Whether anything is checked.
    pub fn is_checked(&self) -> bool {
        self.0.is_some()
    }

    /// Asks every source that is due for its list. Ends within one deadline for each source.
    pub async fn refresh(&self) {
        if let Some(lists) = &self.0 {
            lists.refresh().await;
        }
    }

    /// What is known of each source, in the order of the configuration.
    pub fn standing(&self) -> Vec<ListStatus> {
        self.0.as_ref().map(|lists| lists.standing()).unwrap_or_default()
    }

    /// The lists that serve now, the newest first.
    pub fn in_force(&self) -> Vec<Arc<RevocationList>> {
        let mut lists: Vec<Arc<RevocationList>> = self
            .standing()
            .into_iter()
            .filter(|standing| standing.status != Status::Missing)
            .filter_map(|standing| standing.list)
            .collect();
        lists.sort_by_key(|list| std::cmp::Reverse(list.this_update));
        lists
    }

    /// The verification of a server's certificate: chain, dates, name, use, and revocation if it is
    /// checked. The authority above it is one that the `ca` file names, since its list is believed for that alone: so the
    /// server's own certificate is looked up in the lists. An authority of the file that a list revokes is trusted no
    /// more; then every certificate of a chain must be found unrevoked, so that no other way leads over it.
    pub(super) fn verifier(&self, ca: &Path) -> Result<Arc<WebPkiServerVerifier>, TlsError> {
        let all = chain(ca)?;
        if !self.is_checked() {
            return Ok(WebPkiServerVerifier::builder_with_provider(Arc::new(store_of(&all)?), provider()).build()?);
        }
        let lists = self.in_force();
        if lists.is_empty() {
            return Err(NoList(self.why_none()).into());
        }
        let kept: Vec<_> = all.iter().filter(|one| !lists.iter().any(|list| list.revokes(one))).cloned().collect();
        if kept.is_empty() {
            return Err(rustls::Error::InvalidCertificate(CertificateError::Revoked).into());
        }
        let ders = lists.iter().map(|list| list.der().clone());
        let builder =
            WebPkiServerVerifier::builder_with_provider(Arc::new(store_of(&kept)?), provider()).with_crls(ders);
        let builder = if kept.len() == all.len() { builder.only_check_end_entity_revocation() } else { builder };
        Ok(builder.build()?)
    }

    /// Whether a chain that was trusted is still so with the lists; gives the list that says so.
    pub fn recheck(
        &self,
        ca: &Path,
        presented: &[CertificateDer<'_>],
        name: &ServerName<'_>,
    ) -> Result<Arc<RevocationList>, TlsError> {
        let verifier = self.verifier(ca)?;
        let (own, above) = presented.split_first().ok_or(rustls::Error::NoCertificatesPresented)?;
        verifier.verify_server_cert(own, above, name, &[], UnixTime::now())?;
        let issuer = Certificate::read(own).map(|own| own.issuer);
        let list = self.in_force().into_iter().find(|list| Some(&list.issuer) == issuer.as_ref());
        list.ok_or_else(|| NoList(self.why_none()).into())
    }

    fn why_none(&self) -> String {
        let told = |standing: ListStatus| match (standing.failure, standing.list) {
            (Some(failure), _) => format!("{} : {failure}", standing.source),
            (None, Some(_)) => format!("{} : liste périmée", standing.source),
            (None, None) => format!("{} : pas encore obtenue", standing.source),
        };
        self.standing().into_iter().map(told).collect::<Vec<_>>().join(" ; ")
    }
}

fn store_of(authorities: &[CertificateDer<'static>]) -> Result<RootCertStore, TlsError> {
    let mut store = RootCertStore::empty();
    authorities.iter().try_for_each(|one| store.add(one.clone()))?;
    Ok(store)
}

fn check(url: &str) -> Result<(), RevocationSetupError> {
    let legal = |url: &Url| matches!(url.scheme(), "http" | "https") && url.has_host();
    Url::parse(url).ok().filter(legal).map(drop).ok_or_else(|| RevocationSetupError::Url(url.to_owned()))
}
