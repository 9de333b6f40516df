//! What the soak's ROR holds, and all that it held before: an older value that stands over a newer one, even for a
//! moment, is a fault.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use jiff::Timestamp;
use serde_json::Value as Json;

/// An indicator: the codes of its attributes by their names, nature and source left out.
pub(super) type Key = BTreeMap<String, String>;
/// An indicator of a location.
pub(super) type Address = (String, Key);

/// What is no part of a key.
const NOT_OF_THE_KEY: [&str; 2] = ["capacityType", "capacitySourceType"];

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Value {
    pub(super) number: i64,
    pub(super) observed: Timestamp,
}

/// A write that came, whatever became of it.
#[derive(Debug, Clone)]
pub(super) struct Write {
    pub(super) place: String,
    pub(super) arrived: Instant,
    pub(super) key: Key,
    pub(super) value: Option<Value>,
    pub(super) done: bool,
}

pub(super) enum Answer {
    Done,
    UnknownPlace,
    Absent,
    Refused(&'static str),
}

#[derive(Clone, Default)]
pub(super) struct Held {
    places: BTreeSet<String>,
    /// Locations of which a rule of the ROR refuses every count.
    refused: BTreeSet<String>,
    values: BTreeMap<Address, Value>,
    writes: Vec<Write>,
    faults: Vec<String>,
}

/// A write as its body says it.
struct Patch {
    operation: String,
    path: Key,
    key: Key,
    value: Option<Value>,
}

impl Held {
    pub(super) fn knowing(places: impl IntoIterator<Item = String>, refused: impl IntoIterator<Item = String>) -> Self {
        Self { places: places.into_iter().collect(), refused: refused.into_iter().collect(), ..Self::default() }
    }

    pub(super) fn values(&self) -> &BTreeMap<Address, Value> {
        &self.values
    }

    pub(super) fn writes(&self) -> &[Write] {
        &self.writes
    }

    /// What was wrong with the writes that came, and with their order.
    pub(super) fn faults(&self) -> &[String] {
        &self.faults
    }

    /// A write came: its number.
    pub(super) fn arrived(&mut self, place: &str, body: &[u8]) -> usize {
        let patch = Patch::read(body);
        if patch.is_none() {
            self.faults.push(format!("request: a write at {place} cannot be read"));
        }
        let (key, value) = patch.map_or_else(Default::default, |patch| (patch.key, patch.value));
        let arrived = Instant::now();
        self.writes.push(Write { place: place.to_owned(), arrived, key, value, done: false });
        self.writes.len() - 1
    }

    pub(super) fn apply(&mut self, place: &str, body: &[u8], number: usize) -> Answer {
        let Some(patch) = Patch::read(body) else { return Answer::Refused("demande illisible") };
        if self.refused.contains(place) {
            return Answer::Refused("Une règle de gestion refuse cette capacité");
        }
        if !self.places.contains(place) {
            return Answer::UnknownPlace;
        }
        let address = (place.to_owned(), patch.key);
        let held = self.values.get(&address);
        match (patch.operation.as_str(), held) {
            ("replace", None) => return Answer::Absent,
            ("add", Some(_)) => return Answer::Refused("L'indicateur existe déjà"),
            ("replace", Some(_)) if patch.path == address.1 => {}
            ("add", None) => {}
            _ => {
                self.faults.push(format!("request: {} at {place} is none that was expected", patch.operation));
                return Answer::Refused("critères");
            }
        }
        let Some(value) = patch.value else { return Answer::Refused("valeur absente") };
        if let Some(held) = held.filter(|held| held.observed > value.observed) {
            let waited = self.writes[number].arrived.elapsed();
            self.faults
                .push(format!("older: {address:?} had {held:?} and got {value:?}, which came {waited:?} before"));
        }
        self.values.insert(address, value);
        self.writes[number].done = true;
        Answer::Done
    }
}

impl Patch {
    fn read(body: &[u8]) -> Option<Self> {
        let body: Json = serde_json::from_slice(body).ok()?;
        let parts = body.pointer("/parameter/0/part")?.as_array()?;
        let part = |name: &str| parts.iter().find(|part| part["name"] == name);
        let operation = part("type")?["valueString"].as_str()?.to_owned();
        let path = criteria(part("path")?["valueString"].as_str()?);
        let attributes = part("value").and_then(|value| value.pointer("/part/0/extension/0/extension")?.as_array());
        let Some(attributes) = attributes else {
            return Some(Self { operation, key: path.clone(), path, value: None });
        };
        let named = |name: &str| attributes.iter().find(|attribute| attribute["url"] == name);
        let number = named("nbCapacity")?["valueInteger"].as_i64()?;
        let observed = named("capacityUpdateDate")?["valueDateTime"].as_str()?.parse().ok()?;
        let code = |attribute: &Json| {
            let code = attribute.pointer("/valueCodeableConcept/coding/0/code")?.as_str()?.to_owned();
            Some((attribute["url"].as_str()?.to_owned(), code))
        };
        let all = attributes.iter().filter_map(code);
        let key = all.filter(|(name, _)| !NOT_OF_THE_KEY.contains(&name.as_str())).collect();
        Some(Self { operation, path, key, value: Some(Value { number, observed }) })
    }
}

/// The attributes that a FHIRPath asks for: `url = 'NAME' and … = 'CODE'`, again and again.
fn criteria(path: &str) -> Key {
    let clauses = path.split("extension.where(url = '").skip(1);
    let clause = |clause: &str| {
        let (name, rest) = clause.split_once('\'')?;
        let code = rest.split_once("coding.code = '")?.1.split_once('\'')?.0;
        Some((name.to_owned(), code.to_owned()))
    };
    clauses.filter_map(clause).collect()
}

#[test]
fn an_older_value_over_a_newer_one_is_told() {
    let body = |number: i64| {
        let text = include_str!("../ror/fixtures/replace.json").replace("12}", &format!("{number}}}"));
        text.replace("15:17:33", &format!("15:17:{number}"))
    };
    let mut held = Held::knowing(["1/A".to_owned()], []);
    let mut send = |body: &str| {
        let number = held.arrived("1/A", body.as_bytes());
        held.apply("1/A", body.as_bytes(), number);
    };
    send(include_str!("../ror/fixtures/add.json"));
    send(&body(34));
    send(&body(36));
    send(&body(35));
    send(&body(37));
    assert_eq!(held.values().values().next().unwrap().number, 37);
    assert!(held.faults().len() == 1 && held.faults()[0].starts_with("older: "), "{:?}", held.faults());
}
