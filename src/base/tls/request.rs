//! Whether a server asks for a client certificate: where we present none, it may end the connection without a word.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rustls::client::ResolvesClientCert;
use rustls::sign::CertifiedKey;
use rustls::{ClientConfig, SignatureScheme};

/// What the server of one connection asked for (`CertificateRequest`, RFC 8446, section 4.3.2).
#[derive(Debug, Clone, Default)]
pub struct CertificateRequest(Arc<AtomicBool>);

#[derive(Debug)]
struct Watching {
    answer: Arc<dyn ResolvesClientCert>,
    request: CertificateRequest,
}

impl CertificateRequest {
    /// From now on it is noted whether a server asks; what it is answered stays the same.
    pub fn watched(config: &mut ClientConfig) -> Self {
        let request = Self::default();
        let answer = Arc::clone(&config.client_auth_cert_resolver);
        config.client_auth_cert_resolver = Arc::new(Watching { answer, request: request.clone() });
        request
    }

    /// Whether it asked.
    pub fn was_made(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

impl ResolvesClientCert for Watching {
    fn resolve(&self, issuers: &[&[u8]], schemes: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        self.request.0.store(true, Ordering::Relaxed);
        self.answer.resolve(issuers, schemes)
    }

    fn only_raw_public_keys(&self) -> bool {
        self.answer.only_raw_public_keys()
    }

    fn has_certs(&self) -> bool {
        self.answer.has_certs()
    }
}
