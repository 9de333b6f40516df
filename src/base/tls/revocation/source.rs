//! Where a list comes from, and its last good copy.

use std::fmt;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use sha2::{Digest, Sha256};

use super::super::client_config;
use super::Revocation;

/// No list is longer, in bytes: that of IGC-Santé is below a tenth of it.
const LONGEST: u64 = 16 * 1024 * 1024;

/// Where a list comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ListSource {
    /// A place where it is published.
    Url(String),
    /// A file that somebody else keeps up to date.
    File(PathBuf),
}

impl fmt::Display for ListSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Url(url) => f.write_str(url),
            Self::File(path) => write!(f, "{}", path.display()),
        }
    }
}

impl ListSource {
    /// The list as it is there now; an error is a sentence.
    pub(super) async fn obtain(&self, limit: Duration) -> Result<Vec<u8>, String> {
        match self {
            Self::Url(url) => download(url, limit).await,
            Self::File(path) => read(path).map_err(|error| error.to_string()),
        }
    }

    /// Where its last good copy is kept: a name of its own, whatever the address holds.
    pub(super) fn copy(&self, folder: &Path) -> PathBuf {
        let hash = base16ct::lower::encode_string(&Sha256::digest(self.to_string()));
        folder.join(format!("{}.crl", hash.get(..16).unwrap_or(&hash)))
    }
}

/// A file, no more of it than a list may have.
pub(super) fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    std::fs::File::open(path)?.take(LONGEST + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LONGEST { Err(io::Error::from(io::ErrorKind::FileTooLarge)) } else { Ok(bytes) }
}

/// Puts the copy in the place of the older one, durably and in one step.
pub(super) fn keep(copy: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = copy.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder)?;
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(copy).map_err(|error| error.error)?;
    // A name can be made durable on Unix only; elsewhere the file system journals it.
    if cfg!(unix) { std::fs::File::open(folder)?.sync_all() } else { Ok(()) }
}

/// What is signed needs no TLS. No redirect is followed and no proxy used, as for the ROR.
async fn download(url: &str, limit: Duration) -> Result<Vec<u8>, String> {
    let told = |error: reqwest::Error| reason(&error.without_url());
    // For an https address; reqwest has no TLS of its own here.
    let tls = client_config(None, None, &Revocation::default()).map_err(|error| error.to_string())?;
    let client = reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .timeout(limit)
        .build()
        .map_err(told)?;
    let mut response = client.get(url).send().await.map_err(told)?;
    if response.status() != reqwest::StatusCode::OK {
        return Err(format!("réponse HTTP {}", response.status().as_u16()));
    }
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(told)? {
        bytes.extend_from_slice(&chunk);
        if bytes.len() as u64 > LONGEST {
            return Err(format!("plus de {} Mio", LONGEST / 1024 / 1024));
        }
    }
    Ok(bytes)
}

fn reason(error: &reqwest::Error) -> String {
    match () {
        () if error.is_timeout() => "pas de réponse dans le délai imparti".to_owned(),
        () if error.is_dns() => "nom de serveur introuvable".to_owned(),
        () if error.is_connect() => "connexion impossible".to_owned(),
        () if error.is_builder() => "adresse inutilisable".to_owned(),
        () => "réponse interrompue".to_owned(),
    }
}
