//! The checks between the counts of one service: once each, legal, plausible, coherent.

use std::collections::BTreeSet;

use super::Rules;
use super::coherence::{excesses, in_words};
use super::collected::Collected;
use crate::referential::Closing;
use domain::capacity::{Count, Indicator, Nomenclature, Statut};
use domain::defect::{Code, Defect, Severity};
use reading::report::{PlacedCount, ReportedService};

/// Keeps the counts that stand and adds what is wrong to `defects`.
pub(super) fn judge(
    service: &ReportedService,
    closing: Option<Closing>,
    rules: &Rules,
    defects: &mut Collected,
) -> Vec<PlacedCount> {
    let once = without_repetitions(service, defects);
    let legal = without_illegal(once, rules, defects);
    let plausible = within_ceiling(legal, rules, defects);
    let open = match closing {
        Some(closing) => without_available(plausible, closing, defects),
        None => plausible,
    };
    let incoherent = note_incoherences(service, &open, rules, defects);
    if incoherent && rules.gravite_c04 == Severity::Rejet { Vec::new() } else { open }
}

/// C07: all occurrences of an indicator given twice fall, beds and places being one key. One that is rejected for its
/// number counts too: the other would else be pushed, and nobody knows which was meant.
fn without_repetitions(service: &ReportedService, defects: &mut Collected) -> Vec<PlacedCount> {
    let repeated = repeated(service);
    let (fallen, once): (Vec<_>, Vec<_>) =
        service.counts.iter().partition(|placed| repeated.contains(&placed.count.indicator));
    let severity = Code::C07.severity();
    for placed in fallen {
        defects.note(severity, || {
            Defect::new(Code::C07, placed.place.clone()).found(placed.count.nombre.get().to_string())
        });
    }
    for count in service.rejected_counts.iter().filter(|count| repeated.contains(&count.indicator)) {
        defects.note(severity, || {
            let defect = Defect::new(Code::C07, count.place.clone());
            count.written.iter().fold(defect, Defect::found)
        });
    }
    once.into_iter().cloned().collect()
}

/// The indicators that stand more than once in the service, rejected or not.
fn repeated(service: &ReportedService) -> BTreeSet<Indicator> {
    let read = service.counts.iter().map(|placed| placed.count.indicator);
    let mut seen = BTreeSet::new();
    read.chain(service.rejected_counts.iter().map(|count| count.indicator))
        .filter(|indicator| !seen.insert(*indicator))
        .collect()
}

/// C05 beyond the compatibility of attributes: only where the agency holds the complete list.
fn without_illegal(counts: Vec<PlacedCount>, rules: &Rules, defects: &mut Collected) -> Vec<PlacedCount> {
    let (legal, illegal): (Vec<_>, Vec<_>) =
        counts.into_iter().partition(|placed| rules.indicators.allows(&placed.count));
    for placed in illegal {
        defects.note(Code::C05.severity(), || {
            Defect::new(Code::C05, placed.place)
                .detail("Cette combinaison ne figure pas dans la liste des indicateurs du ROR.")
        });
    }
    legal
}

fn within_ceiling(counts: Vec<PlacedCount>, rules: &Rules, defects: &mut Collected) -> Vec<PlacedCount> {
    let is_high = |placed: &PlacedCount| placed.count.nombre.get() > rules.plafond;
    for placed in counts.iter().filter(|placed| is_high(placed)) {
        defects.note(rules.gravite_c03, || {
            Defect::new(Code::C03, placed.place.clone())
                .with_severity(rules.gravite_c03)
                .found(placed.count.nombre.get().to_string())
                .expected(format!("au plus {}", rules.plafond))
        });
    }
    let rejects = rules.gravite_c03 == Severity::Rejet;
    counts.into_iter().filter(|placed| !rejects || !is_high(placed)).collect()
}

/// C04 for each nature, temporalité and affectation that holds more than is installed; says whether there is one.
fn note_incoherences(
    service: &ReportedService,
    counts: &[PlacedCount],
    rules: &Rules,
    defects: &mut Collected,
) -> bool {
    let counts: Vec<Count> = counts.iter().map(|placed| placed.count).collect();
    let excesses = excesses(&counts);
    for excess in &excesses {
        let (total, word) = (excess.total(), excess.nature.word());
        let parts = in_words(&excess.parts, excess.nature);
        let of_all = if word == "place" { "installées" } else { "installés" };
        defects.note(rules.gravite_c04, || {
            Defect::new(Code::C04, service.place.clone())
                .with_severity(rules.gravite_c04)
                .found(format!("{total} {word}s au moins : {parts}"))
                .expected(format!("au plus {}, le nombre de {word}s {of_all}", excess.installed))
        });
    }
    !excesses.is_empty()
}

/// S02: a closed service may declare anything but available beds (ROR, RG_EXP_047).
fn without_available(counts: Vec<PlacedCount>, closing: Closing, defects: &mut Collected) -> Vec<PlacedCount> {
    let (refused, kept): (Vec<_>, Vec<_>) = counts
        .into_iter()
        .partition(|placed| placed.count.indicator.statut() == Statut::Disponible && placed.count.nombre.get() > 0);
    for placed in refused {
        defects.note(Code::S02.severity(), || {
            let found = placed.count.nombre.get().to_string();
            let defect = Defect::new(Code::S02, placed.place).found(found).expected("0");
            match closing {
                Closing::Service => defect,
                Closing::Establishment => defect.detail("Tout son établissement y est fermé."),
            }
        });
    }
    kept
}
