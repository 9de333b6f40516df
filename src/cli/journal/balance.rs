//! `dispolits journal balance`: every mail received has one outcome or is in progress.

use std::io::Write;

use clap::{Args, ValueEnum};
use serde::Serialize;

use super::Where;
use crate::cli::{FOUND, Outcome, SUCCESS};

#[derive(Debug, Args)]
pub(in crate::cli) struct Arguments {
    #[command(flatten)]
    place: Where,
    /// Forme du bilan.
    #[arg(long, value_enum, default_value_t = Format::Human, value_name = "FORME")]
    format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Human,
    Json,
}

#[derive(Serialize)]
struct Balance {
    #[serde(flatten)]
    counts: crate::store::Balance,
    equilibre: bool,
}

pub(super) async fn run(arguments: Arguments) -> Outcome {
    let counts = arguments.place.open().await?.balance(None).await?;
    let balance = Balance { counts, equilibre: counts.holds() };
    let mut out = std::io::stdout().lock();
    match arguments.format {
        Format::Json => writeln!(out, "{}", serde_json::to_string(&balance)?)?,
        Format::Human => human(&mut out, &balance)?,
    }
    Ok(if balance.equilibre { SUCCESS } else { FOUND })
}

fn human(out: &mut impl Write, balance: &Balance) -> std::io::Result<()> {
    let counts = &balance.counts;
    let lines = [
        ("Courriels reçus", counts.recus),
        ("  intégrés", counts.integres),
        ("  partiellement intégrés", counts.partiellement_integres),
        ("  rejetés", counts.rejetes),
        ("  ignorés", counts.ignores),
        ("  doublons", counts.doublons),
        ("  en quarantaine", counts.en_quarantaine),
        ("  en cours", counts.en_cours),
    ];
    for (name, count) in lines {
        writeln!(out, "{name:<26}{count:>8}")?;
    }
    let verdict = if balance.equilibre {
        "Le compte est bon : aucun courriel ne manque."
    } else {
        "ÉCART : la somme des issues n’est pas le nombre de courriels reçus."
    };
    writeln!(out, "{verdict}")
}
