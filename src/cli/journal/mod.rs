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

use super::{CommandFailure, ExitOutcome};
use service::config::Config;
use store::Store;

#[derive(Debug, Subcommand)]
pub(super) enum JournalCommand {
    /// Liste les courriels, les plus récents d’abord.
    List(list::ListArguments),
    /// Montre un courriel : verdict, documents, défauts, requêtes au ROR, réponses.
    Show(show::ShowArguments),
    /// Exporte le journal filtré, en CSV ou en JSON.
    Export(export::ExportArguments),
    /// Juge de nouveau ce qui a été rejeté, avec le référentiel et les règles d’aujourd’hui.
    Replay(replay::ReplayArguments),
    /// Consulte les traces des actions sur les boîtes : qui, quand, quoi, et la réponse.
    #[command(subcommand)]
    Traces(traces::TracesCommand),
    /// Consulte et vérifie le journal d’audit : qui a fait quoi, quand.
    #[command(subcommand)]
    Audit(audit::AuditCommand),
    /// Liste les indicateurs que le ROR porte en double, sous les deux codes du genre indifférencié, et les supprime ;
    /// rend 1 s’il y en a.
    Twins(twins::TwinsArguments),
    /// Consulte les courriels restés non lus dans une boîte, les fait réessayer ou les met à l’écart.
    #[command(subcommand)]
    Left(left::LeftCommand),
    /// Montre le bilan : tout courriel reçu a une issue ou est en cours.
    Balance(balance::BalanceArguments),
}

#[derive(Debug, Args)]
struct JournalStore {
    /// Fichier de configuration.
    #[arg(long, value_name = "FICHIER")]
    config: PathBuf,
}

pub(super) async fn run(command: JournalCommand) -> ExitOutcome {
    match command {
        JournalCommand::List(arguments) => list::run(arguments).await,
        JournalCommand::Show(arguments) => show::run(arguments).await,
        JournalCommand::Export(arguments) => export::run(arguments).await,
        JournalCommand::Replay(arguments) => replay::run(arguments).await,
        JournalCommand::Traces(command) => traces::run(command).await,
        JournalCommand::Audit(command) => audit::run(command).await,
        JournalCommand::Twins(arguments) => twins::run(arguments).await,
        JournalCommand::Left(command) => left::run(command).await,
        JournalCommand::Balance(arguments) => balance::run(arguments).await,
    }
}

impl JournalStore {
    async fn open(&self) -> Result<(Store, Mailboxes), CommandFailure> {
        let (store, mailboxes, _) = self.open_with_config().await?;
        Ok((store, mailboxes))
    }

    async fn open_with_config(&self) -> Result<(Store, Mailboxes, Config), CommandFailure> {
        let config = Config::load(&self.config)?;
        Ok((Store::open_existing(&config.store).await?, Mailboxes::of(&config)?, config))
    }
}
