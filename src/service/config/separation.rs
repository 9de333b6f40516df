//! Qualification and production never mix: neither addresses nor certificates.
//!
//! Facts: in production no test certificate is of use to anyone but an impostor, since anybody may
//! have one. In qualification the ANS's sandbox of the ROR wants a certificate of the test
//! IGC-Santé (page « environnements et endpoints ») and must not see a real one; a mailbox, though,
//! may well be a real one: MSSanté has no other trust space for it, and its automatic test
//! correspondent answers in the real one. So there a real mailbox beside the sandbox of the ROR is
//! right, and only what shows a certificate to, or accepts one from, the other hierarchy is refused.

use super::{Certificates, Config, ConfigError, Environnement, contradiction};
use base::tls::TlsError;
use base::tls::igc_environment;
use base::tls::igc_environment::Hierarchy;
use base::tls::revocation::ListConnection;

/// Refuses an address of the ROR of the other environment. The hosts are those of the ANS's page « environnements et endpoints ».
pub(super) fn check_addresses(config: &Config) -> Result<(), ConfigError> {
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

impl Config {
    /// Refuses certificates of the test IGC-Santé beside those of the real one. Reads the files;
    /// one that cannot be read is told by whoever connects with it.
    pub fn check_certificates(&self) -> Result<(), ConfigError> {
        for connection in self.certificates() {
            let ca = hierarchy_of(connection.ca.1.map(igc_environment::of_authorities))?;
            let own = hierarchy_of(connection.identity.1.map(igc_environment::of_identity))?;
            self.check_hierarchies(&connection, ca, own)?;
        }
        Ok(())
    }

    fn check_hierarchies(
        &self,
        connection: &Certificates<'_>,
        ca: Option<Hierarchy>,
        own: Option<Hierarchy>,
    ) -> Result<(), ConfigError> {
        let ((ca_key, _), (own_key, _)) = (&connection.ca, &connection.identity);
        match (self.environnement, ca, own) {
            (Environnement::Production, Some(Hierarchy::Test), _) => contradiction(&format!(
                "environnement = \"production\" avec {ca_key}, qui contient des autorités de l’IGC-Santé de test"
            )),
            (Environnement::Production, _, Some(Hierarchy::Test)) => contradiction(&format!(
                "environnement = \"production\" avec {own_key}, un certificat de l’IGC-Santé de test"
            )),
            (Environnement::Qualification, Some(ca), Some(own)) if ca != own => contradiction(&format!(
                "{ca_key} et {own_key} ne sont pas de la même IGC-Santé : l’une est de test, l’autre de production"
            )),
            (Environnement::Qualification, _, Some(Hierarchy::Production))
                if connection.connection == ListConnection::Ror =>
            {
                contradiction(&format!(
                    "environnement = \"qualification\" avec {own_key}, un certificat de l’IGC-Santé de production : le bac à sable du ROR en veut un de test"
                ))
            }
            _ => Ok(()),
        }
    }
}

/// The hierarchy of a file; `None` also if it is of neither or cannot be read.
fn hierarchy_of(read: Option<Result<Option<Hierarchy>, TlsError>>) -> Result<Option<Hierarchy>, ConfigError> {
    match read {
        Some(Ok(found)) => Ok(found),
        Some(Err(TlsError::Mixed(mixed))) => Err(ConfigError::Contradiction(mixed.to_string())),
        Some(Err(_)) | None => Ok(None),
    }
}
