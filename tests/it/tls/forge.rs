//! Authorities of a test, with what they certify and what they revoke.

use std::path::PathBuf;

use base::clock::Clock;
use base::config_values::PemFiles;
use jiff::SignedDuration;
use jiff::tz::Offset;
use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, DnType, ExtendedKeyUsagePurpose, IsCa,
    Issuer, KeyIdMethod, KeyPair, KeyUsagePurpose, RevokedCertParams, SerialNumber, date_time_ymd,
};
use tempfile::TempDir;

/// The serial number of the certificate that lists revoke.
pub(crate) const REVOKED: u64 = 66;

/// Where everything lies.
pub(crate) struct Forge(TempDir);

pub(crate) struct Authority {
    /// Its certificate.
    pub(crate) ca: PathBuf,
    issuer: Issuer<'static, KeyPair>,
}

impl Forge {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn authority(&self, name: &str) -> Authority {
        self.authority_with(name, |_| {})
    }

    pub(crate) fn authority_with(&self, name: &str, change: impl FnOnce(&mut CertificateParams)) -> Authority {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        change(&mut params);
        let key = KeyPair::generate().unwrap();
        // Two authorities may bear one name.
        let ca = self.path(&format!("ca-{}.pem", fastrand::u64(..)));
        std::fs::write(&ca, params.self_signed(&key).unwrap().pem()).unwrap();
        Authority { ca, issuer: Issuer::new(params, key) }
    }

    /// An authority below another one.
    pub(crate) fn intermediate(&self, above: &Authority, name: &str) -> Authority {
        self.intermediate_with(above, name, |_| {})
    }

    pub(crate) fn intermediate_with(
        &self,
        above: &Authority,
        name: &str,
        change: impl FnOnce(&mut CertificateParams),
    ) -> Authority {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        change(&mut params);
        let key = KeyPair::generate().unwrap();
        let ca = self.path(&format!("ca-{}.pem", fastrand::u64(..)));
        std::fs::write(&ca, params.signed_by(&key, &above.issuer).unwrap().pem()).unwrap();
        Authority { ca, issuer: Issuer::new(params, key) }
    }

    /// A certificate for `localhost`, a server's unless changed.
    pub(crate) fn leaf(&self, authority: &Authority, change: impl FnOnce(&mut CertificateParams)) -> PemFiles {
        let mut params = CertificateParams::new(["localhost".to_owned()]).unwrap();
        params.distinguished_name.push(DnType::CommonName, "localhost");
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        dated(&mut params, -1, 300);
        params.serial_number = Some(SerialNumber::from(fastrand::u64(1000..)));
        change(&mut params);
        let key = KeyPair::generate().unwrap();
        let name = fastrand::u64(..);
        let (certificate, path) = (self.path(&format!("{name}.pem")), self.path(&format!("{name}.key")));
        std::fs::write(&certificate, params.signed_by(&key, &authority.issuer).unwrap().pem()).unwrap();
        std::fs::write(&path, key.serialize_pem()).unwrap();
        PemFiles { certificate, key: path }
    }
}

impl Authority {
    /// Its list in DER, of so many days ago, due in so many days, which revokes [`REVOKED`].
    pub(crate) fn list(&self, this: i64, next: i64) -> Vec<u8> {
        self.list_of(this, next, &[REVOKED])
    }

    pub(crate) fn list_of(&self, this: i64, next: i64, serials: &[u64]) -> Vec<u8> {
        let [this_update, next_update] = [this, next].map(|days| {
            let (year, month, date) = day(days);
            date_time_ymd(year, month, date)
        });
        let revoked = |serial: &u64| RevokedCertParams {
            serial_number: SerialNumber::from(*serial),
            revocation_time: this_update,
            reason_code: None,
            invalidity_date: None,
        };
        let params = CertificateRevocationListParams {
            this_update,
            next_update,
            crl_number: SerialNumber::from(1),
            issuing_distribution_point: None,
            revoked_certs: serials.iter().map(revoked).collect(),
            key_identifier_method: KeyIdMethod::Sha256,
        };
        params.signed_by(&self.issuer).unwrap().der().to_vec()
    }
}

/// Valid from and until so many days from now, at midnight.
pub(crate) fn dated(params: &mut CertificateParams, from: i64, until: i64) {
    let ((y, m, d), (year, month, date)) = (day(from), day(until));
    (params.not_before, params.not_after) = (date_time_ymd(y, m, d), date_time_ymd(year, month, date));
}

/// Year, month and day, so many days from now.
fn day(days: i64) -> (i32, u8, u8) {
    let instant = Clock::System.now().checked_add(SignedDuration::from_hours(24 * days)).unwrap();
    let date = Offset::UTC.to_datetime(instant).date();
    (i32::from(date.year()), date.month().unsigned_abs(), date.day().unsigned_abs())
}
