//! Who tells people: a mail, a call, each when it is configured.

use jiff::Timestamp;

use super::email::AlertEnvelope;
use super::webhook::{self, Caller};
use crate::config::{Config, Environnement};
use crate::pipeline::Transport;
use domain::address::mask_all;
use domain::alerts::Digest;
use edges::smtp::{Handed, Submission};
use store::Way;

pub use webhook::WebhookSetupError;

/// The configured ways.
pub struct Notifier {
    transport: Transport,
    envelope: AlertEnvelope,
    webhook: Option<Caller>,
    banner: Option<&'static str>,
}

impl Notifier {
    /// Tells by mail through this transport, and by the webhook of the configuration.
    pub fn new(config: &Config, transport: Transport) -> Result<Self, WebhookSetupError> {
        let envelope = AlertEnvelope {
            from: config.reply.from.clone(),
            from_name: config.reply.from_name.clone(),
            to: config.alerts.recipients.clone(),
            nil: config.reply.nil.clone(),
            contact: config.reply.contact.clone(),
        };
        let webhook = config.alerts.webhook.as_ref().map(Caller::new).transpose()?;
        let banner = (config.environnement == Environnement::Qualification).then_some("QUALIFICATION");
        Ok(Self { transport, envelope, webhook, banner })
    }

    /// What every message says if this is no production.
    pub fn banner(&self) -> Option<&'static str> {
        self.banner
    }

    /// The ways that are configured.
    pub fn ways(&self) -> Vec<Way> {
        Way::ALL.into_iter().filter(|way| self.has(*way)).collect()
    }

    fn has(&self, way: Way) -> bool {
        match way {
            Way::Courriel => !self.envelope.to.is_empty(),
            Way::Webhook => self.webhook.is_some(),
        }
    }

    /// Tells on one way, within its deadlines. `name` is the same when the same news are tried again. Returns whom, masked;
    /// or why not, in French.
    pub async fn tell(&self, way: Way, digest: &Digest, name: &str, now: Timestamp) -> Result<String, String> {
        match (way, &self.webhook) {
            (Way::Courriel, _) => self.post(digest, name, now).await,
            (Way::Webhook, Some(caller)) => {
                caller.call(digest.json().to_string(), name, now).await.map_err(|error| error.to_string())?;
                Ok(caller.host())
            }
            (Way::Webhook, None) => Err("aucun webhook n’est configuré".to_owned()),
        }
    }

    async fn post(&self, digest: &Digest, name: &str, now: Timestamp) -> Result<String, String> {
        let message_id = self.envelope.message_id(name);
        let mail = self.envelope.mail(digest, &message_id, now).map_err(|error| error.to_string())?;
        let submission =
            Submission { from: Some(&self.envelope.from), to: &self.envelope.to, message_id: &message_id, mail: &mail };
        let sent = self.transport.send(&submission).await;
        let sent = sent.map_err(|error| mask_all(&error.to_string()))?;
        if let (None, Some((_, why))) = (sent.taken().next(), sent.left().next()) {
            return Err(mask_all(why.cause()));
        }
        let told = sent.handed.iter().map(|(address, handed)| format!("{}{}", address.masked(), mark(handed)));
        Ok(told.collect::<Vec<_>>().join(", "))
    }
}

/// What is said beside a recipient. The others have it: these news are not sent again.
fn mark(handed: &Handed) -> &'static str {
    match handed {
        Handed::Taken => "",
        Handed::Later(_) => " (refusé pour l’instant)",
        Handed::Unwanted(_) | Handed::Refused(_) => " (refusé)",
    }
}

#[test]
fn a_refusal_for_now_is_not_called_one_for_good() {
    let marks = [Handed::Taken, Handed::Later("450".into()), Handed::Refused("550".into())].map(|one| mark(&one));
    assert_eq!(marks, ["", " (refusé pour l’instant)", " (refusé)"]);
}
