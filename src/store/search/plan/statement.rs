//! The statement of one way to the mails of a page.

use super::drive::{Base, KnownColumns, Order};
use super::filters::FilterSource;
use super::sql::Sql;
use super::walk::{Search, Way};
use crate::millis;

/// More than a filter that names numbers alone is ever asked for.
const NUMBERS: u32 = 100_000;

impl Search<'_> {
    /// The sources that a base is not of.
    fn others<'s>(&'s self, base: &'s Base) -> impl Iterator<Item = &'s FilterSource> {
        self.sources.iter().filter(|source| !base.is_of(source))
    }

    /// What the rows of a base, called `row`, tell of the other sources, as conditions.
    pub(in crate::search) fn told(&self, base: &Base, row: &str, sql: &mut Sql) -> String {
        self.others(base).fold(String::new(), |all, source| match base.told(source, self.order, row, sql) {
            KnownColumns::All(condition) | KnownColumns::Half(condition) => all + " AND " + &condition,
            KnownColumns::Nothing => all,
        })
    }

    /// The looks at each mail for what the rows of a base do not tell, as conditions.
    pub(in crate::search) fn looks(&self, base: &Base, row: &str, sql: &mut Sql) -> String {
        let untold = self.others(base).filter(|source| {
            let told = base.told(source, self.order, row, &mut Sql::default());
            !matches!(told, KnownColumns::All(_))
        });
        untold.fold(String::new(), |all, source| all + " AND " + &source.holds(&format!("{row}.mail_id"), sql))
    }

    /// The numbers of the mails of a base, so many at most.
    pub(in crate::search) fn numbers(&self, base: &Base, limit: u32, sql: &mut Sql) -> String {
        if let Base::Of(source @ (FilterSource::Identifier(_) | FilterSource::Handled(_))) = base {
            return source.mails(limit, sql);
        }
        let condition = base.condition("d", sql);
        let told = if base.is_of_journal() { String::new() } else { self.told(base, "d", sql) };
        let within = self.within_time("d", sql);
        format!("SELECT d.mail_id FROM {} d WHERE {condition}{told}{within} LIMIT {limit}", base.table())
    }

    pub(in crate::search) fn within_time(&self, row: &str, sql: &mut Sql) -> String {
        let since = self.filter.since.map(|since| format!(" AND {row}.received_at >= {}", sql.bind(millis(since))));
        let until = self.filter.until.map(|until| format!(" AND {row}.received_at < {}", sql.bind(millis(until))));
        since.unwrap_or_default() + &until.unwrap_or_default()
    }

    /// The statement of a way.
    pub(in crate::search) fn statement(&self, way: &Way, limit: u32, sql: &mut Sql) -> String {
        if self.order == Order::Verdict || way.base.is_numbers() {
            return self.gathered(&way.base, limit, sql);
        }
        let Some(glance) =
            way.glance.map(|lines| format!(" LIMIT {lines}")).or_else(|| way.base.repeats().then(String::new))
        else {
            let condition = way.base.condition("d", sql);
            let (told, looks) = (self.told(&way.base, "d", sql), self.looks(&way.base, "d", sql));
            let (table, range, order) = (way.base.table(), self.range_of(way, sql), self.order_of(way, "d"));
            return format!(
                "SELECT d.mail_id FROM {table} d WHERE {condition}{told}{looks}{range} ORDER BY {order} LIMIT {limit}"
            );
        };
        let rows = self.rows(way, &glance, sql);
        // Of the list as it is so many lines are looked through, of few rows so many that may be meant.
        let told = if way.base.is_of_journal() { self.told(&way.base, "seen", sql) } else { String::new() };
        let (looks, order) = (self.looks(&way.base, "seen", sql), self.order_of(way, "seen"));
        format!("SELECT seen.mail_id FROM ({rows}) AS seen WHERE 1 = 1{told}{looks} ORDER BY {order} LIMIT {limit}")
    }

    /// The first rows of a base, each mail once.
    fn rows(&self, way: &Way, limit: &str, sql: &mut Sql) -> String {
        let (table, condition) = (way.base.table(), way.base.condition("d", sql));
        let range = self.range_of(way, sql);
        let order = if limit.is_empty() { String::new() } else { format!(" ORDER BY {}", self.order_of(way, "d")) };
        if way.base.is_of_journal() {
            return format!("SELECT d.* FROM {table} d WHERE {condition}{range}{order}{limit}");
        }
        let (told, distinct) = (self.told(&way.base, "d", sql), if way.base.repeats() { "DISTINCT " } else { "" });
        format!(
            "SELECT {distinct}d.mail_id, d.received_at, d.sender FROM {table} d WHERE {condition}{told}{range}{order}{limit}"
        )
    }

    /// What a base names, with where each mail stands in the list: a look at that one mail, which no planner turns into a
    /// walk through the journal.
    fn gathered(&self, base: &Base, limit: u32, sql: &mut Sql) -> String {
        let mails = self.numbers(base, NUMBERS, sql);
        let others = if base.is_of_journal() {
            let holds = |source: &FilterSource| format!(" AND {}", source.holds("named.mail_id", sql));
            self.others(base).map(holds).collect()
        } else {
            self.looks(base, "named", sql)
        };
        let look = |column| format!("(SELECT j.{column} FROM journal j WHERE j.mail_id = named.mail_id) AS {column}");
        let columns: Vec<String> = ["received_at"].into_iter().chain(self.word()).map(look).collect();
        let (columns, range, order) = (columns.join(", "), self.range("found", sql), self.in_order("found", "", ""));
        format!(
            "SELECT found.mail_id FROM (SELECT DISTINCT mail_id, {columns} FROM ({mails}) AS named WHERE 1 = 1{others}) AS found
             WHERE 1 = 1{range} ORDER BY {order} LIMIT {limit}"
        )
    }

    /// The column besides the reception that sorts.
    fn word(&self) -> Option<&'static str> {
        match self.order {
            Order::Time => None,
            Order::Sender => Some("sender"),
            Order::Verdict => Some("verdict"),
        }
    }

    /// What is to be sorted is sorted, whatever index has its order: an expression is in none. Rows that repeat a mail
    /// are in no index of any order but their own.
    fn order_of(&self, way: &Way, row: &str) -> String {
        if way.base.is_in(self.order) && !way.sorts || way.base.repeats() {
            self.in_order(row, "", "")
        } else {
            self.in_order(row, " || ''", " + 0")
        }
    }

    fn in_order(&self, row: &str, text: &str, number: &str) -> String {
        let direction = if self.ascends() { "ASC" } else { "DESC" };
        let by_word = self.word().map(|word| format!("{row}.{word}{text} {direction}, ")).unwrap_or_default();
        format!("{by_word}{row}.received_at{number} {direction}, {row}.mail_id {direction}")
    }

    /// Where the page begins among the rows of a way. In the order of senders the time leads to nothing.
    fn range_of(&self, way: &Way, sql: &mut Sql) -> String {
        let walks_by_word = self.word().is_some() && way.base.is_in(self.order) && !way.sorts;
        if !walks_by_word {
            return self.range("d", sql);
        }
        let time = self.within_time("d", sql);
        let time = time.strip_prefix(" AND ").map(|time| format!(" AND ({time}) IS TRUE")).unwrap_or_default();
        self.place_by_word("d", sql) + &time
    }

    /// The place where the page begins in the order of a word.
    fn place_by_word(&self, row: &str, sql: &mut Sql) -> String {
        let (Some(key), Some(column)) = (&self.from, self.word()) else { return String::new() };
        let Some(word) = &key.word else { return String::new() };
        let beyond = if self.ascends() { ">" } else { "<" };
        let (word, at, mail) = (sql.text(word), sql.bind(key.received_at), sql.bind(key.mail));
        format!(" AND ({row}.{column}, {row}.received_at, {row}.mail_id) {beyond} ({word}, {at}, {mail})")
    }

    /// Where the page begins, and the time it is within. Of two bounds on one side only the closer is named: the index
    /// is then entered there.
    fn range(&self, row: &str, sql: &mut Sql) -> String {
        let (Some(key), ascends) = (&self.from, self.ascends()) else { return self.within_time(row, sql) };
        let beyond = if ascends { ">" } else { "<" };
        if self.word().is_some() {
            return self.place_by_word(row, sql) + &self.within_time(row, sql);
        }
        let since = self.filter.since.map(millis).filter(|since| !ascends || *since > key.received_at);
        let until = self.filter.until.map(millis).filter(|until| ascends || *until <= key.received_at);
        let is_within = if ascends { since.is_none() } else { until.is_none() };
        let since = since.map(|since| format!(" AND {row}.received_at >= {}", sql.bind(since)));
        let until = until.map(|until| format!(" AND {row}.received_at < {}", sql.bind(until)));
        let place = is_within.then(|| {
            let (at, mail) = (sql.bind(key.received_at), sql.bind(key.mail));
            format!(" AND ({row}.received_at, {row}.mail_id) {beyond} ({at}, {mail})")
        });
        since.unwrap_or_default() + &until.unwrap_or_default() + &place.unwrap_or_default()
    }
}
