//! The key under which the ROR keeps one count: the *indicateur capacitaire*.

use std::fmt;
use std::str::FromStr;

use super::nomenclature::{Affectation, Crise, Fermeture, Genre, Nomenclature, Statut, Supplement, Temporalite};

/// What a sender wrote of an indicator, before the rules of compatibility.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IndicatorParts {
    /// State of the capacity.
    pub statut: Statut,
    /// When it holds.
    pub temporalite: Temporalite,
    /// Who may be installed; `None` when not stated.
    pub genre: Option<Genre>,
    /// Kind of closing; `None` when not stated.
    pub fermeture: Option<Fermeture>,
    /// Kind of supplementary bed; `None` when not stated.
    pub supplement: Option<Supplement>,
    /// Crisis; `None` when not stated.
    pub crise: Option<Crise>,
    /// Temporary assignment.
    pub affectation: Affectation,
}

/// The key of an indicator, after defaults and without the nature, as the ROR compares it
/// (list of the write service's 400 answer, ROR patch-capacitaire page).
///
/// Guarantees: a genre if and only if the statut is `disponible`; a fermeture if and only if
/// `ferme`; a supplement if and only if `supplementaire`; a crise only with `supplementaire`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Indicator {
    statut: Statut,
    temporalite: Temporalite,
    genre: Option<Genre>,
    fermeture: Option<Fermeture>,
    supplement: Option<Supplement>,
    crise: Option<Crise>,
    affectation: Affectation,
}

/// An attribute that does not go with the statut.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Incompatible {
    /// `genre` without `disponible`.
    #[error("l’attribut « genre » n’est admis qu’avec le statut « disponible »")]
    Genre,
    /// `fermeture` without `ferme`.
    #[error("l’attribut « fermeture » n’est admis qu’avec le statut « ferme »")]
    Fermeture,
    /// `supplement` without `supplementaire`.
    #[error("l’attribut « supplement » n’est admis qu’avec le statut « supplementaire »")]
    Supplement,
    /// `supplementaire` without `supplement`.
    #[error("le statut « supplementaire » exige l’attribut « supplement »")]
    SupplementMissing,
    /// `crise` without `supplementaire`.
    #[error("l’attribut « crise » n’est admis qu’avec le statut « supplementaire »")]
    Crise,
}

impl Incompatible {
    /// The attribute at fault, as written in the native XML; `None` when it is missing.
    pub fn attribute(self) -> Option<&'static str> {
        match self {
            Self::Genre => Some("genre"),
            Self::Fermeture => Some("fermeture"),
            Self::Supplement => Some("supplement"),
            Self::Crise => Some("crise"),
            Self::SupplementMissing => None,
        }
    }
}

impl Indicator {
    /// Applies the defaults and checks which attributes go together.
    pub fn new(parts: IndicatorParts) -> Result<Self, Incompatible> {
        check_compatibility(&parts)?;
        Ok(Self {
            statut: parts.statut,
            temporalite: parts.temporalite,
            genre: (parts.statut == Statut::Disponible).then(|| parts.genre.unwrap_or(Genre::Indifferencie)),
            fermeture: (parts.statut == Statut::Ferme).then(|| parts.fermeture.unwrap_or(Fermeture::Indetermine)),
            supplement: parts.supplement,
            crise: parts.crise,
            affectation: parts.affectation,
        })
    }

    /// State of the capacity.
    pub fn statut(&self) -> Statut {
        self.statut
    }

    /// When the count holds.
    pub fn temporalite(&self) -> Temporalite {
        self.temporalite
    }

    /// Who may be installed; present exactly with `disponible`.
    pub fn genre(&self) -> Option<Genre> {
        self.genre
    }

    /// Kind of closing; present exactly with `ferme`.
    pub fn fermeture(&self) -> Option<Fermeture> {
        self.fermeture
    }

    /// Kind of supplementary bed; present exactly with `supplementaire`.
    pub fn supplement(&self) -> Option<Supplement> {
        self.supplement
    }

    /// Crisis; only with `supplementaire`.
    pub fn crise(&self) -> Option<Crise> {
        self.crise
    }

    /// Temporary assignment.
    pub fn affectation(&self) -> Affectation {
        self.affectation
    }
}

fn check_compatibility(parts: &IndicatorParts) -> Result<(), Incompatible> {
    let supplementary = parts.statut == Statut::Supplementaire;
    let rules = [
        (parts.genre.is_some() && parts.statut != Statut::Disponible, Incompatible::Genre),
        (parts.fermeture.is_some() && parts.statut != Statut::Ferme, Incompatible::Fermeture),
        (parts.supplement.is_some() && !supplementary, Incompatible::Supplement),
        (parts.crise.is_some() && !supplementary, Incompatible::Crise),
        (parts.supplement.is_none() && supplementary, Incompatible::SupplementMissing),
    ];
    rules.into_iter().find(|(broken, _)| *broken).map_or(Ok(()), |(_, rule)| Err(rule))
}

/// The key as text, for the store: the words in a fixed order, `-` for what is absent.
impl fmt::Display for Indicator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}/{}/{}/{}/{}/{}/{}",
            self.statut.word(),
            self.temporalite.word(),
            self.genre.map_or("-", Genre::word),
            self.fermeture.map_or("-", Nomenclature::word),
            self.supplement.map_or("-", Nomenclature::word),
            self.crise.map_or("-", Nomenclature::word),
            self.affectation.word(),
        )
    }
}

/// A stored text that is no indicator key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("« {0} » is not an indicator key")]
pub struct NotAnIndicator(String);

impl FromStr for Indicator {
    type Err = NotAnIndicator;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        parse_key(text).and_then(|parts| Self::new(parts).ok()).ok_or_else(|| NotAnIndicator(text.to_owned()))
    }
}

fn parse_key(text: &str) -> Option<IndicatorParts> {
    let words: Vec<&str> = text.split('/').collect();
    let [statut, temporalite, genre, fermeture, supplement, crise, affectation] = words.as_slice() else {
        return None;
    };
    Some(IndicatorParts {
        statut: Statut::from_word(statut)?,
        temporalite: Temporalite::from_word(temporalite)?,
        genre: optional(genre, Genre::from_word).ok()?,
        fermeture: optional(fermeture, Fermeture::from_word).ok()?,
        supplement: optional(supplement, Supplement::from_word).ok()?,
        crise: optional(crise, Crise::from_word).ok()?,
        affectation: Affectation::from_word(affectation)?,
    })
}

struct UnknownWord;

fn optional<T>(word: &str, read: impl Fn(&str) -> Option<T>) -> Result<Option<T>, UnknownWord> {
    if word == "-" { Ok(None) } else { read(word).map(Some).ok_or(UnknownWord) }
}
