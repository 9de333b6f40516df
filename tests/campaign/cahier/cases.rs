//! What holds of every case, and of the cahier as a whole.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use campaign::cahier::{Case, EAI_ADDRESS, ExpectedCase, Sending, World, all_in, embedded, from_folder, readme, world};
use domain::address::Address;
use domain::capacity::{Location, ServiceCode};
use domain::defect::Code;
use domain::finess::Finess;
use domain::outcome::{Etat, Verdict};
use mail_parser::MessageParser;

use super::{fixtures, run};

/// The fewest cases the cahier may have.
const FEWEST: usize = 90;

/// Set to rewrite `fixtures/README.md` in place of comparing it.
const UPDATE: &str = "DISPOLITS_UPDATE";

fn cases() -> Vec<Case> {
    all_in(&fixtures()).unwrap()
}

#[test]
fn every_case_expands_to_the_same_mails_twice() {
    for case in cases() {
        let mails = case.mails(&run()).unwrap();
        assert_eq!(mails, case.mails(&run()).unwrap(), "{}", case.id());
        assert_eq!(mails.len(), case.sendings().len(), "{}", case.id());
        for (sending, mail) in case.sendings().iter().zip(&mails) {
            check_mail(&case, sending, mail);
        }
    }
}

fn check_mail(case: &Case, sending: &Sending, raw: &[u8]) {
    let id = case.id();
    let mail = MessageParser::default().parse(raw).unwrap_or_else(|| panic!("{id}: unreadable"));
    let text = String::from_utf8_lossy(raw);
    assert!(!text.contains("{{") && !text.contains("}}"), "{id}: a token was left");
    assert!(mail.message_id().is_some_and(|id| id.contains("Essai1")), "{id}: Message-ID without the series");
    assert!(mail.date().is_some(), "{id}: no date");
    let recipient = mail.to().and_then(|to| to.first()).and_then(|to| to.address());
    assert_eq!(recipient, Some(EAI_ADDRESS), "{id}");
    for header in mail.headers_raw().filter(|(name, _)| matches!(*name, "From" | "Reply-To" | "Return-Path")) {
        check_fictitious(id, header.1);
    }
    let over = raw.split(|byte| *byte == b'\n').position(|line| line.len() > 1000);
    assert_eq!(over, None, "{id}: a line longer than RFC 5322 allows in {}", sending.file());
}

fn check_fictitious(id: &str, header: &str) {
    let words = header.split([' ', ',', '<', '>', '"', '\r', '\n']);
    for word in words.filter(|word| word.contains('@') && !word.starts_with('@')) {
        let address: Address = word.parse().unwrap_or_else(|_| panic!("{id}: {word}"));
        assert!([".test", ".example"].iter().any(|end| address.domain().ends_with(end)), "{id}: {word}");
    }
}

#[test]
fn a_second_run_sends_other_mails_and_identifiants() {
    let other = campaign::cahier::Run { serie: "Essai2".to_owned(), ..run() };
    for case in cases() {
        let (first, second) = (case.mails(&run()).unwrap(), case.mails(&other).unwrap());
        assert!(first.iter().zip(&second).all(|(first, second)| first != second), "{}", case.id());
    }
    for (case, name) in cases().iter().flat_map(reports) {
        let report = std::fs::read_to_string(fixtures().join(case.id()).join(&name)).unwrap();
        assert!(!report.contains("identifiant=") || report.contains("{{serie}}"), "{}/{name}", case.id());
    }
}

fn reports(case: &Case) -> Vec<(&Case, String)> {
    let names = std::fs::read_dir(fixtures().join(case.id())).unwrap();
    let names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names
        .filter(|name| Path::new(name).extension().is_some_and(|extension| extension == "xml"))
        .map(|name| (case, name))
        .collect()
}

#[test]
fn what_is_compiled_in_is_what_lies_in_the_folder() {
    let compiled: Vec<_> = embedded().unwrap().iter().map(|case| case.mails(&run()).unwrap()).collect();
    let on_disk: Vec<_> = cases().iter().map(|case| case.mails(&run()).unwrap()).collect();
    assert!(compiled == on_disk, "fixtures/ changed since src/campaign/cahier/source.rs was compiled: touch it");
}

#[test]
fn the_cahier_is_large_and_its_ids_are_its_folders() {
    let cases = cases();
    assert!(cases.len() >= FEWEST, "{} cases", cases.len());
    let ids: BTreeSet<&str> = cases.iter().map(Case::id).collect();
    assert_eq!(ids.len(), cases.len());
    for id in ids {
        let legal = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        assert!(id.bytes().all(legal), "{id}");
        assert_eq!(from_folder(&fixtures().join(id)).unwrap().id(), id);
    }
}

