//! The two CSV files, line by line, with every error.

use std::fmt;
use std::str::FromStr;

use csv::StringRecord;

use super::{Establishment, KnownService, PlaceKind, Referential, Sender};
use base::config_values::Span;
use domain::capacity::{Nature, Nomenclature, ServiceCode};
use domain::finess::Finess;

const ESTABLISHMENTS: &str = "etablissements.csv";
const ESTABLISHMENT_COLUMNS: [&str; 8] = ["finess", "type", "ej", "nom", "expediteurs", "contact", "cadence", "etat"];
const SERVICES: &str = "services.csv";
const SERVICE_COLUMNS: [&str; 6] = ["finess", "code", "libelle", "nature", "etat", "cadence"];

/// One thing wrong in a file of the referential.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineError {
    /// `etablissements.csv` or `services.csv`.
    pub file: &'static str,
    /// The line, from 1.
    pub line: u64,
    /// What is wrong, in French.
    pub reason: String,
}

impl fmt::Display for LineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, ligne {} : {}", self.file, self.line, self.reason)
    }
}

pub(super) fn parse(establishments: &[u8], services: &[u8]) -> Result<Referential, Vec<LineError>> {
    let mut reader = Loader::default();
    reader.each_line(ESTABLISHMENTS, &ESTABLISHMENT_COLUMNS, establishments, Loader::establishment);
    reader.check_owners();
    reader.each_line(SERVICES, &SERVICE_COLUMNS, services, Loader::service);
    if reader.errors.is_empty() { Ok(reader.referential) } else { Err(reader.errors) }
}

#[derive(Default)]
struct Loader {
    referential: Referential,
    errors: Vec<LineError>,
}

/// The fields of a line; a wrong one is reported and makes the line unusable.
struct CsvRow<'a> {
    file: &'static str,
    line: u64,
    columns: &'a [&'static str],
    record: &'a StringRecord,
    errors: Vec<LineError>,
}

