//! `dispolits journal traces`: what was done on the mailboxes, for the operator of MSSanté and the auditors.

use std::io::{self, Write};

use clap::builder::PossibleValuesParser;
use clap::{Args, Subcommand};
use jiff::Timestamp;

use super::JournalStore;
use super::export::{ExportFormat, csv};
use super::mailboxes::Mailboxes;
use crate::cli::{CommandFailure, ExitOutcome, SUCCESS, value};
use domain::csv::harmless;
use domain::outcome::{in_paris, whole_seconds};
use store::{Store, Trace, TraceFilter};

/// How many traces are read from the store at a time.
const PAGE: u32 = 500;

const COLUMNS: [&str; 8] = ["numero", "a", "boite", "qui", "action", "demande", "reponse", "echec"];

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum TracesCommand {
    /// Liste les traces, les plus récentes d’abord.
    List(TraceList),
    /// Exporte les traces filtrées, en CSV ou en JSON.
    Export(TraceExport),
}

#[derive(Debug, Args)]
pub(in crate::cli) struct TraceList {
    #[command(flatten)]
    place: JournalStore,
    #[command(flatten)]
    filters: TraceFilters,
    /// Nombre de traces, au plus.
    #[arg(long, default_value = "50", value_name = "NOMBRE", value_parser = value::count)]
    limite: u32,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct TraceExport {
    #[command(flatten)]
    place: JournalStore,
    #[command(flatten)]
    filters: TraceFilters,
    /// Forme de l’export : CSV (UTF-8, séparateur « ; ») ou un objet JSON par ligne.
    #[arg(long, value_enum, default_value_t = ExportFormat::Csv, value_name = "FORME")]
    format: ExportFormat,
}

#[derive(Debug, Args)]
struct TraceFilters {
    /// À partir de cet instant : 2026-11-23, ou 2026-11-23T08:00 (heure de Paris).
    #[arg(long, value_name = "INSTANT", value_parser = value::instant)]
    depuis: Option<Timestamp>,
    /// Avant cet instant.
    #[arg(long, value_name = "INSTANT", value_parser = value::instant)]
    avant: Option<Timestamp>,
    /// Boîte relevée, par son nom dans la configuration ; toutes par défaut.
    #[arg(long, value_name = "NOM")]
    boite: Option<String>,
    /// Action.
    #[arg(long, value_name = "ACTION", value_parser = PossibleValuesParser::new(["connexion", "lecture", "classement", "envoi"]))]
    action: Option<String>,
    /// Les échecs seulement.
    #[arg(long)]
    echecs: bool,
}

impl TraceFilters {
    async fn resolve(self, store: &Store, mailboxes: &Mailboxes) -> Result<TraceFilter, CommandFailure> {
        let mailbox = match &self.boite {
            Some(name) => Some(mailboxes.account(name, store).await?),
            None => None,
        };
        let (since, until, action, failed) = (self.depuis, self.avant, self.action, self.echecs);
        Ok(TraceFilter { since, until, mailbox, action, failed, before: None })
    }
}

pub(super) async fn run(command: TracesCommand) -> ExitOutcome {
    match command {
        TracesCommand::List(arguments) => list(arguments).await,
        TracesCommand::Export(arguments) => export(arguments).await,
    }
}

async fn list(arguments: TraceList) -> ExitOutcome {
    let (store, mailboxes) = arguments.place.open().await?;
    let filter = arguments.filters.resolve(&store, &mailboxes).await?;
    let traces = store.traces(&filter, arguments.limite).await?;
    let mut out = io::stdout().lock();
    if traces.is_empty() {
        writeln!(out, "Aucune trace ne correspond.")?;
    }
    traces.into_iter().map(|trace| named(trace, &mailboxes)).try_for_each(|trace| tell(&mut out, &trace))?;
    Ok(SUCCESS)
}

/// The name of the mailbox in place of the account.
fn named(trace: Trace, mailboxes: &Mailboxes) -> Trace {
    Trace { boite: mailboxes.name(&trace.boite).to_owned(), ..trace }
}

fn tell(out: &mut impl Write, trace: &Trace) -> io::Result<()> {
    let mark = if trace.echec { "échec : " } else { "" };
    writeln!(out, "{}  {}  {} ({})", in_paris(trace.a), trace.action, trace.boite, trace.qui)?;
    writeln!(out, "    {} : {mark}{}", trace.demande, trace.reponse)
}

async fn export(arguments: TraceExport) -> ExitOutcome {
    let (store, mailboxes) = arguments.place.open().await?;
    let mut filter = arguments.filters.resolve(&store, &mailboxes).await?;
    let mut out = io::stdout();
    if arguments.format == ExportFormat::Csv {
        out.write_all(&csv([COLUMNS.map(str::to_owned)])?)?;
    }
    loop {
        let page = store.traces(&filter, PAGE).await?;
        let Some(last) = page.last() else { break };
        filter.before = Some(last.numero);
        let page: Vec<Trace> = page.into_iter().map(|trace| named(trace, &mailboxes)).collect();
        out.write_all(&written(arguments.format, &page)?)?;
    }
    out.flush()?;
    Ok(SUCCESS)
}

fn written(format: ExportFormat, page: &[Trace]) -> Result<Vec<u8>, CommandFailure> {
    match format {
        ExportFormat::Csv => csv(page.iter().map(|trace| cells(trace).map(|cell| harmless(&cell)))),
        ExportFormat::Json => {
            let lines = page.iter().map(|trace| Ok(serde_json::to_string(trace)? + "\n"));
            lines.collect::<Result<String, CommandFailure>>().map(String::into_bytes)
        }
    }
}

fn cells(trace: &Trace) -> [String; 8] {
    [
        trace.numero.to_string(),
        whole_seconds(trace.a),
        trace.boite.clone(),
        trace.qui.clone(),
        trace.action.clone(),
        trace.demande.clone(),
        trace.reponse.clone(),
        if trace.echec { "oui" } else { "non" }.to_owned(),
    ]
}
