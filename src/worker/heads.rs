//! The head of the audit log, told and kept outside the database as it grows.

use tracing::{error, info};

use super::WorkerParts;
use base::config_values::reason;
use domain::access::audit::AuditHead;
use store::{StoreError, heads};

/// Tells the head in the traces when it moved, and adds it to the file of the configuration. One that is no longer on
/// the chain is told each time, and never followed by another.
pub(super) async fn keep_head(parts: &WorkerParts, told: &mut Option<AuditHead>) {
    if let Err(failure) = keep(parts, told).await {
        error!("la tête du journal d’audit n’a pu être lue : {failure}");
    }
}

async fn keep(parts: &WorkerParts, told: &mut Option<AuditHead>) -> Result<(), StoreError> {
    let store = &parts.store;
    let path = parts.config.store.audit_head.as_deref();
    let kept = match path.map(heads::last).transpose() {
        Ok(kept) => kept.flatten(),
        Err(failure) => {
            error!("store.audit_head est illisible : {}", reason(&failure));
            return Ok(());
        }
    };
    let last_told = told.as_ref().filter(|told| kept.as_ref() != Some(*told));
    for known in kept.iter().chain(last_told) {
        if let Some(broken) = store.audit_holds(known).await? {
            error!("journal d’audit : {broken} ; tête conservée : {known} ; voyez « dispolits store check »");
            return Ok(());
        }
    }
    let head = store.audit_head().await?;
    if told.as_ref() != Some(&head) {
        info!("tête du journal d’audit : {head}");
    }
    if let Some(path) = path.filter(|_| kept.as_ref() != Some(&head))
        && let Err(failure) = heads::append(path, &head, parts.clock.now())
    {
        error!("store.audit_head ne peut être écrit : {}", reason(&failure));
    }
    *told = Some(head);
    Ok(())
}
