//! Which mails of the journal are meant: everything that is given must hold.

use clap::Args;
use clap::builder::PossibleValuesParser;
use jiff::Timestamp;

use super::mailboxes::Mailboxes;
use crate::address::Address;
use crate::capacity::ServiceCode;
use crate::cli::Failure;
use crate::cli::value::instant;
use crate::defect::Code;
use crate::finess::Finess;
use crate::outcome::Verdict;
use crate::store::{Filter, Store};

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
    /// Boîte relevée, par son nom dans la configuration.
    #[arg(long, value_name = "NOM")]
    boite: Option<String>,
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

impl Filters {
    /// The same in the words of the store.
    pub(super) async fn resolve(self, store: &Store, mailboxes: &Mailboxes) -> Result<Filter, Failure> {
        let account = match &self.boite {
            Some(name) => Some(mailboxes.account(name, store).await?),
            None => None,
        };
        Ok(Filter {
            account,
            since: self.depuis,
            until: self.avant,
            sender: self.expediteur.map(String::from),
            finess: self.finess.map(|finess| finess.to_string()),
            service: self.service.map(|service| service.to_string()),
            code: self.code.map(|code| code.to_ascii_uppercase()),
            verdict: self.verdict,
            before: None,
        })
    }
}
