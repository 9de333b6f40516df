//! A refusal of the ROR as the sender reads it.

use domain::capacity::{Affectation, Genre, Indicator, Nomenclature, Temporalite, Update};
use domain::defect::{Code, Defect, Place};
use edges::ror::RorRefusal;

/// The refusal as the sender reads it.
pub(in crate::pipeline) fn refusal_defect(update: &Update, refusal: &RorRefusal) -> Defect {
    let location = &update.location;
    let path = format!(
        "etablissement[{}]/service[{}]/capacite[{}]",
        location.finess(),
        location.service(),
        in_words(&update.count.indicator)
    );
    let defect = Defect::new(refusal.code, Place::mail().with_path(path));
    if refusal.diagnostics.is_empty() || refusal.code == Code::R04 {
        return defect;
    }
    defect.detail(format!("Réponse du ROR : {}", refusal.diagnostics))
}

/// What tells a count from the others of its service: `disponible, femme`.
fn in_words(indicator: &Indicator) -> String {
    let temporalite = Some(indicator.temporalite()).filter(|when| *when != Temporalite::Courant);
    let affectation = Some(indicator.affectation()).filter(|to| *to != Affectation::Aucune);
    let genre = indicator.genre().filter(|genre| *genre != Genre::Indifferencie);
    let parts = [
        Some(indicator.statut().word()),
        temporalite.map(Nomenclature::word),
        genre.map(Genre::word),
        indicator.fermeture().map(Nomenclature::word),
        indicator.supplement().map(Nomenclature::word),
        indicator.crise().map(Nomenclature::word),
        affectation.map(Nomenclature::word),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}
