//! `check` and the service agree: every case of the cahier, judged as a file, has the verdict, codes
//! and counts that the case expects.

use std::collections::BTreeSet;
use std::path::Path;

use campaign::cahier;
use campaign::cahier::{Case, Run, Sending};
use domain::defect::{Code, Defect, Scope, Severity};
use domain::outcome::Verdict;
use jiff::Timestamp;
use judging::dry_run::{Bench, Checked, check};
use judging::judgement::{Indicators, Rules};
use judging::referential::Referential;

/// Today, and the days on which clocks and calendars are odd: this week and next year alike.
const INSTANTS: [&str; 8] = [
    "2026-11-23T07:00:00Z",
    // The hour that does not exist in Paris, and the one that comes twice.
    "2027-03-28T00:59:30Z",
    "2027-03-28T01:00:00Z",
    "2026-10-25T00:30:00Z",
    "2026-10-25T01:30:00Z",
    "2028-02-29T22:59:59Z",
    // The new year begins in Paris, then in UTC.
    "2026-12-31T22:59:30Z",
    "2026-12-31T23:59:59Z",
];

/// Mails must be comparable in at least so many of the sendings, or the comparison proves nothing.
const FEWEST: usize = 200;

fn referential() -> Referential {
    let world = cahier::world().unwrap();
    Referential::parse(world.etablissements_csv.as_bytes(), world.services_csv.as_bytes()).unwrap()
}

fn judged(name: &str, bytes: &[u8], referential: Option<&Referential>, at: Timestamp) -> Checked {
    let rules = Rules { indicators: Indicators::shipped().unwrap(), ..Rules::default() };
    check(name, bytes, &Bench { referential, rules: &rules, at })
}

/// One play of the cahier at each instant.
fn runs() -> impl Iterator<Item = Run> {
    INSTANTS.into_iter().map(|now| Run { now: now.parse().unwrap(), serie: "Essai1".to_owned() })
}

/// Whether a file alone cannot have the code: the ROR gives it, the mailbox's limit, or an earlier mail.
fn is_beyond_a_file(code: Code) -> bool {
    code.scope() == Scope::Ligne || matches!(code, Code::M03 | Code::D07)
}

/// What the case expects, as far as `checked` could know it; `None` if nothing can be compared.
fn expected(sending: &Sending, first: bool, checked: &Checked) -> Option<(Verdict, Vec<Code>)> {
    let expected = sending.expected();
    // A later mail may be a duplicate of the one before it.
    if expected.codes.contains(&Code::M03) || !first && expected.verdict == Some(Verdict::Doublon) {
        return None;
    }
    let own: Vec<Code> = expected.codes.iter().copied().filter(|code| !is_beyond_a_file(*code)).collect();
    // Under an item that is not checked anything may be found: nothing is comparable.
    if own.iter().any(|code| checked.non_verifie.contains(code)) {
        return None;
    }
    let rejected = own.iter().any(|code| code.severity() == Severity::Rejet);
    let verdict = match expected.verdict {
        Some(Verdict::Ignore) => Verdict::Ignore,
        _ => Verdict::of_rows(expected.lines.len(), rejected),
    };
    Some((verdict, own))
}

fn compare(case: &Case, sending: &Sending, first: bool, checked: &Checked, now: Timestamp) -> bool {
    let Some((verdict, codes)) = expected(sending, first, checked) else { return false };
    let mut got: Vec<Code> = checked.defauts.iter().map(Defect::code).collect();
    got.sort();
    let name = format!("{}, {}, {now}", case.id(), checked.fichier);
    assert_eq!((checked.verdict, got), (verdict, codes), "{name}: {:#?}", checked.defauts);
    let got: BTreeSet<String> =
        checked.lignes.iter().map(|line| format!("{:?}", (&line.update.location, line.update.count))).collect();
    let lines = &sending.expected().lines;
    let wanted: BTreeSet<String> = lines
        .iter()
        .map(|line| {
            let count = domain::capacity::Count { indicator: line.indicator, nature: line.nature, nombre: line.nombre };
            format!("{:?}", (&line.location, count))
        })
        .collect();
    assert_eq!(got, wanted, "{name}");
    assert_eq!(checked.lignes.len(), lines.len(), "{name}: a count twice");
    true
}

#[test]
fn every_mail_of_the_cahier_is_judged_as_the_service_judges_it() {
    let (referential, cases) = (referential(), cahier::embedded().unwrap());
    // A third of the instants will do: some mails are large, and dates stand in their reports alone.
    for run in runs().step_by(3) {
        let mut compared = 0;
        for case in &cases {
            let mails = case.mails(&run).unwrap();
            for (rank, (sending, mail)) in case.sendings().iter().zip(&mails).enumerate() {
                let checked = judged("courriel.eml", mail, Some(&referential), run.now);
                assert!(checked.non_verifie.is_empty(), "{}: a mail has its sender", case.id());
                compared += usize::from(compare(case, sending, rank == 0, &checked, run.now));
            }
        }
        assert!(compared >= FEWEST, "only {compared} mails could be compared at {}", run.now);
    }
}

#[test]
fn every_report_of_the_cahier_is_judged_without_its_mail() {
    let (referential, cases) = (referential(), cahier::embedded().unwrap());
    for (referential, run) in [Some(&referential), None].into_iter().flat_map(|one| runs().map(move |run| (one, run))) {
        let mut compared = 0;
        for case in &cases {
            for (rank, sending) in case.sendings().iter().enumerate() {
                if Path::new(sending.file()).extension().is_none_or(|extension| extension != "xml") {
                    continue;
                }
                let file = case.file(sending.file(), &run).unwrap();
                let checked = judged(sending.file(), &file, referential, run.now);
                compared += usize::from(compare(case, sending, rank == 0, &checked, run.now));
            }
        }
        assert!(compared >= FEWEST / 2, "only {compared} reports could be compared at {}", run.now);
    }
}
