//! What the cahier cannot reach: the rules an agency may change, and judging without referential.

use dispolits::capacity::{
    Affectation, Count, Genre, Indicator, Mode, Nature, Nombre, Parts, Source, Statut, Temporalite,
};
use dispolits::defect::{Code, Place, Severity};
use dispolits::judgement::{Context, Indicators, Judgement, Policy, Rules, judge};
use dispolits::outcome::Verdict;
use dispolits::report::{Etablissement, Head, PlacedCount, Reading, Service};
use jiff::{SignedDuration, Timestamp};

fn received_at() -> Timestamp {
    "2026-11-23T08:00:00Z".parse().unwrap()
}

fn count(statut: Statut, nombre: i64) -> PlacedCount {
    let parts = Parts {
        statut,
        temporalite: Temporalite::Courant,
        genre: None,
        fermeture: None,
        supplement: None,
        crise: None,
        affectation: Affectation::Aucune,
    };
    let indicator = Indicator::new(parts).unwrap();
    let count = Count { indicator, nature: Nature::Lit, nombre: Nombre::new(nombre).unwrap() };
    PlacedCount { count, place: Place::piece("rapport.xml") }
}

fn service(code: &str, counts: Vec<PlacedCount>) -> Service {
    Service {
        code: Some(code.parse().unwrap()),
        date_releve: Some(received_at() - SignedDuration::from_mins(10)),
        source: Source::BedManagement,
        counts,
        rejected_counts: Vec::new(),
        place: Place::piece("rapport.xml"),
        date_place: Place::piece("rapport.xml"),
        date_text: String::new(),
        rejected: false,
    }
}

fn reading(services: Vec<Service>) -> Reading {
    let place = Place::piece("rapport.xml");
    let finess = Some("350054680".parse().unwrap());
    Reading {
        head: Head { name: "rapport.xml".to_owned(), mode: Mode::Reel, ..Head::default() },
        etablissements: vec![Etablissement { finess, services, place, rejected: false }],
        defects: Vec::new(),
    }
}

fn check(rules: &Rules, services: Vec<Service>, codes: &[Code], accepted: usize, verdict: Verdict) -> Judgement {
    let context =
        Context { referential: None, sender: None, received_at: received_at(), rules, identifiant_reused: false };
    let judged = judge(reading(services), &context);
    let found: Vec<Code> = judged.defects.iter().map(dispolits::defect::Defect::code).collect();
    assert_eq!((found.as_slice(), judged.updates.len(), judged.verdict), (codes, accepted, verdict));
    judged
}

#[test]
fn a_service_is_judged_count_by_count_unless_the_agency_wants_all_or_nothing() {
    let services = || {
        vec![
            service("A", vec![count(Statut::Installe, 10)]),
            service("B", vec![count(Statut::Occupe, 1), count(Statut::Occupe, 2)]),
        ]
    };
    check(&Rules::default(), services(), &[Code::C07, Code::C07], 1, Verdict::PartiellementIntegre);
    let rules = Rules { policy: Policy::AllOrNothing, ..Rules::default() };
    check(&rules, services(), &[Code::C07, Code::C07], 0, Verdict::Rejete);
}

#[test]
fn the_ceiling_warns_or_rejects_as_configured() {
    let services = || vec![service("A", vec![count(Statut::Installe, 2001), count(Statut::Occupe, 2000)])];
    check(&Rules::default(), services(), &[Code::C03], 2, Verdict::Integre);
    let strict = Rules { gravite_c03: Severity::Rejet, ..Rules::default() };
    check(&strict, services(), &[Code::C03], 1, Verdict::PartiellementIntegre);
    let low = Rules { plafond: 1999, ..Rules::default() };
    check(&low, services(), &[Code::C03, Code::C03], 2, Verdict::Integre);
}

#[test]
fn incoherent_counts_warn_or_reject_the_service_as_configured() {
    let services = |reserve| {
        let counts = [
            (Statut::Installe, 10),
            (Statut::Disponible, 3),
            (Statut::Occupe, 4),
            (Statut::Reserve, reserve),
            (Statut::Ferme, 2),
        ];
        vec![service("A", counts.map(|(statut, nombre)| count(statut, nombre)).to_vec())]
    };
    check(&Rules::default(), services(1), &[], 5, Verdict::Integre);
    check(&Rules::default(), services(2), &[Code::C04], 5, Verdict::Integre);
    let strict = Rules { gravite_c04: Severity::Rejet, ..Rules::default() };
    check(&strict, services(2), &[Code::C04], 0, Verdict::Rejete);
}

#[test]
fn coherence_is_only_judged_where_every_term_is_present() {
    let counts = vec![count(Statut::Installe, 1), count(Statut::Disponible, 3), count(Statut::Occupe, 4)];
    check(&Rules::default(), vec![service("A", counts)], &[], 3, Verdict::Integre);
}

#[test]
fn a_complete_table_of_indicators_rejects_all_others() {
    let table = "complet = true\n[compatibilite]\n[obligatoire]\n\
        [[indicateur]]\ncle = \"installe/courant/-/-/-/-/aucune\"\nnature = \"lit\"\n";
    let rules = Rules { indicators: Indicators::parse(table).unwrap(), ..Rules::default() };
    let services = vec![service("A", vec![count(Statut::Installe, 10), count(Statut::Occupe, 2)])];
    let judged = check(&rules, services, &[Code::C05], 1, Verdict::PartiellementIntegre);
    assert_eq!(judged.updates[0].count.indicator.genre(), None::<Genre>);
    assert!(Indicators::parse(&table.replace("installe", "inconnu")).is_err());
}

#[test]
fn the_limits_of_time_are_those_of_the_configuration() {
    let dated = |shift: SignedDuration| {
        let date_releve = Some(received_at() + shift);
        vec![Service { date_releve, ..service("A", vec![count(Statut::Installe, 1)]) }]
    };
    let rules = Rules::default();
    check(&rules, dated(SignedDuration::from_secs(300)), &[], 1, Verdict::Integre);
    check(&rules, dated(SignedDuration::from_secs(301)), &[Code::H02], 0, Verdict::Rejete);
    check(&rules, dated(-SignedDuration::from_hours(168)), &[], 1, Verdict::Integre);
    let too_old = -SignedDuration::from_hours(168) - SignedDuration::from_secs(1);
    check(&rules, dated(too_old), &[Code::H03], 0, Verdict::Rejete);
}
