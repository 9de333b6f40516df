//! Notices that come back for our replies and reminders: tied to them, told to the operator, never answered.

use tracing::{info, warn};

use domain::address::mask_all;
use reading::message::{Action, DeliveryNotice, Message, Receipt};
use store::{MailId, Notice, Store, StoreError, TaskLease};

/// Ties a notice of failure or delay to the reply or the reminder it speaks of: by the Message-ID that it names or sends
/// back, or by the ENVID that we submitted the letter under, which is its Message-ID too. One that it arrived says nothing
/// new.
pub(in crate::pipeline) async fn notice(
    store: &Store,
    duty: &TaskLease,
    id: MailId,
    message: &Message,
) -> Result<(), StoreError> {
    let Some(receipt) = message.receipt() else { return Ok(()) };
    let Some(words) = words(receipt) else { return Ok(()) };
    for message_id in [receipt.original_message_id(), receipt.envelope_id()].into_iter().flatten() {
        let notice = Notice { message_id, by: id, words: &words, is_failure: receipt.is_failure() };
        if let Some(answered) = store.reply_noticed(duty, &notice).await? {
            tell(id, &format!("réponse au courriel {}", answered.number()), &words, receipt.is_failure());
            return Ok(());
        }
        if let Some(finess) = store.reminder_noticed(duty, &notice).await? {
            tell(id, &format!("relance de l’établissement {finess}"), &words, receipt.is_failure());
            return Ok(());
        }
    }
    Ok(())
}

fn tell(id: MailId, whose: &str, words: &str, is_failure: bool) {
    let (courriel, words) = (id.number(), mask_all(words));
    if is_failure {
        warn!(courriel, "avis rattaché, non remise ({whose}) : {words}");
    } else {
        info!(courriel, "avis rattaché, en retard ({whose}) : {words}");
    }
}

/// What the journal says after « réponse »; `None` if there is nothing to say.
fn words(receipt: &Receipt) -> Option<String> {
    let of = |action: Action, words: &str| {
        let concerned: Vec<String> = receipt
            .deliveries()
            .iter()
            .filter(|delivery| delivery.action == action)
            .map(|delivery| format!("{words}{}", in_words(delivery)))
            .collect();
        (!concerned.is_empty()).then(|| concerned.join(" ; "))
    };
    let refused = || {
        let error = receipt.error().map(|error| format!(" : {error}")).unwrap_or_default();
        receipt.is_failure().then(|| format!("refusée par le logiciel du destinataire{error}"))
    };
    of(Action::Failed, "non remise").or_else(refused).or_else(|| of(Action::Delayed, "en retard"))
}

/// « à lits@hopital.test : 5.1.1, 550 5.1.1 no such mailbox », as far as it is told.
fn in_words(delivery: &DeliveryNotice) -> String {
    let recipient = delivery.recipient.as_deref().map(|recipient| format!(" à {recipient}")).unwrap_or_default();
    let facts: Vec<&str> = [&delivery.status, &delivery.diagnostic].into_iter().flatten().map(String::as_str).collect();
    if facts.is_empty() { recipient } else { format!("{recipient} : {}", facts.join(", ")) }
}
