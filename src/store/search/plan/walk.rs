//! From a filter to the mails of one page: which rows are gone through, and what is asked of each mail on the way.
//!
//! Few rows are read whole, and sorted. Of many, those that are in the order of the list come first, from where the page
//! begins; the other filters are asked of each mail, and if a glance finds too little, the rarest filter is read whole.
//! By verdict the list is read one verdict after the other, each in the order of reception. How much a filter names is
//! counted, no further than it matters: no statistics are needed, and none can be stale.

use super::super::filter::{Filter, MailStatus};
use super::super::page::{Column, Cursor, Page, PageKey};
use super::drive::{Base, Order};
use super::filters::FilterSource;
use super::sql::Sql;
use crate::{Result, Store};

/// So many mails are soon looked at, one by one, and sorted.
const FEW: u32 = 5_000;
/// So many of a time are soon sorted: they lie side by side.
const FEW_OF_A_TIME: u32 = 20_000;
/// So many rows that tell all that is asked are sorted.
const SORTABLE: u32 = 50_000;
/// So many mails are looked at before more is read.
const LOOKS: u32 = 3_000;
/// So many rows that tell all that is asked are gone through before that.
const LINES: u32 = 20_000;

/// How the mails of a page are found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::search) struct Way {
    /// Through which rows.
    pub(in crate::search) base: Base,
    /// Whether they are sorted, though an index has their order.
    pub(in crate::search) sorts: bool,
    /// How many at most.
    pub(in crate::search) glance: Option<u32>,
}

impl Way {
    fn through(base: Base) -> Self {
        Self { base, sorts: false, glance: None }
    }
}

/// A search of one page.
#[derive(Debug)]
pub(in crate::search) struct Search<'a> {
    pub(in crate::search) filter: &'a Filter,
    pub(in crate::search) sources: Vec<FilterSource>,
    pub(in crate::search) order: Order,
    descending: bool,
    /// From where, if not from the beginning.
    pub(in crate::search) from: Option<PageKey>,
    /// Whether the list is read against its order.
    back: bool,
}

impl<'a> Search<'a> {
    pub(in crate::search) fn new(filter: &'a Filter, page: &'a Page) -> Self {
        let (sources, sort) = (FilterSource::of(filter), page.order());
        let has = |is: fn(&FilterSource) -> bool| sources.iter().any(is);
        // A column of which the filter leaves one value does not sort.
        let order = match sort.column {
            Column::Expediteur if !has(|source| matches!(source, FilterSource::Sender(_))) => Order::Sender,
            Column::Verdict if !has(|source| matches!(source, FilterSource::Standing(_))) => Order::Verdict,
            _ => Order::Time,
        };
        let from = page.from.as_ref().map(|cursor: &Cursor| cursor.key.clone());
        Self { filter, sources, order, descending: sort.descending, from, back: page.goes_back() }
    }

    /// The receipt numbers of the page in the order in which it is read, one more than `lines` if there is another page.
    pub(in crate::search) async fn mails(&self, store: &Store, lines: u32) -> Result<Vec<i64>> {
        let lines = lines.saturating_add(1);
        if self.order != Order::Verdict {
            return self.found(store, lines).await;
        }
        match self.rarest(&Base::all(&self.sources), FEW, |_| 1, store).await? {
            Some((weight, base)) if weight <= FEW => self.through(&Way::through(base), store, lines).await,
            _ => self.found_by_verdict(store, lines).await,
        }
    }

    async fn found_by_verdict(&self, store: &Store, lines: u32) -> Result<Vec<i64>> {
        let mut all = Vec::new();
        for part in self.by_verdict() {
            let missing = lines.saturating_sub(u32::try_from(all.len()).unwrap_or(u32::MAX));
            if missing == 0 {
                break;
            }
            all.extend(part.found(store, missing).await?);
        }
        Ok(all)
    }

    /// The same, found in each way in which it could be: for those who compare or measure them.
    pub(in crate::search) async fn mails_by_every_way(&self, store: &Store, lines: u32) -> Result<Vec<Vec<i64>>> {
        let lines = lines.saturating_add(1);
        let mut all: Vec<Vec<i64>> = Vec::new();
        for way in self.ways() {
            all.push(self.through(&way, store, lines).await?);
        }
        if self.order == Order::Verdict {
            all.append(&mut self.verdicts_by_every_way(store, lines).await?);
        }
        Ok(all)
    }

