//! Which mails of the journal are meant: everything that is given must hold.

use clap::Args;
use clap::builder::PossibleValuesParser;
use jiff::Timestamp;

use crate::address::Address;
use crate::capacity::ServiceCode;
use crate::cli::value::instant;
use crate::defect::Code;
use crate::finess::Finess;
use crate::outcome::Verdict;
use crate::store::Filter;

/// The word for a mail without verdict yet.
const EN_COURS: &str = "en-cours";

#[derive(Debug, Args)]
pub(super) struct Filters {
    /// Reçus à partir de cet instant : 2026-11-23, ou 2026-11-23T08:00 (heure de Paris).
    #[arg(long, value_name = "INSTANT", value_parser = instant)]
    depuis: Option<Timestamp>,
    /// Reçus avant cet instant.
    #[arg(long, value_name = "INSTANT", value_parser = instant)]
    avant: Option<Timestamp>,
    /// Adresse de l’expéditeur.
    #[arg(long, value_name = "ADRESSE")]
    expediteur: Option<Address>,
    /// Numéro FINESS d’un établissement cité.
    #[arg(long, value_name = "NUMÉRO")]
    finess: Option<Finess>,
    /// Code d’un service cité.
    #[arg(long, value_name = "CODE")]
    service: Option<ServiceCode>,
    /// Code d’un défaut, par exemple C01.
    #[arg(long, value_name = "CODE", value_parser = codes(), ignore_case = true)]
    code: Option<String>,
    /// Verdict.
    #[arg(long, value_name = "VERDICT", value_parser = verdicts())]
    verdict: Option<String>,
}

fn codes() -> PossibleValuesParser {
    PossibleValuesParser::new(Code::ALL.iter().map(|code| code.as_str()))
}

fn verdicts() -> PossibleValuesParser {
    PossibleValuesParser::new(Verdict::ALL.map(Verdict::word).into_iter().chain([EN_COURS]))
}

impl From<Filters> for Filter {
    fn from(filters: Filters) -> Self {
        Self {
            since: filters.depuis,
            until: filters.avant,
            sender: filters.expediteur.map(String::from),
            finess: filters.finess.map(|finess| finess.to_string()),
            service: filters.service.map(|service| service.to_string()),
            code: filters.code.map(|code| code.to_ascii_uppercase()),
            verdict: filters.verdict,
            before: None,
        }
    }
}
