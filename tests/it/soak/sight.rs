//! The judge itself: it finds nothing wrong with a run in which nothing went wrong, and sees each way in which one could.

use std::time::Duration;

use super::Measure;
use super::held::Held;
use super::judge::judge;
use super::lives::Soak;
use super::mails::{Due, Fate, Letter};
use super::seen::{Reply, Seen, hash};
use crate::store::engine::Engine;

/// A change to what was seen, and how its fault is called.
type Spoiling = (&'static str, fn(&mut Seen, &mut Held, &[Letter]));

const SPOILINGS: &[Spoiling] = &[
    ("lost: ", |seen, _, letters| *at(seen, silent(letters), "Traites") = 0),
    ("lost: ", |seen, _, letters| *at(seen, silent(letters), "Traites") += 1),
    ("left: ", |seen, _, letters| *at(seen, silent(letters), "") += 1),
    ("folder: ", |seen, _, letters| {
        *at(seen, silent(letters), "Rejets") = std::mem::take(at(seen, silent(letters), "Traites"));
    }),
    ("folder: ", |seen, _, letters| {
        *at(seen, silent(letters), "Doublons") = std::mem::take(at(seen, silent(letters), "Traites"));
    }),
    ("effect: ", |seen, _, letters| {
        for letter in letters.iter().filter(|letter| matches!(letter.due, Due::Twin(_))) {
            let twins = std::mem::take(at(seen, letter, "Doublons"));
            *at(seen, letter, "Traites") += twins;
        }
    }),
    ("invented: ", |seen, _, _| drop(seen.files.insert(hash(b"de personne"), [("Traites", 1)].into()))),
    ("newest: ", |_, held, _| tell(held, "2099-01-01T00:00:00Z", 7)),
    ("older: ", |_, held, _| tell(held, "2020-01-01T00:00:00Z", 7)),
    ("request: ", |_, held, _| tell(held, "2099-01-01T00:00:00Z", 7)),
    ("reply: ", |seen, _, letters| replies_to(seen, trial(letters)).clear()),
    ("reply: ", |seen, _, letters| {
        let mut other = replies_to(seen, trial(letters))[0].clone();
        other.id = "reponse.autre".to_owned();
        replies_to(seen, trial(letters)).push(other);
    }),
    ("reply: ", |seen, _, letters| {
        let mut same = replies_to(seen, trial(letters))[0].clone();
        same.bytes = hash(b"autre texte");
        replies_to(seen, trial(letters)).push(same);
    }),
    ("reply: 3 were repeated", |seen, _, letters| {
        let same = replies_to(seen, trial(letters))[0].clone();
        replies_to(seen, trial(letters)).extend(vec![same; 3]);
    }),
    ("reply: ", |seen, _, letters| replies_to(seen, trial(letters))[0].text = "Votre envoi est rejeté.".to_owned()),
    ("reply: ", |seen, _, letters| replies_to(seen, trial(letters))[0].answers = "envoi-de-personne".to_owned()),
    ("reply: ", |seen, _, letters| {
        let mut said = replies_to(seen, trial(letters))[0].clone();
        said.answers.clone_from(&silent(letters).id);
        said.id = "reponse.autre".to_owned();
        replies_to(seen, silent(letters)).push(said);
    }),
    ("codes: ", |seen, _, letters| replies_to(seen, rejected(letters))[0].reports[0].1.push("C05".to_owned())),
    ("codes: ", |seen, _, letters| replies_to(seen, rejected(letters))[0].reports[0].1.clear()),
    ("form: ", |seen, _, letters| replies_to(seen, receipt(letters))[0].return_path = "<de@personne.test>".to_owned()),
    ("form: ", |seen, _, letters| replies_to(seen, receipt(letters))[0].notification = None),
    ("form: ", |seen, _, letters| {
        let source = replies_to(seen, receipt(letters))[0].notification.as_mut().unwrap();
        *source = source.replace("processed", "displayed");
    }),
];

#[test]
fn the_judge_sees_each_kind_of_fault_and_no_other() {
    let measure =
        Measure { kills: 1, mails: 60, workers: 1, seed: 7, limit: Duration::from_mins(5), troubles: Vec::new() };
    let mut soak = Soak::start(Engine::Sqlite, measure);
    let rest = soak.rest_after(48);
    assert!(rest.is_ok(), "{rest:?}");
    let (letters, held) = (&soak.mails.letters, soak.stand.ror.held().clone());
    let found = judge(letters, &soak.seen, &held, 1, true);
    assert!(found.missing.is_empty() && found.wrong.is_empty(), "nothing was done to it: {found:?}");
    for (rank, (fault, spoil)) in SPOILINGS.iter().enumerate() {
        let (mut seen, mut held) = (soak.seen.clone(), held.clone());
        spoil(&mut seen, &mut held, letters);
        let found = judge(letters, &seen, &held, 1, true);
        let mut all = found.missing.iter().chain(&found.wrong);
        assert!(all.any(|found| found.starts_with(fault)), "{rank}: « {fault} » is not in {found:#?}");
    }
}

fn at<'a>(seen: &'a mut Seen, letter: &Letter, folder: &'static str) -> &'a mut usize {
    seen.files.entry(letter.hash).or_default().entry(folder).or_default()
}

fn first(letters: &[Letter], due: Due) -> &Letter {
    letters.iter().find(|letter| letter.due == due && letter.sent == 1).unwrap()
}

fn silent(letters: &[Letter]) -> &Letter {
    let fits = |letter: &&Letter| letter.due == Due::Nothing && letter.fate == Fate::Treated && letter.sent == 1;
    letters.iter().find(fits).unwrap()
}

fn trial(letters: &[Letter]) -> &Letter {
    first(letters, Due::Trial)
}

fn rejected(letters: &[Letter]) -> &Letter {
    first(letters, Due::Rejection)
}

fn receipt(letters: &[Letter]) -> &Letter {
    first(letters, Due::Receipt)
}

/// The replies to a mail come first in the box of its sender.
fn replies_to<'a>(seen: &'a mut Seen, letter: &Letter) -> &'a mut Vec<Reply> {
    let found = seen.boxes.entry(letter.sender.clone()).or_default();
    found.sort_by_key(|reply| reply.answers != letter.id);
    found
}

/// One indicator that the ROR holds is told a value, observed then.
fn tell(held: &mut Held, observed: &str, number: i64) {
    let (place, key) = held.values().keys().find(|(_, key)| key["capacityStatus"] == "01").unwrap().clone();
    let codes: Vec<serde_json::Value> = key
        .iter()
        .map(|(name, code)| serde_json::json!({"url": name, "valueCodeableConcept": {"coding": [{"code": code}]}}))
        .chain([
            serde_json::json!({"url": "nbCapacity", "valueInteger": number}),
            serde_json::json!({"url": "capacityUpdateDate", "valueDateTime": observed}),
        ])
        .collect();
    let criteria: Vec<String> = key
        .iter()
        .map(|(name, code)| format!("extension.where(url = '{name}' and valueCodeableConcept.coding.code = '{code}')"))
        .collect();
    let body = serde_json::json!({"parameter": [{"part": [
        {"name": "type", "valueString": "replace"},
        {"name": "path", "valueString": criteria.join(" and ")},
        {"name": "value", "part": [{"extension": [{"extension": codes}]}]}
    ]}]});
    let body = body.to_string();
    let number = held.arrived(&place, body.as_bytes());
    held.apply(&place, body.as_bytes(), number);
}
