//! `dispolits journal export --defauts`: one line for each defect of the mails, with its place and how to mend it.

use serde::Serialize;

use super::export::{ExportFormat, csv};
use crate::cli::CommandFailure;
use domain::csv::harmless;
use domain::defect::{Actor, Code, Defect, Path, Place};
use domain::outcome::{MailOutcome, whole_seconds};
use store::search::JournalEntry;
use store::{MailId, Store};

const COLUMNS: [&str; 18] = [
    "numero",
    "recu",
    "boite",
    "expediteur",
    "message_id",
    "verdict",
    "code",
    "nom",
    "severite",
    "agir",
    "piece",
    "ligne",
    "colonne",
    "chemin",
    "trouve",
    "attendu",
    "message",
    "conseil",
];

/// A defect with the mail that it is in.
#[derive(Serialize)]
struct DefectLine<'a> {
    numero: i64,
    recu: String,
    boite: &'a str,
    expediteur: Option<&'a str>,
    message_id: Option<&'a str>,
    verdict: &'a str,
    #[serde(flatten)]
    defaut: Defect,
}

pub(super) fn head() -> Result<Vec<u8>, CommandFailure> {
    csv([COLUMNS.map(str::to_owned)])
}

/// The defects of these mails, in their order.
pub(super) async fn written(
    store: &Store,
    format: ExportFormat,
    page: &[JournalEntry],
) -> Result<Vec<u8>, CommandFailure> {
    let mut text = Vec::new();
    for entry in page.iter().filter(|entry| !entry.codes.is_empty()) {
        let Some(outcome) = store.outcome(MailId::of(entry.numero)).await? else { continue };
        text.extend(of_mail(format, &lines(entry, &outcome))?);
    }
    Ok(text)
}

fn of_mail(format: ExportFormat, lines: &[DefectLine<'_>]) -> Result<Vec<u8>, CommandFailure> {
    match format {
        ExportFormat::Csv => csv(lines.iter().map(|line| cells(line).map(|cell| harmless(&cell)))),
        ExportFormat::Json => {
            let lines = lines.iter().map(|line| Ok(serde_json::to_string(line)? + "\n"));
            lines.collect::<Result<String, CommandFailure>>().map(String::into_bytes)
        }
    }
}

fn lines<'a>(entry: &'a JournalEntry, outcome: &MailOutcome) -> Vec<DefectLine<'a>> {
    let is_patients = outcome.all_defects().any(|defect| defect.code() == Code::M06);
    let line = |defect: &Defect| DefectLine {
        numero: entry.numero,
        recu: whole_seconds(entry.recu),
        boite: &entry.boite,
        expediteur: entry.expediteur.as_deref(),
        message_id: entry.message_id.as_deref(),
        verdict: &entry.verdict,
        defaut: if is_patients { bare(defect) } else { defect.clone() },
    };
    outcome.all_defects().map(line).collect()
}

/// Without what may name a patient: the names of files, the values found.
fn bare(defect: &Defect) -> Defect {
    Defect::new(defect.code(), Place::mail()).with_severity(defect.severity())
}

fn cells(line: &DefectLine<'_>) -> [String; 18] {
    let (defect, place) = (&line.defaut, line.defaut.place());
    let agir: Vec<&str> = defect.code().actors().iter().copied().map(Actor::word).collect();
    let text = |value: Option<&str>| value.unwrap_or_default().to_owned();
    let number = |value: Option<u32>| value.map(|value| value.to_string()).unwrap_or_default();
    [
        line.numero.to_string(),
        line.recu.clone(),
        line.boite.to_owned(),
        text(line.expediteur),
        text(line.message_id),
        line.verdict.to_owned(),
        defect.code().to_string(),
        defect.code().name().to_owned(),
        defect.severity().word().to_owned(),
        agir.join(" "),
        place.piece.clone(),
        number(place.line),
        number(place.column),
        text(place.path.as_ref().map(Path::as_str)),
        text(defect.found_text()),
        text(defect.expected_text()),
        defect.message().to_owned(),
        defect.hint().to_owned(),
    ]
}
