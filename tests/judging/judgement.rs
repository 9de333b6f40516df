//! What the cahier cannot reach: the rules an agency may change, and judging without referential.

use campaign::cahier;
use domain::capacity::{
    Affectation, Count, Fermeture, Genre, Indicator, IndicatorParts, Mode, Nature, Nombre, Source, Statut, Temporalite,
};
use domain::defect::{Code, Place, Severity};
use domain::outcome::Verdict;
use jiff::{SignedDuration, Timestamp};
use judging::judgement::{Context, Indicators, Judgement, Policy, Rules, judge};
use judging::referential::Referential;
use reading::report::{Etablissement, PlacedCount, ReportHead, ReportReading, ReportedService};

fn received_at() -> Timestamp {
    "2026-11-23T08:00:00Z".parse().unwrap()
}

fn count(statut: Statut, nombre: i64) -> PlacedCount {
    kind(statut, None, None, nombre)
}

fn kind(statut: Statut, genre: Option<Genre>, fermeture: Option<Fermeture>, nombre: i64) -> PlacedCount {
    let parts = IndicatorParts {
        statut,
        temporalite: Temporalite::Courant,
        genre,
        fermeture,
        supplement: None,
        crise: None,
        affectation: Affectation::Aucune,
    };
    let indicator = Indicator::new(parts).unwrap();
    let count = Count { indicator, nature: Nature::Lit, nombre: Nombre::new(nombre).unwrap() };
    PlacedCount { count, place: Place::piece("rapport.xml") }
}

