//! The command line: parsed here, one file a command. What people read is in French.

mod alerts;
mod check;
mod config;
mod doctor;
mod failure;
mod french;
mod journal;
mod logging;
mod run;
mod sandbox;
mod signals;
mod simulator;
mod store;
mod user;
mod value;

use std::io::Write;
use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

use failure::{CommandFailure, is_closed_pipe, tell};

/// Nothing went wrong; for `check`: everything is integrated.
const SUCCESS: u8 = 0;
/// The command worked and found something: a rejection, a difference.
const FOUND: u8 = 1;
/// The command could not do its work: usage, files, network.
const FAILURE: u8 = 2;

/// Achemine les disponibilités en lits des établissements de santé vers le ROR.
#[derive(Debug, Parser)]
#[command(name = "dispolits", version, propagate_version = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Joue le cahier de tests sur tout le système, sans rien à configurer.
    Sandbox(sandbox::SandboxArguments),
    /// Lance le service : relève la boîte, transmet au ROR, répond.
    Run(run::RunArguments),
    /// Juge des fichiers sans rien transmettre : à faire avant d’envoyer.
    Check(check::CheckArguments),
    /// Consulte le journal des courriels et des rejets.
    #[command(subcommand)]
    Journal(journal::JournalCommand),
    /// Consulte les alertes aux opérateurs, ou en envoie une d’essai.
    #[command(subcommand)]
    Alerts(alerts::AlertsCommand),
    /// Essaie chaque connexion et chaque certificat, et dit que faire ; sans aucun effet.
    Doctor(doctor::DoctorArguments),
    /// Lance le simulateur du ROR seul.
    Simulator(simulator::SimulatorArguments),
    /// Vérifie, sauvegarde, restaure la base de données, ou la copie sur un serveur.
    #[command(subcommand)]
    Store(store::StoreCommand),
    /// Gère les comptes du journal sur le web.
    #[command(subcommand)]
    User(user::UserCommand),
    /// Vérifie, montre ou décrit la configuration.
    #[command(subcommand)]
    Config(config::ConfigCommand),
    /// Produit le script de complétion de l’interpréteur de commandes.
    Completions {
        /// Interpréteur de commandes.
        #[arg(value_name = "INTERPRÉTEUR")]
        shell: clap_complete::Shell,
    },
}

/// Parses the command line, runs the command and gives its exit code.
pub fn main() -> ExitCode {
    let matches = match french::localized(Cli::command()).try_get_matches() {
        Ok(matches) => matches,
        Err(error) => return french::report(&error),
    };
    match Cli::from_arg_matches(&matches) {
        Ok(cli) => dispatch(cli.command),
        Err(error) => french::report(&error),
    }
}

fn dispatch(command: Command) -> ExitCode {
    let outcome = match command {
        Command::Check(arguments) => check::run(&arguments),
        Command::Config(command) => config::run(command),
        Command::Completions { shell } => completions(shell),
        Command::Sandbox(arguments) => block_on(sandbox::run(arguments)),
        Command::Run(arguments) => block_on(run::run(arguments)),
        Command::Journal(command) => block_on(journal::run(command)),
        Command::Alerts(command) => block_on(alerts::run(command)),
        Command::Store(command) => block_on(store::run(command)),
        Command::User(command) => block_on(user::run(command)),
        Command::Doctor(arguments) => block_on(doctor::run(arguments)),
        Command::Simulator(arguments) => block_on(simulator::run(arguments)),
    };
    match outcome {
        Ok(code) => ExitCode::from(code),
        Err(error) if is_closed_pipe(error.as_ref()) => ExitCode::from(SUCCESS),
        Err(error) => {
            tell(error.as_ref());
            ExitCode::from(FAILURE)
        }
    }
}

/// Who runs a command, as the audit log names them: whoever the system says, behind `sudo` too.
fn who() -> String {
    let named = |name| std::env::var(name).ok().filter(|user: &String| !user.is_empty());
    let user = ["SUDO_USER", "USER", "LOGNAME", "USERNAME"].into_iter().find_map(named);
    format!("commande:{}", user.unwrap_or_else(|| "inconnu".to_owned()))
}

/// What a command ends with; failures are told in French and exit with 2.
type ExitOutcome = Result<u8, CommandFailure>;

fn block_on(command: impl Future<Output = ExitOutcome>) -> ExitOutcome {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(command)
}

fn completions(shell: clap_complete::Shell) -> ExitOutcome {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut french::localized(Cli::command()), "dispolits", &mut script);
    std::io::stdout().write_all(&script)?;
    Ok(SUCCESS)
}
