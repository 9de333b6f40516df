//! `dispolits journal list`: one line a mail, newest first.

use std::io::Write;

use clap::Args;
use comfy_table::{ContentArrangement, Table, presets};

use super::JournalStore;
use super::filters::JournalFilters;
use crate::cli::{CommandFailure, ExitOutcome, SUCCESS, value};
use domain::labels;
use domain::outcome::in_paris;
use store::Store;
use store::search::{Filter, JournalEntry, Sort};

#[derive(Debug, Args)]
pub(in crate::cli) struct ListArguments {
    #[command(flatten)]
    place: JournalStore,
    #[command(flatten)]
    filters: JournalFilters,
    /// Nombre de courriels, au plus.
    #[arg(long, default_value = "50", value_name = "NOMBRE", value_parser = value::count)]
    limite: u32,
}

pub(super) async fn run(arguments: ListArguments) -> ExitOutcome {
    let (store, mailboxes) = arguments.place.open().await?;
    let filter = arguments.filters.resolve(&store, &mailboxes).await?;
    let entries = newest(&store, filter, arguments.limite as usize).await?;
    let entries: Vec<JournalEntry> = entries.into_iter().map(|entry| mailboxes.named(entry)).collect();
    let mut out = std::io::stdout().lock();
    if entries.is_empty() {
        writeln!(out, "Aucun courriel ne correspond.")?;
    } else {
        let table = table(&entries, mailboxes.are_several()).to_string();
        table.lines().try_for_each(|line| writeln!(out, "{}", line.trim_end()))?;
    }
    Ok(SUCCESS)
}

async fn newest(store: &Store, filter: Filter, limit: usize) -> Result<Vec<JournalEntry>, CommandFailure> {
    let mut entries = Vec::new();
    let mut pages = store.export(filter, Sort::default());
    while entries.len() < limit {
        let page = pages.next().await?;
        if page.is_empty() {
            break;
        }
        entries.extend(page);
    }
    entries.truncate(limit);
    Ok(entries)
}

const HEADER: [&str; 7] = ["N°", "Reçu (heure de Paris)", "Expéditeur", "Verdict", "Codes", "Capacités", "Réponse"];

/// With one mailbox, its name in every line would say nothing.
fn table(entries: &[JournalEntry], with_mailbox: bool) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header(HEADER.into_iter().chain(with_mailbox.then_some("Boîte")));
    for entry in entries {
        table.add_row(cells(entry).into_iter().chain(with_mailbox.then(|| entry.boite.clone())));
    }
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    table
}

fn cells(entry: &JournalEntry) -> [String; 7] {
    let mut codes = entry.codes.clone();
    codes.dedup();
    [
        entry.numero.to_string(),
        in_paris(entry.recu),
        entry.expediteur.clone().unwrap_or_else(|| "—".to_owned()),
        labels::verdict(&entry.verdict).to_owned(),
        codes.join(" "),
        labels::rows(&entry.lignes),
        labels::answer(entry.reponse.as_deref()).to_owned(),
    ]
}
