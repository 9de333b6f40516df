//! C04: counts of one service that cannot all be true.
//!
//! Any part of the beds beyond those installed proves it, whatever is left out. What is compared is a lower bound: a
//! bed that two counts may both speak of counts once.

use std::collections::BTreeSet;

use domain::capacity::{Affectation, Count, Fermeture, Genre, Nature, Nomenclature, Statut, Temporalite};

/// The counts that are compared: of one nature, at one time, under one assignment.
type Group = (Nature, Temporalite, Affectation);

/// More beds in some state than there are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Excess {
    /// What is counted.
    pub(super) nature: Nature,
    /// How many there must be at least, state by state; none is zero.
    pub(super) parts: Vec<(Statut, i64)>,
    /// How many are installed.
    pub(super) installed: i64,
}

impl Excess {
    /// How many there must be at least.
    pub(super) fn total(&self) -> i64 {
        self.parts.iter().map(|(_, count)| count).sum()
    }
}

/// Every group of these counts that holds more than is installed.
pub(super) fn excesses(counts: &[Count]) -> Vec<Excess> {
    let groups: BTreeSet<Group> = counts.iter().map(group).collect();
    let members =
        |wanted: Group| counts.iter().copied().filter(move |count| group(count) == wanted).collect::<Vec<_>>();
    groups.into_iter().filter_map(|wanted| excess(wanted.0, &members(wanted))).collect()
}

fn group(count: &Count) -> Group {
    (count.nature, count.indicator.temporalite(), count.indicator.affectation())
}

fn excess(nature: Nature, counts: &[Count]) -> Option<Excess> {
    let installed = first(counts, |count| count.indicator.statut() == Statut::Installe)?;
    let of = |statut: Statut| first(counts, |count| count.indicator.statut() == statut).unwrap_or(0);
    let parts = [
        (Statut::Occupe, of(Statut::Occupe)),
        (Statut::Reserve, of(Statut::Reserve)),
        (Statut::Disponible, available(counts)),
        (Statut::Ferme, closed(counts)),
    ];
    let excess = Excess { nature, parts: parts.into_iter().filter(|(_, count)| *count > 0).collect(), installed };
    (excess.total() > installed).then_some(excess)
}

/// The beds that are free at least. Those for women and those for men are not the same beds: one that either may have
/// is `indifferencie`. Beside such a count they may be parts of it, and overlap: then the largest of the three is sure.
fn available(counts: &[Count]) -> i64 {
    let of = |genre: Genre| first(counts, |count| count.indicator.genre() == Some(genre));
    let (women, men) = (of(Genre::Femme).unwrap_or(0), of(Genre::Homme).unwrap_or(0));
    of(Genre::Indifferencie).map_or(women + men, |all| all.max(women).max(men))
}

/// The beds that are closed at least. One cannot be both `reactivable` and not; beside a count that does not say which,
/// they may be parts of it.
fn closed(counts: &[Count]) -> i64 {
    let of = |kind: Fermeture| first(counts, |count| count.indicator.fermeture() == Some(kind)).unwrap_or(0);
    of(Fermeture::Indetermine).max(of(Fermeture::Reactivable) + of(Fermeture::NonReactivable))
}

/// The only count that is so: an indicator given twice has fallen before.
fn first(counts: &[Count], wanted: impl Fn(&Count) -> bool) -> Option<i64> {
    counts.iter().find(|count| wanted(count)).map(|count| i64::from(count.nombre.get()))
}

/// « 17 occupés, 1 réservé ».
pub(super) fn in_words(parts: &[(Statut, i64)], nature: Nature) -> String {
    let word = |statut: Statut| match statut {
        Statut::Occupe => "occupé",
        Statut::Reserve => "réservé",
        Statut::Disponible => "disponible",
        Statut::Ferme => "fermé",
        other => other.word(),
    };
    let feminine = if nature == Nature::Place { "e" } else { "" };
    let agreed = |(statut, count): &(Statut, i64)| {
        let word = word(*statut);
        let feminine = if word.ends_with('e') { "" } else { feminine };
        format!("{count} {word}{feminine}{}", if *count > 1 { "s" } else { "" })
    };
    parts.iter().map(agreed).collect::<Vec<_>>().join(", ")
}
