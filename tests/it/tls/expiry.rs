//! Our own certificates come to their end.

use std::path::PathBuf;

use base::tls::Certificate;
use base::tls::expiry::{ExpiryAlarm, ExpiryNotices};
use jiff::{SignedDuration, Timestamp};
use rcgen::{CertificateParams, DnType, KeyPair, date_time_ymd};

const END: &str = "2027-06-30T00:00:00Z";

fn certificate(name: &str) -> Certificate {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    (params.not_before, params.not_after) = (date_time_ymd(2024, 6, 30), date_time_ymd(2027, 6, 30));
    Certificate::read(params.self_signed(&KeyPair::generate().unwrap()).unwrap().der()).unwrap()
}

/// So many days, and an hour, before the end.
fn before(days: i64) -> Timestamp {
    END.parse::<Timestamp>().unwrap().checked_sub(SignedDuration::from_hours(24 * days + 1)).unwrap()
}

fn alarm(days: i64) -> Option<ExpiryAlarm> {
    ExpiryAlarm::of(PathBuf::from("client.p12"), certificate("mss.ch-armor.test"), before(days))
}

#[test]
fn thresholds_are_reached_one_after_the_other() {
    assert_eq!(alarm(91), None);
    for (days, threshold, urgent) in [
        (90, 90, false),
        (61, 90, false),
        (60, 60, false),
        (31, 60, false),
        (30, 30, true),
        (8, 30, true),
        (7, 7, true),
        (0, 7, true),
        (-1, -1, true),
        (-40, -40, true),
    ] {
        let alarm = alarm(days).unwrap();
        assert_eq!((alarm.days_left, alarm.threshold, alarm.is_urgent()), (days, threshold, urgent), "{days}");
    }
}

#[test]
fn each_threshold_is_told_once_and_each_day_after_the_end() {
    let (mut told, certificate) = (ExpiryNotices::default(), certificate("mss.ch-armor.test"));
    let news: Vec<i64> = (-3..=100)
        .rev()
        .flat_map(|days| [days, days])
        .filter(|days| {
            let alarm = ExpiryAlarm::of(PathBuf::from("client.p12"), certificate.clone(), before(*days));
            alarm.is_some_and(|alarm| told.is_news(&alarm))
        })
        .collect();
    assert_eq!(news, [90, 60, 30, 7, -1, -2, -3]);
    let renewed = ExpiryAlarm::of(PathBuf::from("client.p12"), self::certificate("autre.test"), before(-3)).unwrap();
    assert!(told.is_news(&renewed), "another certificate in the file is news");
}

#[test]
fn the_sentence_names_file_owner_day_and_what_to_do() {
    assert_eq!(
        alarm(30).unwrap().sentence(),
        "le certificat client client.p12 (« CN=mss.ch-armor.test ») expire le 30/06/2027, dans 30 jours ; renouvelez-le à l’IGC-Santé avant cette date et déclarez son DN s’il change"
    );
    assert_eq!(
        alarm(-2).unwrap().sentence(),
        "le certificat client client.p12 (« CN=mss.ch-armor.test ») a expiré le 30/06/2027 ; commandez-en un nouveau à l’IGC-Santé, un certificat expiré ne se renouvelle plus"
    );
}
