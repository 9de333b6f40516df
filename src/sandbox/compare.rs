//! What was expected beside what was observed; differences in French.

use crate::sandbox::Observed;
use campaign::cahier::{ExpectedCase, ExpectedLine, ExpectedReply};
use domain::capacity::Nomenclature;
use domain::defect::Code;
use domain::outcome::{Etat, OutcomeLine, Verdict};
use reading::message;

/// Every difference; none when the case behaves as expected.
pub(super) fn differences(expected: &ExpectedCase, observed: &Observed) -> Vec<String> {
    let outcome = &observed.outcome;
    let mut differences = Vec::new();
    let mut differ = |what: &str, wanted: String, got: String| {
        if wanted != got {
            differences.push(format!("{what} : attendu {wanted}, obtenu {got}"));
        }
    };
    differ("verdict", verdict(expected.verdict), verdict(outcome.verdict));
    let mut codes: Vec<Code> = outcome.all_defects().map(domain::defect::Defect::code).collect();
    codes.sort();
    differ("codes", list(&expected.codes), list(&codes));
    let mut wanted: Vec<String> = expected.lines.iter().map(expected_line).collect();
    let mut got: Vec<String> = outcome.documents.iter().flat_map(|document| &document.lines).map(line).collect();
    wanted.sort();
    got.sort();
    for missing in subtract(&wanted, &got) {
        differences.push(format!("capacité attendue, absente : {missing}"));
    }
    for surplus in subtract(&got, &wanted) {
        differences.push(format!("capacité inattendue : {surplus}"));
    }
    differences.extend(reply_differences(expected.reply.as_ref(), observed));
    differences
}

/// The multiset difference of two sorted lists.
fn subtract(from: &[String], these: &[String]) -> Vec<String> {
    let mut left = these.to_vec();
    let keep = |item: &&String| match left.iter().position(|other| other == *item) {
        Some(rank) => {
            left.remove(rank);
            false
        }
        None => true,
    };
    from.iter().filter(keep).cloned().collect()
}

fn verdict(verdict: Option<Verdict>) -> String {
    verdict.map_or("en-cours", Verdict::word).to_owned()
}

fn list(codes: &[Code]) -> String {
    if codes.is_empty() {
        "aucun".to_owned()
    } else {
        codes.iter().map(|code| code.as_str()).collect::<Vec<_>>().join(" ")
    }
}

fn expected_line(line: &ExpectedLine) -> String {
    words(
        &line.location.ror_identifier(),
        &line.indicator.to_string(),
        line.nature.word(),
        line.nombre.get(),
        line.etat,
    )
}

fn line(line: &OutcomeLine) -> String {
    let count = &line.update.count;
    let etat = line.etat.unwrap_or(Etat::EnAttente);
    let location = line.update.location.ror_identifier();
    words(&location, &count.indicator.to_string(), count.nature.word(), count.nombre.get(), etat)
}

fn words(location: &str, indicator: &str, nature: &str, nombre: i32, etat: Etat) -> String {
    format!("{location} {nature} {indicator} = {nombre} ({})", etat.word())
}

fn reply_differences(expected: Option<&ExpectedReply>, observed: &Observed) -> Vec<String> {
    match (expected, &observed.reply) {
        (None, None) if !observed.replied => Vec::new(),
        (None, _) => vec!["réponse : aucune attendue, une envoyée".to_owned()],
        (Some(_), None) if observed.replied => {
            vec!["réponse : envoyée, absente de la boîte de l’expéditeur".to_owned()]
        }
        (Some(_), None) => vec!["réponse : attendue, aucune envoyée".to_owned()],
        (Some(expected), Some(reply)) => content_differences(expected, reply),
    }
}

fn content_differences(expected: &ExpectedReply, reply: &[u8]) -> Vec<String> {
    let text = message::text_of(reply);
    let message = message::read(reply, &message::MessageLimits::default());
    let subject = message.subject().unwrap_or_default();
    let missing = expected.missing_from(&text).into_iter().map(|part| format!("réponse : « {part} » manque"));
    let leaked = expected.leaked_into(&text).into_iter().map(|part| format!("réponse : « {part} » est de trop"));
    let titled = expected.subject().filter(|part| !subject.contains(part));
    let titled = titled.map(|part| format!("objet : « {part} » manque dans « {subject} »"));
    let notified = message.receipt().is_some() != expected.is_receipt();
    let notified = notified.then(|| "réponse : avis de traitement et courriel ordinaire confondus".to_owned());
    missing.chain(leaked).chain(titled).chain(notified).collect()
}
