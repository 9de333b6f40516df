//! `dispolits journal twins`: what stands in the ROR twice, and its deletion.

use std::io::Write;

use clap::Args;
use serde::Serialize;

use super::JournalStore;
use crate::cli::value;
use crate::cli::value::OutputFormat;
use crate::cli::{ExitOutcome, FOUND, SUCCESS, who};
use base::clock::Clock;
use domain::outcome::in_paris;
use store::{Store, StoredTwin};

#[derive(Debug, Args)]
pub(in crate::cli) struct TwinsArguments {
    #[command(flatten)]
    place: JournalStore,
    /// Demande la suppression de ce double, comme la liste le numérote ; le service en marche la fait.
    #[arg(long, value_name = "NUMÉRO", value_parser = value::rank)]
    supprimer: Option<i64>,
    /// Pourquoi, pour le journal d’audit.
    #[arg(long, value_name = "TEXTE", default_value = "", hide_default_value = true, requires = "supprimer")]
    note: String,
    /// Forme de la liste.
    #[arg(long, value_enum, default_value_t = OutputFormat::Human, value_name = "FORME", hide_default_value = true)]
    format: OutputFormat,
}

/// One twin, as the contract of the output names it.
#[derive(Serialize)]
struct TwinLine<'a> {
    numero: i64,
    lieu: &'a str,
    indicateur: &'a str,
    code: &'a str,
    nombre: i64,
    date: jiff::Timestamp,
    vu_le: jiff::Timestamp,
    suppression_demandee: bool,
}

pub(super) async fn run(arguments: TwinsArguments) -> ExitOutcome {
    let (store, _, config) = arguments.place.open_with_config().await?;
    let in_force = config.ror.api.genre_indifferencie.code();
    let twins = store.twins(in_force).await?;
    let outcome = match arguments.supprimer {
        Some(id) => remove(&store, &twins, id, in_force, &arguments.note).await,
        None => list(&twins, arguments.format),
    };
    store.close().await;
    outcome
}

async fn remove(store: &Store, twins: &[StoredTwin], id: i64, in_force: &str, note: &str) -> ExitOutcome {
    let Some(twin) = twins.iter().find(|twin| twin.id == id) else {
        return Err(format!("aucun double ne porte le numéro {id}").into());
    };
    let code = &twin.twin.genre_code;
    let entry = twin.removal(who(), note);
    if !store.remove_twin(id, in_force, &entry, Clock::System.now()).await? {
        return Err(format!("la suppression du double n° {id} est déjà demandée").into());
    }
    writeln!(
        std::io::stdout(),
        "Suppression demandée : {} sous le code {code}, le service en marche l’envoie.",
        twin.lieu
    )?;
    Ok(SUCCESS)
}

fn list(twins: &[StoredTwin], format: OutputFormat) -> ExitOutcome {
    let mut out = std::io::stdout().lock();
    for twin in twins {
        match format {
            OutputFormat::Json => writeln!(out, "{}", serde_json::to_string(&line(twin))?)?,
            OutputFormat::Human => {
                let going = if twin.is_going { " ; suppression demandée" } else { "" };
                let (code, nombre, date) = (&twin.twin.genre_code, twin.twin.nombre, in_paris(twin.twin.date));
                writeln!(
                    out,
                    "N° {} : {} {} sous le code {code}, {nombre} au {date}{going}",
                    twin.id, twin.lieu, twin.indicator
                )?;
            }
        }
    }
    if twins.is_empty() && format == OutputFormat::Human {
        writeln!(
            out,
            "Aucun indicateur n’a été vu en double (ils ne sont vus qu’avec ror.delivery.read_before_write)."
        )?;
    }
    Ok(if twins.is_empty() { SUCCESS } else { FOUND })
}

fn line(stored: &StoredTwin) -> TwinLine<'_> {
    let StoredTwin { id, lieu, indicator, twin, seen_at, is_going } = stored;
    TwinLine {
        numero: *id,
        lieu,
        indicateur: indicator,
        code: &twin.genre_code,
        nombre: twin.nombre,
        date: twin.date,
        vu_le: *seen_at,
        suppression_demandee: *is_going,
    }
}
