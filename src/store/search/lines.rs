//! The lines of a page: one query for each kind of thing they tell, however many lines there are.

use std::collections::HashMap;

use sqlx::FromRow;

use super::entry::{Cause, JournalEntry, PlaceNamed};
use super::filter::Filter;
use super::page::{Cursor, FoundPage, Page};
use super::plan::sql::Sql;
use super::plan::walk::Search;
use crate::{MailId, Result, Store, instant};
use domain::defect::Severity;

/// Places told of one mail.
const PLACES: u32 = 100;

#[derive(FromRow)]
struct LineColumns {
    id: i64,
    account: String,
    received_at: i64,
    sender: Option<String>,
    message_id: Option<String>,
    sha256: String,
    size: i64,
    verdict: Option<String>,
    silent: Option<String>,
    duplicate_of: Option<i64>,
    reply: Option<String>,
    handled: bool,
}

impl Store {
    /// A part of the journal, and where the parts before and after it begin.
    pub async fn journal(&self, filter: &Filter, page: &Page) -> Result<FoundPage> {
        let mut mails = Search::new(filter, page).mails(self, page.lines()).await?;
        let has_more = mails.len() > page.lines() as usize;
        mails.truncate(page.lines() as usize);
        if page.goes_back() {
            mails.reverse();
        }
        let lines = self.entries(&mails).await?;
        let (sort, back) = (page.order(), page.goes_back());
        let previous = (if back { has_more } else { page.from.is_some() })
            .then(|| lines.first().map(|first| Cursor::at(first, sort, true)))
            .flatten();
        let next = (back || has_more).then(|| lines.last().map(|last| Cursor::at(last, sort, false))).flatten();
        Ok(FoundPage { lines, previous, next })
    }

    /// The receipt numbers of the page, found in each way in which the search could go: all the same. For those who
    /// compare the ways, or measure them.
    pub async fn journal_by_every_way(&self, filter: &Filter, page: &Page) -> Result<Vec<Vec<i64>>> {
        Search::new(filter, page).mails_by_every_way(self, page.lines()).await
    }

    /// The line of one mail; `None` if there is no such mail.
    pub async fn journal_entry(&self, id: MailId) -> Result<Option<JournalEntry>> {
        Ok(self.entries(&[id.number()]).await?.pop())
    }

    /// The lines of these mails, in their order; one that has been forgotten meanwhile has none.
    pub(super) async fn entries(&self, mails: &[i64]) -> Result<Vec<JournalEntry>> {
        if mails.is_empty() {
            return Ok(Vec::new());
        }
        let mut lines: HashMap<i64, JournalEntry> = self.heads(mails).await?;
        for (mail, code, severity, nombre) in self.causes(mails).await? {
            let Some(line) = lines.get_mut(&mail) else { continue };
            add_cause(line, code, &severity, nombre);
        }
        for (mail, finess, service) in self.places_named(mails).await? {
            let Some(line) = lines.get_mut(&mail) else { continue };
            add_place(&mut line.lieux, finess, service);
        }
        for (mail, etat, count) in self.rows_by_state(mails).await? {
            let Some(line) = lines.get_mut(&mail) else { continue };
            line.lignes.push((etat, count));
        }
        Ok(mails.iter().filter_map(|mail| lines.remove(mail)).collect())
    }

    async fn heads(&self, mails: &[i64]) -> Result<HashMap<i64, JournalEntry>> {
        let mut sql = Sql::default();
        let statement = format!(
            "SELECT m.id, m.account, m.received_at, m.sender, m.message_id, m.sha256, m.size, m.verdict, m.silent,
                    m.duplicate_of,
                    EXISTS (SELECT 1 FROM handled h WHERE h.mail_id = m.id) AS handled,
                    (SELECT CASE WHEN r.returned_by IS NULL THEN r.etat ELSE 'non-remise' END
                     FROM replies r WHERE r.mail_id = m.id AND r.kind = 'reponse') AS reply
             FROM mails m WHERE m.id IN ({})",
            sql.list(mails)
        );
        let rows: Vec<LineColumns> = sql.fetch(statement, self.search_in()).await?;
        Ok(rows.into_iter().map(|row| (row.id, entry(row))).collect())
    }

    async fn causes(&self, mails: &[i64]) -> Result<Vec<(i64, String, String, i64)>> {
        let mut sql = Sql::default();
        let statement = format!(
            "SELECT mail_id, code, severity, COUNT(*) FROM defects WHERE mail_id IN ({})
             GROUP BY mail_id, code, severity ORDER BY mail_id, code, severity DESC",
            sql.list(mails)
        );
        sql.fetch(statement, self.search_in()).await
    }

    async fn places_named(&self, mails: &[i64]) -> Result<Vec<(i64, String, String)>> {
        let mut sql = Sql::default();
        let statement = format!(
            "SELECT mail_id, finess, service FROM (
                 SELECT mail_id, finess, service,
                        ROW_NUMBER() OVER (PARTITION BY mail_id ORDER BY finess, service) AS rank
                 FROM mentions WHERE mail_id IN ({})) AS named
             WHERE rank <= {PLACES} ORDER BY mail_id, finess, service",
            sql.list(mails)
        );
        sql.fetch(statement, self.search_in()).await
    }

    async fn rows_by_state(&self, mails: &[i64]) -> Result<Vec<(i64, String, i64)>> {
        let mut sql = Sql::default();
        let statement = format!(
            "SELECT mail_id, etat, COUNT(*) FROM updates WHERE mail_id IN ({})
             GROUP BY mail_id, etat ORDER BY mail_id, etat",
            sql.list(mails)
        );
        sql.fetch(statement, self.search_in()).await
    }
}

/// A code that rejects in one place and warns in another rejects.
fn add_cause(line: &mut JournalEntry, code: String, severity: &str, nombre: i64) {
    let times = usize::try_from(nombre).unwrap_or(0);
    line.codes.extend(std::iter::repeat_n(code.clone(), times));
    match line.causes.last_mut() {
        Some(last) if last.code == code => last.nombre += nombre,
        _ => {
            let effect = if severity == "rejet" { Severity::Rejet } else { Severity::Avertissement };
            line.causes.push(Cause { code, severite: effect, nombre });
        }
    }
}

/// They come sorted, each establishment before its services.
fn add_place(places: &mut Vec<PlaceNamed>, finess: String, service: String) {
    let services: Vec<String> = Some(service).filter(|service| !service.is_empty()).into_iter().collect();
    match places.last_mut() {
        Some(last) if last.finess == finess => last.services.extend(services),
        _ => places.push(PlaceNamed { finess, services }),
    }
}

fn entry(row: LineColumns) -> JournalEntry {
    JournalEntry {
        numero: row.id,
        boite: row.account,
        recu: instant(row.received_at),
        expediteur: row.sender,
        message_id: row.message_id,
        sha256: row.sha256,
        taille: row.size,
        verdict: row.verdict.unwrap_or_else(|| "en-cours".to_owned()),
        codes: Vec::new(),
        causes: Vec::new(),
        lieux: Vec::new(),
        lignes: Vec::new(),
        reponse: row.reply.or(row.silent),
        doublon_de: row.duplicate_of,
        traite: row.handled,
    }
}
