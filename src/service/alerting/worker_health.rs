//! What the worker knows of itself, as observations.

use jiff::{SignedDuration, Timestamp};

use crate::health::{Diagnosis, Faults, HealthFault, HealthSettings, Heartbeat, Mailbox, Trouble};
use domain::alerts::{IncidentKind, Observation, Severity, Sight};

/// Everything that the worker tells of itself.
pub(super) fn observe(sight: &mut Sight, pulse: &Heartbeat, settings: &HealthSettings, now: Timestamp) {
    let standing = pulse.standing();
    let troubles = Diagnosis::of(pulse, settings).troubles;
    sight.extend(troubles.iter().filter_map(|trouble| of_trouble(trouble, &standing, now)));
    sight.extend(standing.mailboxes.iter().flat_map(of_refusals));
    sight.extend(standing.ror.iter().map(of_ror));
    sight.extend(standing.referential.iter().map(of_referential));
    sight.extend(standing.refused.iter().map(|(whom, fault)| of_login(whom, fault)));
}

fn of_trouble(trouble: &Trouble, standing: &Faults, now: Timestamp) -> Option<Observation> {
    let since = |age: &std::time::Duration| Some(super::before(now, SignedDuration::try_from(*age).ok()?));
    let (kind, object, age) = match trouble {
        // Told of each folder, with what the server said.
        Trouble::Starting(_) | Trouble::Refusing { .. } => return None,
        Trouble::Stuck { task, age } => (IncidentKind::Stuck, task.to_string(), Some(age)),
        Trouble::NeverSwept(mailbox) => (IncidentKind::Unswept, mailbox.clone(), None),
        Trouble::SweepLate { mailbox, age, .. } => (IncidentKind::Unswept, mailbox.clone(), Some(age)),
        Trouble::Unjudged { mailbox, age } => (IncidentKind::Unjudged, mailbox.clone(), Some(age)),
        Trouble::Unread { mailbox, age, .. } => (IncidentKind::Unread, mailbox.clone(), Some(age)),
        Trouble::StoreSilent => (IncidentKind::StoreSilent, "base".to_owned(), None),
    };
    let cause = standing.mailboxes.iter().filter(|_| kind == IncidentKind::Unswept).find(|one| one.name == object);
    let cause = cause.and_then(|one| one.fault.as_ref()).map(|fault| format!(" ; {}", fault.cause));
    let sentence = format!("{trouble}{}", cause.unwrap_or_default());
    Some(Observation::new(kind, &object, Severity::Grave, &sentence, age.and_then(since)))
}

fn of_refusals(mailbox: &Mailbox) -> Vec<Observation> {
    let name = &mailbox.name;
    let refusal = |(folder, fault): &(String, HealthFault)| {
        let sentence =
            format!("le dossier « {folder} » de la boîte {name} refuse les courriels jugés : {}", fault.cause);
        let object = format!("{name}, dossier « {folder} »");
        Observation::new(IncidentKind::FilingRefused, &object, Severity::Attention, &sentence, Some(fault.since))
    };
    mailbox.refusing.iter().map(refusal).collect()
}

fn of_ror(fault: &HealthFault) -> Observation {
    let sentence = format!("les envois au ROR sont suspendus : {}", fault.cause);
    Observation::new(IncidentKind::RorDown, "ROR", Severity::Grave, &sentence, Some(fault.since))
}

fn of_referential(fault: &HealthFault) -> Observation {
    let sentence = format!("nouveaux fichiers refusés, l’ancien référentiel reste en vigueur : {}", fault.cause);
    Observation::new(IncidentKind::Referential, "référentiel", Severity::Attention, &sentence, Some(fault.since))
}

fn of_login(whom: &str, fault: &HealthFault) -> Observation {
    let sentence = format!("accès refusé ({whom}) : {}", fault.cause);
    Observation::new(IncidentKind::CredentialRefused, whom, Severity::Grave, &sentence, Some(fault.since))
}
