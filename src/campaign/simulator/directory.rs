//! What the simulated ROR holds: locations and their capacities. The last write wins, whatever its
//! date, as the real one is believed to do: so a stale overwrite can be seen.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Value, json};

use domain::capacity::GenreCode;
use domain::capacity::{Nature, Nomenclature};

use super::key::IndicatorKey;
use super::patch::{Patch, Valued};
use super::refusal::SimulatedRefusal;

/// One *lieu de réalisation de l'offre* of the simulated ROR.
#[derive(Debug, Clone)]
pub struct Lieu {
    /// What the write service finds it by: `1350054680/SSR38888`.
    pub identifiant: String,
    /// How it takes a write.
    pub behaviour: Behaviour,
    /// The nature that its indicators expect; any if `None`.
    pub nature: Option<Nature>,
}

impl Lieu {
    /// A location that takes every legal write.
    pub fn normal(identifiant: impl Into<String>) -> Self {
        Self { identifiant: identifiant.into(), behaviour: Behaviour::Normal, nature: None }
    }
}

/// How a location takes a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Behaviour {
    /// Takes it.
    Normal,
    /// Two locations have this identifier: 412.
    EnDouble,
    /// The client has no right on it: 403 with an `OperationOutcome`.
    Interdit,
    /// A rule of the ROR forbids it: 400.
    RegleMetier,
    /// Refused for another reason: 422.
    RefusAutre,
}

/// One capacity that the simulated ROR holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Capacity {
    /// The location.
    pub identifiant: String,
    /// The indicator.
    pub indicateur: IndicatorKey,
    /// capacityType, NOS code.
    pub nature: String,
    /// nbCapacity.
    pub nombre: i64,
    /// capacityUpdateDate, as sent.
    pub date: String,
    /// capacitySourceType, NOS code.
    pub source: String,
}

/// The locations and capacities.
pub(super) struct Directory {
    lieux: BTreeMap<String, Lieu>,
    capacities: BTreeMap<(String, IndicatorKey), Valued>,
    genre: GenreCode,
    /// The code that was legal before.
    retired: Option<GenreCode>,
    version: u64,
}

impl Directory {
    pub(super) fn new(lieux: Vec<Lieu>, genre: GenreCode) -> Self {
        let lieux = lieux.into_iter().map(|lieu| (lieu.identifiant.clone(), lieu)).collect();
        Self { lieux, capacities: BTreeMap::new(), genre, retired: None, version: 0 }
    }

    /// From now on this code of the undifferentiated genre is legal. What stands under the one before can still be
    /// deleted: nobody else would.
    pub(super) fn accept(&mut self, genre: GenreCode) {
        self.retired = Some(std::mem::replace(&mut self.genre, genre)).filter(|old| *old != genre);
    }

    pub(super) fn set(&mut self, lieu: Lieu) {
        self.lieux.insert(lieu.identifiant.clone(), lieu);
    }

    /// Applies the operation and gives the version it makes.
    pub(super) fn apply(&mut self, identifier: &str, patch: &Patch) -> Result<u64, SimulatedRefusal> {
        let lieu = self.lieux.get(identifier).ok_or_else(|| SimulatedRefusal::location_unknown(identifier))?;
        admit(lieu)?;
        let place = (identifier.to_owned(), patch.key().clone());
        let retired = self.retired.is_some_and(|genre| patch.key().is_indicator(genre));
        let may_go = matches!(patch, Patch::Delete(_)) && (retired || self.capacities.contains_key(&place));
        if !may_go {
            check(patch, lieu, self.genre)?;
        }
        match (patch, self.capacities.contains_key(&place)) {
            (Patch::Replace(..) | Patch::Delete(_), false) => return Err(SimulatedRefusal::indicator_absent()),
            // Not documented. A second one would break the key, so it is taken for a fault of the client.
            (Patch::Add(_), true) => return Err(SimulatedRefusal::business_rule("L'indicateur existe déjà")),
            (Patch::Add(value) | Patch::Replace(_, value), _) => drop(self.capacities.insert(place, value.clone())),
            (Patch::Delete(_), true) => drop(self.capacities.remove(&place)),
        }
        self.version += 1;
        Ok(self.version)
    }

