//! A statement put together from parts: its text, and what is bound to it.

use std::borrow::Cow;

use sqlx::AssertSqlSafe;
use tracing::trace;

use crate::Result;
use crate::engine::{Argument, FromRows, On, SqlValue, Tx, query, query_as};

/// Under which name the text of each search is traced.
const STATEMENTS: &str = "dispolits::recherche";

/// Only text of this program enters the statement; whatever comes from outside is bound.
#[derive(Debug, Default)]
pub(crate) struct Sql {
    values: Vec<SqlValue<'static>>,
}

impl Sql {
    /// Binds a value and returns its placeholder.
    pub(crate) fn bind<T: Argument<'static>>(&mut self, value: T) -> String {
        self.values.push(T::value(Some(value)));
        format!("${}", self.values.len())
    }

    pub(crate) fn text(&mut self, text: &str) -> String {
        self.values.push(SqlValue::Text(Some(Cow::Owned(text.to_owned()))));
        format!("${}", self.values.len())
    }

    /// The rows of the statement.
    pub(crate) async fn fetch<O: FromRows>(self, statement: String, on: On<'_>) -> Result<Vec<O>> {
        // Values are never traced.
        trace!(target: STATEMENTS, "{statement}");
        let mut query = query_as(AssertSqlSafe(statement));
        for value in self.values {
            query = query.bind_value(value);
        }
        query.fetch_all(on).await
    }

    /// Runs the statement.
    pub(crate) async fn execute(self, statement: String, tx: &mut Tx) -> Result<()> {
        let mut query = query(AssertSqlSafe(statement));
        for value in self.values {
            query = query.bind_value(value);
        }
        query.execute(tx).await.map(drop)
    }

    /// The rows of a VALUES, padded like a list; whoever uses them takes each once.
    pub(crate) fn rows<T>(&mut self, rows: &[T], cells: impl Fn(&mut Self, &T) -> Vec<String>) -> String {
        let padding = rows.len().next_power_of_two() - rows.len();
        let all = rows.iter().chain(rows.last().into_iter().cycle().take(padding));
        all.map(|row| format!("({})", cells(self, row).join(", "))).collect::<Vec<_>>().join(", ")
    }

    /// Placeholders of these numbers for an IN. So many that few statements are told apart: the last is repeated.
    pub(crate) fn list(&mut self, numbers: &[i64]) -> String {
        let Some(last) = numbers.last() else { return "NULL".to_owned() };
        let padding = numbers.len().next_power_of_two() - numbers.len();
        let all = numbers.iter().copied().chain(std::iter::repeat_n(*last, padding));
        all.map(|number| self.bind(number)).collect::<Vec<_>>().join(", ")
    }
}

/// The first text after all that begin with `prefix`, in the order of bytes; `None` if there is none.
pub(crate) fn after(prefix: &str) -> Option<String> {
    let mut text: Vec<char> = prefix.chars().collect();
    while let Some(last) = text.pop() {
        // Bytes of UTF-8 are in the order of the characters.
        if let Some(next) = (u32::from(last) + 1..=u32::from(char::MAX)).find_map(char::from_u32) {
            text.push(next);
            return Some(text.into_iter().collect());
        }
    }
    None
}
