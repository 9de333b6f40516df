//! The rows that a search goes through, and what they tell of a mail by themselves.

use super::super::filter::MailStatus;
use super::filters::{FINESS, FilterSource};
use super::sql::Sql;
use domain::outcome::Verdict;

/// In which order mails are found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::search) enum Order {
    /// As they were received.
    Time,
    /// By sender; within one, as they were received.
    Sender,
    /// By verdict; within one, as they were received.
    Verdict,
}

/// Rows that name mails.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::search) enum Base {
    /// The whole journal.
    List,
    /// Those of a source.
    Of(FilterSource),
    /// Those of a service, whosever it is, of a standing that few mails have.
    Few(String, MailStatus),
}

/// What kind of row it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum DriveKind {
    Journal,
    Facets,
    Mentions,
    /// Only the number of the mail is there.
    Numbers,
}

/// What a row tells of a source.
#[derive(Debug)]
pub(in crate::search) enum KnownColumns {
    /// Whether it holds.
    All(String),
    /// That it does not hold, if it says so; else the mail is to be looked at.
    Half(String),
    /// Nothing: the mail is to be looked at.
    Nothing,
}

impl Base {
    /// Those that these sources have together.
    pub(in crate::search) fn all(sources: &[FilterSource]) -> Vec<Self> {
        let few = sources.iter().find_map(|source| match source {
            FilterSource::Standing(standing) if !is_plain(*standing) => Some(*standing),
            _ => None,
        });
        let named = sources.iter().filter(|source| source.is_named());
        let base = |source: &FilterSource| match (source, few) {
            (FilterSource::Service(service), Some(standing)) => Self::Few(service.clone(), standing),
            _ => Self::Of(source.clone()),
        };
        named.map(base).collect()
    }

    fn kind(&self) -> DriveKind {
        match self {
            Self::Of(FilterSource::Facet(_)) => DriveKind::Facets,
            Self::Few(..) | Self::Of(FilterSource::Place(..) | FilterSource::Service(_)) => DriveKind::Mentions,
            Self::Of(FilterSource::Identifier(_) | FilterSource::Handled(_)) => DriveKind::Numbers,
            Self::List | Self::Of(_) => DriveKind::Journal,
        }
    }

    pub(in crate::search) fn is_of_journal(&self) -> bool {
        self.kind() == DriveKind::Journal
    }

    pub(in crate::search) fn is_of_facets(&self) -> bool {
        self.kind() == DriveKind::Facets
    }

    /// Whether it names mails, and tells nothing of them.
    pub(in crate::search) fn is_numbers(&self) -> bool {
        self.kind() == DriveKind::Numbers
    }

    /// How many looks a row of it takes.
    pub(in crate::search) fn weight(&self) -> u32 {
        if self.is_numbers() { 3 } else { 1 }
    }

    /// Whether it names a mail more than once.
    pub(in crate::search) fn repeats(&self) -> bool {
        matches!(self, Self::Few(..) | Self::Of(FilterSource::Service(_)))
    }

    /// Whether an index has its rows in this order.
    pub(in crate::search) fn is_in(&self, order: Order) -> bool {
        let is_list = matches!(self, Self::List | Self::Of(FilterSource::Facet(_)));
        is_list
            || match order {
                Order::Verdict => false,
                Order::Sender => matches!(self, Self::Of(FilterSource::Senders(_))),
                Order::Time => {
                    let Self::Of(source) = self else { return true };
                    matches!(
                        source,
                        FilterSource::Account(_)
                            | FilterSource::Sender(_)
                            | FilterSource::Standing(_)
                            | FilterSource::Place(..)
                    )
                }
            }
    }

    pub(in crate::search) fn table(&self) -> &'static str {
        match self {
            Self::List => "journal",
            Self::Of(source) => source.table(),
            Self::Few(..) => "mentions",
        }
    }

    /// What its rows are found by.
    pub(in crate::search) fn condition(&self, row: &str, sql: &mut Sql) -> String {
        match self {
            Self::List => "1 = 1".to_owned(),
            Self::Of(source @ FilterSource::Service(_)) => {
                // The index of places begins with the establishment.
                format!("{row}.finess IN ({FINESS}) AND {}", source.condition(row, sql))
            }
            Self::Of(source) => source.condition(row, sql),
            Self::Few(service, standing) => {
                let (service, verdict) = (sql.text(service), sql.text(standing.word()));
                format!("{row}.service = {service} AND {row}.verdict = {verdict} AND {row}.verdict <> ''")
            }
        }
    }

    /// What its rows tell of a source. What is asked as a truth value is looked up in no index: no condition but
    /// its own leads to them, save where one index has both.
    pub(in crate::search) fn told(
        &self,
        source: &FilterSource,
        order: Order,
        row: &str,
        sql: &mut Sql,
    ) -> KnownColumns {
        let unled = |condition: String| format!("({condition}) IS TRUE");
        match (self.kind(), source) {
            (DriveKind::Numbers, _) => KnownColumns::Nothing,
            (DriveKind::Facets, FilterSource::Standing(_)) if order == Order::Time => {
                KnownColumns::All(source.condition(row, sql))
            }
            (DriveKind::Mentions, FilterSource::Standing(standing)) if is_plain(*standing) => {
                KnownColumns::Half(unled(format!("{row}.verdict = ''")))
            }
            (_, FilterSource::Sender(_) | FilterSource::Senders(_) | FilterSource::Standing(_))
            | (DriveKind::Journal, FilterSource::Account(_)) => KnownColumns::All(unled(source.condition(row, sql))),
            _ => KnownColumns::Nothing,
        }
    }

    /// Whether it is this source that its rows are of.
    pub(in crate::search) fn is_of(&self, source: &FilterSource) -> bool {
        match self {
            Self::List => false,
            Self::Of(own) => own == source,
            Self::Few(..) => matches!(source, FilterSource::Service(_) | FilterSource::Standing(_)),
        }
    }
}

/// Whether nearly all mails have it sooner or later: the rows of places do not say it.
fn is_plain(standing: MailStatus) -> bool {
    matches!(standing, MailStatus::EnCours | MailStatus::Verdict(Verdict::Integre))
}
