//! All that is looked at: what the worker tells of itself at each look, what must be asked for once a minute.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::freshness_cache::Memory;
use super::{Alerting, before, worker_health};
use crate::health::Room;
use base::config_values::has_passed;
use base::tls::expiry;
use domain::alerts::{Excess, IncidentKind, Observation, Severity, Sight};
use domain::finess::Finess;
use store::{Happening, Rejected, RejectionCounts, RightsRefused, StoreError, StoreSettings, StoredTwin, inspect};

/// How often what must be asked for is asked for.
const SLOW: SignedDuration = SignedDuration::from_mins(1);
/// How many hours of rejections say what is usual.
const HOURS: u32 = 14 * 24;
/// In this many days a certificate that expires is grave.
const GRAVE_DAYS: i64 = 30;

/// What was asked for lately.
#[derive(Default)]
pub(super) struct Slow {
    at: Option<Timestamp>,
    on_duty: bool,
    memory: Memory,
    sight: Sight,
}

impl Alerting {
    /// Asks again for what is a minute old.
    pub(super) async fn refresh(&self, slow: &mut Slow, on_duty: bool, now: Timestamp) -> Result<(), StoreError> {
        if slow.on_duty == on_duty && slow.at.is_some_and(|at| !has_passed(SLOW, at, now)) {
            return Ok(());
        }
        let silent = self.senders(&mut slow.memory, now).await?;
        let mut sight = Sight::default();
        if on_duty {
            self.observe_shared(&mut sight, silent, now).await?;
        }
        (slow.at, slow.on_duty, slow.sight) = (Some(now), on_duty, sight);
        Ok(())
    }

    /// All that is seen now.
    pub(super) fn sight(&self, slow: &Slow, now: Timestamp) -> Sight {
        let mut sight = slow.sight.clone();
        worker_health::observe(&mut sight, &self.pulse, &self.config.health, now);
        self.observe_queues(&mut sight, now);
        sight
    }

    /// Posts the board. Returns what the silent ones amount to; `None` while what came is not all read.
    async fn senders(&self, memory: &mut Memory, now: Timestamp) -> Result<Option<Vec<Observation>>, StoreError> {
        if !memory.catch_up(self.store(), now).await? {
            return Ok(None);
        }
        memory.look_at_counts(self.store(), self.settings(), now).await?;
        let mutes = self.store().mutes(now).await?.into_iter().map(|mute| (mute.finess, mute.until)).collect();
        let referential = self.watch().current();
        let board = Arc::new(memory.board(&referential, &mutes, self.settings(), now));
        let silent = board.observations();
        self.bulletin.post(board);
        Ok(Some(silent))
    }

    /// What all workers share, and one of them looks at.
    async fn observe_shared(
        &self,
        sight: &mut Sight,
        silent: Option<Vec<Observation>>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        match silent {
            Some(silent) => sight.extend(silent),
            None => [IncidentKind::SilentEstablishment, IncidentKind::SilentService]
                .into_iter()
                .for_each(|kind| sight.miss(kind)),
        }
        self.observe_store(sight, now).await?;
        sight.extend(self.config.expiring(now).iter().map(of_certificate));
        self.observe_disk(sight).await;
        self.store().purge_incidents(before(now, super::KEPT)).await.map(drop)
    }

    async fn observe_store(&self, sight: &mut Sight, now: Timestamp) -> Result<(), StoreError> {
        let store = self.store();
        let recent = before(now, self.settings().event_window.signed());
        sight.extend(store.undelivered_replies(recent).await?.into_iter().map(of_undelivered));
        sight.extend(store.mails_to_read(recent).await?.into_iter().map(of_mail_to_read));
        sight.extend(store.patient_documents(recent).await?.into_iter().map(of_patient_document));
        sight.extend(store.rights_refused().await?.as_ref().map(of_rights));
        sight.extend(store.refused_by_the_ror(recent).await?.iter().map(of_refusals));
        let in_force = self.config.ror.api.genre_indifferencie.code();
        sight.extend(of_twins(&store.twins(in_force).await?));
        for (account, balance) in store.balances().await? {
            let mailbox = self.pulse.name_of(&account);
            let missing = balance.missing();
            let sentence = format!("{missing} courriels reçus dans la boîte {mailbox} n’ont aucune issue");
            sight.extend(
                (missing != 0)
                    .then(|| Observation::new(IncidentKind::Balance, &mailbox, Severity::Grave, &sentence, None)),
            );
        }
        let past = before(now, SignedDuration::from_hours(i64::from(HOURS)));
        let rejected = store.rejections_by_hour(past, now).await?;
        sight.extend(self.of_rejections(&rejected));
        Ok(())
    }

