//! Playing a case: its mails dropped one after the other, what came of each beside what was
//! expected.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;

use super::compare::differences;
use super::observe::{ObserveError, Observed, observe};
use super::setup::{GENRE_CODE, Sandbox};
use super::transport::PostError;
use base::clock::Clock;
use campaign::cahier::{Case, CaseError, ExpectedCase, Run};
use campaign::simulator::IndicatorKey;
use domain::capacity::{Genre, Indicator, Nomenclature, Update};
use domain::outcome::{Etat, OutcomeLine};

/// How long one mail may take to be settled.
const PATIENCE: Duration = Duration::from_mins(5);

/// Plays cases in a running sandbox.
pub struct Player<'a> {
    sandbox: &'a Sandbox,
    clock: Clock,
    serie: String,
}

/// What became of a case.
#[derive(Debug)]
pub struct Played {
    /// The case's identifier.
    pub id: String,
    /// Its functionality.
    pub fonctionnalite: String,
    /// What was expected of each mail.
    pub expected: Vec<ExpectedCase>,
    /// What was observed of each mail.
    pub observed: Vec<Observed>,
    /// Every difference from what was expected, in French; none when all is as expected.
    pub differences: Vec<String>,
}

/// A case that could not be played.
#[derive(Debug, thiserror::Error)]
pub enum PlayError {
    /// The case is broken.
    #[error(transparent)]
    Case(#[from] CaseError),
    /// A mail cannot be sent.
    #[error(transparent)]
    Post(#[from] PostError),
    /// Nothing could be observed.
    #[error(transparent)]
    Observe(#[from] ObserveError),
}

impl<'a> Player<'a> {
    /// A player whose run has an identifier of its own, so that it can be repeated in one store.
    pub fn new(sandbox: &'a Sandbox, clock: Clock) -> Self {
        let serie = format!("{:x}", clock.now().as_millisecond());
        Self { sandbox, clock, serie }
    }

    /// Plays one case. A fault while playing is a difference like any other.
    pub async fn play(&self, case: &Case) -> Played {
        let mut observed = Vec::new();
        let mut differences = Vec::new();
        if let Err(error) = self.play_mails(case, &mut observed, &mut differences).await {
            differences.push(error.to_string());
        }
        differences.extend(self.ror_differences(&observed));
        Played {
            id: case.id().to_owned(),
            fonctionnalite: case.fonctionnalite().to_owned(),
            expected: case.sendings().iter().map(|sending| sending.expected().clone()).collect(),
            observed,
            differences,
        }
    }

    async fn play_mails(
        &self,
        case: &Case,
        observed: &mut Vec<Observed>,
        found: &mut Vec<String>,
    ) -> Result<(), PlayError> {
        let now = Timestamp::from_second(self.clock.now().as_second()).unwrap_or(self.clock.now());
        let mails = case.mails(&Run { now, serie: self.serie.clone() })?;
        let several = mails.len() > 1;
        for (rank, (raw, sending)) in mails.iter().zip(case.sendings()).enumerate() {
            let last = observed.iter().map(|one| one.id).max();
            let unique = format!("{}.{rank}.{}", case.id(), self.serie);
            let arrived = self.sandbox.send(raw, &unique).await?;
            let one = observe(&self.sandbox.store, &self.sandbox.maildirs, &arrived, last, PATIENCE).await?;
            let prefix = if several { format!("envoi {}, ", rank + 1) } else { String::new() };
            found.extend(differences(sending.expected(), &one).into_iter().map(|text| format!("{prefix}{text}")));
            observed.push(one);
        }
        Ok(())
    }

    /// The simulated ROR must hold the newest acknowledged value of every indicator.
    fn ror_differences(&self, observed: &[Observed]) -> Vec<String> {
        let lines = observed.iter().flat_map(|one| &one.outcome.documents).flat_map(|document| &document.lines);
        let mut newest: BTreeMap<(String, String), &OutcomeLine> = BTreeMap::new();
        for line in lines.filter(|line| line.etat == Some(Etat::Transmise)) {
            let key = (line.update.location.ror_identifier(), line.update.count.indicator.to_string());
            let held = newest.entry(key).or_insert(line);
            if line.update.date_releve >= held.update.date_releve {
                *held = line;
            }
        }
        newest.into_values().filter_map(|line| self.ror_difference(line)).collect()
    }

    fn ror_difference(&self, line: &OutcomeLine) -> Option<String> {
        let Update { location, count, .. } = &line.update;
        let wanted = i64::from(count.nombre.get());
        let (identifier, key) = (location.ror_identifier(), key_of(&count.indicator));
        let state = self.sandbox.simulator.state();
        let held = state.iter().find(|held| held.identifiant == identifier && held.indicateur == key);
        let held = held.map(|held| held.nombre);
        let words = |value: Option<i64>| value.map_or_else(|| "rien".to_owned(), |value| value.to_string());
        (held != Some(wanted)).then(|| {
            format!("ROR : {} {} vaut {}, attendu {wanted}", location.ror_identifier(), count.indicator, words(held))
        })
    }
}

/// The key under which the simulated ROR holds an indicator.
fn key_of(indicator: &Indicator) -> IndicatorKey {
    let genre = indicator.genre().map(|genre| match genre {
        Genre::Femme => "01",
        Genre::Homme => "02",
        Genre::Indifferencie => GENRE_CODE,
    });
    let owned = |code: &str| Some(code.to_owned());
    IndicatorKey {
        statut: owned(indicator.statut().code()),
        temporalite: owned(indicator.temporalite().code()),
        genre: genre.and_then(owned),
        fermeture: indicator.fermeture().map(Nomenclature::code).and_then(owned),
        supplement: indicator.supplement().map(Nomenclature::code).and_then(owned),
        crise: indicator.crise().map(Nomenclature::code).and_then(owned),
        affectation: owned(indicator.affectation().code()),
    }
}
