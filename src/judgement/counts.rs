//! The checks between the counts of one service: once each, legal, plausible, coherent.

use std::collections::BTreeSet;

use super::Rules;
use crate::capacity::{Affectation, Count, Genre, Indicator, Nature, Nomenclature, Statut, Temporalite};
use crate::defect::{Code, Defect};
use crate::report::{PlacedCount, Service};

/// Keeps the counts that stand and adds what is wrong to `defects`.
pub(super) fn judge(service: &Service, rules: &Rules, defects: &mut Vec<Defect>) -> Vec<PlacedCount> {
    let once = without_repetitions(service, defects);
    let legal = without_illegal(once, rules, defects);
    let plausible = within_ceiling(legal, rules, defects);
    let incoherent = incoherences(service, &plausible, rules);
    let rejected = incoherent.iter().any(Defect::is_rejection);
    defects.extend(incoherent);
    if rejected { Vec::new() } else { plausible }
}

/// C07: all occurrences of an indicator given twice fall, beds and places being one key. One that is rejected for its
/// number counts too: the other would else be pushed, and nobody knows which was meant.
fn without_repetitions(service: &Service, defects: &mut Vec<Defect>) -> Vec<PlacedCount> {
    let repeated = repeated(service);
    let (fallen, once): (Vec<_>, Vec<_>) =
        service.counts.iter().partition(|placed| repeated.contains(&placed.count.indicator));
    defects.extend(
        fallen
            .into_iter()
            .map(|placed| Defect::new(Code::C07, placed.place.clone()).found(placed.count.nombre.get().to_string())),
    );
    defects.extend(service.rejected_counts.iter().filter(|count| repeated.contains(&count.indicator)).map(|count| {
        let defect = Defect::new(Code::C07, count.place.clone());
        count.written.iter().fold(defect, Defect::found)
    }));
    once.into_iter().cloned().collect()
}

/// The indicators that stand more than once in the service, rejected or not.
fn repeated(service: &Service) -> BTreeSet<Indicator> {
    let read = service.counts.iter().map(|placed| placed.count.indicator);
    let mut seen = BTreeSet::new();
    read.chain(service.rejected_counts.iter().map(|count| count.indicator))
        .filter(|indicator| !seen.insert(*indicator))
        .collect()
}

/// C05 beyond the compatibility of attributes: only where the agency holds the complete list.
fn without_illegal(counts: Vec<PlacedCount>, rules: &Rules, defects: &mut Vec<Defect>) -> Vec<PlacedCount> {
    let (legal, illegal): (Vec<_>, Vec<_>) =
        counts.into_iter().partition(|placed| rules.indicators.allows(&placed.count));
    defects.extend(illegal.iter().map(|placed| {
        Defect::new(Code::C05, placed.place.clone())
            .detail("Cette combinaison ne figure pas dans la liste des indicateurs du ROR.")
    }));
    legal
}

fn within_ceiling(counts: Vec<PlacedCount>, rules: &Rules, defects: &mut Vec<Defect>) -> Vec<PlacedCount> {
    let (high, usual): (Vec<_>, Vec<_>) =
        counts.iter().cloned().partition(|placed| placed.count.nombre.get() > rules.plafond);
    let found: Vec<_> = high
        .iter()
        .map(|placed| {
            Defect::new(Code::C03, placed.place.clone())
                .with_severity(rules.gravite_c03)
                .found(placed.count.nombre.get().to_string())
                .expected(format!("au plus {}", rules.plafond))
        })
        .collect();
    let rejected = found.iter().any(Defect::is_rejection);
    defects.extend(found);
    if rejected { usual } else { counts }
}

type Group = (Nature, Temporalite, Affectation);

/// C04 for each nature, temporalité and affectation in which every term is present.
fn incoherences(service: &Service, counts: &[PlacedCount], rules: &Rules) -> Vec<Defect> {
    let group = |count: &Count| (count.nature, count.indicator.temporalite(), count.indicator.affectation());
    let groups: BTreeSet<Group> = counts.iter().map(|placed| group(&placed.count)).collect();
    let members = |wanted: Group| counts.iter().map(|placed| placed.count).filter(move |count| group(count) == wanted);
    groups
        .into_iter()
        .filter_map(|wanted| {
            let (parts, installed) = balance(&members(wanted).collect::<Vec<_>>())?;
            (parts > installed).then(|| {
                Defect::new(Code::C04, service.place.clone())
                    .with_severity(rules.gravite_c04)
                    .found(format!("{parts} {}s au total", wanted.0.word()))
                    .expected(format!("au plus {installed}, le nombre de {}s installés", wanted.0.word()))
            })
        })
        .collect()
}

/// disponible + occupe + reserve + ferme, and installe; `None` unless all five are present.
/// Genres are not summed: only the undifferentiated available count speaks for the whole service.
fn balance(counts: &[Count]) -> Option<(i64, i64)> {
    let sum = |statut: Statut| -> Option<i64> {
        let values: Vec<i64> = counts
            .iter()
            .filter(|count| count.indicator.statut() == statut)
            .filter(|count| count.indicator.genre().is_none_or(|genre| genre == Genre::Indifferencie))
            .map(|count| i64::from(count.nombre.get()))
            .collect();
        (!values.is_empty()).then(|| values.iter().sum())
    };
    let parts = sum(Statut::Disponible)? + sum(Statut::Occupe)? + sum(Statut::Reserve)? + sum(Statut::Ferme)?;
    Some((parts, sum(Statut::Installe)?))
}
