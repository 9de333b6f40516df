//! A test PKI made on the spot, shaped like IGC-Santé: a root, an authority for organisations, and
//! what they certify. Every name begins with TEST, so that none of it can pass for the real one.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use jiff::tz::Offset;
use jiff::{SignedDuration, Timestamp};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, KeyUsagePurpose, date_time_ymd,
};

use base::config_values::PemFiles;

/// How long authorities hold, in days.
const AUTHORITY_DAYS: i64 = 3650;
/// How long the rest holds, in days: the longest that common verifiers accept of a server.
const LEAF_DAYS: i64 = 825;

/// Where the parts of a test PKI are. Certificates are PEM files of mode 0644, keys of mode 0600.
#[derive(Debug, Clone)]
pub struct Pki {
    /// The root and the authority for organisations: what both sides must trust.
    pub ca: PathBuf,
    /// A server for `localhost`, `127.0.0.1` and `::1`, with its chain.
    pub server: PemFiles,
    /// A server of the same authority under another name, `autre.test`.
    pub other_server: PemFiles,
    /// A client shaped like an IGC-Santé ORG AUTH_CLI certificate, with its chain.
    pub client: PemFiles,
    /// An authority that nobody should trust.
    pub rogue_ca: PathBuf,
    /// A client with the subject of `client`, certified by that authority.
    pub rogue: PemFiles,
}

/// A test PKI that cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum PkiError {
    /// The folder cannot be written.
    #[error("impossible d’écrire {}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The cryptography failed.
    #[error("impossible de fabriquer les certificats de test")]
    Certificate(#[from] rcgen::Error),
}

impl PkiError {
    /// Whether waiting could help: a full disk may be emptied.
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Write { .. })
    }
}

/// Makes a new PKI in the folder, in place of one that was there. Valid from the day before `now`.
pub fn make(folder: &Path, now: Timestamp) -> Result<Pki, PkiError> {
    fs::create_dir_all(folder).map_err(|source| PkiError::Write { path: folder.to_owned(), source })?;
    let forge = Forge { folder, now };
    let root = forge.root("TEST AC RACINE IGC-SANTE ELEMENTAIRE")?;
    let organisations = forge.intermediate("TEST AC IGC-SANTE ELEMENTAIRE ORGANISATIONS", &root)?;
    let rogue = forge.root("TEST AC INCONNUE")?;
    let client = || Leaf { subject: client_subject(), usage: ExtendedKeyUsagePurpose::ClientAuth, names: &[] };
    let local = &["localhost", "127.0.0.1", "::1"];
    Ok(Pki {
        ca: forge.write("ca.pem", &format!("{}{}", organisations.pem(), root.pem()))?,
        server: forge.leaf("serveur", server("TEST SERVEUR LOCAL", local), &organisations)?,
        other_server: forge.leaf("autre-serveur", server("TEST AUTRE SERVEUR", &["autre.test"]), &organisations)?,
        client: forge.leaf("client", client(), &organisations)?,
        rogue_ca: forge.write("ca-inconnue.pem", &rogue.pem())?,
        rogue: forge.leaf("client-inconnu", client(), &rogue)?,
    })
}

type Authority = CertifiedIssuer<'static, KeyPair>;

struct Forge<'a> {
    folder: &'a Path,
    now: Timestamp,
}

struct Leaf<'a> {
    subject: DistinguishedName,
    usage: ExtendedKeyUsagePurpose,
    names: &'a [&'a str],
}

