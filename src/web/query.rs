//! What the query of an address asks of the journal: the same keys on the page, in its exports and in the API.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::str::FromStr;

use axum::extract::Query;
use axum::http::Uri;
use jiff::civil::{Date, DateTime};
use jiff::{Timestamp, ToSpan};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use crate::Visitor;
use domain::access::Right;
use domain::capacity::ServiceCode;
use domain::defect::{Actor, Code};
use domain::finess::Finess;
use domain::outcome::paris;
use service::config::Config;
use store::search::{Filter, Identifier, Page, Sender};

/// Every key, in the order in which addresses have them.
pub(super) const KEYS: [&str; 15] = [
    "du",
    "au",
    "finess",
    "service",
    "expediteur",
    "verdict",
    "code",
    "agir",
    "rejets",
    "traite",
    "identifiant",
    "boite",
    "tri",
    "curseur",
    "limite",
];
/// The longest query, and the longest value, in bytes.
const LONGEST_QUERY: usize = 4096;
const LONGEST_VALUE: usize = 1024;
/// Lines of a page, unless something else is asked for.
const LINES: u32 = 50;
/// The most lines of a page.
const MOST_LINES: u32 = 500;

/// A query that asks for nothing that could be found.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(super) struct Wrong(pub(super) String);

/// The keys that are given, each once, with their values; a key without a value is not given.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Given(BTreeMap<&'static str, String>);

/// What is asked of the journal.
#[derive(Debug, Clone, Default)]
pub(super) struct JournalQuery {
    /// Which mails.
    pub(super) filter: Filter,
    /// Which part of their list.
    pub(super) page: Page,
}

impl JournalQuery {
    /// The same, unless nothing could ever answer: people are told why their list is empty, machines get an empty one.
    pub(super) fn answerable(self) -> Result<Self, Wrong> {
        let is_backward = self.filter.since.zip(self.filter.until).is_some_and(|(since, until)| since >= until);
        let why = "« Reçus à partir du » doit précéder « Reçus jusqu’au »";
        if is_backward { Err(Wrong(why.to_owned())) } else { Ok(self) }
    }
}

impl Given {
    /// The query of an address.
    pub(super) fn read(uri: &Uri) -> Result<Self, Wrong> {
        if uri.query().is_some_and(|query| query.len() > LONGEST_QUERY) {
            return Err(Wrong("cette adresse est trop longue".to_owned()));
        }
        let unreadable = |_| Wrong("cette adresse ne se lit pas".to_owned());
        let Query(pairs) = Query::<Vec<(String, String)>>::try_from_uri(uri).map_err(unreadable)?;
        let mut given = Self::default();
        pairs.into_iter().try_for_each(|(key, value)| given.take(&key, &value))?;
        Ok(given)
    }

    fn take(&mut self, key: &str, value: &str) -> Result<(), Wrong> {
        let quoted = domain::defect::excerpt(key);
        let Some(known) = KEYS.into_iter().find(|known| *known == key) else {
            return Err(Wrong(format!("la clé « {quoted} » n’existe pas")));
        };
        let value = value.trim();
        if value.is_empty() {
            return Ok(());
        }
        if value.len() > LONGEST_VALUE {
            return Err(Wrong(format!("la valeur de « {quoted} » est trop longue")));
        }
        match self.0.insert(known, value.to_owned()) {
            Some(_) => Err(Wrong(format!("la clé « {quoted} » est donnée deux fois"))),
            None => Ok(()),
        }
    }

    /// Every key.
    pub(super) fn keys() -> impl Iterator<Item = &'static str> {
        KEYS.into_iter()
    }

    /// The value of a key.
    pub(super) fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(String::as_str)
    }

    /// The same with another value of a key, from the beginning of the list.
    pub(super) fn with(&self, key: &'static str, value: impl Display) -> Self {
        let mut other = self.0.clone();
        other.remove("curseur");
        other.insert(key, value.to_string());
        Self(other)
    }

    /// The same without where in the list one is.
    pub(super) fn whole(&self) -> Self {
        let kept = self.0.iter().filter(|(key, _)| !["curseur", "limite"].contains(key));
        Self(kept.map(|(key, value)| (*key, value.clone())).collect())
    }

    /// Whether anything narrows the list.
    pub(super) fn narrows(&self) -> bool {
        self.0.keys().any(|key| !["tri", "curseur", "limite"].contains(key))
    }

    /// An address that asks for this.
    pub(super) fn address(&self, path: &str) -> String {
        let given = KEYS.into_iter().filter_map(|key| Some((key, self.get(key)?)));
        let pairs: Vec<String> = given.map(|(key, value)| format!("{key}={}", encoded(value))).collect();
        if pairs.is_empty() { path.to_owned() } else { format!("{path}?{}", pairs.join("&")) }
    }

    /// What it asks for.
    pub(super) fn asked(&self, config: &Config, visitor: &Visitor) -> Result<JournalQuery, Wrong> {
        Ok(JournalQuery { filter: self.filter(config, visitor)?, page: self.page()? })
    }

    /// Whoever sees no contents finds an identifiant that is known to them, and none by its beginning: letter by letter
    /// that would tell it.
    fn filter(&self, config: &Config, visitor: &Visitor) -> Result<Filter, Wrong> {
        let identifier = if visitor.person.may(Right::Contenu) { Identifier::StartsWith } else { Identifier::Is };
        Ok(Filter {
            since: self.read_as("du", |text| instant(text, false))?,
            until: self.read_as("au", |text| instant(text, true))?,
            account: self.read_as("boite", |text| account(config, text))?,
            sender: self.get("expediteur").map(Sender::meant_by),
            finess: self.read_as("finess", |text| Finess::typed(text).ok())?,
            service: self.parsed::<ServiceCode>("service")?.map(String::from),
            code: self.read_as("code", |text| text.to_ascii_uppercase().parse::<Code>().ok())?,
            standing: self.parsed("verdict")?,
            actor: self.read_as("agir", actor)?,
            rejected: self.read_as("rejets", |text| (text == "oui").then_some(true))?.unwrap_or(false),
            handled: self.read_as("traite", yes_or_no)?,
            identifier: self.get("identifiant").map(|text| identifier(text.trim_matches(['<', '>']).to_owned())),
        })
    }

    fn page(&self) -> Result<Page, Wrong> {
        let limit =
            self.read_as("limite", |text| text.parse().ok().filter(|lines| (1..=MOST_LINES).contains(lines)))?;
        Ok(Page {
            sort: self.parsed("tri")?.unwrap_or_default(),
            from: self.parsed("curseur")?,
            limit: limit.unwrap_or(LINES),
        })
    }

    fn parsed<T: FromStr>(&self, key: &str) -> Result<Option<T>, Wrong> {
        self.read_as(key, |text| text.parse().ok())
    }

    fn read_as<T>(&self, key: &str, read: impl Fn(&str) -> Option<T>) -> Result<Option<T>, Wrong> {
        let Some(text) = self.get(key) else { return Ok(None) };
        let wrong = || Wrong(format!("« {} » ne convient pas comme {}", domain::defect::excerpt(text), wanted(key)));
        read(text).map(Some).ok_or_else(wrong)
    }
}