fn service(code: &str, counts: Vec<PlacedCount>) -> ReportedService {
    ReportedService {
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

fn reading(services: Vec<ReportedService>) -> ReportReading {
    let place = Place::piece("rapport.xml");
    let finess = Some("350054680".parse().unwrap());
    ReportReading {
        head: ReportHead { name: "rapport.xml".to_owned(), mode: Mode::Reel, ..ReportHead::default() },
        etablissements: vec![Etablissement { finess, services, place, rejected: false }],
        defects: Vec::new(),
    }
}

fn check(
    rules: &Rules,
    services: Vec<ReportedService>,
    codes: &[Code],
    accepted: usize,
    verdict: Verdict,
) -> Judgement {
    let context =
        Context { referential: None, sender: None, received_at: received_at(), rules, identifiant_reused: false };
    let judged = judge(reading(services), &context);
    let found: Vec<Code> = judged.defects.iter().map(domain::defect::Defect::code).collect();
    assert_eq!((found.as_slice(), judged.updates.len(), judged.verdict), (codes, accepted, verdict));
    judged
}

/// What became of a report of one service, sent by this address, of an establishment refused by its reader or not.
fn judged_of(sender: &str, finess: &str, refused: bool) -> (Vec<Code>, usize, Verdict) {
    let world = cahier::world().unwrap();
    let referential = Referential::parse(world.etablissements_csv.as_bytes(), world.services_csv.as_bytes()).unwrap();
    let (sender, rules) = (sender.parse().unwrap(), Rules::default());
    let (referential, sender) = (Some(&referential), Some(&sender));
    let context = Context { referential, sender, received_at: received_at(), rules: &rules, identifiant_reused: false };
    let mut reading = reading(vec![service("C01-A", vec![count(Statut::Installe, 10)])]);
    reading.etablissements[0].finess = Some(finess.parse().unwrap());
    reading.etablissements[0].rejected = refused;
    let judged = judge(reading, &context);
    (judged.defects.iter().map(domain::defect::Defect::code).collect(), judged.updates.len(), judged.verdict)
}

#[test]
fn no_count_of_an_establishment_that_is_refused_goes_to_the_ror() {
    let own = "lits@ch-armor.test";
    assert_eq!(judged_of(own, "350054680", false), (vec![], 1, Verdict::Integre));
    let stranger = judged_of("gestion@ailleurs.test", "350054680", false);
    assert_eq!(stranger, (vec![Code::E04], 0, Verdict::Rejete));
    assert_eq!(judged_of(own, "750000002", false), (vec![Code::E03], 0, Verdict::Rejete));
    assert_eq!(judged_of(own, "350054680", true).1, 0, "its reader refused it");
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

/// Ten beds installed and these counts beside them: whether they contradict each other, and in which words.
fn check_coherence(about: &str, others: Vec<PlacedCount>, told: Option<&str>) {
    let counts: Vec<PlacedCount> = std::iter::once(count(Statut::Installe, 10)).chain(others).collect();
    let (number, codes) = (counts.len(), if told.is_some() { vec![Code::C04] } else { vec![] });
    let judged = check(&Rules::default(), vec![service("A", counts)], &codes, number, Verdict::Integre);
    assert_eq!(judged.defects.first().and_then(domain::defect::Defect::found_text), told, "{about}");
}

#[test]
fn any_part_of_the_beds_beyond_those_installed_is_incoherent() {
    let free = |genre: Genre, nombre: i64| kind(Statut::Disponible, Some(genre), None, nombre);
    let shut = |fermeture: Fermeture, nombre: i64| kind(Statut::Ferme, None, Some(fermeture), nombre);
    check_coherence("as many", vec![count(Statut::Occupe, 10)], None);
    check_coherence("one state alone", vec![count(Statut::Occupe, 11)], Some("11 lits au moins : 11 occupés"));
    let two = vec![count(Statut::Occupe, 9), count(Statut::Reserve, 2), count(Statut::Disponible, 0)];
    check_coherence("two of four", two, Some("11 lits au moins : 9 occupés, 2 réservés"));
    check_coherence("beyond the installed", vec![count(Statut::Occupe, 10), extra(5)], None);
    let both = vec![count(Statut::Occupe, 8), free(Genre::Femme, 2), free(Genre::Homme, 1)];
    check_coherence("both genders", both, Some("11 lits au moins : 8 occupés, 3 disponibles"));
    let within =
        vec![count(Statut::Occupe, 8), free(Genre::Indifferencie, 2), free(Genre::Femme, 2), free(Genre::Homme, 2)];
    check_coherence("genders beside a total", within, None);
    let beyond = vec![count(Statut::Occupe, 8), free(Genre::Indifferencie, 1), free(Genre::Femme, 3)];
    check_coherence("a gender beyond the total", beyond, Some("11 lits au moins : 8 occupés, 3 disponibles"));
    let whole = vec![count(Statut::Occupe, 8), shut(Fermeture::Indetermine, 2), shut(Fermeture::Reactivable, 2)];
    check_coherence("closings beside a total", whole, None);
    let apart = vec![count(Statut::Occupe, 8), shut(Fermeture::Reactivable, 2), shut(Fermeture::NonReactivable, 1)];
    check_coherence("two kinds of closing", apart, Some("11 lits au moins : 8 occupés, 3 fermés"));
    let forecast =
        PlacedCount { count: Count { indicator: tomorrow(), ..count(Statut::Occupe, 40).count }, ..extra(1) };
    check_coherence("at another time", vec![count(Statut::Occupe, 5), forecast], None);
}

fn extra(nombre: i64) -> PlacedCount {
    let key = "supplementaire/courant/-/-/mobilise/-/aucune";
    let count = Count { indicator: key.parse().unwrap(), ..count(Statut::Occupe, nombre).count };
    PlacedCount { count, place: Place::piece("rapport.xml") }
}

fn tomorrow() -> Indicator {
    "occupe/24h/-/-/-/-/aucune".parse().unwrap()
}

#[test]
fn a_service_without_its_beds_installed_is_never_incoherent() {
    let counts = vec![count(Statut::Disponible, 3), count(Statut::Occupe, 4)];
    check(&Rules::default(), vec![service("A", counts)], &[], 2, Verdict::Integre);
}

#[test]
fn the_night_of_a_clock_change_is_told_with_its_offsets() {
    let received_at: Timestamp = "2026-10-25T02:30:00+02:00".parse().unwrap();
    let date_releve = Some("2026-10-25T02:30:00+01:00".parse().unwrap());
    let rules = Rules::default();
    let context = Context { referential: None, sender: None, received_at, rules: &rules, identifiant_reused: false };
    let judged =
        judge(reading(vec![ReportedService { date_releve, ..service("A", vec![count(Statut::Occupe, 1)]) }]), &context);
    let [defect] = judged.defects.as_slice() else { panic!("{:?}", judged.defects) };
    assert_eq!(defect.code(), Code::H02);
    assert!(defect.message().contains("25/10/2026 à 02:30 (UTC+01:00, heure d’hiver)"), "{}", defect.message());
    let expected = defect.expected_text().unwrap();
    assert!(expected.contains("25/10/2026 à 02:35 (UTC+02:00, heure d’été)"), "{expected}");
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
        vec![ReportedService { date_releve, ..service("A", vec![count(Statut::Installe, 1)]) }]
    };
    let rules = Rules::default();
    check(&rules, dated(SignedDuration::from_secs(300)), &[], 1, Verdict::Integre);
    check(&rules, dated(SignedDuration::from_secs(301)), &[Code::H02], 0, Verdict::Rejete);
    check(&rules, dated(-SignedDuration::from_hours(168)), &[], 1, Verdict::Integre);
    let too_old = -SignedDuration::from_hours(168) - SignedDuration::from_secs(1);
    check(&rules, dated(too_old), &[Code::H03], 0, Verdict::Rejete);
}
