//! The body of a `PATCH`, read as strictly as the documentation is precise.

use jiff::Timestamp;
use serde_json::Value;

use domain::capacity::{Affectation, Crise, Fermeture, Nature, Nomenclature, Source, Statut, Supplement, Temporalite};

use super::fhirpath;
use super::fhirpath::{CAPACITY, PathSelection};
use super::key::IndicatorKey;
use super::refusal::SimulatedRefusal;

const GENRE_SYSTEM: &str = "https://mos.esante.gouv.fr/NOS/TRE_R332-GenreCapacite/FHIR/TRE-R332-GenreCapacite";

/// One operation of the FHIRPath Patch.
#[derive(Debug)]
pub(super) enum Patch {
    Add(Valued),
    Replace(IndicatorKey, Valued),
    Delete(IndicatorKey),
}

/// The new object of an operation.
#[derive(Debug, Clone)]
pub(super) struct Valued {
    pub(super) key: IndicatorKey,
    pub(super) nature: String,
    pub(super) source: String,
    pub(super) nombre: i64,
    pub(super) date: String,
}

impl Patch {
    /// The operation in a body of `Parameters`.
    pub(super) fn parse(body: &[u8]) -> Result<Self, SimulatedRefusal> {
        let json: Value = serde_json::from_slice(body).map_err(|_| shape("le corps n'est pas du JSON"))?;
        let part = operation(&json).ok_or_else(|| shape("un Parameters d'une seule operation est attendu"))?;
        let kind = text(part, "type").ok_or_else(|| shape("la partie type manque"))?;
        let path = text(part, "path").ok_or_else(|| shape("la partie path manque"))?;
        let selection = fhirpath::parse(path).ok_or_else(|| shape("le FhirPath n'a pas une forme connue"))?;
        let value = part.iter().find(|part| part.get("name").is_some_and(|name| name == "value"));
        match (kind, selection, value) {
            ("add", PathSelection::All, Some(value)) => Ok(Self::Add(Valued::parse(value)?)),
            ("replace", PathSelection::One(key), Some(value)) => Ok(Self::Replace(key, Valued::parse(value)?)),
            ("delete", PathSelection::One(key), None) => Ok(Self::Delete(key)),
            _ => Err(shape("le type, le FhirPath et la valeur ne vont pas ensemble")),
        }
    }

    /// The operation's name in the body.
    pub(super) fn operation(&self) -> &'static str {
        match self {
            Self::Add(_) => "add",
            Self::Replace(..) => "replace",
            Self::Delete(_) => "delete",
        }
    }

    /// The indicator it is about.
    pub(super) fn key(&self) -> &IndicatorKey {
        match self {
            Self::Add(value) => &value.key,
            Self::Replace(key, _) | Self::Delete(key) => key,
        }
    }

    /// The new object, if it brings one.
    pub(super) fn value(&self) -> Option<&Valued> {
        match self {
            Self::Add(value) | Self::Replace(_, value) => Some(value),
            Self::Delete(_) => None,
        }
    }
}

impl Valued {
    /// The part `value`: an object without a name that holds only the extension.
    fn parse(part: &Value) -> Result<Self, SimulatedRefusal> {
        let extension = part.pointer("/part/0/extension/0").filter(|_| part.pointer("/part/1").is_none());
        let extension = extension.filter(|extension| extension.get("url").is_some_and(|url| url == CAPACITY));
        let items = extension.and_then(|extension| extension.get("extension")).and_then(Value::as_array);
        let mut draft = Draft::default();
        for item in items.ok_or_else(|| shape("la valeur n'est pas une capacité"))? {
            draft.take(item)?;
        }
        draft.finish().ok_or_else(|| shape("un attribut obligatoire de la capacité manque"))
    }
}

/// A capacity while its parts are read.
#[derive(Default)]
struct Draft {
    key: IndicatorKey,
    nature: Option<String>,
    source: Option<String>,
    nombre: Option<i64>,
    date: Option<String>,
}

