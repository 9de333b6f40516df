//! The accounts of the mailboxes, those no longer read included: which there are, and how each one balances.

use serde::Serialize;
use sqlx::{AssertSqlSafe, FromRow};
use utoipa::ToSchema;

use crate::engine::{query_as, query_scalar};
use crate::{MailId, Result, Store};

/// The conservation of mails: received equals the sum of the others, at every instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, FromRow, ToSchema)]
pub struct Balance {
    /// Mails recorded.
    pub recus: i64,
    /// Verdict `integre`.
    pub integres: i64,
    /// Verdict `partiellement-integre`.
    pub partiellement_integres: i64,
    /// Verdict `rejete`.
    pub rejetes: i64,
    /// Verdict `ignore`.
    pub ignores: i64,
    /// Verdict `doublon`.
    pub doublons: i64,
    /// Verdict `quarantaine`.
    pub en_quarantaine: i64,
    /// No verdict yet.
    pub en_cours: i64,
}

/// The columns of a [`Balance`].
const COUNTS: &str = "COUNT(*) AS recus,
    COUNT(*) FILTER (WHERE verdict = 'integre') AS integres,
    COUNT(*) FILTER (WHERE verdict = 'partiellement-integre') AS partiellement_integres,
    COUNT(*) FILTER (WHERE verdict = 'rejete') AS rejetes,
    COUNT(*) FILTER (WHERE verdict = 'ignore') AS ignores,
    COUNT(*) FILTER (WHERE verdict = 'doublon') AS doublons,
    COUNT(*) FILTER (WHERE verdict = 'quarantaine') AS en_quarantaine,
    COUNT(*) FILTER (WHERE verdict IS NULL) AS en_cours";

#[derive(FromRow)]
struct OfAccount {
    account: String,
    #[sqlx(flatten)]
    balance: Balance,
}

impl Balance {
    /// Each outcome by the word of the journal, `en-cours` among them, with how many mails have it.
    pub fn outcomes(&self) -> [(&'static str, i64); 7] {
        [
            ("integre", self.integres),
            ("partiellement-integre", self.partiellement_integres),
            ("rejete", self.rejetes),
            ("ignore", self.ignores),
            ("doublon", self.doublons),
            ("quarantaine", self.en_quarantaine),
            ("en-cours", self.en_cours),
        ]
    }

    /// How many mails have no outcome at all: none, or there is a fault.
    pub fn missing(&self) -> i64 {
        self.recus - self.outcomes().iter().map(|(_, mails)| mails).sum::<i64>()
    }

    /// Whether nothing is missing.
    pub fn holds(&self) -> bool {
        self.missing() == 0
    }
}

impl Store {
    /// The accounts that have mails not judged yet, whether they are still configured or not.
    pub async fn accounts_to_judge(&self) -> Result<Vec<String>> {
        query_scalar("SELECT DISTINCT account FROM mails WHERE judged_at IS NULL ORDER BY account")
            .fetch_all(self.read())
            .await
    }

    /// Every account that a mail ever came to, or was left in.
    pub async fn accounts(&self) -> Result<Vec<String>> {
        query_scalar("SELECT DISTINCT account FROM mails UNION SELECT DISTINCT account FROM unread ORDER BY account")
            .fetch_all(self.read())
            .await
    }

    /// The account that a mail came to.
    pub async fn account_of(&self, mail: MailId) -> Result<Option<String>> {
        query_scalar("SELECT account FROM mails WHERE id = $1").bind(mail).fetch_optional(self.read()).await
    }

    /// The conservation balance of each account that a mail ever came to.
    pub async fn balances(&self) -> Result<Vec<(String, Balance)>> {
        let statement = format!("SELECT account, {COUNTS} FROM mails GROUP BY account ORDER BY account");
        let balances: Vec<OfAccount> = query_as(AssertSqlSafe(statement)).fetch_all(self.read()).await?;
        Ok(balances.into_iter().map(|OfAccount { account, balance }| (account, balance)).collect())
    }

    /// The conservation balance of one account, or of all.
    pub async fn balance(&self, account: Option<&str>) -> Result<Balance> {
        let statement = format!("SELECT {COUNTS} FROM mails WHERE $1 IS NULL OR account = $1");
        query_as(AssertSqlSafe(statement)).bind(account).fetch_one(self.read()).await
    }
}
