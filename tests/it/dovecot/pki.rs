//! Certificates of the servers and clients of the tests.

use std::path::{Path, PathBuf};

use base::clock::Clock;
use base::config_values::{Identity, PemFiles};
use jiff::tz::Offset;
use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, DnType, ExtendedKeyUsagePurpose, IsCa,
    Issuer, KeyIdMethod, KeyPair, RevokedCertParams, date_time_ymd,
};

use super::USER;

/// The serial number of the client that is revoked.
const REVOKED: u64 = 66;

/// An authority and what it signed, as PEM files of one directory.
pub(crate) struct Pki {
    directory: PathBuf,
}

impl Pki {
    /// Certificates for the server `localhost` and for two clients, one of them named as the mailbox,
    /// all signed by `ca.pem`, clients that are out of date or revoked by `crl.pem`, and a stranger's
    /// authority that signed another client.
    pub(crate) fn new(directory: &Path) -> Self {
        let pki = Self { directory: directory.to_owned() };
        let authority = pki.authority("ca");
        pki.leaf(&authority, "server", ExtendedKeyUsagePurpose::ServerAuth);
        pki.leaf(&authority, "client", ExtendedKeyUsagePurpose::ClientAuth);
        pki.leaf(&authority, USER, ExtendedKeyUsagePurpose::ClientAuth);
        pki.bad_clients(&authority);
        let stranger = pki.authority("stranger-ca");
        pki.leaf(&stranger, "stranger", ExtendedKeyUsagePurpose::ClientAuth);
        pki
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.join(format!("{name}.pem"))
    }

    pub(crate) fn files(&self, name: &str) -> PemFiles {
        PemFiles { certificate: self.path(name), key: self.path(&format!("{name}-key")) }
    }

    pub(crate) fn identity(&self, name: &str) -> Identity {
        Identity::Pem(self.files(name))
    }

    fn authority(&self, name: &str) -> Issuer<'static, KeyPair> {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, format!("TEST {name}"));
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        std::fs::write(self.path(name), params.self_signed(&key).unwrap().pem()).unwrap();
        Issuer::new(params, key)
    }

    fn leaf(&self, issuer: &Issuer<'static, KeyPair>, name: &str, usage: ExtendedKeyUsagePurpose) {
        self.leaf_with(issuer, name, usage, |_| {});
    }

    /// Clients of the authority that no server should accept, and its list of the revoked ones.
    fn bad_clients(&self, authority: &Issuer<'static, KeyPair>) {
        let usage = || ExtendedKeyUsagePurpose::ClientAuth;
        let year = i32::from(Offset::UTC.to_datetime(Clock::System.now()).year());
        self.leaf_with(authority, "expired", usage(), |params| params.not_after = date_time_ymd(year - 2, 6, 30));
        self.leaf_with(authority, "early", usage(), |params| params.not_before = date_time_ymd(year + 2, 6, 30));
        self.leaf_with(authority, "revoked", usage(), |params| params.serial_number = Some(REVOKED.into()));
        let list = CertificateRevocationListParams {
            this_update: date_time_ymd(year - 2, 6, 30),
            next_update: date_time_ymd(year + 2, 6, 30),
            crl_number: 1.into(),
            issuing_distribution_point: None,
            revoked_certs: vec![RevokedCertParams {
                serial_number: REVOKED.into(),
                revocation_time: date_time_ymd(year - 2, 6, 30),
                reason_code: None,
                invalidity_date: None,
            }],
            key_identifier_method: KeyIdMethod::Sha256,
        };
        let list = list.signed_by(authority).unwrap().pem().unwrap();
        let ca = std::fs::read_to_string(self.path("ca")).unwrap();
        // Dovecot wants both in one file.
        std::fs::write(self.path("ca-and-crl"), ca + &list).unwrap();
        std::fs::write(self.path("crl"), list).unwrap();
    }

    fn leaf_with(
        &self,
        issuer: &Issuer<'static, KeyPair>,
        name: &str,
        usage: ExtendedKeyUsagePurpose,
        change: impl FnOnce(&mut CertificateParams),
    ) {
        let mut params = CertificateParams::new(["localhost".to_owned()]).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        params.extended_key_usages.push(usage);
        change(&mut params);
        let key = KeyPair::generate().unwrap();
        std::fs::write(self.path(name), params.signed_by(&key, issuer).unwrap().pem()).unwrap();
        std::fs::write(self.path(&format!("{name}-key")), key.serialize_pem()).unwrap();
    }
}
