//! The files and secrets under the keys of the configuration: whether each can be read, and who else may read it.

use std::collections::BTreeSet;
use std::fmt;
use std::path::{Path, PathBuf};

use super::reading::Fault;
use super::{Config, MailboxSection};
use base::config_values::{Identity, Secret, whole};
use base::tls;
use domain::access::FactorKey;

/// The one secret that must have a length.
const FACTOR_KEY: &str = "web.local.factor_key";

/// A file of a private key or a secret that others than the service may read or change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loose {
    /// The key that names it.
    pub key: String,
    /// The file.
    pub file: PathBuf,
    /// Its permission bits.
    pub mode: u32,
}

impl fmt::Display for Loose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { key, file, mode } = self;
        let file = file.display();
        write!(f, "{key} : d’autres que le service peuvent lire ou changer {file} (droits {mode:04o}) ; ")?;
        write!(f, "« chmod 0640 » avec root et le groupe du service, ou « chmod 0600 » pour son seul utilisateur")
    }
}

/// What is wrong with the files and secrets themselves, each under its own key.
pub(super) fn faults(config: &Config) -> Vec<Fault> {
    let authorities = authorities(config).into_iter().filter_map(|(key, path)| {
        let unusable = tls::roots(path).err()?;
        Some(Fault::new(key, whole(&unusable)))
    });
    let identities = identities(config).into_iter().filter_map(|(key, identity)| {
        let unusable = tls::usable(identity).err()?;
        Some(Fault::new(key, whole(&unusable)))
    });
    let secrets = secrets(config).into_iter().filter_map(|(key, secret)| match secret.stored() {
        Err(unreadable) => Some(Fault::new(key, whole(&unreadable))),
        Ok(Some(text)) if key == FACTOR_KEY => FactorKey::new(&text).err().map(|short| Fault::new(key, whole(&short))),
        Ok(_) => None,
    });
    authorities.chain(identities).chain(secrets).collect()
}

/// The files of private keys and secrets whose modes are too wide.
pub(super) fn loose(config: &Config) -> Vec<Loose> {
    let keys = identities(config).into_iter().map(|(key, identity)| (key, private(identity)));
    let secrets = secrets(config).into_iter().filter_map(|(key, secret)| Some((key, secret.file()?)));
    let mut all: Vec<Loose> = keys
        .chain(secrets)
        .filter_map(|(key, file)| Some(Loose { mode: too_wide(file)?, key, file: file.to_owned() }))
        .collect();
    // One file may serve several ends.
    keep_first(&mut all, |one| one.file.clone());
    all
}

fn private(identity: &Identity) -> &Path {
    match identity {
        Identity::Pem(files) => &files.key,
        Identity::Pkcs12(file) => &file.pkcs12,
    }
}

/// The mode, if anybody may read or change the file, or if a group may that is not the one root gave it to: the usual
/// way to let a service read what it may not change is root, the service's group and 0640.
#[cfg(unix)]
fn too_wide(file: &Path) -> Option<u32> {
    use std::os::unix::fs::MetadataExt;
    let about = std::fs::metadata(file).ok()?;
    let mode = about.mode() & 0o7777;
    let is_given = about.uid() == 0 && about.gid() != 0;
    let is_wide = mode & 0o027 != 0 || mode & 0o040 != 0 && !is_given;
    is_wide.then_some(mode)
}

#[cfg(not(unix))]
fn too_wide(_: &Path) -> Option<u32> {
    None
}

type Keyed<T> = Vec<(String, T)>;

/// Every file of authorities, each key once.
fn authorities(config: &Config) -> Keyed<&Path> {
    let mut all: Keyed<&Path> =
        config.certificates().into_iter().filter_map(|one| Some((one.ca.0, one.ca.1?))).collect();
    let webhook = config.alerts.webhook.as_ref().and_then(|webhook| webhook.ca.as_deref());
    let openid = config.web.as_ref().and_then(|web| web.openid.as_ref()?.ca.as_deref());
    let others = [("alerts.webhook.ca", webhook), ("web.openid.ca", openid), ("store.ca", config.store.ca.as_deref())];
    all.extend(others.into_iter().filter_map(|(key, path)| Some((key.to_owned(), path?))));
    keep_first(&mut all, |(key, _)| key.clone());
    all
}

/// Every certificate of ours, each key once.
fn identities(config: &Config) -> Keyed<&Identity> {
    let mut all: Keyed<&Identity> =
        config.certificates().into_iter().filter_map(|one| Some((one.identity.0, one.identity.1?))).collect();
    let openid = config.web.as_ref().and_then(|web| web.openid.as_ref()?.identity.as_ref());
    all.extend(openid.map(|identity| ("web.openid.identity".to_owned(), identity)));
    keep_first(&mut all, |(key, _)| key.clone());
    all
}

/// Every secret, with its key.
fn secrets(config: &Config) -> Keyed<&Secret> {
    let mut all: Keyed<&Secret> = Vec::new();
    for named in config.all_mailboxes() {
        all.extend(of_mailbox(&named.key(), named.section));
    }
    let smtp = config.smtp.as_ref();
    let webhook = config.alerts.webhook.as_ref();
    let openid = config.web.as_ref().and_then(|web| web.openid.as_ref());
    let others = [
        ("smtp.password", smtp.and_then(|smtp| smtp.password.as_ref())),
        ("smtp.token", smtp.and_then(|smtp| smtp.token.as_ref())),
        ("ror.api.reader.secret", config.ror.api.reader.secret.as_ref()),
        ("store.password", config.store.password.as_ref()),
        ("alerts.webhook.bearer", webhook.and_then(|webhook| webhook.bearer.as_ref())),
        ("alerts.webhook.hmac_key", webhook.and_then(|webhook| webhook.hmac_key.as_ref())),
        (FACTOR_KEY, config.web.as_ref().and_then(|web| web.local.factor_key.as_ref())),
        ("web.openid.client_secret", openid.and_then(|openid| openid.client_secret.as_ref())),
    ];
    all.extend(others.into_iter().filter_map(|(key, secret)| Some((key.to_owned(), secret?))));
    for (key, identity) in identities(config) {
        if let Identity::Pkcs12(file) = identity {
            all.push((format!("{key}.password"), &file.password));
        }
    }
    all
}

fn of_mailbox<'a>(key: &str, section: &'a MailboxSection) -> Keyed<&'a Secret> {
    let Some(imap) = &section.imap else { return Vec::new() };
    let named = [("password", imap.password.as_ref()), ("token", imap.token.as_ref())];
    named.into_iter().filter_map(|(name, secret)| Some((format!("{key}.imap.{name}"), secret?))).collect()
}

/// The first of those that have the same in common.
fn keep_first<T, K: Ord>(all: &mut Vec<T>, common: impl Fn(&T) -> K) {
    let mut seen = BTreeSet::new();
    all.retain(|one| seen.insert(common(one)));
}
