//! What is known of a document's identity: (sender, `identifiant`, SHA-256 of its text).

use crate::engine::{On, Tx, query_as};
use crate::{JudgedDocument, MailId, Result, Store};
use domain::address::Address;

/// The first document of an identity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum First {
    /// One of an earlier mail.
    Stored(i64),
    /// An earlier one of the same mail, by its rank there.
    SameMail(usize),
}

/// What is known of a document's identity before it is judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Prior {
    /// Never seen.
    New,
    /// The same identifiant with other content (D07).
    Reused,
    /// The same document.
    Duplicate(First),
}

impl Prior {
    /// Whether what is known now makes a judgement under `self` wrong.
    fn is_overtaken_by(&self, now: &Self) -> bool {
        match now {
            Self::New => false,
            Self::Reused => *self == Self::New,
            Self::Duplicate(_) => !matches!(self, Self::Duplicate(First::Stored(_))),
        }
    }
}

impl Store {
    /// Whether this sender sent this document, or this identifiant, before.
    pub async fn prior(&self, sender: &Address, identifiant: &str, sha256: &str) -> Result<Prior> {
        prior(self.read(), sender.as_str(), identifiant, sha256, None).await
    }

    /// The same for a mail judged again: it does not meet itself, nor what came after it.
    pub async fn prior_of_again(
        &self,
        mail: MailId,
        sender: &Address,
        identifiant: &str,
        sha256: &str,
    ) -> Result<Prior> {
        prior(self.read(), sender.as_str(), identifiant, sha256, Some(mail)).await
    }
}

async fn prior(
    on: impl Into<On<'_>>,
    sender: &str,
    identifiant: &str,
    sha256: &str,
    again: Option<MailId>,
) -> Result<Prior> {
    let (itself, later) = again.map_or((0, i64::MAX), |mail| (mail.0, mail.0));
    let (same, reused): (Option<i64>, bool) = query_as(
        "SELECT (SELECT id FROM documents WHERE sender = $1 AND identifiant = $2 AND sha256 = $3
                 AND duplicate_of IS NULL AND mail_id <> $4 ORDER BY id LIMIT 1) AS same,
                EXISTS (SELECT 1 FROM documents WHERE sender = $1 AND identifiant = $2 AND mail_id < $5) AS reused",
    )
    .bind(sender)
    .bind(identifiant)
    .bind(sha256)
    .bind(itself)
    .bind(later)
    .fetch_one(on)
    .await?;
    Ok(match same {
        Some(document) => Prior::Duplicate(First::Stored(document)),
        None if reused => Prior::Reused,
        None => Prior::New,
    })
}

/// Whether a document was recorded since these were judged, for the first time or again, that makes the judgement on
/// them wrong.
pub(super) async fn is_overtaken(
    tx: &mut Tx,
    sender: &str,
    documents: &[JudgedDocument],
    again: Option<MailId>,
) -> Result<bool> {
    for JudgedDocument { head, prior: judged_under, .. } in documents {
        let Some(identifiant) = &head.identifiant else { continue };
        let known = prior(&mut *tx, sender, identifiant, &head.sha256, again).await?;
        if judged_under.is_overtaken_by(&known) {
            return Ok(true);
        }
    }
    Ok(false)
}