#[test]
fn every_code_every_verdict_and_every_state_is_expected_somewhere() {
    let cases = cases();
    let expected: Vec<&ExpectedCase> = cases.iter().flat_map(Case::sendings).map(Sending::expected).collect();
    let codes: BTreeSet<Code> = expected.iter().flat_map(|expected| expected.codes.iter().copied()).collect();
    assert_eq!(codes, Code::ALL.iter().copied().collect());
    let etats: Vec<Etat> = expected.iter().flat_map(|expected| &expected.lines).map(|line| line.etat).collect();
    assert!(Etat::ALL.iter().all(|etat| etats.contains(etat)));
    // A quarantine takes several crashed attempts, which no mail can provoke from outside.
    let provoked = Verdict::ALL.into_iter().filter(|verdict| *verdict != Verdict::Quarantaine).map(Some);
    for verdict in provoked.chain([None]) {
        assert!(expected.iter().any(|expected| expected.verdict == verdict), "{verdict:?}");
    }
}

#[test]
fn expectations_do_not_contradict_themselves() {
    for case in cases() {
        for sending in case.sendings() {
            check_expected(case.id(), sending.expected());
        }
    }
}

fn check_expected(id: &str, expected: &ExpectedCase) {
    let rejections = expected.codes.iter().any(|code| code.severity() == domain::defect::Severity::Rejet);
    let refused = expected.lines.iter().any(|line| line.etat == Etat::Rejetee);
    let arrived = expected.lines.iter().any(|line| line.etat != Etat::Rejetee);
    match expected.verdict {
        Some(Verdict::Integre) => assert!(!rejections && !refused && arrived, "{id}"),
        Some(Verdict::PartiellementIntegre) => assert!(rejections && arrived, "{id}"),
        Some(Verdict::Rejete) => assert!(rejections && !arrived, "{id}"),
        Some(Verdict::Ignore | Verdict::Doublon) => {
            assert!(expected.codes.is_empty() && expected.lines.is_empty(), "{id}");
        }
        Some(Verdict::Quarantaine) => panic!("{id}: cannot be provoked"),
        None => assert!(expected.lines.iter().any(|line| line.etat == Etat::EnAttente), "{id}"),
    }
    let ror = expected.codes.iter().filter(|code| code.as_str().starts_with('R')).count();
    let held = |etat| matches!(etat, Etat::Rejetee | Etat::EnAttente);
    assert_eq!(ror, expected.lines.iter().filter(|line| held(line.etat)).count(), "{id}: one refusal a row");
    let keys: BTreeSet<_> = expected.lines.iter().map(|line| (&line.location, line.indicator)).collect();
    assert_eq!(keys.len(), expected.lines.len(), "{id}: a row twice");
}

#[test]
fn no_two_cases_share_a_service() {
    let mut owners: BTreeMap<Location, String> = BTreeMap::new();
    for case in cases() {
        let lines = case.sendings().iter().flat_map(|sending| &sending.expected().lines);
        for location in lines.map(|line| line.location.clone()).collect::<BTreeSet<_>>() {
            let other = owners.insert(location.clone(), case.id().to_owned());
            assert_eq!(other, None, "{} is in two cases", location.ror_identifier());
        }
    }
}

#[test]
fn every_expected_row_is_of_a_service_of_the_world() {
    let world = world().unwrap();
    let known = services(&world);
    let cases = cases();
    for (case, line) in cases.iter().flat_map(|case| rows(case).map(move |line| (case, line))) {
        assert!(known.contains(&line.location), "{}: {}", case.id(), line.location.ror_identifier());
    }
    for lieu in &world.lieux {
        assert!(known.iter().any(|location| location.ror_identifier() == lieu.identifiant), "{}", lieu.identifiant);
    }
}

fn rows(case: &Case) -> impl Iterator<Item = &campaign::cahier::ExpectedLine> {
    case.sendings().iter().flat_map(|sending| &sending.expected().lines)
}

fn services(world: &World) -> BTreeSet<Location> {
    let establishments: BTreeSet<Finess> =
        records(world.etablissements_csv).iter().map(|fields| fields[0].parse().unwrap()).collect();
    let location = |fields: &Vec<String>| {
        let finess: Finess = fields[0].parse().unwrap();
        assert!(establishments.contains(&finess), "{finess}");
        Location::new(finess, fields[1].parse::<ServiceCode>().unwrap())
    };
    let rows = records(world.services_csv);
    let locations: BTreeSet<Location> = rows.iter().map(location).collect();
    assert_eq!(locations.len(), rows.len(), "a service twice in services.csv");
    locations
}

fn records(csv: &str) -> Vec<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new().delimiter(b';').from_reader(csv.as_bytes());
    reader.records().map(|record| record.unwrap().iter().map(str::to_owned).collect()).collect()
}

#[test]
fn the_readme_is_what_the_cases_say() {
    let path = fixtures().join("README.md");
    let page = readme(&cases());
    if std::env::var_os(UPDATE).is_some() {
        std::fs::write(&path, &page).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap();
    assert!(written == page, "run this test with {UPDATE}=1 to rewrite fixtures/README.md");
}
