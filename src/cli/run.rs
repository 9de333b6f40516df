//! `dispolits run`: the service, until SIGTERM; SIGHUP reads the configuration again.

use std::path::PathBuf;

use clap::Args;
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use super::signals::{Signal, Signals};
use super::{ExitOutcome, FAILURE, SUCCESS, logging};
use crate::worker::{StartError, Worker};
use base::clock::Clock;
use service::config::{Config, Fault, Faults, Purpose};
use service::health::systemd;
use service::health::systemd::Notice;
use store::Store;

#[derive(Debug, Args)]
pub(super) struct RunArguments {
    /// Fichier de configuration.
    #[arg(long, value_name = "FICHIER")]
    config: PathBuf,
}

pub(super) async fn run(arguments: RunArguments) -> ExitOutcome {
    let mut signals = Signals::listen()?;
    let mut config = Config::load(&arguments.config)?;
    logging::start(&config.log);
    let reading = config.read(&Clock::System, Purpose::Look);
    refuse(reading.without_referential(&config))?;
    reading.loose.iter().for_each(|loose| warn!("{loose}"));
    config.warnings().into_iter().for_each(|warning| warn!("{warning}"));
    drop(reading);
    // The right comes first: opening brings the schema up to date, under nobody else.
    let lock = Store::lock(&config.store)?;
    let store = Store::open(&config.store).await?;
    loop {
        let worker = Worker::prepare(config.clone(), store.clone(), Clock::System).await?;
        let stop = CancellationToken::new();
        let mut running = tokio::spawn(worker.run(stop.clone()));
        let next = tokio::select! {
            next = wait(&mut signals, &arguments, &config, &store) => next,
            // A worker that ends unasked could not even begin.
            ended = &mut running => return ended?.map(|()| FAILURE).map_err(Into::into),
        };
        systemd::tell(if next.is_some() { &Notice::Reloading } else { &Notice::Stopping });
        stop.cancel();
        running.await??;
        let Some(new) = next else { break };
        config = new;
    }
    store.close().await;
    drop(lock);
    Ok(SUCCESS)
}

/// What `config check` refuses, before anything is opened; with a bad referential the last good one may do.
fn refuse(faults: Vec<Fault>) -> Result<(), Faults> {
    if faults.is_empty() { Ok(()) } else { Err(Faults(faults)) }
}

/// Until SIGTERM, or SIGHUP with a configuration that is right: a wrong one changes nothing.
async fn wait(signals: &mut Signals, arguments: &RunArguments, config: &Config, store: &Store) -> Option<Config> {
    while signals.next().await == Signal::Reload {
        match Box::pin(reload(arguments, config, store)).await {
            Ok(new) => {
                info!("configuration relue");
                return Some(new);
            }
            Err(error) => error!("configuration refusée, l’ancienne reste en vigueur : {error}"),
        }
    }
    None
}

async fn reload(arguments: &RunArguments, old: &Config, store: &Store) -> Result<Config, StartError> {
    let new = Config::load(&arguments.config)?;
    if new.store.url != old.store.url {
        let reason = "store.url ne change qu’à l’arrêt du service".to_owned();
        return Err(service::config::ConfigError::Contradiction(reason).into());
    }
    // Everything a start checks is checked before the running worker is touched.
    Worker::prepare(new.clone(), store.clone(), Clock::System).await?;
    Ok(new)
}
