//! The accounts of the mailboxes, those no longer read included: which there are, and how each one balances.

use serde::Serialize;
use sqlx::FromRow;

use super::engine::{query_as, query_scalar};
use super::{Result, Store};

/// The conservation of mails: received equals the sum of the others, at every instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, FromRow)]
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

impl Balance {
    /// Whether nothing is missing.
    pub fn holds(&self) -> bool {
        let outcomes = [
            self.integres,
            self.partiellement_integres,
            self.rejetes,
            self.ignores,
            self.doublons,
            self.en_quarantaine,
            self.en_cours,
        ];
        self.recus == outcomes.iter().sum::<i64>()
    }
}

impl Store {
    /// The accounts that have mails not judged yet, whether they are still configured or not.
    pub async fn accounts_to_judge(&self) -> Result<Vec<String>> {
        query_scalar("SELECT DISTINCT account FROM mails WHERE judged_at IS NULL ORDER BY account")
            .fetch_all(self.read())
            .await
    }

    /// Every account that a mail ever came to.
    pub async fn accounts(&self) -> Result<Vec<String>> {
        query_scalar("SELECT DISTINCT account FROM mails ORDER BY account").fetch_all(self.read()).await
    }

    /// The conservation balance of one account, or of all.
    pub async fn balance(&self, account: Option<&str>) -> Result<Balance> {
        query_as(
            "SELECT COUNT(*) AS recus,
                COUNT(*) FILTER (WHERE verdict = 'integre') AS integres,
                COUNT(*) FILTER (WHERE verdict = 'partiellement-integre') AS partiellement_integres,
                COUNT(*) FILTER (WHERE verdict = 'rejete') AS rejetes,
                COUNT(*) FILTER (WHERE verdict = 'ignore') AS ignores,
                COUNT(*) FILTER (WHERE verdict = 'doublon') AS doublons,
                COUNT(*) FILTER (WHERE verdict = 'quarantaine') AS en_quarantaine,
                COUNT(*) FILTER (WHERE verdict IS NULL) AS en_cours
             FROM mails WHERE $1 IS NULL OR account = $1",
        )
        .bind(account)
        .fetch_one(self.read())
        .await
    }
}
