//! Whether a store is sound: its file, its schema, each mail's bytes, the balance.

use std::path::Path;

use crate::engine::{Engine, query_as, query_scalar};
use crate::heads;
use crate::inspect::{Schema, StoreInspection, file};
use crate::{MailId, Received, Result, Store, StoreError, StoreSettings};
use base::config_values::reason;

/// What was looked at, and what is wrong.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Health {
    /// Mails recorded.
    pub mails: u64,
    /// Mails whose bytes are still kept: each was read, and compared with its hash.
    pub contents: u64,
    /// What is wrong, in French; nothing when the store is sound.
    pub findings: Vec<String>,
}

impl Health {
    /// Whether nothing is wrong.
    pub fn is_sound(&self) -> bool {
        self.findings.is_empty()
    }
}

/// Reads the whole store and changes nothing; a worker may run meanwhile. A store that cannot be reached is an error,
/// one that is damaged a finding.
pub async fn check(settings: &StoreSettings) -> Result<Health> {
    let mut health = Health::default();
    match inspect(settings, &mut health).await {
        Err(failure) if failure.is_damage() => health.findings.push(format!("le contenu est abîmé : {failure}")),
        other => other?,
    }
    Ok(health)
}

async fn inspect(settings: &StoreSettings, health: &mut Health) -> Result<()> {
    let schema = schema(settings).await?;
    if schema == Schema::Newer {
        health.findings.push("une version plus récente de Dispolits a écrit cette base".to_owned());
        return Ok(());
    }
    let store = Store::open_existing(settings).await?;
    let read = read(&store, schema, settings.audit_head.as_deref(), health).await;
    store.close().await;
    read
}

async fn schema(settings: &StoreSettings) -> Result<Schema> {
    let mut look = match file(settings)? {
        Some(path) if !path.is_file() => return Err(StoreError::Missing(path)),
        Some(path) => StoreInspection::open(&path).await?,
        None => StoreInspection::connect(settings).await?,
    };
    let schema = look.schema().await;
    look.close().await;
    schema
}

async fn read(store: &Store, schema: Schema, kept: Option<&Path>, health: &mut Health) -> Result<()> {
    if let Engine::Sqlite { .. } = store.engine {
        read_file(store, health).await?;
    }
    health.mails = counted(store, "SELECT COUNT(*) FROM mails").await?;
    read_contents(store, health).await?;
    if schema == Schema::Current {
        read_audit(store, kept, health).await?;
        read_guards(store, health).await?;
    }
    if schema == Schema::Current && !store.balance(None).await?.holds() {
        health.findings.push("le bilan n’est pas équilibré : voyez « dispolits journal balance »".to_owned());
    }
    Ok(())
}

/// What keeps the audit log from being changed.
async fn read_guards(store: &Store, health: &mut Health) -> Result<()> {
    let missing = store.missing_guards().await?;
    let told =
        |name| format!("journal d’audit : le déclencheur {name}, qui empêche de le modifier, manque ou est désactivé");
    health.findings.extend(missing.into_iter().map(told));
    Ok(())
}

/// The chain of the audit log, record by record, against the head that the service kept elsewhere.
async fn read_audit(store: &Store, kept: Option<&Path>, health: &mut Health) -> Result<()> {
    let head = match kept.map(heads::last).transpose() {
        Ok(head) => head.flatten(),
        Err(error) => {
            health.findings.push(format!("store.audit_head est illisible : {}", reason(&error)));
            None
        }
    };
    let verification = store.verify_audit(head).await?;
    health.findings.extend(verification.end().1.iter().map(|fault| format!("journal d’audit : {fault}")));
    Ok(())
}

/// PostgreSQL checks its pages and keys itself.
async fn read_file(store: &Store, health: &mut Health) -> Result<()> {
    let lines: Vec<String> = query_scalar("PRAGMA integrity_check(10)").fetch_all(store.read()).await?;
    let faults = lines.into_iter().filter(|line| line != "ok");
    health.findings.extend(faults.map(|line| format!("le fichier est abîmé : {line}")));
    let orphans = counted(store, "SELECT COUNT(*) FROM pragma_foreign_key_check").await?;
    if orphans > 0 {
        health.findings.push(format!("enregistrements qui renvoient à un autre disparu : {orphans}"));
    }
    Ok(())
}

type Content = (MailId, Vec<u8>, i64, bool, String);

/// One at a time: mails may be large.
async fn read_contents(store: &Store, health: &mut Health) -> Result<()> {
    let mut after = 0;
    loop {
        let next: Option<Content> = query_as(
            "SELECT id, raw, size, headers_only = 1, sha256 FROM mails WHERE raw IS NOT NULL AND id > $1
             ORDER BY id LIMIT 1",
        )
        .bind(after)
        .fetch_optional(store.read())
        .await?;
        let Some((id, raw, size, headers_only, sha256)) = next else { return Ok(()) };
        let size = u64::try_from(size).unwrap_or_default();
        if (Received { account: "", position: "", raw: &raw, size, headers_only }).sha256() != sha256 {
            health.findings.push(format!("les octets du courriel {} ne sont pas ceux qui ont été reçus", id.number()));
        }
        health.contents += 1;
        after = id.number();
    }
}

async fn counted(store: &Store, query: &'static str) -> Result<u64> {
    let counted: i64 = query_scalar(query).fetch_one(store.read()).await?;
    Ok(u64::try_from(counted).unwrap_or_default())
}