impl Loader {
    fn each_line(
        &mut self,
        file: &'static str,
        columns: &[&'static str],
        bytes: &[u8],
        read: fn(&mut Self, &mut CsvRow<'_>),
    ) {
        let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
        let mut reader = csv::ReaderBuilder::new().delimiter(b';').trim(csv::Trim::All).from_reader(bytes);
        if let Err(reason) = check_header(&mut reader, columns) {
            self.errors.push(LineError { file, line: 1, reason });
            return;
        }
        for record in reader.into_records() {
            match record {
                Ok(record) => {
                    let line = record.position().map_or(0, csv::Position::line);
                    let mut row = CsvRow { file, line, columns, record: &record, errors: Vec::new() };
                    read(self, &mut row);
                    self.errors.append(&mut row.errors);
                }
                Err(error) => self.errors.push(unreadable(file, &error)),
            }
        }
    }

    fn establishment(&mut self, row: &mut CsvRow<'_>) {
        let finess = row.required::<Finess>("finess");
        let establishment = Establishment {
            kind: row.one_of("type", &[("EG", PlaceKind::Eg), ("EJ", PlaceKind::Ej)]).unwrap_or(PlaceKind::Eg),
            ej: row.optional("ej"),
            name: row.text("nom").to_owned(),
            senders: row.senders(),
            contact: row.optional("contact"),
            cadence: row.optional::<Span>("cadence"),
            open: row.one_of("etat", &[("ouvert", true), ("ferme", false)]).unwrap_or(false),
        };
        let Some(finess) = finess.filter(|_| row.errors.is_empty()) else { return };
        if self.referential.establishments.insert(finess, establishment).is_some() {
            row.error(format!("l’établissement {finess} figure deux fois"));
        }
    }

    fn service(&mut self, row: &mut CsvRow<'_>) {
        let finess = row.required::<Finess>("finess");
        let code = row.required::<ServiceCode>("code");
        let service = KnownService {
            label: row.text("libelle").to_owned(),
            nature: row.nature(),
            open: row.one_of("etat", &[("ouvert", true), ("ferme", false)]).unwrap_or(false),
            cadence: row.optional::<Span>("cadence"),
        };
        let (Some(finess), Some(code)) = (finess, code) else { return };
        match self.referential.establishments.get(&finess).map(|owner| owner.kind) {
            Some(PlaceKind::Eg) => {}
            Some(PlaceKind::Ej) => row.error(format!("{finess} est une entité juridique : un service dépend d’un EG")),
            None => row.error(format!("l’établissement {finess} n’est pas dans {ESTABLISHMENTS}")),
        }
        if self.referential.services.insert((finess, code.clone()), service).is_some() {
            row.error(format!("le service {code} de {finess} figure deux fois"));
        }
    }

    fn check_owners(&mut self) {
        let known = &self.referential.establishments;
        let is_owner = |ej: &Finess| known.get(ej).is_some_and(|owner| owner.kind == PlaceKind::Ej);
        let lost = known.iter().filter_map(|(finess, one)| Some((finess, one.ej.filter(|ej| !is_owner(ej))?)));
        let errors = lost.map(|(finess, ej)| LineError {
            file: ESTABLISHMENTS,
            line: 1,
            reason: format!("l’entité juridique {ej} de l’établissement {finess} n’est pas dans le fichier"),
        });
        self.errors.extend(errors.collect::<Vec<_>>());
    }
}

fn check_header(reader: &mut csv::Reader<&[u8]>, columns: &[&str]) -> Result<(), String> {
    let wanted = columns.join(";");
    match reader.headers() {
        Ok(found) if found.iter().eq(columns.iter().copied()) => Ok(()),
        Ok(_) => Err(format!("la première ligne doit être « {wanted} »")),
        Err(_) => Err("le fichier n’est pas un CSV en UTF-8".to_owned()),
    }
}

fn unreadable(file: &'static str, error: &csv::Error) -> LineError {
    let line = error.position().map_or(0, csv::Position::line);
    let reason = match error.kind() {
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
            format!("{len} colonnes au lieu de {expected_len}")
        }
        csv::ErrorKind::Utf8 { .. } => "le texte n’est pas en UTF-8".to_owned(),
        _ => "ligne illisible".to_owned(),
    };
    LineError { file, line, reason }
}

impl CsvRow<'_> {
    fn text(&self, column: &str) -> &str {
        let rank = self.columns.iter().position(|name| *name == column);
        rank.and_then(|rank| self.record.get(rank)).unwrap_or_default()
    }

    fn error(&mut self, reason: String) {
        self.errors.push(LineError { file: self.file, line: self.line, reason });
    }

    fn required<T: FromStr<Err: fmt::Display>>(&mut self, column: &str) -> Option<T> {
        let text = self.text(column).to_owned();
        text.parse().map_err(|error| self.error(format!("colonne {column}, « {text} » : {error}"))).ok()
    }

    fn optional<T: FromStr<Err: fmt::Display>>(&mut self, column: &str) -> Option<T> {
        if self.text(column).is_empty() { None } else { self.required(column) }
    }

    fn one_of<T: Copy>(&mut self, column: &str, words: &[(&str, T)]) -> Option<T> {
        let found = words.iter().find(|(word, _)| *word == self.text(column)).map(|(_, value)| *value);
        if found.is_none() {
            let known: Vec<_> = words.iter().map(|(word, _)| *word).collect();
            self.error(format!("colonne {column}, « {} » : attendu {}", self.text(column), known.join(" ou ")));
        }
        found
    }

    fn nature(&mut self) -> Option<Nature> {
        if self.text("nature").is_empty() {
            return None;
        }
        self.one_of("nature", &[(Nature::Lit.word(), Nature::Lit), (Nature::Place.word(), Nature::Place)])
    }

    fn senders(&mut self) -> Vec<Sender> {
        let words: Vec<String> = self.text("expediteurs").split_whitespace().map(str::to_ascii_lowercase).collect();
        words.iter().filter_map(|word| self.sender(word)).collect()
    }

    fn sender(&mut self, word: &str) -> Option<Sender> {
        match word.strip_prefix('@') {
            Some(domain) if !domain.is_empty() && !domain.contains('@') => Some(Sender::Domain(domain.to_owned())),
            _ => word.parse().map(Sender::Address).map_err(|error| self.error(format!("expediteurs : {error}"))).ok(),
        }
    }
}
