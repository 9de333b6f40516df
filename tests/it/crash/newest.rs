//! The newest observation wins: what the ROR must hold in the end, and what it may have been asked on the way.

use std::collections::{BTreeMap, BTreeSet};

use campaign::simulator::IndicatorKey;
use domain::capacity::GenreCode;
use jiff::Timestamp;

use super::letter::{Count, Indicator};
use super::oracle::Case;
use super::traffic::REFUSED;

/// A place and the words of its indicator.
type Address = (String, Words);
/// Status, genre, closing: the rest of a key is the same in every count that is sent.
type Words = (String, Option<String>, Option<String>);
/// Number and instant.
type Value = (i64, String);

/// Where the ROR does not hold the newest value of each indicator, or was asked what nobody observed.
pub(super) fn faults(case: &Case<'_>) -> Vec<String> {
    let expected = newest(case);
    let held: BTreeMap<Address, Value> = case
        .seen
        .held
        .iter()
        .map(|held| ((held.identifiant.clone(), words(&held.indicateur)), (held.nombre, held.date.clone())))
        .collect();
    let mut faults = inventions(case);
    for address in expected.keys().chain(held.keys()).collect::<BTreeSet<_>>() {
        let (wanted, got) = (expected.get(address), held.get(address));
        if wanted != got {
            faults.push(format!("newest: {address:?} is {got:?}, expected {wanted:?}"));
        }
    }
    faults
}

/// Requests for values that no right count has: of a trial, of a rejected count, of nobody.
pub(super) fn inventions(case: &Case<'_>) -> Vec<String> {
    let real = case.trials.iter().filter(|trial| !trial.letter.trial);
    let observed: BTreeSet<(String, Words, Value)> = real
        .flat_map(|trial| &trial.letter.counts)
        .flat_map(|count| {
            [GenreCode::Indifferencie, GenreCode::Indetermine].map(|genre| (address(count, genre), count))
        })
        .map(|((place, words), count)| (place, words, value(count)))
        .collect();
    let mut faults = Vec::new();
    for request in case.seen.requests.iter().filter(|request| request.methode == "PATCH") {
        let (Some(place), Some(key)) = (&request.identifiant, &request.indicateur) else {
            faults.push(format!("request: {} names no indicator", request.rang));
            continue;
        };
        let Some((number, date)) = request.nombre.zip(request.date.clone()) else { continue };
        if !observed.contains(&(place.clone(), words(key), (number, date))) {
            faults.push(format!("request: {place} was told {number}, which nobody observed"));
        }
    }
    faults
}

/// By (instant, order of reception), the later mail of one instant wins.
fn newest(case: &Case<'_>) -> BTreeMap<Address, Value> {
    let mut newest: BTreeMap<Address, ((i64, i64), Value)> = BTreeMap::new();
    for trial in case.trials.iter().filter(|trial| !trial.letter.trial && !trial.rows.is_empty()) {
        let received = trial.mail.map_or(0, |mail| mail.id);
        for count in trial.letter.counts.iter().filter(|count| !count.place.ends_with(REFUSED)) {
            let candidate = ((count.observed, received), value(count));
            let held = newest.entry(address(count, case.seen.genre)).or_insert_with(|| candidate.clone());
            if candidate.0 > held.0 {
                *held = candidate;
            }
        }
    }
    newest.into_iter().map(|(address, (_, value))| (address, value)).collect()
}

fn value(count: &Count) -> Value {
    (count.number, Timestamp::from_second(count.observed).unwrap().to_string())
}

fn address(count: &Count, genre: GenreCode) -> Address {
    let (status, genre, closing) = match count.indicator {
        Indicator::Installed => ("01", None, None),
        Indicator::Free => ("02", Some(genre.code()), None),
        Indicator::FreeForWomen => ("02", Some("01"), None),
        Indicator::Closed => ("05", None, Some("01")),
    };
    (count.place.clone(), (status.to_owned(), genre.map(str::to_owned), closing.map(str::to_owned)))
}

/// A key with more in it than our counts have is told by its status.
fn words(key: &IndicatorKey) -> Words {
    let IndicatorKey { statut, temporalite, genre, fermeture, supplement, crise, affectation } = key.clone();
    let usual =
        (temporalite.as_deref(), affectation.as_deref(), supplement, crise) == (Some("01"), Some("01"), None, None);
    (if usual { statut.unwrap_or_default() } else { format!("{key}") }, genre, fermeture)
}
