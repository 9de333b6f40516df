//! What each filter is to the database: rows of an index that name mails, and a question asked of one mail.

use super::super::filter::{Filter, Identifier, MailStatus, Sender};
use super::sql::{Sql, after};
use domain::defect::{Actor, Code};

/// The word under which any rejection is found.
pub(crate) const REJECTION: &str = "rejet";

/// Mails of which one thing holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum FilterSource {
    /// What comes to an account.
    Account(String),
    /// From one address.
    Sender(String),
    /// From the addresses that begin so.
    Senders(String),
    /// Of one standing.
    Standing(MailStatus),
    /// With a code, somebody who must act, or any rejection.
    Facet(&'static str),
    /// Speaking of an establishment, or of a service of it.
    Place(String, String),
    /// Speaking of a service of this code, whosever it is.
    Service(String),
    /// So identified.
    Identifier(Identifier),
    /// Marked as handled, or not.
    Handled(bool),
}

impl FilterSource {
    /// Those of a filter, but for the instants. The first are likely to be the rarest.
    pub(crate) fn of(filter: &Filter) -> Vec<Self> {
        let place =
            filter.finess.map(|finess| Self::Place(finess.to_string(), filter.service.clone().unwrap_or_default()));
        let service = filter.service.clone().filter(|_| filter.finess.is_none()).map(Self::Service);
        let sender = filter.sender.clone().map(|sender| match sender {
            Sender::Is(address) => Self::Sender(address),
            Sender::StartsWith(prefix) => Self::Senders(prefix),
        });
        let identifier = filter.identifier.clone().map(Self::Identifier);
        let facets =
            [filter.code.map(Code::as_str), filter.actor.map(Actor::word), filter.rejected.then_some(REJECTION)];
        let [code, actor, rejection] = facets.map(|facet| facet.map(Self::Facet));
        let standing = filter.standing.map(Self::Standing);
        let account = filter.account.clone().map(Self::Account);
        let handled = filter.handled.map(Self::Handled);
        let all = [identifier, place, sender, service, code, actor, standing, rejection, account, handled];
        all.into_iter().flatten().collect()
    }

    /// Whether there is anything that names its mails: what is not marked is named nowhere.
    pub(crate) fn is_named(&self) -> bool {
        *self != Self::Handled(false)
    }

    /// The table in which it is found.
    pub(crate) fn table(&self) -> &'static str {
        match self {
            Self::Facet(_) => "facets",
            Self::Place(..) | Self::Service(_) => "mentions",
            Self::Handled(_) => "handled",
            _ => "journal",
        }
    }

    /// What holds of the rows of its table.
    pub(crate) fn condition(&self, row: &str, sql: &mut Sql) -> String {
        match self {
            Self::Account(account) => format!("{row}.account = {}", sql.text(account)),
            Self::Sender(sender) => format!("{row}.sender = {}", sql.text(sender)),
            Self::Senders(prefix) => starts_with(&format!("{row}.sender"), prefix, sql),
            Self::Standing(standing) => format!("{row}.verdict = {}", sql.text(standing.word())),
            Self::Facet(word) => format!("{row}.facet = {}", sql.text(word)),
            Self::Place(finess, service) => {
                format!("{row}.finess = {} AND {row}.service = {}", sql.text(finess), sql.text(service))
            }
            Self::Service(service) => format!("{row}.service = {}", sql.text(service)),
            Self::Identifier(named) => identifies(&format!("{row}.mail_id"), named, sql),
            Self::Handled(_) => format!("{row}.mail_id > 0"),
        }
    }

    /// The same as a query of mails, so many at most, in no order, some of them more than once.
    pub(crate) fn mails(&self, limit: u32, sql: &mut Sql) -> String {
        if let Self::Identifier(named) = self {
            return identified(named, limit, sql);
        }
        let condition = self.condition("d", sql);
        format!("SELECT d.mail_id FROM {} d WHERE {condition} LIMIT {limit}", self.table())
    }

    /// Whether it holds of the mail that `mail` names: a question that no planner turns into anything but a look at that
    /// one mail.
    pub(crate) fn holds(&self, mail: &str, sql: &mut Sql) -> String {
        if let Self::Identifier(named) = self {
            return identifies(mail, named, sql);
        }
        let condition = self.condition("r", sql);
        let is = if self.is_named() { "IS NOT NULL" } else { "IS NULL" };
        format!("(SELECT 1 FROM {} r WHERE r.mail_id = {mail} AND {condition} LIMIT 1) {is}", self.table())
    }
}

/// Every establishment ever named, each found by one look into the index.
pub(crate) const FINESS: &str = "WITH RECURSIVE every (finess) AS (
        SELECT MIN(finess) FROM mentions
        UNION ALL
        SELECT (SELECT MIN(n.finess) FROM mentions n WHERE n.finess > every.finess) FROM every WHERE every.finess IS NOT NULL)
    SELECT finess FROM every WHERE finess IS NOT NULL";

/// Every account that a mail came to, found in the same way.
const ACCOUNTS: &str = "WITH RECURSIVE every (account) AS (
        SELECT MIN(account) FROM journal
        UNION ALL
        SELECT (SELECT MIN(n.account) FROM journal n WHERE n.account > every.account) FROM every WHERE every.account IS NOT NULL)
    SELECT account FROM every WHERE account IS NOT NULL";

fn starts_with(column: &str, prefix: &str, sql: &mut Sql) -> String {
    let from = sql.text(prefix);
    match after(prefix) {
        Some(after) => format!("{column} >= {from} AND {column} < {}", sql.text(&after)),
        None => format!("{column} >= {from}"),
    }
}

fn is_named(column: &str, named: &Identifier, sql: &mut Sql) -> String {
    match named {
        Identifier::Is(whole) => format!("{column} = {}", sql.text(whole)),
        Identifier::StartsWith(prefix) => starts_with(column, prefix, sql),
    }
}

fn identified(named: &Identifier, limit: u32, sql: &mut Sql) -> String {
    let parts = [
        format!("SELECT mail_id FROM documents WHERE {}", is_named("identifiant", named, sql)),
        format!("SELECT id AS mail_id FROM mails WHERE {}", is_named("message_id", named, sql)),
        format!("SELECT id AS mail_id FROM mails WHERE account IN ({ACCOUNTS}) AND {}", is_named("sha256", named, sql)),
    ];
    let parts = parts.map(|part| format!("SELECT * FROM ({part} LIMIT {limit}) AS part"));
    format!("SELECT * FROM ({}) AS parts LIMIT {limit}", parts.join(" UNION ALL "))
}

fn identifies(mail: &str, named: &Identifier, sql: &mut Sql) -> String {
    let document = is_named("r.identifiant", named, sql);
    let own = [is_named("r.message_id", named, sql), is_named("r.sha256", named, sql)].join(" OR ");
    format!(
        "((SELECT 1 FROM documents r WHERE r.mail_id = {mail} AND {document} LIMIT 1) IS NOT NULL
          OR (SELECT 1 FROM mails r WHERE r.id = {mail} AND ({own})) IS NOT NULL)"
    )
}
