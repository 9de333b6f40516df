//! One statement for both engines: its text, what is bound to it, and what its rows are read as.

use std::borrow::Cow;
use std::marker::PhantomData;

use sqlx::postgres::{PgArguments, PgRow};
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{Arguments, Encode, FromRow, Postgres, SqlSafeStr, SqlStr, Sqlite, Type};

use super::On;
use super::postgres::{PostgresSession, within};
use crate::{MailId, Result};

/// What is bound to a placeholder. Flags are the integers 0 and 1 in both engines.
#[derive(Debug, Clone)]
pub(crate) enum SqlValue<'q> {
    Integer(Option<i64>),
    Text(Option<Cow<'q, str>>),
    Blob(Option<Cow<'q, [u8]>>),
}

/// A type that can be bound. Its NULL has a type too, which PostgreSQL wants to know.
pub(crate) trait Argument<'q>: Sized {
    fn value(this: Option<Self>) -> SqlValue<'q>;
}

/// What a row of either engine is read as.
pub(crate) trait FromRows: for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin {}

impl<T> FromRows for T where T: for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin {}

/// A statement whose rows are read as `O`.
pub(crate) struct Query<'q, O> {
    sql: SqlStr,
    values: Vec<SqlValue<'q>>,
    rows: PhantomData<fn() -> O>,
}

/// A statement whose rows have one column.
pub(crate) struct Scalar<'q, T>(Query<'q, (T,)>);

/// A statement without rows.
pub(crate) fn query<'q>(sql: impl SqlSafeStr) -> Query<'q, ()> {
    query_as(sql)
}

/// A statement whose rows are read as `O`.
pub(crate) fn query_as<'q, O>(sql: impl SqlSafeStr) -> Query<'q, O> {
    Query { sql: sql.into_sql_str(), values: Vec::new(), rows: PhantomData }
}

/// A statement whose rows have one column.
pub(crate) fn query_scalar<'q, T>(sql: impl SqlSafeStr) -> Scalar<'q, T> {
    Scalar(query_as(sql))
}

/// Runs a statement where it belongs. What a PostgreSQL session is asked has a deadline.
macro_rules! run {
    ($on:expr, $sqlite:expr, $postgres:expr, $method:ident $(, $of_it:ident)?) => {
        match $on.into() {
            On::Sqlite(pool) => Ok($sqlite.$method(pool).await?$(.$of_it())?),
            On::SqliteTransaction(connection) => Ok($sqlite.$method(connection).await?$(.$of_it())?),
            On::Postgres(pool) => {
                let mut session = PostgresSession::take(pool).await?;
                let answer = within($postgres.$method(session.connection())).await?;
                session.give_back();
                Ok(answer$(.$of_it())?)
            }
            On::PostgresTransaction(connection) => Ok(within($postgres.$method(connection)).await?$(.$of_it())?),
        }
    };
}

impl<'q, O> Query<'q, O> {
    /// The value of the next placeholder.
    pub(crate) fn bind<T: Argument<'q>>(self, value: T) -> Self {
        self.bind_value(T::value(Some(value)))
    }

    /// The values of as many placeholders.
    pub(crate) fn bind_all<T: Argument<'q>>(self, values: impl IntoIterator<Item = T>) -> Self {
        values.into_iter().fold(self, Self::bind)
    }

    /// The same, of a type known at run time only.
    pub(crate) fn bind_value(mut self, value: SqlValue<'q>) -> Self {
        self.values.push(value);
        self
    }

    /// Runs it and returns how many rows it touched.
    pub(crate) async fn execute<'a>(self, on: impl Into<On<'a>>) -> Result<u64> {
        let Self { sql, values, .. } = self;
        run!(
            on,
            sqlx::query_with::<Sqlite, SqliteArguments>(sql, arguments(values)?),
            sqlx::query_with::<Postgres, PgArguments>(sql, arguments(values)?),
            execute,
            rows_affected
        )
    }
}

