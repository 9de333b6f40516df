//! `fixtures/README.md`: the cahier as a document people read, made from the cases.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::case::{Case, Sending};
use super::expected::{ExpectedCase, ExpectedReply};
use super::manifest::EN_COURS;
use domain::defect::Code;
use domain::outcome::{Etat, Verdict};

const INTRODUCTION: &str = include_str!("introduction.md");

/// The cahier in French Markdown: the cases by functionality, then each code with its cases.
pub fn readme(cases: &[Case]) -> String {
    let mut page = INTRODUCTION.to_owned();
    let _ = writeln!(page, "\nLe cahier compte {} cas.", cases.len());
    for (fonctionnalite, cases) in by_functionality(cases) {
        let _ = writeln!(page, "\n## {fonctionnalite}\n");
        page.push_str("| cas | objectif | préconditions | envois | attendu |\n|---|---|---|---|---|\n");
        page.extend(cases.into_iter().map(row));
    }
    page.push_str("\n## Les codes et leurs cas\n\n| code | nom | cas |\n|---|---|---|\n");
    page.extend(Code::ALL.iter().map(|code| code_row(*code, cases)));
    page
}

fn by_functionality(cases: &[Case]) -> BTreeMap<&str, Vec<&Case>> {
    cases.iter().fold(BTreeMap::new(), |mut groups, case| {
        groups.entry(case.fonctionnalite()).or_insert_with(Vec::new).push(case);
        groups
    })
}

fn row(case: &Case) -> String {
    let preconditions = case.preconditions().join("<br>");
    let sent = numbered(case, |sending| {
        let again = if sending.repeats_the_one_before() { " (mêmes octets)" } else { "" };
        format!("`{}`{again}", sending.file())
    });
    let expected = numbered(case, |sending| described(sending.expected()));
    let cells = [case.objectif(), &preconditions, &sent, &expected].map(cell);
    format!("| [{id}]({id}/) | {} |\n", cells.join(" | "), id = case.id())
}

/// One line per sending, numbered if there are several.
fn numbered(case: &Case, text: impl Fn(&Sending) -> String) -> String {
    let alone = case.sendings().len() == 1;
    let lines = case.sendings().iter().zip(1..).map(|(sending, rank)| {
        let text = text(sending);
        if alone { text } else { format!("{rank}. {text}") }
    });
    lines.collect::<Vec<_>>().join("<br>")
}

fn described(expected: &ExpectedCase) -> String {
    let verdict = expected.verdict.map_or(EN_COURS, Verdict::in_words).to_owned();
    let codes = expected.codes.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let reply = expected.reply.as_ref().map_or_else(|| "aucune réponse".to_owned(), replied);
    let parts = [verdict, codes, rows(expected), reply];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" · ")
}

fn rows(expected: &ExpectedCase) -> String {
    let counted = Etat::ALL.into_iter().filter_map(|etat| {
        let count = expected.lines.iter().filter(|line| line.etat == etat).count();
        (count > 0).then(|| format!("{count} × {}", etat.word()))
    });
    counted.collect::<Vec<_>>().join(", ")
}

fn replied(reply: &ExpectedReply) -> String {
    let kind = if reply.is_receipt() { "avis de traitement" } else { "réponse" };
    let quoted = reply.contains().iter().map(|fragment| format!("« {fragment} »"));
    format!("{kind} : {}", quoted.collect::<Vec<_>>().join(", "))
}

fn code_row(code: Code, cases: &[Case]) -> String {
    let shows = |case: &&Case| case.sendings().iter().any(|sending| sending.expected().codes.contains(&code));
    let links = cases.iter().filter(shows).map(|case| format!("[{id}]({id}/)", id = case.id()));
    format!("| {code} | {} | {} |\n", code.name(), links.collect::<Vec<_>>().join(", "))
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}