    async fn verdicts_by_every_way(&self, store: &Store, lines: u32) -> Result<Vec<Vec<i64>>> {
        let mut all: Vec<Vec<i64>> = Vec::new();
        for part in self.by_verdict() {
            let ways = part.ways();
            all.resize(ways.len(), Vec::new());
            for (way, mails) in ways.iter().zip(&mut all) {
                mails.extend(part.through(way, store, lines).await?);
                mails.truncate(lines as usize);
            }
        }
        Ok(all)
    }

    /// Every way there is, as many for each verdict.
    fn ways(&self) -> Vec<Way> {
        if self.order == Order::Verdict {
            return Base::all(&self.sources).into_iter().map(Way::through).collect();
        }
        let bases = [Base::List].into_iter().chain(Base::all(&self.sources));
        let ways = bases.flat_map(|base| {
            let is_sorted = base != Base::List || self.has_time();
            let way = Way::through(base);
            let sorted = is_sorted.then(|| Way { sorts: true, ..way.clone() });
            [Some(Way { glance: Some(SORTABLE), ..way.clone() }), sorted, Some(way)]
        });
        ways.flatten().collect()
    }

    /// The searches of each verdict, in the order of the list, from the one where the page begins.
    fn by_verdict(&self) -> Vec<Self> {
        let mut standings: Vec<MailStatus> = MailStatus::all().collect();
        standings.sort_by_key(|standing| standing.word());
        if !self.ascends() {
            standings.reverse();
        }
        let first = self.from.as_ref().and_then(|key| key.word.as_deref());
        let comes = |standing: &MailStatus| {
            first.is_none_or(|first| if self.ascends() { standing.word() >= first } else { standing.word() <= first })
        };
        let part = |standing: MailStatus| {
            let sources = self.sources.iter().cloned().chain([FilterSource::Standing(standing)]).collect();
            let from = self.from.clone().filter(|_| first == Some(standing.word()));
            Self { filter: self.filter, sources, order: Order::Time, from, ..*self }
        };
        standings.into_iter().filter(comes).map(part).collect()
    }

    async fn found(&self, store: &Store, lines: u32) -> Result<Vec<i64>> {
        let Some(way) = self.way(store).await? else { return Ok(Vec::new()) };
        let found = self.through(&way, store, lines).await?;
        if way.glance.is_none() || found.len() >= lines as usize {
            return Ok(found);
        }
        let way = self.certain_way(way, store).await?;
        self.through(&way, store, lines).await
    }

    async fn through(&self, way: &Way, store: &Store, lines: u32) -> Result<Vec<i64>> {
        let mut sql = Sql::default();
        let statement = self.statement(way, lines, &mut sql);
        let found: Vec<(i64,)> = sql.fetch(statement, store.search_in()).await?;
        Ok(found.into_iter().map(|(mail,)| mail).collect())
    }

    /// `None` if a filter names nothing.
    async fn way(&self, store: &Store) -> Result<Option<Way>> {
        let bases = Base::all(&self.sources);
        if let Some(base) = bases.iter().find(|base| self.is_straight(base)) {
            return Ok(Some(Way::through(base.clone())));
        }
        let rarest = self.rarest(&bases, FEW, |_| 1, store).await?;
        match rarest {
            Some((0, _)) => return Ok(None),
            Some((weight, base)) if weight <= FEW => {
                return Ok(Some(Way { sorts: self.order == Order::Sender, ..Way::through(base) }));
            }
            _ => {}
        }
        if self.order == Order::Sender && self.has_time() && self.is_short_time(store).await? {
            return Ok(Some(Way { sorts: true, ..Way::through(Base::List) }));
        }
        self.long_way(bases, store).await.map(Some)
    }

    /// Whether its rows are in the order of the list, and tell all that is asked.
    fn is_straight(&self, base: &Base) -> bool {
        let is_asked_more = !self.looks(base, "d", &mut Sql::default()).is_empty();
        let is_narrow = !base.is_of_journal() || (self.sources.len() == 1 && self.order == Order::Time);
        base.is_in(self.order) && !is_asked_more && is_narrow
    }

