//! Our own certificates and the authorities we trust: there, readable, matching, in their dates.

use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use rustls::sign::CertifiedKey;
use rustls::{Error, InconsistentKeys};
use rustls_pki_types::CertificateDer;

use super::phrases::whole;
use super::step::{Section, StepFailure, Trial};
use base::config_values::Identity;
use base::tls;
use base::tls::{Certificate, Credentials, Pkcs12Fault, TlsError, day};
use service::config::Config;

const READING: &str = "lecture";
const KEY: &str = "clé";
const USAGE: &str = "usage";
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
    for (identity, uses) in merged(identities(config), |one, other| one.file() == other.file()) {
        sections.push(client(identity, &uses, now));
    }
    for (path, uses) in merged(authorities(config), |one, other| one == other) {
        sections.push(trusted(path, &uses, now));
    }
    sections
}

fn identities(config: &Config) -> Vec<(&Identity, String)> {
    config.certificates().into_iter().filter_map(|one| Some((one.identity.1?, one.identity.0))).collect()
}

fn authorities(config: &Config) -> Vec<(&Path, String)> {
    let mut all: Vec<_> = config.certificates().into_iter().filter_map(|one| Some((one.ca.1?, one.ca.0))).collect();
    all.dedup();
    all
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
    let mut trial = Trial::new("certificat_client", title, &[READING, KEY, USAGE, DATES], LIMIT);
    let read = read_chain(identity);
    trial.note_result(READING, read.as_ref().map(|(_, own)| own.told()).map_err(Clone::clone));
    if let Ok((_, own)) = read {
        trial.note_result(KEY, key(identity));
        trial.note_result(USAGE, usage(&own));
        trial.note_result(DATES, dates(&own, now));
    }
    trial.end()
}

fn trusted(path: &Path, uses: &str, now: Timestamp) -> Section {
    let mut trial = Trial::new("autorites", format!("Autorités ({uses})"), &[READING, DATES], LIMIT);
    let read: Result<Vec<Certificate>, StepFailure> = tls::chain(path)
        .map_err(|error| unreadable(&error))
        .map(|chain| chain.iter().filter_map(|der| Certificate::read(der)).collect());
    trial.note_result(READING, read.as_ref().map(|all| subjects(all)).map_err(Clone::clone));
    if let Ok(all) = read {
        trial.note_result(DATES, authority_dates(&all, now));
    }
    trial.end()
}

fn read_chain(identity: &Identity) -> Result<(Vec<CertificateDer<'static>>, Certificate), StepFailure> {
    let chain = tls::certificates(identity).map_err(|error| unreadable(&error))?;
    let own = chain.first().and_then(|der| Certificate::read(der)).ok_or_else(|| {
        StepFailure::new(
            format!("{} ne commence pas par un certificat X.509", identity.file().display()),
            "mettez d’abord votre certificat, puis sa chaîne",
        )
    })?;
    Ok((chain, own))
}

fn key(identity: &Identity) -> Result<String, StepFailure> {
    let Credentials { chain, key } = tls::credentials(identity).map_err(|error| unreadable(&error))?;
    let (file, certificate) = match identity {
        Identity::Pem(files) => (&files.key, &files.certificate),
        Identity::Pkcs12(file) => (&file.pkcs12, &file.pkcs12),
    };
    let (file, certificate) = (file.display(), certificate.display());
    match CertifiedKey::from_der(chain, key, &tls::provider()) {
        Ok(_) => Ok(format!("{file} correspond au certificat")),
        Err(Error::InconsistentKeys(InconsistentKeys::KeyMismatch)) => Err(StepFailure::new(
            format!("la clé {file} ne correspond pas au certificat {certificate}"),
            "mettez ensemble le certificat et la clé de la même commande : la clé est celle qui a produit la demande (CSR) de ce certificat",
        )),
        Err(other) => Err(StepFailure::new(
            format!("la clé {file} est inutilisable ({other})"),
            "donnez une clé RSA ou ECDSA non chiffrée, au format PEM",
        )),
    }
}

fn usage(own: &Certificate) -> Result<String, StepFailure> {
    if own.is_for_clients {
        return Ok("authentification cliente".to_owned());
    }
    Err(StepFailure::new(
        "le certificat n’est pas fait pour une authentification cliente (usage clientAuth absent)",
        "donnez un certificat IGC-Santé ORG AUTH_CLI : un certificat de serveur (SERV SSL), de signature ou de chiffrement ne convient pas",
    ))
}

fn dates(own: &Certificate, now: Timestamp) -> Result<String, StepFailure> {
    let left = own.days_left(now);
    if now < own.not_before {
        return Err(StepFailure::new(
            format!("le certificat ne vaut qu’à partir du {}", day(own.not_before)),
            "vérifiez l’heure de cette machine (« timedatectl »), ou attendez cette date",
        ));
    }
    if now > own.not_after {
        return Err(StepFailure::new(
            format!("le certificat a expiré le {}", day(own.not_after)),
            "commandez un nouveau certificat à l’IGC-Santé (un certificat expiré ne se renouvelle plus) et déclarez son DN à l’opérateur s’il change",
        ));
    }
    let told = format!("jusqu’au {}, encore {left} jours", day(own.not_after));
    match left {
        left if left <= LATE => Err(StepFailure::new(
            format!("le certificat expire bientôt : {told}"),
            "renouvelez-le sans attendre : l’IGC-Santé ne renouvelle qu’un certificat encore valable",
        )),
        left if left <= SOON => Ok(format!("{told} : commandez son renouvellement")),
        _ => Ok(told),
    }
}

fn authority_dates(all: &[Certificate], now: Timestamp) -> Result<String, StepFailure> {
    if let Some(expired) = all.iter().find(|one| now > one.not_after) {
        return Err(StepFailure::new(
            format!("l’autorité « {} » a expiré le {}", expired.subject, day(expired.not_after)),
            "remplacez-la par l’autorité en vigueur",
        ));
    }
    Ok(all.iter().map(|one| one.not_after).min().map_or_else(String::new, |end| format!("jusqu’au {}", day(end))))
}

fn subjects(all: &[Certificate]) -> String {
    all.iter().map(|one| format!("« {} »", one.subject)).collect::<Vec<_>>().join(" ; ")
}

fn unreadable(error: &TlsError) -> StepFailure {
    let remedy = match error {
        TlsError::Pkcs12 { fault: Pkcs12Fault::Password, .. } | TlsError::Secret(_) => {
            "vérifiez le mot de passe du fichier PKCS#12 (clé « password »), celui qui a été choisi à son retrait du portail"
        }
        TlsError::Pkcs12 { fault: Pkcs12Fault::Encryption, .. } => {
            "refaites le fichier : « openssl pkcs12 -in ancien.p12 -out tout.pem -noenc » puis « openssl pkcs12 -export -in tout.pem -out nouveau.p12 », et effacez tout.pem"
        }
        TlsError::Pkcs12 { fault: Pkcs12Fault::Keys(_) | Pkcs12Fault::NoCertificate, .. } => {
            "donnez un fichier qui ne contient qu’un certificat, sa clé et sa chaîne"
        }
        TlsError::Pkcs12 { fault: Pkcs12Fault::Format, .. } => {
            "donnez le fichier .p12 ou .pfx du portail tel quel ; pour des fichiers PEM, employez « certificate » et « key »"
        }
        _ => "vérifiez le chemin, que le fichier est au format PEM et que l’utilisateur du service peut le lire",
    };
    StepFailure::new(whole(error), remedy)
}
