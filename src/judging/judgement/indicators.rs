//! The table of legal indicators, `schemas/indicateurs.toml`.
//!
//! The national list is not public: the file states which attributes go together, and an agency
//! that holds the list fills it in and says `complet = true`. Until then the ROR decides (R03).

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use domain::capacity::{Count, Indicator, Nature, Nomenclature};

/// The file shipped with Dispolits.
const SHIPPED: &str = include_str!("../../../schemas/indicateurs.toml");

/// Which counts may be pushed.
#[derive(Debug, Clone, Default)]
pub struct Indicators {
    complete: Option<BTreeSet<(Indicator, Nature)>>,
}

/// A table that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum IndicatorsError {
    /// Not TOML, or not of the expected shape.
    #[error("la table des indicateurs est illisible : {0}")]
    Shape(#[from] toml::de::Error),
    /// An entry of the complete list is no indicator.
    #[error("la table des indicateurs contient une entrée inconnue : « {0} »")]
    Entry(String),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    complet: bool,
    /// Stated for people; a test proves it equal to [`Indicator::new`].
    #[serde(rename = "compatibilite")]
    _compatibility: BTreeMap<String, Vec<String>>,
    #[serde(rename = "obligatoire")]
    _required: BTreeMap<String, Vec<String>>,
    #[serde(default, rename = "indicateur")]
    indicators: Vec<IndicatorEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct IndicatorEntry {
    cle: String,
    nature: String,
}

impl Indicators {
    /// Reads a table.
    pub fn parse(text: &str) -> Result<Self, IndicatorsError> {
        let file: File = toml::from_str(text)?;
        let list = file.indicators.iter().map(read_entry).collect::<Result<BTreeSet<_>, _>>()?;
        Ok(Self { complete: file.complet.then_some(list) })
    }

    /// The table shipped with Dispolits.
    pub fn shipped() -> Result<Self, IndicatorsError> {
        Self::parse(SHIPPED)
    }

    /// Whether this count may be pushed, as far as the table says.
    pub fn allows(&self, count: &Count) -> bool {
        self.complete.as_ref().is_none_or(|list| list.contains(&(count.indicator, count.nature)))
    }
}

fn read_entry(entry: &IndicatorEntry) -> Result<(Indicator, Nature), IndicatorsError> {
    let unknown = || IndicatorsError::Entry(format!("{}, {}", entry.cle, entry.nature));
    let indicator = entry.cle.parse().map_err(|_| unknown())?;
    Ok((indicator, Nature::from_word(&entry.nature).ok_or_else(unknown)?))
}
