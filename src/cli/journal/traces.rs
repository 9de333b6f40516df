//! `dispolits journal traces`: what was done on the mailboxes, for the operator of MSSanté and the auditors.

use std::io::{self, Write};

use clap::builder::PossibleValuesParser;
use clap::{Args, Subcommand};
use jiff::Timestamp;

use super::Where;
use super::export::{Format, csv};
use super::mailboxes::Mailboxes;
use crate::cli::{Failure, Outcome, SUCCESS, value};
use crate::csv::harmless;
use crate::outcome::{in_paris, whole_seconds};
use crate::store::{Store, Trace, TraceFilter};

/// How many traces are read from the store at a time.
const PAGE: u32 = 500;

const COLUMNS: [&str; 8] = ["numero", "a", "boite", "qui", "action", "demande", "reponse", "echec"];

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum Command {
    /// Liste les traces, les plus récentes d’abord.
    List(List),
    /// Exporte les traces filtrées, en CSV ou en JSON.
    Export(Export),
}

#[derive(Debug, Args)]
pub(in crate::cli) struct List {
    #[command(flatten)]
    place: Where,
    #[command(flatten)]
    filters: Filters,
    /// Nombre de traces, au plus.
    #[arg(long, default_value = "50", value_name = "NOMBRE", value_parser = value::count)]
    limite: u32,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct Export {
    #[command(flatten)]
    place: Where,
    #[command(flatten)]
    filters: Filters,
    /// Forme de l’export : CSV (UTF-8, séparateur « ; ») ou un objet JSON par ligne.
    #[arg(long, value_enum, default_value_t = Format::Csv, value_name = "FORME")]
    format: Format,
}

#[derive(Debug, Args)]
struct Filters {
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

impl Filters {
    async fn resolve(self, store: &Store, mailboxes: &Mailboxes) -> Result<TraceFilter, Failure> {
        let mailbox = match &self.boite {
            Some(name) => Some(mailboxes.account(name, store).await?),
            None => None,
        };
        let (since, until, action, failed) = (self.depuis, self.avant, self.action, self.echecs);
        Ok(TraceFilter { since, until, mailbox, action, failed, before: None })
    }
}

pub(super) async fn run(command: Command) -> Outcome {
    match command {
        Command::List(arguments) => list(arguments).await,
        Command::Export(arguments) => export(arguments).await,
    }
}

async fn list(arguments: List) -> Outcome {
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

async fn export(arguments: Export) -> Outcome {
    let (store, mailboxes) = arguments.place.open().await?;
    let mut filter = arguments.filters.resolve(&store, &mailboxes).await?;
    let mut out = io::stdout();
    if arguments.format == Format::Csv {
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

fn written(format: Format, page: &[Trace]) -> Result<Vec<u8>, Failure> {
    match format {
        Format::Csv => csv(page.iter().map(|trace| cells(trace).map(|cell| harmless(&cell)))),
        Format::Json => {
            let lines = page.iter().map(|trace| Ok(serde_json::to_string(trace)? + "\n"));
            lines.collect::<Result<String, Failure>>().map(String::into_bytes)
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