/// What is wanted under a key, for whoever gave something else.
fn wanted(key: &str) -> &'static str {
    match key {
        "du" | "au" => "date : écrivez 2026-11-23 ou 2026-11-23T08:00 (heure de Paris)",
        "finess" => "numéro FINESS : neuf caractères, clé comprise (2A ou 2B en Corse)",
        "service" => "code service",
        "code" => "code de rejet : C01, par exemple",
        "verdict" => "verdict",
        "agir" => "acteur : etablissement, grades ou exploitant",
        "traite" => "choix : oui ou non",
        "rejets" => "choix : seul « oui » a un sens",
        "boite" => "nom de boîte",
        "tri" => "ordre de tri : recu, expediteur ou verdict, précédé de « - » pour l’ordre inverse",
        "curseur" => "place dans la liste ; recommencez à la première page",
        "limite" => "nombre de lignes : de 1 à 500",
        _ => "valeur",
    }
}

/// An instant with its zone, or a date or hour of Paris; the end of a day is that of the whole day.
pub(super) fn instant(text: &str, end: bool) -> Option<Timestamp> {
    let local = |at: DateTime| Some(at.to_zoned_datetime(paris()).ok()?.timestamp());
    if let Ok(date) = text.parse::<Date>()
        && text.len() == "2026-11-23".len()
    {
        let day = if end { date.checked_add(1.day()).ok()? } else { date };
        return local(day.to_datetime(jiff::civil::Time::midnight()));
    }
    text.parse().ok().or_else(|| local(text.parse().ok()?))
}

fn yes_or_no(word: &str) -> Option<bool> {
    match word {
        "oui" => Some(true),
        "non" => Some(false),
        _ => None,
    }
}

fn actor(word: &str) -> Option<Actor> {
    [Actor::Etablissement, Actor::Grades, Actor::Exploitant].into_iter().find(|actor| actor.word() == word)
}

/// The account of a mailbox by its name in the configuration.
fn account(config: &Config, name: &str) -> Option<String> {
    let named = config.all_mailboxes().find(|mailbox| mailbox.name == name)?;
    Some(named.settings().ok()?.account())
}

/// The name of the mailbox of an account; the account itself once it is no longer read.
pub(super) fn mailbox<'a>(config: &'a Config, account: &'a str) -> &'a str {
    let is_its = |name: &service::config::NamedMailbox<'_>| name.settings().is_ok_and(|one| one.account() == account);
    config.all_mailboxes().find(is_its).map_or(account, |named| named.name)
}

/// A value as it stands in a query.
pub(super) fn encoded(value: &str) -> String {
    utf8_percent_encode(value, NON_ALPHANUMERIC).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(query: &str) -> Result<Given, Wrong> {
        Given::read(&format!("/journal?{query}").parse().unwrap())
    }

    #[test]
    fn a_query_is_read_and_written_back() {
        let read = given("verdict=rejete&expediteur=lits%40ch&du=&code=C01").unwrap();
        assert_eq!(read.address("/journal"), "/journal?expediteur=lits%40ch&verdict=rejete&code=C01");
        assert!(read.narrows());
        assert_eq!(
            read.with("tri", "-recu").address("/j"),
            "/j?expediteur=lits%40ch&verdict=rejete&code=C01&tri=%2Drecu"
        );
    }

    #[test]
    fn what_is_not_a_query_is_refused() {
        for query in ["x=1", "code=C01&code=C02", &format!("finess={}", "1".repeat(1025)), &"&".repeat(4097)] {
            assert!(given(query).is_err(), "{query}");
        }
    }

    #[test]
    fn days_are_whole_and_those_of_paris() {
        let read = |text, end| instant(text, end).map(|at| at.to_string()).unwrap_or_default();
        assert_eq!(read("2026-11-23", false), "2026-11-22T23:00:00Z");
        assert_eq!(read("2026-11-23", true), "2026-11-23T23:00:00Z");
        assert_eq!(read("2026-11-23T08:00", true), "2026-11-23T07:00:00Z");
        assert_eq!(read("2026-11-23T08:00:00Z", true), "2026-11-23T08:00:00Z");
        assert_eq!(read("hier", true), "");
    }
}
