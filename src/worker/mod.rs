//! The long-running worker: intake and delivery as supervised tasks around one store.
//!
//! No task ends quietly: one that stops or panics while the worker runs is told and started again.
//! Wake-ups between tasks are hints; the store alone says what is to be done.

mod tasks;
mod upkeep;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use tasks::{deliver_forever, post_forever, settle_forever, supervise, sweep_forever, task};
use upkeep::{keep_house, load_referential};

use crate::clock::Clock;
use crate::config::{Config, ConfigError, ReplyTransport};
use crate::mailbox::{self, Mailbox};
use crate::pipeline::{Delivery, Intake, Posting, ReplyRules, Settling, Transport};
use crate::referential::{Refused, Watch};
use crate::ror;
use crate::smtp::{self, Smtp};
use crate::store::{Store, StoreError};

/// How long tasks may take to come to their end once asked to.
const DRAIN: Duration = Duration::from_secs(30);

/// A worker that cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The configuration contradicts itself.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The store cannot be opened.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The mailbox is not configured rightly.
    #[error(transparent)]
    Mailbox(#[from] mailbox::SetupError),
    /// The referential cannot be loaded, and none was kept.
    #[error(transparent)]
    Referential(#[from] Refused),
    /// The ROR client is not configured rightly.
    #[error(transparent)]
    Ror(#[from] ror::SetupError),
    /// The submission server is not configured rightly.
    #[error(transparent)]
    Smtp(#[from] smtp::SetupError),
}

/// A worker ready to run.
pub struct Worker {
    parts: Arc<Parts>,
    mailbox: Mailbox,
}

struct Parts {
    config: Config,
    clock: Clock,
    store: Store,
    referential: Arc<Mutex<Watch>>,
    intake: Intake,
    delivery: Delivery,
    settling: Settling,
    posting: Posting,
    judged: Notify,
    answered: Notify,
}

impl Worker {
    /// Checks everything that can be checked without the network, and repairs what a crash left.
    pub async fn prepare(config: Config, store: Store, clock: Clock) -> Result<Self, StartError> {
        config.check()?;
        let mailbox = Mailbox::new(&config.mailbox.settings()?, &config.mailbox.folders)?;
        let referential = Arc::new(Mutex::new(load_referential(&config, &store, &clock).await?));
        let client = ror::Client::new(&config.ror.api, clock.clone())?;
        let (genre, pace) = (config.ror.api.genre_indifferencie, config.ror.delivery.clone());
        let rules = ReplyRules::new(&config.reply, config.environnement);
        let max_bytes = config.mailbox.max_bytes;
        let intake = Intake::new(
            store.clone(),
            clock.clone(),
            Arc::clone(&referential),
            config.rules()?,
            mailbox.account(),
            max_bytes,
        );
        let delivery = Delivery::new(store.clone(), clock.clone(), client, pace, genre);
        let settling = Settling::new(store.clone(), clock.clone(), Arc::clone(&referential), rules);
        let posting = Posting::new(store.clone(), clock.clone(), transport(&config)?, &config.reply);
        let (judged, answered) = (Notify::new(), Notify::new());
        let parts = Parts { config, clock, store, referential, intake, delivery, settling, posting, judged, answered };
        Ok(Self { parts: Arc::new(parts), mailbox })
    }

    /// Runs until `stop`, then lets what is in flight come to its end.
    pub async fn run(self, stop: CancellationToken) -> Result<(), StoreError> {
        let Self { parts, mailbox } = self;
        let readings = parts.intake.recover().await?;
        let requests = parts.delivery.recover().await?;
        if readings + requests > 0 {
            warn!("reprise après un arrêt brutal : {readings} lectures et {requests} envois à refaire");
        }
        let mailbox = Arc::new(tokio::sync::Mutex::new(mailbox));
        let mut tasks = JoinSet::new();
        tasks.spawn(supervise("relève", stop.clone(), {
            let (parts, stop) = (Arc::clone(&parts), stop.clone());
            move || sweep_forever(Arc::clone(&parts), Arc::clone(&mailbox), stop.clone())
        }));
        tasks.spawn(supervise("envoi au ROR", stop.clone(), task(&parts, &stop, deliver_forever)));
        tasks.spawn(supervise("règlement", stop.clone(), task(&parts, &stop, settle_forever)));
        tasks.spawn(supervise("réponses", stop.clone(), task(&parts, &stop, post_forever)));
        tasks.spawn(supervise("entretien", stop.clone(), task(&parts, &stop, keep_house)));
        info!("Dispolits est en service");
        stop.cancelled().await;
        info!("arrêt demandé : les travaux en cours se terminent");
        if tokio::time::timeout(DRAIN, async { while tasks.join_next().await.is_some() {} }).await.is_err() {
            warn!("des travaux n’étaient pas finis après {} s ; ils reprendront au démarrage", DRAIN.as_secs());
        }
        Ok(())
    }
}

fn transport(config: &Config) -> Result<Transport, StartError> {
    match (config.reply.transport, &config.smtp, &config.reply.maildir) {
        (ReplyTransport::Smtp, Some(smtp), _) => Ok(Transport::Smtp(Box::new(Smtp::new(smtp)?))),
        (ReplyTransport::Maildir, _, Some(root)) => Ok(Transport::Maildir(root.clone())),
        _ => Err(ConfigError::Contradiction("reply.transport : section ou clé manquante".to_owned()).into()),
    }
}
