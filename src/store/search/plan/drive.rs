//! The rows that a search goes through, and what they tell of a mail by themselves.

use super::super::filter::Standing;
use super::filters::{FINESS, Source};
use super::sql::Sql;
use crate::outcome::Verdict;

/// In which order mails are found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store::search) enum Order {
    /// As they were received.
    Time,
    /// By sender; within one, as they were received.
    Sender,
    /// By verdict; within one, as they were received.
    Verdict,
}

/// Rows that name mails.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::store::search) enum Base {
    /// The whole journal.
    List,
    /// Those of a source.
    Of(Source),
    /// Those of a service, whosever it is, of a standing that few mails have.
    Few(String, Standing),
}

/// What kind of row it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Journal,
    Facets,
    Mentions,
    /// Only the number of the mail is there.
    Numbers,
}

/// What a row tells of a source.
#[derive(Debug)]
pub(in crate::store::search) enum Told {
    /// Whether it holds.
    All(String),
    /// That it does not hold, if it says so; else the mail is to be looked at.
    Half(String),
    /// Nothing: the mail is to be looked at.
    Nothing,
}

impl Base {
    /// Those that these sources have together.
    pub(in crate::store::search) fn all(sources: &[Source]) -> Vec<Self> {
        let few = sources.iter().find_map(|source| match source {
            Source::Standing(standing) if !is_plain(*standing) => Some(*standing),
            _ => None,
        });
        let named = sources.iter().filter(|source| source.is_named());
        let base = |source: &Source| match (source, few) {
            (Source::Service(service), Some(standing)) => Self::Few(service.clone(), standing),
            _ => Self::Of(source.clone()),
        };
        named.map(base).collect()
    }

    fn kind(&self) -> Kind {
        match self {
            Self::Of(Source::Facet(_)) => Kind::Facets,
            Self::Few(..) | Self::Of(Source::Place(..) | Source::Service(_)) => Kind::Mentions,
            Self::Of(Source::Identifier(_) | Source::Handled(_)) => Kind::Numbers,
            Self::List | Self::Of(_) => Kind::Journal,
        }
    }

    pub(in crate::store::search) fn is_of_journal(&self) -> bool {
        self.kind() == Kind::Journal
    }

    pub(in crate::store::search) fn is_of_facets(&self) -> bool {
        self.kind() == Kind::Facets
    }

    /// Whether it names mails, and tells nothing of them.
    pub(in crate::store::search) fn is_numbers(&self) -> bool {
        self.kind() == Kind::Numbers
    }

    /// How many looks a row of it takes.
    pub(in crate::store::search) fn weight(&self) -> u32 {
        if self.is_numbers() { 3 } else { 1 }
    }

    /// Whether it names a mail more than once.
    pub(in crate::store::search) fn repeats(&self) -> bool {
        matches!(self, Self::Few(..) | Self::Of(Source::Service(_)))
    }

    /// Whether an index has its rows in this order.
    pub(in crate::store::search) fn is_in(&self, order: Order) -> bool {
        let is_list = matches!(self, Self::List | Self::Of(Source::Facet(_)));
        is_list
            || match order {
                Order::Verdict => false,
                Order::Sender => matches!(self, Self::Of(Source::Senders(_))),
                Order::Time => {
                    let Self::Of(source) = self else { return true };
                    matches!(source, Source::Account(_) | Source::Sender(_) | Source::Standing(_) | Source::Place(..))
                }
            }
    }

    pub(in crate::store::search) fn table(&self) -> &'static str {
        match self {
            Self::List => "journal",
            Self::Of(source) => source.table(),
            Self::Few(..) => "mentions",
        }
    }

    /// What its rows are found by.
    pub(in crate::store::search) fn condition(&self, row: &str, sql: &mut Sql) -> String {
        match self {
            Self::List => "1 = 1".to_owned(),
            Self::Of(source @ Source::Service(_)) => {
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
    pub(in crate::store::search) fn told(&self, source: &Source, order: Order, row: &str, sql: &mut Sql) -> Told {
        let unled = |condition: String| format!("({condition}) IS TRUE");
        match (self.kind(), source) {
            (Kind::Numbers, _) => Told::Nothing,
            (Kind::Facets, Source::Standing(_)) if order == Order::Time => Told::All(source.condition(row, sql)),
            (Kind::Mentions, Source::Standing(standing)) if is_plain(*standing) => {
                Told::Half(unled(format!("{row}.verdict = ''")))
            }
            (_, Source::Sender(_) | Source::Senders(_) | Source::Standing(_)) | (Kind::Journal, Source::Account(_)) => {
                Told::All(unled(source.condition(row, sql)))
            }
            _ => Told::Nothing,
        }
    }

    /// Whether it is this source that its rows are of.
    pub(in crate::store::search) fn is_of(&self, source: &Source) -> bool {
        match self {
            Self::List => false,
            Self::Of(own) => own == source,
            Self::Few(..) => matches!(source, Source::Service(_) | Source::Standing(_)),
        }
    }
}

/// Whether nearly all mails have it sooner or later: the rows of places do not say it.
fn is_plain(standing: Standing) -> bool {
    matches!(standing, Standing::EnCours | Standing::Verdict(Verdict::Integre))
}
