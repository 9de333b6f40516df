//! The shipped table of indicators.

use std::collections::{BTreeMap, BTreeSet};

use domain::capacity::{
    Affectation, Crise, Fermeture, Genre, Indicator, IndicatorParts, Nomenclature, Statut, Supplement, Temporalite,
};
use judging::judgement::Indicators;

/// `schemas/indicateurs.toml` states for people what `Indicator::new` does: both must agree.
#[test]
fn the_shipped_table_states_the_compatibility_of_attributes() {
    #[derive(serde::Deserialize)]
    struct Table {
        compatibilite: BTreeMap<String, BTreeSet<String>>,
        obligatoire: BTreeMap<String, BTreeSet<String>>,
    }
    let table: Table = toml::from_str(include_str!("../../schemas/indicateurs.toml")).unwrap();
    let supplement = |statut| (statut == Statut::Supplementaire).then_some(Supplement::Mobilise);
    let plain = |statut| IndicatorParts {
        statut,
        temporalite: Temporalite::Courant,
        genre: None,
        fermeture: None,
        supplement: supplement(statut),
        crise: None,
        affectation: Affectation::Aucune,
    };
    let admitted = |with: fn(IndicatorParts) -> IndicatorParts| -> BTreeSet<String> {
        let legal =
            |entry: &&domain::capacity::NomenclatureEntry<Statut>| Indicator::new(with(plain(entry.value))).is_ok();
        Statut::ENTRIES.iter().filter(legal).map(|entry| entry.word.to_owned()).collect()
    };
    let stated = |name: &str| table.compatibilite[name].clone();
    assert_eq!(stated("genre"), admitted(|parts| IndicatorParts { genre: Some(Genre::Femme), ..parts }));
    assert_eq!(
        stated("fermeture"),
        admitted(|parts| IndicatorParts { fermeture: Some(Fermeture::Reactivable), ..parts })
    );
    assert_eq!(
        stated("supplement"),
        admitted(|parts| IndicatorParts { supplement: Some(Supplement::Mobilise), ..parts })
    );
    assert_eq!(stated("crise"), admitted(|parts| IndicatorParts { crise: Some(Crise::Sse), ..parts }));
    let demanding: BTreeSet<String> = Statut::ENTRIES
        .iter()
        .filter(|entry| Indicator::new(IndicatorParts { supplement: None, ..plain(entry.value) }).is_err())
        .map(|entry| entry.word.to_owned())
        .collect();
    assert_eq!(table.obligatoire.keys().cloned().collect::<BTreeSet<_>>(), demanding);
    assert!(Indicators::shipped().is_ok());
}