impl<O: FromRows> Query<'_, O> {
    /// All its rows.
    pub(crate) async fn fetch_all<'a>(self, on: impl Into<On<'a>>) -> Result<Vec<O>> {
        let Self { sql, values, .. } = self;
        run!(
            on,
            sqlx::query_as_with::<Sqlite, O, SqliteArguments>(sql, arguments(values)?),
            sqlx::query_as_with::<Postgres, O, PgArguments>(sql, arguments(values)?),
            fetch_all
        )
    }

    /// Its first row, if it has one.
    pub(crate) async fn fetch_optional<'a>(self, on: impl Into<On<'a>>) -> Result<Option<O>> {
        Ok(self.fetch_all(on).await?.into_iter().next())
    }

    /// Its first row; an error if it has none.
    pub(crate) async fn fetch_one<'a>(self, on: impl Into<On<'a>>) -> Result<O> {
        Ok(self.fetch_optional(on).await?.ok_or(sqlx::Error::RowNotFound)?)
    }
}

impl<'q, T> Scalar<'q, T>
where
    (T,): FromRows,
{
    /// The value of the next placeholder.
    pub(crate) fn bind<A: Argument<'q>>(self, value: A) -> Self {
        Self(self.0.bind(value))
    }

    /// The values of as many placeholders.
    pub(crate) fn bind_all<A: Argument<'q>>(self, values: impl IntoIterator<Item = A>) -> Self {
        Self(self.0.bind_all(values))
    }

    /// The column of all its rows.
    pub(crate) async fn fetch_all<'a>(self, on: impl Into<On<'a>>) -> Result<Vec<T>> {
        Ok(self.0.fetch_all(on).await?.into_iter().map(|(value,)| value).collect())
    }

    /// The column of its first row, if it has one.
    pub(crate) async fn fetch_optional<'a>(self, on: impl Into<On<'a>>) -> Result<Option<T>> {
        Ok(self.0.fetch_optional(on).await?.map(|(value,)| value))
    }

    /// The column of its first row; an error if it has none.
    pub(crate) async fn fetch_one<'a>(self, on: impl Into<On<'a>>) -> Result<T> {
        Ok(self.0.fetch_one(on).await?.0)
    }
}

/// The bound values as an engine takes them. PostgreSQL has no U+0000 in its texts, so no engine gets one.
fn arguments<A: Arguments>(values: Vec<SqlValue<'_>>) -> Result<A>
where
    Option<i64>: for<'t> Encode<'t, A::Database> + Type<A::Database>,
    Option<String>: for<'t> Encode<'t, A::Database> + Type<A::Database>,
    Option<Vec<u8>>: for<'t> Encode<'t, A::Database> + Type<A::Database>,
{
    let mut arguments = A::default();
    for value in values {
        let added = match value {
            SqlValue::Integer(integer) => arguments.add(integer),
            SqlValue::Text(text) => arguments.add(text.map(|text| text.replace('\0', "\u{fffd}"))),
            SqlValue::Blob(blob) => arguments.add(blob.map(Cow::into_owned)),
        };
        added.map_err(sqlx::Error::Encode)?;
    }
    Ok(arguments)
}

impl<'q, T: Argument<'q>> Argument<'q> for Option<T> {
    fn value(this: Option<Self>) -> SqlValue<'q> {
        T::value(this.flatten())
    }
}

impl<'q> Argument<'q> for &'q Option<String> {
    fn value(this: Option<Self>) -> SqlValue<'q> {
        SqlValue::Text(this.and_then(Option::as_deref).map(Cow::Borrowed))
    }
}

macro_rules! argument {
    ($($type:ty => $variant:ident($convert:expr)),+ $(,)?) => {
        $(impl<'q> Argument<'q> for $type {
            fn value(this: Option<Self>) -> SqlValue<'q> {
                SqlValue::$variant(this.map($convert))
            }
        })+
    };
}

argument! {
    i64 => Integer(|integer| integer),
    i32 => Integer(i64::from),
    u32 => Integer(i64::from),
    u16 => Integer(i64::from),
    bool => Integer(i64::from),
    MailId => Integer(MailId::number),
    &'q MailId => Integer(|id: &MailId| id.number()),
    String => Text(Cow::Owned),
    &'q String => Text(|text: &'q String| Cow::Borrowed(text.as_str())),
    &'q str => Text(Cow::Borrowed),
    &'q [u8] => Blob(Cow::Borrowed),
    &'q Vec<u8> => Blob(|bytes: &'q Vec<u8>| Cow::Borrowed(bytes.as_slice())),
}
