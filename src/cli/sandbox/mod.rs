//! `dispolits sandbox`: the whole system at work, shown to whoever discovers it.

mod table;

use std::collections::BTreeSet;
use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use indicatif::{ProgressBar, ProgressStyle};

use super::signals::Signals;
use super::{CommandFailure, ExitOutcome, FAILURE, FOUND, SUCCESS, logging};
use crate::sandbox::{Inbox, Played, Player, Ports, SERVERS_PASSWORD, Sandbox, claim_folder};
use base::clock::Clock;
use campaign::cahier;
use campaign::cahier::{Case, EAI_ADDRESS};
use service::config::{Log, LogLevel};
use store::Balance;

#[derive(Debug, Args)]
pub(super) struct SandboxArguments {
    /// Joue le cahier de tests puis s’arrête, au lieu de rester en service.
    #[arg(long)]
    once: bool,
    /// Sert les boîtes par un vrai serveur IMAP (Dovecot) et reçoit les envois par un vrai serveur SMTP (exim),
    /// tous deux sous TLS avec certificat client exigé.
    #[arg(long)]
    imap: bool,
    /// Dossier de travail, conservé ; un dossier temporaire par défaut.
    #[arg(long, value_name = "DOSSIER")]
    dossier: Option<PathBuf>,
    /// Ne joue que les cas dont l’identifiant contient ce texte.
    #[arg(long, value_name = "TEXTE")]
    cas: Option<String>,
    /// Niveau des traces.
    #[arg(long, value_name = "NIVEAU", default_value = "off", value_parser = ["off", "error", "warn", "info", "debug"])]
    traces: String,
}

pub(super) async fn run(arguments: SandboxArguments) -> ExitOutcome {
    let mut signals = Signals::listen()?;
    let level = LogLevel::from_str(&arguments.traces, false).unwrap_or(LogLevel::Off);
    logging::start(&Log { level, ..Log::default() });
    let cases = chosen(arguments.cas.as_deref())?;
    let temporary = tempfile::Builder::new().prefix("dispolits-").tempdir()?;
    let folder = std::path::absolute(arguments.dossier.as_deref().unwrap_or(temporary.path()))?;
    claim_folder(&folder)?;
    let sandbox =
        Sandbox::start(&folder, if arguments.imap { Inbox::Servers } else { Inbox::Maildir }, Clock::System).await?;
    let played = tokio::select! {
        played = play(&sandbox, &cases) => Some(played),
        () = signals.stop() => None,
    };
    let code = match played {
        Some(played) => {
            let code = tell(&sandbox, &played, &arguments).await?;
            if !arguments.once {
                signals.stop().await;
            }
            code
        }
        None => FAILURE,
    };
    sandbox.stop().await?;
    Ok(code)
}

/// The cases whose identifier contains the text.
fn chosen(text: Option<&str>) -> Result<Vec<Case>, CommandFailure> {
    let mut cases = cahier::embedded()?;
    cases.retain(|case| text.is_none_or(|text| case.id().contains(text)));
    match text {
        Some(text) if cases.is_empty() => Err(format!("aucun cas du cahier ne contient « {text} »").into()),
        _ => Ok(cases),
    }
}

async fn play(sandbox: &Sandbox, cases: &[Case]) -> Vec<Played> {
    let player = Player::new(sandbox, Clock::System);
    let progress = progress(cases.len());
    let mut running: FuturesUnordered<_> = cases.iter().map(|case| player.play(case)).collect();
    let mut ended = Vec::new();
    while let Some(one) = running.next().await {
        progress.set_message(one.id.clone());
        progress.inc(1);
        ended.push(one);
    }
    progress.finish_and_clear();
    ended.sort_by(|one, other| (&one.fonctionnalite, &one.id).cmp(&(&other.fonctionnalite, &other.id)));
    ended
}

async fn tell(sandbox: &Sandbox, played: &[Played], arguments: &SandboxArguments) -> ExitOutcome {
    let mut out = std::io::stdout();
    let colour = out.is_terminal();
    table::write(&mut out, played, colour)?;
    let code = summary(&mut out, sandbox, played).await?;
    where_to_look(&mut out, sandbox, arguments)?;
    Ok(code)
}

fn progress(cases: usize) -> ProgressBar {
    let bar = ProgressBar::new(cases as u64);
    if let Ok(style) = ProgressStyle::with_template("{spinner} cahier de tests {bar:40} {pos}/{len} {msg}") {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(100));
    bar
}

