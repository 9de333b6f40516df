//! From a filter to the mails of one page: which index is walked, and what is asked of each mail on the way.
//!
//! *Walk* an index that is in the order of the list, from where the page begins, and ask the other filters of each mail;
//! or *gather* all that the rarest filter names, if that is few, and sort it. Which filter is the rarest is counted, no
//! further than it matters: no statistics are needed, and none can be stale.

use super::filter::Filter;
use super::page::{Column, Cursor, Key, Page, Sort};
use super::source::Source;
use super::sql::Sql;
use crate::store::{Result, Store, millis};

/// So many mails are gathered at most where the alternative is in the order of reception, and rarely long.
const FEW: u32 = 30_000;
/// So many at most where it is the whole list in another order.
const SORTABLE: u32 = 100_000;
/// So many lines of that list are looked through before more than [`FEW`] mails are gathered.
const GLANCE: u32 = 5_000;
/// Two filters that name more than so many mails each are equally unlikely to be rare.
const MANY: u32 = 10_000;

/// How the mails of a page are found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Way {
    /// Along the order of the list, through the index of a filter, or through all mails.
    Walk(Option<Source>),
    /// All that a filter names, sorted.
    Gather(Source),
    /// All of a time, sorted.
    GatherTime,
    /// The next lines of the whole list; where they are not enough, all that a filter names, sorted.
    GlanceThenGather(Source),
}

impl Way {
    /// What a row that has a place in the list is called.
    fn row(&self) -> &'static str {
        if let Self::Gather(_) = self { "gathered" } else { "d" }
    }
}

/// A search of one page.
#[derive(Debug)]
pub(super) struct Search<'a> {
    filter: &'a Filter,
    sources: Vec<Source>,
    sort: Sort,
    /// From where, if not from the beginning.
    from: Option<&'a Key>,
    /// Whether the list is read against its order.
    back: bool,
}

impl<'a> Search<'a> {
    pub(super) fn new(filter: &'a Filter, page: &'a Page) -> Self {
        let sources = Source::of(filter);
        let from = page.from.as_ref().map(|cursor: &Cursor| &cursor.key);
        Self { filter, sources, sort: page.order(), from, back: page.goes_back() }
    }

    /// The receipt numbers of the page in the order in which it is read, one more than `lines` if there is another page.
    pub(super) async fn mails(&self, store: &Store, lines: u32) -> Result<Vec<i64>> {
        let (way, lines) = (self.way(store).await?, lines.saturating_add(1));
        let found = self.by(&way, store, lines).await?;
        match way {
            Way::GlanceThenGather(source) if found.len() < lines as usize => {
                self.by(&Way::Gather(source), store, lines).await
            }
            _ => Ok(found),
        }
    }

    /// The same, found in each way in which it could be: for those who compare or measure them.
    pub(super) async fn mails_by_every_way(&self, store: &Store, lines: u32) -> Result<Vec<Vec<i64>>> {
        let walks = self.sources.iter().filter(|source| source.is_ordered() && self.word().is_none());
        let walks = walks.cloned().map(|source| Way::Walk(Some(source)));
        let gathers = self.sources.iter().filter(|source| source.is_named()).cloned().map(Way::Gather);
        let mut all = Vec::new();
        let in_time = self.has_time().then_some(Way::GatherTime);
        for way in [Way::Walk(None)].into_iter().chain(in_time).chain(walks).chain(gathers) {
            all.push(self.by(&way, store, lines).await?);
        }
        Ok(all)
    }

    async fn by(&self, way: &Way, store: &Store, lines: u32) -> Result<Vec<i64>> {
        let mut sql = Sql::default();
        let statement = self.statement(way, lines, &mut sql);
        let found: Vec<(i64,)> = sql.fetch(statement, store.search_in()).await?;
        Ok(found.into_iter().map(|(mail,)| mail).collect())
    }

