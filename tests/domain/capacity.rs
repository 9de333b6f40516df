//! Indicator keys: which attributes go together, the key as text, and the shipped table.

use domain::capacity::{
    Affectation, Crise, Fermeture, Genre, Incompatible, Indicator, IndicatorParts, Location, Nombre, Nomenclature,
    ServiceCode, Statut, Supplement, Temporalite,
};
use proptest::prelude::*;

fn one_of<T: Nomenclature>() -> impl Strategy<Value = T> {
    (0..T::ENTRIES.len()).prop_map(|rank| T::ENTRIES[rank].value)
}

fn maybe<T: Nomenclature>() -> impl Strategy<Value = Option<T>> {
    prop_oneof![Just(None), one_of::<T>().prop_map(Some)]
}

fn any_parts() -> impl Strategy<Value = IndicatorParts> {
    let genre =
        prop_oneof![Just(None), Just(Some(Genre::Femme)), Just(Some(Genre::Homme)), Just(Some(Genre::Indifferencie))];
    let always = (one_of::<Statut>(), one_of::<Temporalite>(), one_of::<Affectation>());
    let sometimes = (genre, maybe::<Fermeture>(), maybe::<Supplement>(), maybe::<Crise>());
    (always, sometimes).prop_map(|((statut, temporalite, affectation), (genre, fermeture, supplement, crise))| {
        IndicatorParts { statut, temporalite, genre, fermeture, supplement, crise, affectation }
    })
}

proptest! {
    #[test]
    fn a_legal_key_survives_its_text(parts in any_parts()) {
        if let Ok(indicator) = Indicator::new(parts) {
            let text = indicator.to_string();
            prop_assert_eq!(text.parse::<Indicator>().unwrap(), indicator);
        }
    }

    #[test]
    fn a_key_says_what_its_statut_admits(parts in any_parts()) {
        if let Ok(indicator) = Indicator::new(parts) {
            prop_assert_eq!(indicator.genre().is_some(), indicator.statut() == Statut::Disponible);
            prop_assert_eq!(indicator.fermeture().is_some(), indicator.statut() == Statut::Ferme);
            prop_assert_eq!(indicator.supplement().is_some(), indicator.statut() == Statut::Supplementaire);
            prop_assert!(indicator.crise().is_none() || indicator.statut() == Statut::Supplementaire);
        }
    }

    #[test]
    fn different_parts_have_different_keys(one in any_parts(), other in any_parts()) {
        if let (Ok(one), Ok(other)) = (Indicator::new(one), Indicator::new(other)) {
            prop_assert_eq!(one == other, one.to_string() == other.to_string());
        }
    }

    #[test]
    fn any_text_is_read_as_a_key_without_panic(text in "\\PC*") {
        let _ = text.parse::<Indicator>();
    }

    #[test]
    fn a_service_code_is_kept_as_written(text in "[A-Za-z0-9._ -]{1,50}") {
        let code: ServiceCode = text.parse().unwrap();
        prop_assert_eq!(code.as_str(), text);
    }
}

#[test]
fn an_incompatible_attribute_is_named() {
    let plain = IndicatorParts {
        statut: Statut::Occupe,
        temporalite: Temporalite::Courant,
        genre: None,
        fermeture: None,
        supplement: None,
        crise: None,
        affectation: Affectation::Aucune,
    };
    let check = |parts: IndicatorParts, expected| assert_eq!(Indicator::new(parts).map(drop), expected, "{parts:?}");
    check(plain, Ok(()));
    check(IndicatorParts { genre: Some(Genre::Femme), ..plain }, Err(Incompatible::Genre));
    check(IndicatorParts { fermeture: Some(Fermeture::Reactivable), ..plain }, Err(Incompatible::Fermeture));
    check(IndicatorParts { supplement: Some(Supplement::Mobilise), ..plain }, Err(Incompatible::Supplement));
    check(IndicatorParts { crise: Some(Crise::Sse), ..plain }, Err(Incompatible::Crise));
    check(IndicatorParts { statut: Statut::Supplementaire, ..plain }, Err(Incompatible::SupplementMissing));
}

#[test]
fn numbers_and_codes_stay_in_their_range() {
    assert_eq!(Nombre::new(-1), None);
    assert_eq!(Nombre::new(0).map(Nombre::get), Some(0));
    assert_eq!(Nombre::new(2_147_483_647).map(Nombre::get), Some(i32::MAX));
    assert_eq!(Nombre::new(2_147_483_648), None);
    for malformed in ["", "é", "a/b", "a,b", &"x".repeat(51)] {
        assert!(malformed.parse::<ServiceCode>().is_err(), "{malformed:?}");
    }
}

#[test]
fn a_location_is_searched_by_structure_and_service() {
    let location = Location::new("350054680".parse().unwrap(), "SSR38888".parse().unwrap());
    assert_eq!(location.ror_identifier(), "1350054680/SSR38888");
}
