//! A look at the chain of a server that was not trusted: so that the operator sees whom he reached.

use std::sync::{Arc, Mutex, PoisonError};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, Error, SignatureScheme};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use base::tls;

/// Notes the chain and refuses every server, so that no handshake with it ever succeeds.
#[derive(Debug)]
struct Witness {
    chain: Mutex<Vec<Vec<u8>>>,
    provider: Arc<CryptoProvider>,
}

/// The certificates that the server presents, in DER, its own first. Nothing is ever said to it.
pub(super) async fn chain(socket: TcpStream, name: ServerName<'static>) -> Vec<Vec<u8>> {
    let provider = tls::provider();
    let witness = Arc::new(Witness { chain: Mutex::default(), provider: Arc::clone(&provider) });
    let Ok(builder) = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions() else {
        return Vec::new();
    };
    let verifier = Arc::clone(&witness) as Arc<dyn ServerCertVerifier>;
    let config = builder.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth();
    // It cannot but fail: the witness refuses all.
    drop(TlsConnector::from(Arc::new(config)).connect(name, socket).await);
    std::mem::take(&mut *witness.chain.lock().unwrap_or_else(PoisonError::into_inner))
}

impl ServerCertVerifier for Witness {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let mut chain = self.chain.lock().unwrap_or_else(PoisonError::into_inner);
        *chain = std::iter::once(end_entity).chain(intermediates).map(|one| one.to_vec()).collect();
        Err(Error::InvalidCertificate(CertificateError::ApplicationVerificationFailure))
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _cert: &CertificateDer<'_>,
        _dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(Error::InvalidCertificate(CertificateError::ApplicationVerificationFailure))
    }

    fn verify_tls13_signature(
        &self,
        _message: &[u8],
        _cert: &CertificateDer<'_>,
        _dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(Error::InvalidCertificate(CertificateError::ApplicationVerificationFailure))
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
