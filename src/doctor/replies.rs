//! Where replies leave by: a submission server, or folders on the disk.

use std::path::Path;

use super::step::{Section, StepFailure, Trial};
use super::{LONGEST, disk, smtp};
use base::tls::revocation::Revocation;
use domain::address::Address;
use edges::smtp::{Smtp, SmtpSetupError};
use service::config::{Config, ReplyTransport};

const FOLDER: &str = "dossier";
const ALLOWED: &str = "destinataires";

pub(super) async fn section(
    config: &Config,
    read: Option<&Result<Smtp, SmtpSetupError>>,
    revocation: &Revocation,
) -> Section {
    let mut trial = match (config.reply.transport, &config.smtp, &config.reply.maildir) {
        (ReplyTransport::Smtp, Some(settings), _) => smtp::trial(settings, read, &envelopes(config), revocation).await,
        (_, _, Some(folder)) => on_disk(folder).await,
        // The configuration was refused if neither is there.
        _ => Trial::new("reponses", "Envoi des réponses", &[], LONGEST),
    };
    trial.note_result(ALLOWED, Ok(allowed(&config.reply.allowed_domains)));
    trial.end()
}

fn envelopes(config: &Config) -> smtp::Envelopes<'_> {
    let to = config.reply.allowed_domains.iter().find_map(|domain| format!("postmaster@{domain}").parse().ok());
    smtp::Envelopes { from: senders(config), null: config.reply.null_return_path, to }
}

/// The addresses that replies leave from, each once.
fn senders(config: &Config) -> Vec<&Address> {
    let mut all = vec![&config.reply.from];
    for from in config.all_mailboxes().map(|named| named.from(&config.reply)) {
        if !all.contains(&from) {
            all.push(from);
        }
    }
    all
}

async fn on_disk(folder: &Path) -> Trial {
    let title = format!("Envoi des réponses ({})", folder.display());
    let mut trial = Trial::new("reponses", title, &[FOLDER], LONGEST);
    trial.step(FOLDER, async { writable(folder) }).await;
    trial
}

fn writable(folder: &Path) -> Result<((), String), StepFailure> {
    let existing = disk::writable_above(folder)?;
    let detail = if existing == folder { "accepte l’écriture" } else { "sera créé à la première réponse" };
    Ok(((), detail.to_owned()))
}

fn allowed(domains: &[String]) -> String {
    if domains.is_empty() {
        "reply.allowed_domains est vide : aucune réponse ne partira".to_owned()
    } else {
        format!("réponses permises vers {}", domains.join(", "))
    }
}
