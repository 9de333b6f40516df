//! What came in over a time, and what was rejected for which cause.

use std::collections::HashMap;

use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use serde::Serialize;
use utoipa::ToSchema;

use super::filter::MailStatus;
use super::plan::sql::Sql;
use crate::{Result, Store, millis};
use domain::defect::Code;
use domain::outcome::Verdict;

const HOUR: i64 = 3_600_000;
/// The most slots of one flow: a year of days, a month of hours.
const SLOTS: usize = 800;

/// What was received in one hour or one day, and what has become of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct Flow {
    /// When it begins.
    #[schema(value_type = String, format = DateTime)]
    pub debut: Timestamp,
    /// Mails received: the sum of the others.
    pub recus: i64,
    /// Integrated.
    pub integres: i64,
    /// Integrated in part.
    pub partiellement_integres: i64,
    /// Rejected.
    pub rejetes: i64,
    /// Ignored, received before, in quarantine.
    pub autres: i64,
    /// Without verdict.
    pub en_cours: i64,
}

/// A code, and in how many mails it rejected something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct Rejections {
    /// The code.
    pub code: Code,
    /// How many mails.
    pub courriels: i64,
}

impl Store {
    /// The flow of each hour from the one of `since` on to the one before `until`, those without a mail too.
    pub async fn hourly_flow(&self, since: Timestamp, until: Timestamp) -> Result<Vec<Flow>> {
        let begin = Timestamp::from_millisecond(millis(since).div_euclid(HOUR) * HOUR).unwrap_or(since);
        let next = |at: Timestamp| at.checked_add(1.hour()).ok();
        self.flow(begin, until, next).await
    }

    /// The same of each day of a zone whose clock differs from UTC by whole hours.
    pub async fn daily_flow(&self, since: Timestamp, until: Timestamp, zone: &TimeZone) -> Result<Vec<Flow>> {
        let begin = since.to_zoned_datetime(zone.clone()).start_of_day().map_or(since, |day| day.timestamp());
        let next = |at: Timestamp| at.to_zoned_datetime(zone.clone()).tomorrow().ok().map(|day| day.timestamp());
        self.flow(begin, until, next).await
    }

    async fn flow(
        &self,
        begin: Timestamp,
        until: Timestamp,
        next: impl Fn(Timestamp) -> Option<Timestamp>,
    ) -> Result<Vec<Flow>> {
        let counts = self.hourly_counts(begin, until).await?;
        let mut slots = Vec::new();
        let mut slot = Some(begin);
        while let Some(from) = slot.filter(|from| *from < until && slots.len() < SLOTS) {
            slot = next(from);
            let hours = millis(from) / HOUR..slot.map_or(i64::MAX, |to| millis(to) / HOUR);
            slots.push(Flow::of(from, counts.iter().filter(|((hour, _), _)| hours.contains(hour))));
        }
        Ok(slots)
    }

    /// By hour since 1970 and verdict.
    async fn hourly_counts(&self, since: Timestamp, until: Timestamp) -> Result<HashMap<(i64, String), i64>> {
        let mut sql = Sql::default();
        let words: Vec<String> = MailStatus::all().map(|standing| sql.text(standing.word())).collect();
        let statement = format!(
            "SELECT received_at / {HOUR} AS hour, verdict, COUNT(*) FROM journal
             WHERE verdict IN ({}) AND received_at >= {} AND received_at < {} GROUP BY verdict, hour",
            words.join(", "),
            sql.bind(millis(since)),
            sql.bind(millis(until)),
        );
        let rows: Vec<(i64, String, i64)> = sql.fetch(statement, self.search_in()).await?;
        Ok(rows.into_iter().map(|(hour, verdict, mails)| ((hour, verdict), mails)).collect())
    }

    /// For each code under which something was rejected in a mail received in this time: in how many. The most first.
    pub async fn rejections(&self, since: Timestamp, until: Timestamp) -> Result<Vec<Rejections>> {
        let mut sql = Sql::default();
        let codes: Vec<String> = Code::ALL.iter().map(|code| sql.text(code.as_str())).collect();
        let statement = format!(
            "SELECT facet, COUNT(*) AS mails FROM facets
             WHERE facet IN ({}) AND received_at >= {} AND received_at < {} AND rejection = 1
             GROUP BY facet ORDER BY mails DESC, facet",
            codes.join(", "),
            sql.bind(millis(since)),
            sql.bind(millis(until)),
        );
        let rows: Vec<(String, i64)> = sql.fetch(statement, self.search_in()).await?;
        rows.into_iter().map(|(code, courriels)| Ok(Rejections { code: crate::parse(&code)?, courriels })).collect()
    }
}

impl Flow {
    fn of<'a>(debut: Timestamp, counts: impl Iterator<Item = (&'a (i64, String), &'a i64)>) -> Self {
        let mut flow =
            Self { debut, recus: 0, integres: 0, partiellement_integres: 0, rejetes: 0, autres: 0, en_cours: 0 };
        for ((_, word), mails) in counts {
            flow.recus += mails;
            *match word.parse() {
                Ok(MailStatus::Verdict(Verdict::Integre)) => &mut flow.integres,
                Ok(MailStatus::Verdict(Verdict::PartiellementIntegre)) => &mut flow.partiellement_integres,
                Ok(MailStatus::Verdict(Verdict::Rejete)) => &mut flow.rejetes,
                Ok(MailStatus::EnCours) => &mut flow.en_cours,
                Ok(MailStatus::Verdict(_)) | Err(_) => &mut flow.autres,
            } += mails;
        }
        flow
    }
}