async fn summary(out: &mut impl Write, sandbox: &Sandbox, played: &[Played]) -> ExitOutcome {
    let wrong = played.iter().filter(|one| !one.differences.is_empty()).count();
    let mails: usize = played.iter().map(|one| one.observed.len()).sum();
    let requests = sandbox.simulator.requests().len();
    let state = sandbox.simulator.state();
    let places: BTreeSet<&str> = state.iter().map(|held| held.identifiant.as_str()).collect();
    writeln!(out, "\nCas joués : {} ; courriels envoyés : {mails}.", played.len())?;
    let balance = sandbox.store.balance(None).await?;
    writeln!(out, "Courriels reçus : {}\n  {}.", balance.recus, outcomes(&balance))?;
    let (counts, places) = (state.len(), places.len());
    writeln!(out, "ROR simulé : capacités tenues {counts}, lieux {places}, requêtes reçues {requests}.")?;
    if wrong == 0 {
        writeln!(out, "Tous les cas se comportent comme attendu.")?;
        return Ok(SUCCESS);
    }
    let verb = if wrong > 1 { "cas ne se comportent pas" } else { "cas ne se comporte pas" };
    writeln!(out, "ÉCART : {wrong} {verb} comme attendu.")?;
    Ok(FOUND)
}

/// « intégrés 99, rejetés 77 »; outcomes that no mail has are left out.
fn outcomes(balance: &Balance) -> String {
    let outcomes = [
        ("intégrés", balance.integres),
        ("partiels", balance.partiellement_integres),
        ("rejetés", balance.rejetes),
        ("ignorés", balance.ignores),
        ("doublons", balance.doublons),
        ("en quarantaine", balance.en_quarantaine),
        ("en cours", balance.en_cours),
    ];
    let outcomes = outcomes.iter().filter(|(_, count)| *count > 0).map(|(name, count)| format!("{name} {count}"));
    outcomes.collect::<Vec<_>>().join(", ")
}

fn where_to_look(out: &mut impl Write, sandbox: &Sandbox, arguments: &SandboxArguments) -> io::Result<()> {
    if arguments.once && arguments.dossier.is_none() {
        return writeln!(out, "\nPour garder le journal et les réponses : --dossier DOSSIER.");
    }
    let config = sandbox.config_path.display();
    writeln!(out, "\nÀ regarder ensuite :")?;
    writeln!(out, "  le journal        dispolits journal list --config {config}")?;
    writeln!(out, "  un courriel       dispolits journal show --config {config} 1")?;
    writeln!(out, "  la boîte          {}", sandbox.inbox.display())?;
    writeln!(out, "  les réponses      {}", sandbox.maildirs.display())?;
    if arguments.once {
        return Ok(());
    }
    let (front, accounts) = (&sandbox.front, "lecteur, operateur, administrateur");
    writeln!(out, "  sur le web        http://{}/", front.address)?;
    writeln!(out, "    comptes         {accounts} ; mot de passe {}", front.password)?;
    let (ca, ror) = (sandbox.folder.join("pki/ca.pem"), sandbox.simulator.base_url());
    writeln!(out, "  le ROR simulé     curl --cacert {} {ror}/_simulateur/etat", ca.display())?;
    match sandbox.servers() {
        None => writeln!(out, "  un envoi          déposez un courriel dans {}", sandbox.inbox.join("new").display())?,
        Some(ports) => servers(out, sandbox, ports)?,
    }
    writeln!(out, "\nLe système reste en service jusqu’à Ctrl-C.")
}

fn servers(out: &mut impl Write, sandbox: &Sandbox, ports: Ports) -> io::Result<()> {
    let pki = sandbox.folder.join("pki");
    writeln!(out, "  un envoi          par SMTP (STARTTLS), localhost:{}, à {EAI_ADDRESS}", ports.smtp)?;
    writeln!(out, "  les boîtes        par IMAP (STARTTLS), localhost:{}, une par adresse", ports.imap)?;
    writeln!(out, "    mot de passe    {SERVERS_PASSWORD}")?;
    writeln!(out, "    certificat      {}", pki.join("client.pem").display())?;
    writeln!(out, "    clé             {}", pki.join("client.key").display())?;
    writeln!(out, "    autorité        {}", pki.join("ca.pem").display())
}