    /// The column besides the reception that sorts, unless the filter leaves it one value.
    fn word(&self) -> Option<&'static str> {
        let is_one = |source: &Source| match self.sort.column {
            Column::Recu => true,
            Column::Expediteur => matches!(source, Source::Sender(_)),
            Column::Verdict => matches!(source, Source::Standing(_)),
        };
        if self.sources.iter().any(is_one) {
            return None;
        }
        match self.sort.column {
            Column::Recu => None,
            Column::Expediteur => Some("sender"),
            Column::Verdict => Some("verdict"),
        }
    }

    async fn way(&self, store: &Store) -> Result<Way> {
        if self.word().is_some() { self.sorted_way(store).await } else { self.way_in_time(store).await }
    }

    /// In the order of reception the rarest ordered filter leads, unless one without an order names few mails.
    async fn way_in_time(&self, store: &Store) -> Result<Way> {
        match self.sources.as_slice() {
            [] => return Ok(Way::Walk(None)),
            [only] if only.is_ordered() => return Ok(Way::Walk(Some(only.clone()))),
            _ => {}
        }
        let counts = self.counts(store).await?;
        let rarest = |ordered: bool, limit: u32| {
            let of_kind = counts.iter().zip(&self.sources).filter(|(_, source)| source.is_ordered() == ordered);
            of_kind.map(|(count, source)| ((*count).min(limit), source)).min_by_key(|(count, _)| *count)
        };
        let (walked, gathered) = (rarest(true, MANY), rarest(false, FEW + 1));
        Ok(match (walked, gathered) {
            (Some((count, source)), Some((other, _))) if count <= other => Way::Walk(Some(source.clone())),
            (_, Some((count, source))) if count <= FEW => Way::Gather(source.clone()),
            (walked, _) => Way::Walk(walked.map(|(_, source)| source.clone())),
        })
    }

    /// In another order, what the rarest filter names is sorted if it is few; else the list itself is walked.
    async fn sorted_way(&self, store: &Store) -> Result<Way> {
        let counts = self.counts(store).await?;
        let rarest = counts.iter().zip(&self.sources).min_by_key(|(count, _)| **count);
        let in_time = if self.has_time() { self.count_in_time(store).await? } else { FEW + 1 };
        Ok(match rarest {
            Some((count, source)) if *count <= FEW && *count <= in_time => Way::Gather(source.clone()),
            _ if in_time <= FEW => Way::GatherTime,
            Some((count, source)) if *count <= SORTABLE => Way::GlanceThenGather(source.clone()),
            _ => Way::Walk(None),
        })
    }

    fn has_time(&self) -> bool {
        self.filter.since.is_some() || self.filter.until.is_some()
    }

    /// How many mails each source names, counted up to [`SORTABLE`] and one.
    async fn counts(&self, store: &Store) -> Result<Vec<u32>> {
        let mut sql = Sql::default();
        let named = self.sources.iter().enumerate().filter(|(_, source)| source.is_named());
        let counts = named.map(|(rank, source)| {
            let rows = self.counted(source, &mut sql);
            format!("SELECT CAST({rank} AS BIGINT), COUNT(*) FROM ({rows}) AS counted_{rank}")
        });
        let statement = counts.collect::<Vec<_>>().join(" UNION ALL ");
        let mut counts = vec![u32::MAX; self.sources.len()];
        if statement.is_empty() {
            return Ok(counts);
        }
        let counted: Vec<(i64, i64)> = sql.fetch(statement, store.search_in()).await?;
        for (rank, mails) in counted {
            if let Some(count) = usize::try_from(rank).ok().and_then(|rank| counts.get_mut(rank)) {
                *count = crate::store::count(mails);
            }
        }
        Ok(counts)
    }

    fn counted(&self, source: &Source, sql: &mut Sql) -> String {
        if !source.is_ordered() {
            return source.mails(SORTABLE + 1, sql);
        }
        let condition = source.condition("d", sql);
        let within = self.within_time("d", sql);
        format!("SELECT 1 AS one FROM {} d WHERE {condition}{within} LIMIT {}", source.table(), SORTABLE + 1)
    }

    async fn count_in_time(&self, store: &Store) -> Result<u32> {
        let mut sql = Sql::default();
        let within = self.within_time("d", &mut sql);
        let statement = format!(
            "SELECT COUNT(*) FROM (SELECT 1 AS one FROM journal d WHERE 1 = 1{within} LIMIT {}) AS counted",
            FEW + 1
        );
        let counted: Vec<(i64,)> = sql.fetch(statement, store.search_in()).await?;
        Ok(counted.first().map_or(0, |(mails,)| crate::store::count(*mails)))
    }

    fn within_time(&self, row: &str, sql: &mut Sql) -> String {
        let since = self.filter.since.map(|since| format!(" AND {row}.received_at >= {}", sql.bind(millis(since))));
        let until = self.filter.until.map(|until| format!(" AND {row}.received_at < {}", sql.bind(millis(until))));
        since.unwrap_or_default() + &until.unwrap_or_default()
    }

    /// The statement of a way.
    fn statement(&self, way: &Way, limit: u32, sql: &mut Sql) -> String {
        let (from, condition) = match way {
            Way::Walk(None) | Way::GatherTime => {
                ("journal d".to_owned(), format!("1 = 1{}", self.others(None, "d", sql)))
            }
            Way::Walk(Some(source)) => {
                let own = source.condition("d", sql);
                (format!("{} d", source.table()), own + &self.others(Some(source), "d", sql))
            }
            Way::Gather(source) => (self.gathered(source, sql), "1 = 1".to_owned()),
            Way::GlanceThenGather(_) => return self.glance(limit, sql),
        };
        let (row, range, order) = (way.row(), self.range(way.row(), sql), self.order(way));
        format!("SELECT {row}.mail_id FROM {from} WHERE {condition}{range} ORDER BY {order} LIMIT {limit}")
    }

    /// A page of the next lines of the whole list, or less than one.
    fn glance(&self, limit: u32, sql: &mut Sql) -> String {
        let (range, others, order) = (self.range("d", sql), self.others(None, "d", sql), self.order(&Way::Walk(None)));
        format!(
            "SELECT d.mail_id FROM (SELECT d.* FROM journal d WHERE 1 = 1{range} ORDER BY {order} LIMIT {GLANCE}) AS d
             WHERE 1 = 1{others} ORDER BY {order} LIMIT {limit}"
        )
    }

    /// What a filter names, with where each mail stands in the list: a look at that one mail, which no planner turns
    /// into a walk through the journal.
    fn gathered(&self, source: &Source, sql: &mut Sql) -> String {
        let mails = source.mails(SORTABLE + 1, sql);
        let others = self.others(Some(source), "named", sql);
        let look = |column| format!("(SELECT j.{column} FROM journal j WHERE j.mail_id = named.mail_id) AS {column}");
        let columns: Vec<String> = ["received_at"].into_iter().chain(self.word()).map(look).collect();
        let columns = columns.join(", ");
        format!("(SELECT DISTINCT mail_id, {columns} FROM ({mails}) AS named WHERE 1 = 1{others}) AS gathered")
    }

    /// What the sources that do not lead ask of each mail.
    fn others(&self, leader: Option<&Source>, row: &str, sql: &mut Sql) -> String {
        let asked = self.sources.iter().filter(|source| Some(*source) != leader);
        asked.fold(String::new(), |all, source| all + " AND " + &source.holds(&format!("{row}.mail_id"), sql))
    }

    /// Whether the least comes first in what is read.
    fn ascends(&self) -> bool {
        self.sort.descending == self.back
    }

    /// All of a time is sorted, whatever index has its order: an expression is in none.
    fn order(&self, way: &Way) -> String {
        let direction = if self.ascends() { "ASC" } else { "DESC" };
        let row = way.row();
        let first = match (self.word(), way) {
            (None, Way::GatherTime) => format!("{row}.received_at + 0"),
            (None, _) => format!("{row}.received_at"),
            (Some(word), Way::GatherTime) => format!("{row}.{word} || '' {direction}, {row}.received_at"),
            (Some(word), _) => format!("{row}.{word} {direction}, {row}.received_at"),
        };
        format!("{first} {direction}, {row}.mail_id {direction}")
    }

    /// Where the page begins, and the time it is within. Of two bounds on one side only the closer is named: the index
    /// is then entered there.
    fn range(&self, row: &str, sql: &mut Sql) -> String {
        let (Some(key), ascends) = (self.from, self.ascends()) else { return self.within_time(row, sql) };
        if let (Some(column), Some(word)) = (self.word(), &key.word) {
            let (word, at, mail) = (sql.text(word), sql.bind(key.received_at), sql.bind(key.mail));
            let beyond = if ascends { ">" } else { "<" };
            let place =
                format!(" AND ({row}.{column}, {row}.received_at, {row}.mail_id) {beyond} ({word}, {at}, {mail})");
            return place + &self.within_time(row, sql);
        }
        let since = self.filter.since.map(millis).filter(|since| !ascends || *since > key.received_at);
        let until = self.filter.until.map(millis).filter(|until| ascends || *until <= key.received_at);
        let is_within = if ascends { since.is_none() } else { until.is_none() };
        let since = since.map(|since| format!(" AND {row}.received_at >= {}", sql.bind(since)));
        let until = until.map(|until| format!(" AND {row}.received_at < {}", sql.bind(until)));
        let beyond = if ascends { ">" } else { "<" };
        let place = is_within.then(|| {
            let (at, mail) = (sql.bind(key.received_at), sql.bind(key.mail));
            format!(" AND ({row}.received_at, {row}.mail_id) {beyond} ({at}, {mail})")
        });
        since.unwrap_or_default() + &until.unwrap_or_default() + &place.unwrap_or_default()
    }
}
