//! The webhook of alerts: its secrets, and a connection up to the encrypted session. No request is made: the other side
//! would take it for an alert (« dispolits alerts test » sends one that says so). Mails of alerts leave as replies do.

use reqwest::Url;

use super::LONGEST;
use super::handshake::{Endpoint, Opening, REVOCATION, TLS};
use super::phrases::{counted, whole};
use super::step::{Outcome, Section, StepFailure, Trial};
use super::tcp::{DNS, TCP, Target};
use base::tls::revocation::Revocation;
use domain::alerts::Webhook;
use service::config::Config;

const RECIPIENTS: &str = "destinataires";
const SECRETS: &str = "secrets";

/// Nothing where no webhook and no recipient is configured.
pub(super) async fn section(config: &Config) -> Option<Section> {
    let (recipients, webhook) = (config.alerts.recipients.len(), config.alerts.webhook.as_ref());
    if recipients == 0 && webhook.is_none() {
        return None;
    }
    let planned: &[&str] = if webhook.is_some() { &[SECRETS, DNS, TCP, TLS, REVOCATION] } else { &[] };
    let mut trial = Trial::new("alertes", "Alertes", planned, limit(webhook));
    let told = counted(recipients, "destinataire", "destinataires");
    trial.note(RECIPIENTS, Outcome::Reussi { detail: format!("{told} par courriel, comme les réponses") });
    if let Some(webhook) = webhook {
        try_webhook(&mut trial, webhook).await;
    }
    Some(trial.end())
}

fn limit(webhook: Option<&Webhook>) -> std::time::Duration {
    webhook.map_or(LONGEST, |webhook| webhook.timeout.get().min(LONGEST))
}

async fn try_webhook(trial: &mut Trial, webhook: &Webhook) -> Option<()> {
    trial.step(SECRETS, secrets(webhook)).await?;
    // The configuration was refused if it is no address.
    let url = Url::parse(&webhook.url).ok()?;
    let host = url.host_str()?.trim_matches(['[', ']']).to_owned();
    let endpoint = Endpoint {
        target: Target::new(&host, url.port_or_known_default()?, "alerts.webhook.url"),
        opening: Opening::Tls,
        ca: webhook.ca.clone(),
        identity: None,
        revocation: Revocation::default(),
        section: "alerts.webhook".to_owned(),
    };
    if url.scheme() == "https" {
        return endpoint.open(trial).await.map(drop);
    }
    endpoint.target.reach(trial).await?;
    for step in [TLS, REVOCATION] {
        trial.note(step, Outcome::NonFait { raison: "en clair, vers cette machine".to_owned() });
    }
    Some(())
}

async fn secrets(webhook: &Webhook) -> Result<((), String), StepFailure> {
    for (key, secret) in [("bearer", &webhook.bearer), ("hmac_key", &webhook.hmac_key)] {
        if let Some(secret) = secret {
            let revealed = secret.reveal().await.map_err(|error| {
                let cause = format!("alerts.webhook.{key} : {}", whole(&error));
                StepFailure::new(cause, format!("corrigez alerts.webhook.{key}"))
            })?;
            if revealed.is_empty() {
                return Err(StepFailure::new(format!("alerts.webhook.{key} est vide"), "donnez le secret convenu"));
            }
        }
    }
    Ok(((), "lus ; aucun appel n’est fait (« dispolits alerts test » en fait un d’essai)".to_owned()))
}