    /// Through many rows: first those that few mails have, then any that are in the order of the list.
    async fn long_way(&self, bases: Vec<Base>, store: &Store) -> Result<Way> {
        if let Some(base) = bases.iter().find(|base| base.is_of_facets()) {
            return Ok(self.glance_through(base.clone()));
        }
        for base in bases.iter().filter(|base| !base.is_in(self.order) && self.is_sortable(base)) {
            if self.count(base, SORTABLE + 1, store).await? <= SORTABLE {
                return Ok(self.glance_through(base.clone()));
            }
        }
        let ordered = bases.into_iter().find(|base| base.is_in(self.order));
        Ok(self.glance_through(ordered.unwrap_or(Base::List)))
    }

    /// Whether its rows can be sorted without a look at their mails.
    fn is_sortable(&self, base: &Base) -> bool {
        match base {
            Base::Of(FilterSource::Senders(_)) => self.sources.len() == 1,
            _ => !base.is_of_journal() && !base.is_numbers(),
        }
    }

    fn glance_through(&self, base: Base) -> Way {
        let (mut sql, is_of_journal) = (Sql::default(), base.is_of_journal());
        let glance = if !self.looks(&base, "d", &mut sql).is_empty() {
            Some(LOOKS)
        } else if is_of_journal && !self.told(&base, "d", &mut sql).is_empty() {
            Some(LINES)
        } else {
            None
        };
        Way { glance, ..Way::through(base) }
    }

    /// After a glance: through all rows of the rarest filter, or on where it ended if all are frequent.
    async fn certain_way(&self, way: Way, store: &Store) -> Result<Way> {
        let rarest = self.rarest(&Base::all(&self.sources), SORTABLE, Base::weight, store).await?;
        Ok(match rarest {
            Some((weight, base)) if weight <= SORTABLE => {
                Way { sorts: self.order == Order::Sender && base.is_of_journal(), ..Way::through(base) }
            }
            _ => Way { glance: None, ..way },
        })
    }

    fn has_time(&self) -> bool {
        self.filter.since.is_some() || self.filter.until.is_some()
    }

    async fn is_short_time(&self, store: &Store) -> Result<bool> {
        Ok(self.count(&Base::List, FEW_OF_A_TIME + 1, store).await? <= FEW_OF_A_TIME)
    }

    async fn count(&self, base: &Base, limit: u32, store: &Store) -> Result<u32> {
        let mut sql = Sql::default();
        let rows = self.numbers(base, limit, &mut sql);
        let counted =
            counts(sql, format!("SELECT CAST(0 AS BIGINT), COUNT(*) FROM ({rows}) AS counted"), store).await?;
        Ok(counted.first().map_or(0, |(_, count)| *count))
    }

    /// The base whose rows, counted up to `limit` and one, weigh least, and what they weigh.
    async fn rarest(
        &self,
        bases: &[Base],
        limit: u32,
        weight: fn(&Base) -> u32,
        store: &Store,
    ) -> Result<Option<(u32, Base)>> {
        if bases.is_empty() {
            return Ok(None);
        }
        let mut sql = Sql::default();
        let counted = bases.iter().enumerate().map(|(rank, base)| {
            let rows = self.numbers(base, limit.saturating_add(1), &mut sql);
            format!("SELECT CAST({rank} AS BIGINT), COUNT(*) FROM ({rows}) AS counted_{rank}")
        });
        let statement = counted.collect::<Vec<_>>().join(" UNION ALL ");
        let counted = counts(sql, statement, store).await?.into_iter();
        let weighed = counted.filter_map(|(rank, count)| {
            let base = bases.get(rank)?;
            Some((count.saturating_mul(weight(base)), base))
        });
        Ok(weighed.min_by_key(|(weight, _)| *weight).map(|(weight, base)| (weight, base.clone())))
    }

    /// Whether the least comes first in what is read.
    pub(in crate::search) fn ascends(&self) -> bool {
        self.descending == self.back
    }
}

async fn counts(sql: Sql, statement: String, store: &Store) -> Result<Vec<(usize, u32)>> {
    let counted: Vec<(i64, i64)> = sql.fetch(statement, store.search_in()).await?;
    let count = |(rank, count)| (usize::try_from(rank).unwrap_or(usize::MAX), crate::count(count));
    Ok(counted.into_iter().map(count).collect())
}