    pub(super) fn hold(&mut self, capacities: impl IntoIterator<Item = Capacity>) {
        let placed = |capacity: Capacity| {
            let Capacity { identifiant, indicateur, nature, nombre, date, source } = capacity;
            ((identifiant, indicateur.clone()), Valued { key: indicateur, nature, source, nombre, date })
        };
        self.capacities.extend(capacities.into_iter().map(placed));
    }

    pub(super) fn forget(&mut self, genre: &str) {
        self.capacities.retain(|(_, key), _| key.genre.as_deref() != Some(genre));
    }

    /// Holds the value of this place under the other code of the undifferentiated genre too.
    pub(super) fn hold_twin(&mut self, (identifier, key): &(String, IndicatorKey)) {
        let other = match key.genre.as_deref() {
            Some("03") => "04",
            Some("04") => "03",
            _ => return,
        };
        let Some(value) = self.capacities.get(&(identifier.clone(), key.clone())).cloned() else { return };
        let key = IndicatorKey { genre: Some(other.to_owned()), ..key.clone() };
        self.capacities.insert((identifier.clone(), key.clone()), Valued { key, ..value });
    }

    /// Every capacity, ordered by location and key.
    pub(super) fn snapshot(&self) -> Vec<Capacity> {
        let capacity = |((identifiant, key), value): (&(String, IndicatorKey), &Valued)| Capacity {
            identifiant: identifiant.clone(),
            indicateur: key.clone(),
            nature: value.nature.clone(),
            nombre: value.nombre,
            date: value.date.clone(),
            source: value.source.clone(),
        };
        self.capacities.iter().map(capacity).collect()
    }

    /// The read service's answer: a searchset of the locations that have this identifier.
    pub(super) fn search(&self, identifier: &str) -> Value {
        let entries: Vec<Value> = self.lieux.get(identifier).into_iter().map(|lieu| self.entry(lieu)).collect();
        json!({"resourceType": "Bundle", "type": "searchset", "total": entries.len(), "entry": entries})
    }

    fn entry(&self, lieu: &Lieu) -> Value {
        let held = self.capacities.iter().filter(|((identifier, _), _)| *identifier == lieu.identifiant);
        let extensions: Vec<Value> = held.map(|(_, value)| super::resource::extension(value)).collect();
        json!({"resource": super::resource::location(&lieu.identifiant, &extensions), "search": {"mode": "match"}})
    }
}

fn admit(lieu: &Lieu) -> Result<(), SimulatedRefusal> {
    match lieu.behaviour {
        Behaviour::Normal => Ok(()),
        Behaviour::EnDouble => Err(SimulatedRefusal::location_not_unique()),
        Behaviour::Interdit => Err(SimulatedRefusal::forbidden()),
        Behaviour::RegleMetier => Err(SimulatedRefusal::business_rule("Une règle métier du ROR refuse cette capacité")),
        Behaviour::RefusAutre => Err(SimulatedRefusal::unprocessable()),
    }
}

/// The rules that do not depend on what is stored.
fn check(patch: &Patch, lieu: &Lieu, genre: GenreCode) -> Result<(), SimulatedRefusal> {
    if !matches!(patch, Patch::Add(_)) && !patch.key().is_indicator(genre) {
        return Err(SimulatedRefusal::path_is_no_indicator(patch.key()));
    }
    let Some(value) = patch.value() else { return Ok(()) };
    if !value.key.is_indicator(genre) || value.key != *patch.key() {
        return Err(SimulatedRefusal::value_is_no_indicator(&value.key));
    }
    if lieu.nature.is_some_and(|nature| nature.code() != value.nature) {
        return Err(SimulatedRefusal::wrong_nature());
    }
    if value.nombre < 0 { Err(SimulatedRefusal::business_rule("nbCapacity est négatif")) } else { Ok(()) }
}
