//! Qualification and production never mix: neither addresses nor certificates.

use x509_parser::parse_x509_certificate;

use super::{Config, ConfigError, Environnement, contradiction};
use crate::setting::Identity;
use crate::tls;

/// Whose certificate it is, by the hierarchy of its authority.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Hierarchy {
    /// IGC-Santé for tests: its names begin with TEST, its unit ends with it.
    Trial,
    /// IGC-Santé itself.
    Real,
    /// Another one, or a file that cannot be read: whoever uses it will say so.
    Other,
}

/// A client certificate and the key of the configuration that names it.
type Named<'a> = (&'a Identity, String);

/// Refuses what belongs to the other environment.
pub(super) fn check(config: &Config) -> Result<(), ConfigError> {
    check_addresses(config)?;
    match config.environnement {
        Environnement::Production => refuse(of_the_ror(config).chain(of_the_mail(config)), Hierarchy::Trial, |key| {
            format!("environnement = \"production\" avec un certificat de test ({key})")
        }),
        // The mail of a qualification may live in the trust space of production.
        Environnement::Qualification => refuse(of_the_ror(config), Hierarchy::Real, |key| {
            format!("environnement = \"qualification\" avec un certificat de production ({key})")
        }),
    }
}

fn of_the_ror(config: &Config) -> impl Iterator<Item = Named<'_>> {
    let api = &config.ror.api;
    let proxy = api.api_identity.iter().map(|identity| (identity, "ror.api.api_identity".to_owned()));
    std::iter::once((&api.identity, "ror.api.identity".to_owned())).chain(proxy)
}

fn of_the_mail(config: &Config) -> impl Iterator<Item = Named<'_>> {
    let servers = config.all_mailboxes().filter_map(|mailbox| {
        let identity = mailbox.section.imap.as_ref()?.identity.as_ref()?;
        Some((identity, format!("{}.imap.identity", mailbox.key())))
    });
    let smtp = config.smtp.iter().filter_map(|smtp| Some((smtp.identity.as_ref()?, "smtp.identity".to_owned())));
    servers.chain(smtp)
}

/// The hosts are those of the ANS's page « environnements et endpoints ».
fn check_addresses(config: &Config) -> Result<(), ConfigError> {
    let urls = [&config.ror.api.base_url, &config.ror.api.token_url];
    let is_trial = |url: &&String| url.contains(".qualif.ror.esante.gouv.fr");
    let is_real = |url: &&String| url.contains(".ror.esante.gouv.fr") && !is_trial(url);
    match config.environnement {
        Environnement::Production if urls.iter().any(is_trial) => {
            contradiction("environnement = \"production\" avec une adresse du bac à sable du ROR")
        }
        Environnement::Qualification if urls.iter().any(is_real) => {
            contradiction("environnement = \"qualification\" avec une adresse du ROR de production")
        }
        _ => Ok(()),
    }
}

fn refuse<'a>(
    mut identities: impl Iterator<Item = Named<'a>>,
    unwanted: Hierarchy,
    sentence: impl Fn(&str) -> String,
) -> Result<(), ConfigError> {
    let found = identities.find(|(identity, _)| hierarchy(identity) == unwanted);
    found.map_or(Ok(()), |(_, key)| contradiction(&sentence(&key)))
}

fn hierarchy(identity: &Identity) -> Hierarchy {
    let Ok(chain) = tls::chain(&identity.certificate) else { return Hierarchy::Other };
    let own = chain.first().and_then(|own| parse_x509_certificate(own).ok());
    let Some((_, certificate)) = own else { return Hierarchy::Other };
    let names: Vec<&str> = certificate.issuer().iter_attributes().filter_map(|name| name.as_str().ok()).collect();
    if names.iter().any(|name| name.starts_with("TEST ") || name.ends_with(" TEST")) {
        return Hierarchy::Trial;
    }
    let is_real = names.iter().any(|name| name.contains("IGC-SANTE"));
    if is_real { Hierarchy::Real } else { Hierarchy::Other }
}