    fn of_rejections(&self, rejected: &[Rejected]) -> Vec<Observation> {
        let mut hours: BTreeMap<Option<Finess>, Vec<(u32, u32)>> = BTreeMap::new();
        for one in rejected {
            hours.entry(one.finess).or_default().push((one.hour, one.mails));
        }
        let settings = self.settings();
        let excess =
            |counts: &[(u32, u32)]| Excess::of(counts, HOURS, settings.rejections_minimum, settings.rejections_factor);
        hours.iter().filter_map(|(finess, counts)| Some(of_excess(*finess, &excess(counts)?))).collect()
    }

    /// The disk of the database, or of the service where the database is on a server, whose disk is not seen from here.
    async fn observe_disk(&self, sight: &mut Sight) {
        let Some(folder) = watched_folder(&self.config.store) else { return };
        match Room::of(&folder).await {
            None => sight.miss(IncidentKind::Disk),
            Some(room) if room.percent() < self.settings().disk_percent => {
                let is_grave = room.percent() < self.settings().disk_percent / 2;
                let severity = if is_grave { Severity::Grave } else { Severity::Attention };
                let (percent, free) = (room.percent(), room.free / 1024);
                let sentence = format!("il reste {free} Mio ({percent} %) dans {}", folder.display());
                sight.see(Observation::new(
                    IncidentKind::Disk,
                    &folder.display().to_string(),
                    severity,
                    &sentence,
                    None,
                ));
            }
            Some(_) => {}
        }
    }

    /// What the worker last saw in the store.
    fn observe_queues(&self, sight: &mut Sight, now: Timestamp) {
        let Some(vitals) = self.pulse.vitals() else {
            return [IncidentKind::LateDeliveries, IncidentKind::RepliesWaiting]
                .into_iter()
                .for_each(|kind| sight.miss(kind));
        };
        sight.extend(vitals.unmoved.iter().map(|(account, mails, since)| self.of_unmoved(account, *mails, *since)));
        if vitals.queue.late > 0 {
            let sentence = format!("{} lignes attendent le ROR depuis trop longtemps", vitals.queue.late);
            let severity = Severity::Grave;
            sight.see(Observation::new(IncidentKind::LateDeliveries, "ROR", severity, &sentence, vitals.queue.oldest));
        }
        if vitals.replies.oldest.is_some_and(|oldest| self.settings().replies_after.has_passed(oldest, now)) {
            let sentence = format!("{} réponses attendent de partir", vitals.replies.waiting);
            let severity = Severity::Attention;
            sight.see(Observation::new(
                IncidentKind::RepliesWaiting,
                "envoi",
                severity,
                &sentence,
                vitals.replies.oldest,
            ));
        }
    }
}

impl Alerting {
    fn of_unmoved(&self, account: &str, mails: i64, since: Timestamp) -> Observation {
        let mailbox = self.pulse.name_of(account);
        let sentence =
            format!("{mails} courriels jugés restent dans la boîte {mailbox} : son serveur n’offre ni MOVE ni UIDPLUS");
        Observation::new(IncidentKind::Unmoved, &mailbox, Severity::Attention, &sentence, Some(since))
    }
}

fn watched_folder(settings: &StoreSettings) -> Option<PathBuf> {
    let here = || std::env::current_dir().ok();
    match inspect::file(settings).ok()? {
        Some(file) => file.parent().filter(|one| !one.as_os_str().is_empty()).map(Path::to_owned).or_else(here),
        None => here(),
    }
}

