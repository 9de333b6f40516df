//! `dispolits journal`: what was received, what became of it, and why.

mod audit;
mod balance;
mod defects;
mod export;
mod filters;
mod left;
mod list;
mod mailboxes;
mod replay;
mod show;
mod traces;
mod twins;

use std::path::PathBuf;

use clap::{Args, Subcommand};

use mailboxes::Mailboxes;

use super::{Failure, Outcome};
use crate::config::Config;
use crate::store::Store;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Liste les courriels, les plus récents d’abord.
    List(list::Arguments),
    /// Montre un courriel : verdict, documents, défauts, requêtes au ROR, réponses.
    Show(show::Arguments),
    /// Exporte le journal filtré, en CSV ou en JSON.
    Export(export::Arguments),
    /// Juge de nouveau ce qui a été rejeté, avec le référentiel et les règles d’aujourd’hui.
    Replay(replay::Arguments),
    /// Consulte les traces des actions sur les boîtes : qui, quand, quoi, et la réponse.
    #[command(subcommand)]
    Traces(traces::Command),
    /// Consulte et vérifie le journal d’audit : qui a fait quoi, quand.
    #[command(subcommand)]
    Audit(audit::Command),
    /// Liste les indicateurs que le ROR porte en double, sous les deux codes du genre indifférencié, et les supprime ;
    /// rend 1 s’il y en a.
    Twins(twins::Arguments),
    /// Consulte les courriels restés non lus dans une boîte, les fait réessayer ou les met à l’écart.
    #[command(subcommand)]
    Left(left::Command),
    /// Montre le bilan : tout courriel reçu a une issue ou est en cours.
    Balance(balance::Arguments),
}

#[derive(Debug, Args)]
struct Where {
    /// Fichier de configuration.
    #[arg(long, value_name = "FICHIER")]
    config: PathBuf,
}

pub(super) async fn run(command: Command) -> Outcome {
    match command {
        Command::List(arguments) => list::run(arguments).await,
        Command::Show(arguments) => show::run(arguments).await,
        Command::Export(arguments) => export::run(arguments).await,
        Command::Replay(arguments) => replay::run(arguments).await,
        Command::Traces(command) => traces::run(command).await,
        Command::Audit(command) => audit::run(command).await,
        Command::Twins(arguments) => twins::run(arguments).await,
        Command::Left(command) => left::run(command).await,
        Command::Balance(arguments) => balance::run(arguments).await,
    }
}

impl Where {
    async fn open(&self) -> Result<(Store, Mailboxes), Failure> {
        let (store, mailboxes, _) = self.open_with_config().await?;
        Ok((store, mailboxes))
    }

    async fn open_with_config(&self) -> Result<(Store, Mailboxes, Config), Failure> {
        let config = Config::load(&self.config)?;
        Ok((Store::open_existing(&config.store).await?, Mailboxes::of(&config)?, config))
    }
}
