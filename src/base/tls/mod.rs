//! TLS for every connection that Dispolits opens: private roots, client certificates, revocation,
//! and a verification of the server that nothing can switch off.
//!
//! Reading order: `certificate` and `name` (what a certificate says), `pem`, `pkcs12` and `identity`
//! (where ours come from), [`revocation`], then what operators must be told: [`igc_environment`] (test or
//! production), [`expiry`] (ours come to their end), `client_certificate_error` (a server does not want ours), `server_certificate_error` (we do
//! not want a server's).

mod certificate;
mod client_certificate_error;
mod error;
pub mod expiry;
mod identity;
pub mod igc_environment;
mod name;
mod pem;
mod pkcs12;
mod request;
pub mod revocation;
mod server_certificate_error;

use std::path::Path;
use std::sync::Arc;

use rustls::ClientConfig;
use rustls::crypto::CryptoProvider;
use rustls_platform_verifier::BuilderVerifierExt;

pub use certificate::{Certificate, day};
pub use client_certificate_error::{blames_our_certificate, certificate_alert, tls_error, what_we_present};
pub use error::{Pkcs12Fault, TlsError};
pub use identity::{Credentials, certificates, credentials, presented, usable};
pub use name::DistinguishedName;
pub use pem::{chain, key, roots};
pub use request::CertificateRequest;
use revocation::Revocation;
pub use server_certificate_error::{distrust, told};

use crate::config_values::Identity;

/// The one provider of cryptography of the program.
pub fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

/// A client's side: the authorities of `ca` (PEM), or those of the machine without one, and a
/// client certificate if one is given. TLS 1.2 at least (MSSanté ECO.1.1.1).
///
/// Revocation is checked with a `ca` only: the verifiers of machines know no lists of ours. Without
/// a list that serves, a connection that is to be checked has no configuration at all.
pub fn client_config(
    ca: Option<&Path>,
    identity: Option<&Identity>,
    revocation: &Revocation,
) -> Result<ClientConfig, TlsError> {
    let builder = ClientConfig::builder_with_provider(provider()).with_safe_default_protocol_versions()?;
    let builder = match ca {
        Some(path) => builder.with_webpki_verifier(revocation.verifier(path)?),
        None => builder.with_platform_verifier()?,
    };
    match identity {
        None => Ok(builder.with_no_client_auth()),
        Some(identity) => {
            let own = credentials(identity)?;
            Ok(builder.with_client_auth_cert(own.chain, own.key)?)
        }
    }
}