fn of_undelivered(one: Happening) -> Observation {
    let number = one.mail.number();
    let sentence = format!("la réponse au courriel {number} n’a pas été remise");
    Observation::new(
        IncidentKind::Undelivered,
        &format!("courriel {number}"),
        Severity::Attention,
        &sentence,
        Some(one.at),
    )
}

fn of_mail_to_read(one: Happening) -> Observation {
    let number = one.mail.number();
    let sentence = format!("le courriel {number} répond à l’un des nôtres : une personne doit le lire");
    Observation::new(IncidentKind::ToRead, &format!("courriel {number}"), Severity::Attention, &sentence, Some(one.at))
}

fn of_patient_document(one: Happening) -> Observation {
    let number = one.mail.number();
    let sentence = format!("le courriel {number} contient un document de patient, envoyé par erreur");
    Observation::new(
        IncidentKind::PatientDocument,
        &format!("courriel {number}"),
        Severity::Grave,
        &sentence,
        Some(one.at),
    )
}

fn of_rights(refused: &RightsRefused) -> Observation {
    let RightsRefused { locations, example, since } = refused;
    let sentence = format!(
        "le ROR refuse l’écriture sur {locations} {}, dont {example}",
        if *locations > 1 { "lieux" } else { "lieu" }
    );
    Observation::new(IncidentKind::RorRights, "ROR", Severity::Grave, &sentence, Some(*since))
}

fn of_refusals(refusals: &RejectionCounts) -> Observation {
    let RejectionCounts { code, rows, locations, example, since } = refusals;
    let counted =
        |number: i64, one: &str, several: &str| format!("{number} {}", if number > 1 { several } else { one });
    let sentence = format!(
        "le ROR a refusé {} de {}, dont {example} ({code})",
        counted(*rows, "valeur", "valeurs"),
        counted(*locations, "lieu", "lieux")
    );
    Observation::new(IncidentKind::RorRefusals, code, Severity::Attention, &sentence, Some(*since))
}

/// One for all: an older program that wrote under the other code left one for each indicator.
fn of_twins(twins: &[StoredTwin]) -> Option<Observation> {
    let StoredTwin { id, lieu, twin, seen_at, .. } = twins.first()?;
    let number = match twins.len() {
        1 => "un indicateur".to_owned(),
        several => format!("{several} indicateurs"),
    };
    let sentence = format!(
        "le ROR porte {number} une seconde fois, sous l’autre code du genre, dont un de {lieu} sous le code {} (double n° {id})",
        twin.genre_code
    );
    Some(Observation::new(IncidentKind::Twin, "ROR", Severity::Attention, &sentence, Some(*seen_at)))
}

fn of_excess(finess: Option<Finess>, excess: &Excess) -> Observation {
    let Excess { now, usual } = excess;
    let whose = finess.map_or_else(|| "en tout".to_owned(), |finess| format!("pour l’établissement {finess}"));
    let usual = if *usual == 0 {
        "contre aucun d’habitude".to_owned()
    } else {
        format!("contre {usual} au plus d’habitude")
    };
    let sentence = format!("{now} courriels avec au moins un rejet en une heure {whose}, {usual}");
    let object = finess.map_or_else(|| "tous".to_owned(), |finess| finess.to_string());
    Observation::new(IncidentKind::Rejections, &object, Severity::Attention, &sentence, None)
}

/// Each threshold is told.
fn of_certificate(alarm: &expiry::ExpiryAlarm) -> Observation {
    let severity = if alarm.days_left < GRAVE_DAYS { Severity::Grave } else { Severity::Attention };
    let level = match alarm.threshold {
        ..0 => 5,
        0..=7 => 4,
        8..=30 => 3,
        31..=60 => 2,
        _ => 1,
    };
    let object = alarm.file.display().to_string();
    Observation::new(IncidentKind::Certificate, &object, severity, &alarm.sentence(), None).at_level(level)
}
