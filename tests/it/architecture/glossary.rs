//! One word for one idea: each word of the glossary stands for the others, which name no module and no type.

use super::{fail_on, paths, tree};

/// A word, what it means, and the words that are not used for it.
const GLOSSARY: &[(&str, &str, &[&str])] = &[
    ("lease", "who works, or does one task, until when, with the fence of what it writes", &["shift", "duty", "seat"]),
    ("group commit", "answers that several locations have written in one commit", &["desk"]),
    ("batch", "what is treated together", &["docket", "sheaf"]),
    ("projection", "narrow rows that follow the wide ones, for those who search", &["upkeep"]),
    ("verdict", "what is decided of a mail", &["court", "courthouse", "ruling"]),
    ("CSRF", "a form that another site sends in a visitor’s name", &["forged", "forgery"]),
    ("rate limit", "how often something may be tried", &["gates"]),
    ("back-off", "how long is waited before another try", &["pace"]),
    ("heartbeat", "what a task tells of itself, so that it is known to move", &["pulse", "beat"]),
    ("notifier", "what carries the news of incidents to people", &["teller"]),
    ("baseline", "how often somebody sends, as learnt", &["habit"]),
    ("random", "numbers that nobody can guess", &["chance"]),
    ("labels", "words for people", &["words"]),
    ("missing", "mails that are no longer where they were", &["strays"]),
];

/// The names of the modules and types that a file declares, in words.
fn declared(text: &str) -> Vec<(String, Vec<String>)> {
    let words: Vec<String> = paths::tokens(text).iter().map(paths::word).collect();
    let kinds = ["mod", "struct", "enum", "trait", "type"];
    let names = words.windows(2).filter(|pair| kinds.contains(&pair[0].as_str())).map(|pair| pair[1].clone());
    names.map(|name| (name.clone(), in_words(&name))).collect()
}

/// `MailBatch` and `mail_batch` are "mail" and "batch".
fn in_words(name: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    for letter in name.chars() {
        if letter == '_' || letter.is_uppercase() {
            parts.push(String::new());
        }
        if letter != '_' {
            parts.last_mut().unwrap().extend(letter.to_lowercase());
        }
    }
    parts.into_iter().filter(|part| !part.is_empty()).collect()
}

#[test]
fn no_idea_has_two_words() {
    let mut faults = Vec::new();
    for file in tree::rust("src/") {
        for (name, parts) in declared(&file.text) {
            for (plain, _, others) in GLOSSARY {
                let used = others.iter().find(|other| parts.iter().any(|part| part == *other));
                faults.extend(used.map(|used| format!("{}: {name}: say “{plain}”, not “{used}”", file.path)));
            }
        }
    }
    fail_on(&faults);
}

#[test]
fn a_name_is_taken_apart() {
    assert_eq!(in_words("MailBatch"), ["mail", "batch"]);
    assert_eq!(in_words("mail_batch"), ["mail", "batch"]);
    assert!(GLOSSARY.iter().all(|(_, meaning, others)| !meaning.is_empty() && !others.is_empty()));
}
