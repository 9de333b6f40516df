//! The key of an indicator as the ROR compares it, in NOS codes, and which keys it knows.
//!
//! Written apart from the client's own types on purpose: a mistake in one is then seen by the other.

use std::fmt;

use serde::{Deserialize, Serialize};

use domain::capacity::GenreCode;
use domain::capacity::{Affectation, Crise, Fermeture, Nomenclature, Statut, Supplement, Temporalite};

/// The seven attributes that name an indicator, as NOS codes; `None` is the « null » of the ROR.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct IndicatorKey {
    /// capacityStatus (TRE_R330).
    pub statut: Option<String>,
    /// temporalityCapacity (TRE_R331).
    pub temporalite: Option<String>,
    /// genderCapacityAvailable (TRE_R332).
    pub genre: Option<String>,
    /// capacityClosingType (TRE_R333).
    pub fermeture: Option<String>,
    /// additionalBedType (TRE_R334).
    pub supplement: Option<String>,
    /// crisisType (TRE_R336).
    pub crise: Option<String>,
    /// temporaryAssignement (TRE_R337).
    pub affectation: Option<String>,
}

impl IndicatorKey {
    /// The attribute under its name in the extension; `None` if it is no part of the key.
    pub(super) fn attribute(&mut self, name: &str) -> Option<&mut Option<String>> {
        match name {
            "capacityStatus" => Some(&mut self.statut),
            "temporalityCapacity" => Some(&mut self.temporalite),
            "genderCapacityAvailable" => Some(&mut self.genre),
            "capacityClosingType" => Some(&mut self.fermeture),
            "additionalBedType" => Some(&mut self.supplement),
            "crisisType" => Some(&mut self.crise),
            "temporaryAssignement" => Some(&mut self.affectation),
            _ => None,
        }
    }

    /// Whether it has every attribute that `wanted` has, with the same code.
    pub(super) fn has(&self, wanted: &Self) -> bool {
        let pairs = self.named().into_iter().zip(wanted.named());
        pairs.into_iter().all(|((_, code), (_, wanted))| wanted.is_none() || code == wanted)
    }

    /// The attributes that are present, under their names in the extension.
    pub(super) fn attributes(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.named().into_iter().filter_map(|(name, code)| Some((name, code.as_deref()?)))
    }

    /// Whether it is an indicator: every code known, and each attribute only with its status.
    ///
    /// The real list is private to ANS; this is the rule of compatibility of the public examples.
    pub(super) fn is_indicator(&self, genre: GenreCode) -> bool {
        let status = self.statut.as_deref().and_then(Statut::from_code);
        let only_with = |attribute: &Option<String>, with| attribute.is_some() == (status == Some(with));
        let genres = ["01", "02", genre.code()];
        status.is_some()
            && self.temporalite.as_deref().and_then(Temporalite::from_code).is_some()
            && self.affectation.as_deref().and_then(Affectation::from_code).is_some()
            && only_with(&self.genre, Statut::Disponible)
            && only_with(&self.fermeture, Statut::Ferme)
            && only_with(&self.supplement, Statut::Supplementaire)
            && (self.crise.is_none() || status == Some(Statut::Supplementaire))
            && self.genre.as_deref().is_none_or(|code| genres.contains(&code))
            && known::<Fermeture>(self.fermeture.as_ref())
            && known::<Supplement>(self.supplement.as_ref())
            && known::<Crise>(self.crise.as_ref())
    }

    fn named(&self) -> [(&'static str, &Option<String>); 7] {
        [
            ("capacityStatus", &self.statut),
            ("temporalityCapacity", &self.temporalite),
            ("genderCapacityAvailable", &self.genre),
            ("capacityClosingType", &self.fermeture),
            ("additionalBedType", &self.supplement),
            ("crisisType", &self.crise),
            ("temporaryAssignement", &self.affectation),
        ]
    }
}

/// As in the ROR's error text: `capacityStatus: 02 / temporalityCapacity: 01 / …: null / …`.
impl fmt::Display for IndicatorKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = self.named().map(|(name, code)| format!("{name}: {}", code.as_deref().unwrap_or("null")));
        f.write_str(&parts.join(" / "))
    }
}

fn known<N: Nomenclature>(code: Option<&String>) -> bool {
    code.is_none_or(|code| N::from_code(code).is_some())
}
