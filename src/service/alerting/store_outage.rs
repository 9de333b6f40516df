//! When the store itself does not answer: told from memory, and written down once it does.

use jiff::{SignedDuration, Timestamp};
use tracing::{error, info};

use super::Alerting;
use base::config_values::signed;
use domain::alerts::{Change, Digest, Event, Incident, IncidentKind, News, Observation, Severity};
use store::{StoreError, Way};

/// What is remembered while the store is silent.
#[derive(Debug, Default)]
pub(super) struct Blind(Option<Silence>);

#[derive(Debug)]
struct Silence {
    since: Timestamp,
    cause: String,
    /// The ways on which it is still to be told, each with its failures and when to try again, by the time that passes.
    waiting: Vec<(Way, u32, SignedDuration)>,
    /// How much time had passed when it began.
    begun: SignedDuration,
    /// What is told: the same however often it is tried.
    told: Option<News>,
}

impl Alerting {
    /// A look failed because of the store. Once that has lasted, people are told, on each way until it succeeds.
    pub(super) async fn without_store(&self, blind: &mut Blind, cause: &str) {
        let (now, passed) = (self.clock.now(), self.clock.passed());
        let silence = blind.0.get_or_insert_with(|| {
            let waiting = self.teller.ways().into_iter().map(|way| (way, 0, passed)).collect();
            Silence { since: now, cause: String::new(), waiting, begun: passed, told: None }
        });
        cause.clone_into(&mut silence.cause);
        if passed.saturating_sub(silence.begun) >= self.settings().open_after.signed() {
            self.tell_silence(silence, now).await;
        }
    }

    async fn tell_silence(&self, silence: &mut Silence, now: Timestamp) {
        let news = silence.news(now);
        let digest = Digest::new(vec![news], self.teller.banner());
        let name = format!("base-{}", silence.since.as_millisecond());
        let passed = self.clock.passed();
        let mut left = Vec::new();
        for (way, failures, next_at) in std::mem::take(&mut silence.waiting) {
            let told = if passed < next_at {
                Err(None)
            } else {
                self.teller.tell(way, &digest, &name, now).await.map_err(Some)
            };
            match told {
                Ok(_) => {}
                Err(None) => left.push((way, failures, next_at)),
                Err(Some(failure)) => {
                    error!("alertes non envoyées par {way}, nouvel essai plus tard : {failure}");
                    let wait = self.settings().retry.wait(failures, None, fastrand::f64());
                    left.push((way, failures.saturating_add(1), self.clock.passed().saturating_add(signed(wait))));
                }
            }
        }
        silence.waiting = left;
    }

    /// The store answers again: what was told is written down, and closes like any other.
    pub(super) async fn recover(&self, blind: &mut Blind, now: Timestamp) -> Result<(), StoreError> {
        let Some(silence) = blind.0.as_ref().filter(|silence| silence.told.is_some()) else {
            blind.0 = None;
            return Ok(());
        };
        let change = Change::Open { observation: silence.observation(), since: silence.since };
        self.store().change_incidents(None, &[change], &[], now).await?;
        info!("la base répond de nouveau");
        blind.0 = None;
        Ok(())
    }
}

impl Silence {
    fn observation(&self) -> Observation {
        Observation::new(IncidentKind::StoreSilent, "base", Severity::Grave, &self.cause, Some(self.since))
    }

    fn news(&mut self, now: Timestamp) -> News {
        let seen = self.observation();
        let opened = || {
            error!("alerte ouverte : {}", seen.sentence());
            News { event: Event::Ouverture, incident: Incident::sample(&seen, self.since, now) }
        };
        self.told.get_or_insert_with(opened).clone()
    }
}