impl Forge<'_> {
    fn root(&self, name: &str) -> Result<Authority, PkiError> {
        let params = self.authority(name, BasicConstraints::Unconstrained);
        Ok(CertifiedIssuer::self_signed(params, KeyPair::generate()?)?)
    }

    fn intermediate(&self, name: &str, root: &Authority) -> Result<Authority, PkiError> {
        let mut params = self.authority(name, BasicConstraints::Constrained(0));
        params.use_authority_key_identifier_extension = true;
        Ok(CertifiedIssuer::signed_by(params, KeyPair::generate()?, root)?)
    }

    fn authority(&self, name: &str, constraints: BasicConstraints) -> CertificateParams {
        let mut params = self.dated(CertificateParams::default(), AUTHORITY_DAYS);
        params.distinguished_name = subject(&[
            (DnType::CountryName, "FR"),
            (DnType::OrganizationName, "TEST"),
            (DnType::OrganizationalUnitName, "TEST 0002 000000000"),
            (DnType::CommonName, name),
        ]);
        params.is_ca = IsCa::Ca(constraints);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        params
    }

    /// Writes `<name>.pem` (certificate and authority) and `<name>.key`.
    fn leaf(&self, name: &str, leaf: Leaf<'_>, issuer: &Authority) -> Result<PemFiles, PkiError> {
        let key = KeyPair::generate()?;
        let names: Vec<String> = leaf.names.iter().map(ToString::to_string).collect();
        let mut params = self.dated(CertificateParams::new(names)?, LEAF_DAYS);
        params.distinguished_name = leaf.subject;
        params.is_ca = IsCa::ExplicitNoCa;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![leaf.usage];
        params.use_authority_key_identifier_extension = true;
        let chain = format!("{}{}", params.signed_by(&key, issuer)?.pem(), issuer.pem());
        Ok(PemFiles {
            certificate: self.write(&format!("{name}.pem"), &chain)?,
            key: self.write_as(&format!("{name}.key"), &key.serialize_pem(), 0o600)?,
        })
    }

    fn dated(&self, mut params: CertificateParams, days: i64) -> CertificateParams {
        let day = |days: i64| {
            let instant = self.now.saturating_add(SignedDuration::from_hours(days * 24)).unwrap_or(self.now);
            let date = Offset::UTC.to_datetime(instant).date();
            date_time_ymd(i32::from(date.year()), date.month().unsigned_abs(), date.day().unsigned_abs())
        };
        params.not_before = day(-1);
        params.not_after = day(days);
        params
    }

    fn write(&self, name: &str, pem: &str) -> Result<PathBuf, PkiError> {
        self.write_as(name, pem, 0o644)
    }

    /// The file is made anew, so that an older one cannot lend it a wider mode.
    fn write_as(&self, name: &str, pem: &str, mode: u32) -> Result<PathBuf, PkiError> {
        let path = self.folder.join(name);
        let written = remove(&path).and_then(|()| {
            let mut file = with_mode(fs::OpenOptions::new().write(true).create_new(true), mode).open(&path)?;
            file.write_all(pem.as_bytes())
        });
        written.map(|()| path.clone()).map_err(|source| PkiError::Write { path, source })
    }
}

#[cfg(unix)]
fn with_mode(options: &mut fs::OpenOptions, mode: u32) -> &mut fs::OpenOptions {
    std::os::unix::fs::OpenOptionsExt::mode(options, mode)
}

/// Windows has no modes: the file gets the rights of its folder.
#[cfg(not(unix))]
fn with_mode(options: &mut fs::OpenOptions, _mode: u32) -> &mut fs::OpenOptions {
    options
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn server<'a>(organisation: &str, names: &'a [&'a str]) -> Leaf<'a> {
    let name = names.first().copied().unwrap_or_default();
    let subject =
        subject(&[(DnType::CountryName, "FR"), (DnType::OrganizationName, organisation), (DnType::CommonName, name)]);
    Leaf { subject, usage: ExtendedKeyUsagePurpose::ServerAuth, names }
}

/// The subject of an ORG AUTH_CLI certificate: department, organisation, structure number, application
/// (ANS, politique de certification IGC-Santé, gabarits « ORG »).
fn client_subject() -> DistinguishedName {
    subject(&[
        (DnType::CountryName, "FR"),
        (DnType::StateOrProvinceName, "Ille-et-Vilaine (35)"),
        (DnType::OrganizationName, "TEST HOPITAL"),
        (DnType::OrganizationalUnitName, "1350054680"),
        (DnType::CommonName, "TEST dispolits.hopital.test"),
    ])
}

fn subject(parts: &[(DnType, &str)]) -> DistinguishedName {
    let mut name = DistinguishedName::new();
    for (kind, value) in parts {
        name.push(kind.clone(), *value);
    }
    name
}
