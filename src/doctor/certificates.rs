//! Our own certificates and the authorities we trust: there, readable, matching, in their dates.

use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use rustls::sign::CertifiedKey;
use rustls::{Error, InconsistentKeys};
use rustls_pki_types::CertificateDer;

use super::certificate::Certificate;
use super::step::{Failure, Section, Trial};
use super::words::{day, whole};
use crate::config::Config;
use crate::mailbox::ImapSettings;
use crate::setting::Identity;
use crate::tls::{self, TlsError};

const READING: &str = "lecture";
const KEY: &str = "clé";
const DATES: &str = "validité";
/// The steps are local; no network hangs.
const LIMIT: Duration = Duration::from_secs(30);
/// So many days before the end, a renewal is late: IGC-Santé renews only what is still valid.
const LATE: i64 = 30;
/// So many days before the end, a renewal is to be ordered.
const SOON: i64 = 90;

/// One section for each client certificate, then one for each file of authorities.
pub(super) fn sections(config: &Config, now: Timestamp) -> Vec<Section> {
    let mut sections = Vec::new();
    for (identity, uses) in merged(identities(config), |one, other| one.certificate == other.certificate) {
        sections.push(client(identity, &uses, now));
    }
    for (path, uses) in merged(authorities(config), |one, other| one == other) {
        sections.push(trusted(path, &uses, now));
    }
    sections
}

fn identities(config: &Config) -> Vec<(&Identity, String)> {
    let servers = servers(config).map(|(key, imap)| (imap.identity.as_ref(), format!("{key}.imap.identity")));
    let others = [
        (config.smtp.as_ref().and_then(|smtp| smtp.identity.as_ref()), "smtp.identity"),
        (Some(&config.ror.api.identity), "ror.api.identity"),
        (config.ror.api.api_identity.as_ref(), "ror.api.api_identity"),
    ];
    let all = servers.chain(others.map(|(identity, key)| (identity, key.to_owned())));
    all.filter_map(|(identity, key)| Some((identity?, key))).collect()
}

fn authorities(config: &Config) -> Vec<(&Path, String)> {
    let servers = servers(config).map(|(key, imap)| (imap.ca.as_deref(), format!("{key}.imap.ca")));
    let others = [
        (config.smtp.as_ref().and_then(|smtp| smtp.ca.as_deref()), "smtp.ca"),
        (config.ror.api.ca.as_deref(), "ror.api.ca"),
        (config.ror.api.token_ca.as_deref(), "ror.api.token_ca"),
    ];
    let all = servers.chain(others.map(|(path, key)| (path, key.to_owned())));
    all.filter_map(|(path, key)| Some((path?, key))).collect()
}

fn servers(config: &Config) -> impl Iterator<Item = (String, &ImapSettings)> {
    config.all_mailboxes().filter_map(|named| Some((named.key(), named.section.imap.as_ref()?)))
}

/// What serves several ends is tried once; the keys of the configuration are joined.
fn merged<T: Copy>(all: Vec<(T, String)>, same: impl Fn(T, T) -> bool) -> Vec<(T, String)> {
    let mut kept: Vec<(T, String)> = Vec::new();
    for (one, key) in all {
        match kept.iter_mut().find(|(other, _)| same(one, *other)) {
            Some((_, keys)) => *keys = format!("{keys}, {key}"),
            None => kept.push((one, key)),
        }
    }
    kept
}

fn client(identity: &Identity, uses: &str, now: Timestamp) -> Section {
    let title = format!("Certificat client ({uses})");
    let mut trial = Trial::new("certificat_client", title, &[READING, KEY, DATES], LIMIT);
    let read = read_chain(&identity.certificate);
    trial.note_result(READING, read.as_ref().map(|(_, own)| own.told()).map_err(Clone::clone));
    if let Ok((chain, own)) = read {
        trial.note_result(KEY, key(identity, chain));
        trial.note_result(DATES, dates(&own, now));
    }
    trial.end()
}

