//! `dispolits doctor`: each connection and certificate tried, without any effect.

use std::io::{self, Write};
use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use super::value::OutputFormat;
use super::{ExitOutcome, FOUND, SUCCESS};
use crate::doctor;
use crate::doctor::{Diagnosis, DoctorStep, Section};
use base::clock::Clock;
use domain::capacity::Location;
use service::config::Config;

#[derive(Debug, Args)]
pub(super) struct DoctorArguments {
    /// Fichier de configuration.
    #[arg(long, value_name = "FICHIER")]
    config: PathBuf,
    /// Forme du résultat.
    #[arg(long, value_enum, default_value_t = OutputFormat::Human, value_name = "FORME", hide_default_value = true)]
    format: OutputFormat,
    /// Essaie aussi les droits d’écriture sur l’établissement de ce lieu du référentiel, par une
    /// demande que le ROR ne peut que refuser : rien n’est écrit.
    #[arg(long, value_name = "FINESS/CODE", value_parser = place)]
    lieu: Option<Location>,
}

/// The diagnosis with its verdict, as programs read it.
#[derive(Serialize)]
struct DoctorReport<'a> {
    succes: bool,
    conclusion: &'a str,
    #[serde(flatten)]
    diagnosis: &'a Diagnosis,
}

pub(super) async fn run(arguments: DoctorArguments) -> ExitOutcome {
    let config = Config::load(&arguments.config)?;
    let (mut out, human) = (io::stdout(), matches!(arguments.format, OutputFormat::Human));
    // A server that hangs takes its time: what came before is shown meanwhile.
    let ended = |section: &Section| if human { show_section(&mut out, section) } else { Ok(()) };
    let examined = doctor::examine(&config, arguments.lieu.as_ref(), &Clock::System, ended);
    let diagnosis = Box::pin(examined).await?;
    let succes = diagnosis.failures().next().is_none();
    let conclusion = conclude(&diagnosis);
    match arguments.format {
        OutputFormat::Human => writeln!(out, "{conclusion}")?,
        OutputFormat::Json => {
            let report = DoctorReport { succes, conclusion: &conclusion, diagnosis: &diagnosis };
            writeln!(out, "{}", serde_json::to_string_pretty(&report)?)?;
        }
    }
    Ok(if succes { SUCCESS } else { FOUND })
}

fn place(text: &str) -> Result<Location, String> {
    let (finess, code) = text.split_once('/').ok_or("attendu FINESS/CODE, par exemple 350054680/SSR38888")?;
    let finess = finess.parse().map_err(|error: domain::finess::FinessError| error.to_string())?;
    let code = code.parse().map_err(|error: domain::capacity::ServiceCodeError| error.to_string())?;
    Ok(Location::new(finess, code))
}

fn show_section(out: &mut impl Write, section: &Section) -> io::Result<()> {
    writeln!(out, "{}", section.title)?;
    for step in &section.steps {
        show_step(out, step)?;
    }
    writeln!(out)
}

fn show_step(out: &mut impl Write, step: &DoctorStep) -> io::Result<()> {
    match &step.outcome {
        doctor::Outcome::Reussi { detail } => writeln!(out, "  ✔ {} : {detail}", step.name),
        doctor::Outcome::NonFait { raison } => writeln!(out, "  — {} : non fait, {raison}", step.name),
        doctor::Outcome::Echec { cause, remede } => {
            writeln!(out, "  ✘ {}\n      cause : {cause}\n      remède : {remede}", step.name)
        }
    }
}

fn conclude(diagnosis: &Diagnosis) -> String {
    let steps = || diagnosis.sections.iter().flat_map(|section| &section.steps);
    let skipped = steps().filter(|step| matches!(step.outcome, doctor::Outcome::NonFait { .. })).count();
    let tried = steps().count() - skipped;
    match diagnosis.failures().next() {
        None => format!("Tout est en ordre : {tried} étapes réussies, {skipped} non faites."),
        Some((title, step)) => {
            let failed = diagnosis.failures().count();
            format!("{failed} échec(s) sur {tried} étapes essayées ; commencez par « {} » de « {title} ».", step.name)
        }
    }
}
