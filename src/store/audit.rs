//! The audit log, appended to in the transaction of the effect it tells of.

use jiff::Timestamp;
use sqlx::FromRow;

use crate::engine::locks::Lock;
use crate::engine::{On, Tx, query, query_as};
use crate::{Result, Store, StoreError, instant, millis};
use domain::access::audit::{AuditEntry, AuditHead, Deed, Record, Verification};

/// How many records are read at a time.
const PAGE: u32 = 500;

/// Which records are meant; everything that is set must hold.
#[derive(Debug, Clone, Default)]
pub struct AuditFilter {
    /// At or after.
    pub since: Option<Timestamp>,
    /// Before.
    pub until: Option<Timestamp>,
    /// Who, by the name alone or with its source.
    pub who: Option<String>,
    /// The word of the deed.
    pub deed: Option<String>,
    /// On what, exactly.
    pub object: Option<String>,
    /// Only numbers below this one: the next page.
    pub before: Option<i64>,
}

#[derive(FromRow)]
struct AuditColumns {
    id: i64,
    at: i64,
    who: String,
    deed: String,
    object: String,
    before: String,
    after: String,
    note: String,
    hash: String,
}

impl Store {
    /// Records what had no effect of its own in the store, such as a content that was shown.
    pub async fn record_deed(&self, entry: &AuditEntry, now: Timestamp) -> Result<Record> {
        let mut tx = self.write().await?;
        let record = append(&mut tx, entry, now).await?;
        tx.commit().await?;
        Ok(record)
    }

    /// Records, the newest first.
    pub async fn audit(&self, filter: &AuditFilter, limit: u32) -> Result<Vec<Record>> {
        let rows: Vec<AuditColumns> = query_as(
            "SELECT id, at, who, deed, object, before, after, note, hash FROM audit
             WHERE ($1 IS NULL OR at >= $1) AND ($2 IS NULL OR at < $2)
               AND ($3 IS NULL OR who IN ($3, 'local:' || $3, 'openid:' || $3, 'certificat:' || $3, 'commande:' || $3))
               AND ($4 IS NULL OR deed = $4) AND ($5 IS NULL OR object = $5) AND ($6 IS NULL OR id < $6)
             ORDER BY id DESC LIMIT $7",
        )
        .bind(filter.since.map(millis))
        .bind(filter.until.map(millis))
        .bind(&filter.who)
        .bind(&filter.deed)
        .bind(&filter.object)
        .bind(filter.before)
        .bind(limit)
        .fetch_all(self.read())
        .await?;
        Ok(rows.into_iter().map(record).collect())
    }

    /// What people did about one thing, the newest first; that somebody looked at it is left out.
    pub async fn deeds_on(&self, object: &str, limit: u32) -> Result<Vec<Record>> {
        let rows: Vec<AuditColumns> = query_as(
            "SELECT id, at, who, deed, object, before, after, note, hash FROM audit
             WHERE object = $1 AND deed <> $2 ORDER BY id DESC LIMIT $3",
        )
        .bind(object)
        .bind(Deed::ContenuPatient.word())
        .bind(limit)
        .fetch_all(self.read())
        .await?;
        Ok(rows.into_iter().map(record).collect())
    }

    /// Records after a number, in their order: how the whole chain is walked.
    pub async fn audit_after(&self, number: i64, limit: u32) -> Result<Vec<Record>> {
        let rows: Vec<AuditColumns> = query_as(
            "SELECT id, at, who, deed, object, before, after, note, hash FROM audit
             WHERE id > $1 ORDER BY id LIMIT $2",
        )
        .bind(number)
        .bind(limit)
        .fetch_all(self.read())
        .await?;
        Ok(rows.into_iter().map(record).collect())
    }

    /// Every record in its order, a page in memory at a time; whatever `take` fails with ends it.
    pub async fn walk_audit<E: From<StoreError>>(
        &self,
        mut take: impl FnMut(Record) -> std::result::Result<(), E>,
    ) -> std::result::Result<(), E> {
        let mut after = 0;
        loop {
            let page = self.audit_after(after, PAGE).await?;
            let Some(last) = page.last() else { return Ok(()) };
            after = last.numero;
            page.into_iter().try_for_each(&mut take)?;
        }
    }

    /// Whether the chain is whole, against a head that was kept elsewhere, if there is one.
    pub async fn verify_audit(&self, kept: Option<AuditHead>) -> Result<Verification> {
        let mut verification = Verification::new(kept);
        self.walk_audit(|record| {
            verification.take(&record);
            Ok::<(), StoreError>(())
        })
        .await?;
        Ok(verification)
    }

    /// Where the chain stands.
    pub async fn audit_head(&self) -> Result<AuditHead> {
        head(self.read()).await
    }
}

/// Appends a record. The last thing that a transaction does: the chain is locked until it ends.
pub(super) async fn append(tx: &mut Tx, entry: &AuditEntry, now: Timestamp) -> Result<Record> {
    tx.lock([Lock::audit()]).await?;
    let record = Record::following(&head(&mut *tx).await?, entry, now);
    query(
        "INSERT INTO audit (id, at, who, deed, object, before, after, note, hash)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    )
    .bind(record.numero)
    .bind(millis(record.a))
    .bind(&record.qui)
    .bind(&record.acte)
    .bind(&record.objet)
    .bind(&record.avant)
    .bind(&record.apres)
    .bind(&record.note)
    .bind(&record.empreinte)
    .execute(&mut *tx)
    .await?;
    Ok(record)
}

async fn head<'a>(on: impl Into<On<'a>>) -> Result<AuditHead> {
    let last: Option<(i64, String)> =
        query_as("SELECT id, hash FROM audit ORDER BY id DESC LIMIT 1").fetch_optional(on).await?;
    Ok(last.map_or_else(AuditHead::empty, |(number, hash)| AuditHead { number, hash }))
}

fn record(columns: AuditColumns) -> Record {
    Record {
        numero: columns.id,
        a: instant(columns.at),
        qui: columns.who,
        acte: columns.deed,
        objet: columns.object,
        avant: columns.before,
        apres: columns.after,
        note: columns.note,
        empreinte: columns.hash,
    }
}
