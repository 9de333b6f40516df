//! A page has what the filter says, in its order, whichever way it was found and from whichever side it is reached.

use std::collections::HashMap;

use domain::defect::{Code, Severity};
use store::search::{Column, Cursor, Filter, FoundPage, Identifier, JournalEntry, Page, Sender, Sort};
use store::{MailId, Store};

use super::questions::QUESTIONS;
use super::region::Region;
use crate::store::engine::{Engine, on_both_engines};

const MAILS: i64 = 300;
const SORTS: [&str; 4] = ["-recu", "recu", "expediteur", "-verdict"];

/// The lines of all mails, with what their documents are called.
struct Journal {
    lines: Vec<JournalEntry>,
    names: HashMap<i64, Vec<String>>,
}

impl Journal {
    async fn of(store: &Store) -> Self {
        let mut export = store.export(Filter::default(), "recu".parse().unwrap());
        let mut lines = Vec::new();
        loop {
            let page = export.next().await.unwrap();
            if page.is_empty() {
                break;
            }
            lines.extend(page);
        }
        let mut names = HashMap::new();
        for line in &lines {
            let life = store.life(MailId::of(line.numero)).await.unwrap().unwrap();
            names.insert(line.numero, life.documents.into_iter().filter_map(|one| one.identifiant).collect());
        }
        Self { lines, names }
    }

    /// The receipt numbers that a filter means, by looking at each line.
    fn meant(&self, filter: &Filter, sort: Sort) -> Vec<i64> {
        let mut meant: Vec<&JournalEntry> = self.lines.iter().filter(|line| self.is_meant(line, filter)).collect();
        meant.sort_by_key(|line| {
            let word = match sort.column {
                Column::Recu => String::new(),
                Column::Expediteur => line.expediteur.clone().unwrap_or_default(),
                Column::Verdict => line.verdict.clone(),
            };
            (word, line.recu, line.numero)
        });
        if sort.descending {
            meant.reverse();
        }
        meant.iter().map(|line| line.numero).collect()
    }

    fn is_meant(&self, line: &JournalEntry, filter: &Filter) -> bool {
        let place = |finess: Option<String>, service: &Option<String>| {
            line.lieux.iter().any(|place| {
                finess.as_ref().is_none_or(|finess| *finess == place.finess)
                    && service.as_ref().is_none_or(|service| place.services.contains(service))
            })
        };
        let is_rejected = line.causes.iter().any(|cause| cause.severite == Severity::Rejet);
        let sender = line.expediteur.as_deref().unwrap_or_default();
        let is_called = |wanted: &Identifier| {
            let own = [line.message_id.as_deref().unwrap_or_default(), &line.sha256];
            own.into_iter().chain(self.names[&line.numero].iter().map(String::as_str)).any(|name| match wanted {
                Identifier::Is(whole) => name == whole,
                Identifier::StartsWith(prefix) => name.starts_with(prefix),
            })
        };
        filter.since.is_none_or(|since| line.recu >= since)
            && filter.until.is_none_or(|until| line.recu < until)
            && filter.account.as_ref().is_none_or(|account| *account == line.boite)
            && filter.sender.as_ref().is_none_or(|wanted| match wanted {
                Sender::Is(address) => address == sender,
                Sender::StartsWith(prefix) => sender.starts_with(prefix),
            })
            && ((filter.finess.is_none() && filter.service.is_none())
                || place(filter.finess.map(|finess| finess.to_string()), &filter.service))
            && filter.code.is_none_or(|code| line.codes.iter().any(|one| one == code.as_str()))
            && filter.standing.is_none_or(|standing| standing.word() == line.verdict)
            && filter.actor.is_none_or(|actor| {
                line.codes.iter().any(|code| code.parse::<Code>().unwrap().actors().contains(&actor))
            })
            && filter.handled.is_none_or(|handled| handled == line.traite)
            && (!filter.rejected || is_rejected)
            && filter.identifier.as_ref().is_none_or(is_called)
    }
}

fn numbers(lines: &[JournalEntry]) -> Vec<i64> {
    lines.iter().map(|line| line.numero).collect()
}

/// All pages from the beginning on, and the last one.
async fn forward(store: &Store, filter: &Filter, sort: Sort, limit: u32) -> (Vec<i64>, Option<Cursor>) {
    let (mut all, mut page, mut last) = (Vec::new(), Page { sort, from: None, limit }, None);
    loop {
        let FoundPage { lines, next, previous } = store.journal(filter, &page).await.unwrap();
        all.extend(numbers(&lines));
        last = previous.or(last);
        let Some(next) = next else { return (all, last) };
        // A cursor goes through an address.
        page.from = Some(next.to_string().parse().unwrap());
    }
}

/// All pages before a place, the nearest last.
async fn backward(store: &Store, filter: &Filter, from: Cursor, limit: u32) -> Vec<i64> {
    let (mut all, mut from) = (Vec::new(), Some(from));
    while let Some(cursor) = from {
        let page = Page { sort: cursor.sort(), from: Some(cursor), limit };
        let found = store.journal(filter, &page).await.unwrap();
        all.splice(0..0, numbers(&found.lines));
        from = found.previous;
    }
    all
}

async fn a_page_has_what_the_filter_says(engine: Engine) {
    let region = Region::new(engine, MAILS, &std::env::temp_dir()).await;
    let journal = Journal::of(&region.store).await;
    assert_eq!(journal.lines.len(), 300);
    let (mut questions, mut answered) = (0, 0);
    for question in QUESTIONS {
        for n in 0..3 {
            let filter = (question.filter)(n);
            for sort in SORTS {
                let sort: Sort = sort.parse().unwrap();
                let meant = journal.meant(&filter, sort);
                let what = format!("{} {n} by {sort}", question.name);
                let page = Page { sort, from: None, limit: 500 };
                for found in region.store.journal_by_every_way(&filter, &page).await.unwrap() {
                    assert_eq!(found, meant, "{what}");
                }
                let limit = u32::try_from(meant.len() / 3).unwrap().max(2);
                let (all, last) = forward(&region.store, &filter, sort, limit).await;
                assert_eq!(all, meant, "{what}");
                if let Some(last) = last {
                    let before = backward(&region.store, &filter, last, limit).await;
                    assert!(meant.starts_with(&before) && before.len() + limit as usize >= meant.len(), "{what}");
                }
                questions += 1;
                answered += usize::from(!meant.is_empty());
            }
        }
    }
    assert!(answered * 2 > questions, "only {answered} of {questions} found anything");
    region.end().await;
}

on_both_engines!(a_page_has_what_the_filter_says);

#[test]
fn a_cursor_that_no_page_gave_is_refused() {
    for text in ["", "e30", "%%", "eyJ0Ijp7fX0", &"A".repeat(5000)] {
        assert!(text.parse::<Cursor>().is_err(), "{text}");
    }
}
