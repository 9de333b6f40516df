//! `dispolits alerts`: what is the matter, and whether people would be told of it.

use std::io::{self, Write};
use std::path::PathBuf;

use clap::{Args, Subcommand};
use jiff::Timestamp;

use super::value;
use super::value::OutputFormat;
use super::{ExitOutcome, FOUND, SUCCESS};
use crate::worker::transport;
use base::clock::Clock;
use domain::alerts::{Digest, Event, Incident, IncidentKind, News, Observation, Severity};
use domain::outcome::in_paris;
use service::alerting::Notifier;
use service::config::{Config, Purpose, Sources};
use store::Store;
use store::inspect::unwatched_disk;

#[derive(Debug, Subcommand)]
pub(super) enum AlertsCommand {
    /// Liste les alertes ouvertes, ou toutes ; rend 1 s’il y en a d’ouvertes.
    List(AlertList),
    /// Envoie une alerte d’essai par chaque voie configurée, et dit ce qu’il en est.
    Test(AlertsStore),
}

#[derive(Debug, Args)]
pub(super) struct AlertsStore {
    /// Fichier de configuration.
    #[arg(long, value_name = "FICHIER")]
    config: PathBuf,
}

#[derive(Debug, Args)]
pub(super) struct AlertList {
    #[command(flatten)]
    place: AlertsStore,
    /// Les alertes closes aussi, les plus récentes d’abord.
    #[arg(long)]
    toutes: bool,
    /// Nombre d’alertes, au plus.
    #[arg(long, default_value = "50", value_name = "NOMBRE", value_parser = value::count)]
    limite: u32,
    /// Forme du résultat.
    #[arg(long, value_enum, default_value_t = OutputFormat::Human, value_name = "FORME", hide_default_value = true)]
    format: OutputFormat,
}

pub(super) async fn run(command: AlertsCommand) -> ExitOutcome {
    match command {
        AlertsCommand::List(list) => show(list).await,
        AlertsCommand::Test(place) => test(&place).await,
    }
}

async fn show(list: AlertList) -> ExitOutcome {
    let store = Store::open_existing(&Config::load(&list.place.config)?.store).await?;
    let open = store.open_incidents().await?;
    let shown = if list.toutes { store.incidents(None, list.limite).await? } else { open.clone() };
    store.close().await;
    let limit = usize::try_from(list.limite).unwrap_or(usize::MAX);
    let mut out = io::stdout().lock();
    for incident in shown.iter().take(limit) {
        match list.format {
            OutputFormat::Json => writeln!(out, "{}", serde_json::to_string(incident)?)?,
            OutputFormat::Human => show_one(&mut out, incident)?,
        }
    }
    if list.format == OutputFormat::Human {
        writeln!(out, "{}", conclusion(open.len()))?;
    }
    Ok(if open.is_empty() { SUCCESS } else { FOUND })
}

fn show_one(out: &mut impl Write, incident: &Incident) -> io::Result<()> {
    let Incident { numero, kind, objet, gravite, phrase, depuis, .. } = incident;
    let (title, since) = (kind.title(), in_paris(*depuis));
    let state = incident.clos_a.map_or_else(|| "ouverte".to_owned(), |end| format!("close le {}", in_paris(end)));
    writeln!(out, "n° {numero} [{gravite}] {title} – {objet}, {state}")?;
    writeln!(out, "    depuis le {since} : {phrase}")?;
    if incident.is_open() {
        writeln!(out, "    que faire : {}", incident.remedy())?;
        kind.ending().map_or(Ok(()), |ending| writeln!(out, "    fin : {ending}"))?;
    }
    writeln!(out)
}

fn conclusion(open: usize) -> String {
    match open {
        0 => "Aucune alerte ouverte.".to_owned(),
        1 => "1 alerte ouverte.".to_owned(),
        _ => format!("{open} alertes ouvertes."),
    }
}

async fn test(place: &AlertsStore) -> ExitOutcome {
    let config = Config::load(&place.config)?;
    let Sources { revocation, smtp, .. } = Sources::of(config.read(&Clock::System, Purpose::Serve), &config)?;
    if revocation.is_checked() {
        revocation.refresh().await;
    }
    let teller = Notifier::new(&config, transport(&config, smtp, &revocation)?)?;
    let now = Clock::System.now();
    let digest = Digest::new(vec![sample(now)], teller.banner());
    let name = format!("essai-{}", now.as_millisecond());
    let (mut out, mut failed) = (io::stdout().lock(), false);
    for way in teller.ways() {
        match teller.tell(way, &digest, &name, now).await {
            Ok(told) => writeln!(out, "✔ {way} : accepté ({told})")?,
            Err(failure) => {
                failed = true;
                writeln!(out, "✘ {way} : {failure}")?;
            }
        }
    }
    if teller.ways().is_empty() {
        failed = true;
        writeln!(out, "Aucune voie n’est configurée : ni alerts.recipients, ni [alerts.webhook].")?;
    }
    unwatched_disk(&config.store).map_or(Ok(()), |told| writeln!(out, "{told}"))?;
    Ok(if failed { FOUND } else { SUCCESS })
}

fn sample(now: Timestamp) -> News {
    let sentence = "ceci est un essai : « dispolits alerts test » l’a demandé, rien ne va mal";
    let seen = Observation::new(IncidentKind::Unswept, "essai", Severity::Attention, sentence, Some(now));
    News { event: Event::Ouverture, incident: Incident::sample(&seen, now, now) }
}