impl Draft {
    fn take(&mut self, item: &Value) -> Result<(), SimulatedRefusal> {
        let name = item.get("url").and_then(Value::as_str).unwrap_or_default();
        let taken = match name {
            "nbCapacity" => fill(&mut self.nombre, item.get("valueInteger").and_then(Value::as_i64)),
            "capacityUpdateDate" => fill(&mut self.date, date(item)),
            "capacityType" => fill(&mut self.nature, code(name, item)),
            "capacitySourceType" => fill(&mut self.source, code(name, item)),
            _ => self.key.attribute(name).and_then(|attribute| fill(attribute, code(name, item))),
        };
        taken.ok_or_else(|| shape(&format!("l'attribut '{name}' est inconnu, répété ou mal formé")))
    }

    fn finish(self) -> Option<Valued> {
        Some(Valued {
            key: self.key,
            nature: self.nature?,
            source: self.source?,
            nombre: self.nombre?,
            date: self.date?,
        })
    }
}

fn fill<T>(place: &mut Option<T>, value: Option<T>) -> Option<()> {
    if place.is_some() {
        return None;
    }
    *place = Some(value?);
    Some(())
}

/// A `dateTime` in UTC and whole seconds, as in the documentation.
fn date(item: &Value) -> Option<String> {
    let text = item.get("valueDateTime")?.as_str()?;
    let is_plain = text.len() == "2025-02-26T15:17:33Z".len() && text.ends_with('Z');
    (is_plain && text.parse::<Timestamp>().is_ok()).then(|| text.to_owned())
}

/// The code of one `CodeableConcept` whose system and display are those of the attribute's table.
fn code(name: &str, item: &Value) -> Option<String> {
    let coding = item.pointer("/valueCodeableConcept/coding/0")?;
    let field = |field: &str| coding.get(field).and_then(Value::as_str);
    let (system, code, display) = (field("system")?, field("code")?, field("display")?);
    is_entry(name, system, code, display).then(|| code.to_owned())
}

fn is_entry(name: &str, system: &str, code: &str, display: &str) -> bool {
    match name {
        "capacityStatus" => in_table::<Statut>(system, code, display),
        "capacityType" => in_table::<Nature>(system, code, display),
        "temporalityCapacity" => in_table::<Temporalite>(system, code, display),
        "capacitySourceType" => in_table::<Source>(system, code, display),
        "capacityClosingType" => in_table::<Fermeture>(system, code, display),
        "additionalBedType" => in_table::<Supplement>(system, code, display),
        "crisisType" => in_table::<Crise>(system, code, display),
        "temporaryAssignement" => in_table::<Affectation>(system, code, display),
        _ => system == GENRE_SYSTEM && GENRES.contains(&(code, display)),
    }
}

const GENRES: [(&str, &str); 4] = [("01", "Femme"), ("02", "Homme"), ("03", "Indifférencié"), ("04", "Indéterminé")];

fn in_table<N: Nomenclature>(system: &str, code: &str, display: &str) -> bool {
    system == N::system() && N::from_code(code).is_some_and(|value| value.display() == display)
}

fn operation(json: &Value) -> Option<&Vec<Value>> {
    let is_single = json.get("parameter")?.as_array()?.len() == 1;
    let is_parameters = json.get("resourceType")? == "Parameters" && is_single;
    let parameter = json.pointer("/parameter/0").filter(|_| is_parameters)?;
    parameter.get("part").filter(|_| parameter.get("name").is_some_and(|name| name == "operation"))?.as_array()
}

fn text<'a>(parts: &'a [Value], name: &str) -> Option<&'a str> {
    let part = parts.iter().find(|part| part.get("name").is_some_and(|found| found == name))?;
    part.get("valueString")?.as_str()
}

fn shape(why: &str) -> SimulatedRefusal {
    SimulatedRefusal::business_rule(format!("Requête refusée par le simulateur : {why}"))
}
