//! `dispolits journal export`: the journal for spreadsheets (CSV) and programs (JSON).

use std::io::Write;

use clap::{Args, ValueEnum};

use super::JournalStore;
use super::defects;
use super::filters::JournalFilters;
use crate::cli::{CommandFailure, ExitOutcome, SUCCESS};
use domain::csv::harmless;
use domain::outcome::whole_seconds;
use store::search::{Filter, JournalEntry, Sort};

const COLUMNS: [&str; 9] =
    ["numero", "recu", "expediteur", "verdict", "codes", "capacites", "reponse", "message_id", "boite"];

#[derive(Debug, Args)]
pub(in crate::cli) struct ExportArguments {
    #[command(flatten)]
    place: JournalStore,
    #[command(flatten)]
    filters: JournalFilters,
    /// Une ligne par défaut, avec sa place et comment le corriger, au lieu d’une par courriel.
    #[arg(long)]
    defauts: bool,
    /// Forme de l’export : CSV (UTF-8, séparateur « ; ») ou un objet JSON par ligne.
    #[arg(long, value_enum, default_value_t = ExportFormat::Csv, value_name = "FORME")]
    format: ExportFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum ExportFormat {
    Csv,
    Json,
}

pub(super) async fn run(arguments: ExportArguments) -> ExitOutcome {
    let (store, mailboxes) = arguments.place.open().await?;
    let filter: Filter = arguments.filters.resolve(&store, &mailboxes).await?;
    let mut out = std::io::stdout();
    if arguments.format == ExportFormat::Csv {
        let head = if arguments.defauts { defects::head() } else { csv([COLUMNS.map(str::to_owned)]) };
        out.write_all(&head?)?;
    }
    let mut pages = store.export(filter, Sort::default());
    loop {
        let page = pages.next().await?;
        if page.is_empty() {
            break;
        }
        let page: Vec<JournalEntry> = page.into_iter().map(|entry| mailboxes.named(entry)).collect();
        let text = if arguments.defauts {
            defects::written(&store, arguments.format, &page).await
        } else {
            written(arguments.format, &page)
        };
        out.write_all(&text?)?;
    }
    out.flush()?;
    Ok(SUCCESS)
}

fn written(format: ExportFormat, page: &[JournalEntry]) -> Result<Vec<u8>, CommandFailure> {
    match format {
        ExportFormat::Csv => csv(page.iter().map(|entry| cells(entry).map(|cell| harmless(&cell)))),
        ExportFormat::Json => {
            let lines = page.iter().map(|entry| Ok(serde_json::to_string(entry)? + "\n"));
            lines.collect::<Result<String, CommandFailure>>().map(String::into_bytes)
        }
    }
}

pub(super) fn csv<const N: usize>(records: impl IntoIterator<Item = [String; N]>) -> Result<Vec<u8>, CommandFailure> {
    let mut writer = csv::WriterBuilder::new().delimiter(b';').from_writer(Vec::new());
    records.into_iter().try_for_each(|record| writer.write_record(record))?;
    Ok(writer.into_inner()?)
}

fn cells(entry: &JournalEntry) -> [String; 9] {
    let rows = entry.lignes.iter().map(|(etat, count)| format!("{count} {etat}"));
    [
        entry.numero.to_string(),
        whole_seconds(entry.recu),
        entry.expediteur.clone().unwrap_or_default(),
        entry.verdict.clone(),
        entry.codes.join(" "),
        rows.collect::<Vec<_>>().join(", "),
        entry.reponse.clone().unwrap_or_default(),
        entry.message_id.clone().unwrap_or_default(),
        entry.boite.clone(),
    ]
}
