//! Certificates, theirs and ours: revocation lists are fetched, and an operator is told in time of
//! what comes to its end.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use super::WorkerParts;
use super::tasks::pause;
use base::config_values::has_passed;
use base::tls::day;
use base::tls::expiry::{ExpiryAlarm, ExpiryNotices};
use base::tls::revocation::{ListStatus, Status};

/// How often it is looked whether anything is due.
const LOOK: Duration = Duration::from_mins(1);
/// How often an alarm about a list is repeated.
const REPEAT: SignedDuration = SignedDuration::from_hours(1);

/// What was told of each list: whether it failed, its status, and when.
type ListWatch = BTreeMap<String, (bool, Status, Timestamp)>;

/// Fetches lists and raises alarms.
pub(super) async fn watch_certificates(parts: Arc<WorkerParts>, stop: CancellationToken) {
    let (mut told, mut lists) = (ExpiryNotices::default(), ListWatch::new());
    // MSSanté asks it of the operator's servers; the ROR's are not concerned.
    for (section, why) in parts.config.unchecked().iter().filter(|(section, _)| !section.starts_with("ror")) {
        warn!("révocation du certificat du serveur non vérifiée pour {section} : {why}");
    }
    while !stop.is_cancelled() {
        parts.revocation.refresh().await;
        let now = parts.clock.now();
        tell_lists(&parts.revocation.standing(), &mut lists, now);
        tell_expiry(&parts.config.expiring(now), &mut told);
        pause(&stop, LOOK).await;
    }
}

fn tell_expiry(alarms: &[ExpiryAlarm], told: &mut ExpiryNotices) {
    for alarm in alarms.iter().filter(|alarm| told.is_news(alarm)) {
        if alarm.is_urgent() {
            error!("échéance de certificat : {}", alarm.sentence());
        } else {
            warn!("échéance de certificat : {}", alarm.sentence());
        }
    }
}

/// Each change is told at once; what needs an operator, again every hour.
fn tell_lists(standings: &[ListStatus], told: &mut ListWatch, now: Timestamp) {
    for standing in standings {
        let is_well = standing.failure.is_none() && standing.status == Status::Valid;
        let before = told.get(&standing.source);
        let state = (standing.failure.is_some(), standing.status);
        let is_change = before.is_none_or(|(failed, status, _)| (*failed, *status) != state);
        let is_due = before.is_some_and(|(.., at)| has_passed(REPEAT, *at, now));
        if is_change || is_due && !is_well {
            tell(standing);
            told.insert(standing.source.clone(), (state.0, state.1, now));
        }
    }
}

fn tell(standing: &ListStatus) {
    let source = &standing.source;
    let why = standing.failure.as_deref().unwrap_or("elle n’a pas encore été remplacée");
    let end = standing.list.as_ref().map(|list| day(list.next_update)).unwrap_or_default();
    match (standing.status, &standing.failure) {
        (Status::Valid, None) => info!("liste de révocation en vigueur jusqu’au {end} : {source}"),
        (Status::Valid, Some(why)) => {
            warn!("liste de révocation non renouvelée ({source} : {why}) ; la dernière sert jusqu’au {end}");
        }
        (Status::Late, _) => {
            let last = standing.serves_until.map(day).unwrap_or_default();
            error!(
                "liste de révocation périmée depuis le {end} ({source} : {why}) ; elle sert encore jusqu’au {last}, ensuite les connexions seront refusées"
            );
        }
        (Status::Missing, _) => {
            error!(
                "aucune liste de révocation utilisable ({source} : {why}) : les connexions à vérifier sont refusées"
            );
        }
    }
}