fn trusted(path: &Path, uses: &str, now: Timestamp) -> Section {
    let mut trial = Trial::new("autorites", format!("Autorités ({uses})"), &[READING, DATES], LIMIT);
    let read: Result<Vec<Certificate>, Failure> = tls::chain(path)
        .map_err(|error| unreadable(&error))
        .map(|chain| chain.iter().filter_map(|der| Certificate::read(der)).collect());
    trial.note_result(READING, read.as_ref().map(|all| subjects(all)).map_err(Clone::clone));
    if let Ok(all) = read {
        trial.note_result(DATES, authority_dates(&all, now));
    }
    trial.end()
}

fn read_chain(path: &Path) -> Result<(Vec<CertificateDer<'static>>, Certificate), Failure> {
    let chain = tls::chain(path).map_err(|error| unreadable(&error))?;
    let own = chain.first().and_then(|der| Certificate::read(der)).ok_or_else(|| {
        Failure::new(
            format!("{} ne commence pas par un certificat X.509", path.display()),
            "mettez d’abord votre certificat, puis sa chaîne",
        )
    })?;
    Ok((chain, own))
}

fn key(identity: &Identity, chain: Vec<CertificateDer<'static>>) -> Result<String, Failure> {
    let key = tls::key(&identity.key).map_err(|error| unreadable(&error))?;
    match CertifiedKey::from_der(chain, key, &tls::provider()) {
        Ok(_) => Ok(format!("{} correspond au certificat", identity.key.display())),
        Err(Error::InconsistentKeys(InconsistentKeys::KeyMismatch)) => Err(Failure::new(
            format!(
                "la clé {} ne correspond pas au certificat {}",
                identity.key.display(),
                identity.certificate.display()
            ),
            "mettez ensemble le certificat et la clé de la même commande : la clé est celle qui a produit la demande (CSR) de ce certificat",
        )),
        Err(other) => Err(Failure::new(
            format!("la clé {} est inutilisable ({other})", identity.key.display()),
            "donnez une clé RSA ou ECDSA non chiffrée, au format PEM",
        )),
    }
}

fn dates(own: &Certificate, now: Timestamp) -> Result<String, Failure> {
    let left = own.days_left(now);
    if now < own.not_before {
        return Err(Failure::new(
            format!("le certificat ne vaut qu’à partir du {}", day(own.not_before)),
            "vérifiez l’heure de cette machine (« timedatectl »), ou attendez cette date",
        ));
    }
    if now > own.not_after {
        return Err(Failure::new(
            format!("le certificat a expiré le {}", day(own.not_after)),
            "commandez un nouveau certificat à l’IGC-Santé (un certificat expiré ne se renouvelle plus) et déclarez son DN à l’opérateur s’il change",
        ));
    }
    let told = format!("jusqu’au {}, encore {left} jours", day(own.not_after));
    match left {
        left if left <= LATE => Err(Failure::new(
            format!("le certificat expire bientôt : {told}"),
            "renouvelez-le sans attendre : l’IGC-Santé ne renouvelle qu’un certificat encore valable",
        )),
        left if left <= SOON => Ok(format!("{told} : commandez son renouvellement")),
        _ => Ok(told),
    }
}

fn authority_dates(all: &[Certificate], now: Timestamp) -> Result<String, Failure> {
    if let Some(expired) = all.iter().find(|one| now > one.not_after) {
        return Err(Failure::new(
            format!("l’autorité « {} » a expiré le {}", expired.subject, day(expired.not_after)),
            "remplacez-la par l’autorité en vigueur",
        ));
    }
    Ok(all.iter().map(|one| one.not_after).min().map_or_else(String::new, |end| format!("jusqu’au {}", day(end))))
}

fn subjects(all: &[Certificate]) -> String {
    all.iter().map(|one| format!("« {} »", one.subject)).collect::<Vec<_>>().join(" ; ")
}

fn unreadable(error: &TlsError) -> Failure {
    Failure::new(
        whole(error),
        "vérifiez le chemin, que le fichier est au format PEM et que l’utilisateur du service peut le lire",
    )
}
