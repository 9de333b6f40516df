//! Which mails of the journal are meant: everything that is given must hold.

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use jiff::Timestamp;

use super::mailboxes::Mailboxes;
use crate::cli::CommandFailure;
use crate::cli::value::instant;
use domain::address::Address;
use domain::capacity::ServiceCode;
use domain::defect::Code;
use domain::finess::Finess;
use store::Store;
use store::search::{Filter, MailStatus, Sender};

#[derive(Debug, Args)]
pub(super) struct JournalFilters {
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
    #[arg(long, value_name = "NUMÉRO", value_parser = Finess::typed)]
    finess: Option<Finess>,
    /// Code d’un service cité.
    #[arg(long, value_name = "CODE")]
    service: Option<ServiceCode>,
    /// Code d’un défaut, par exemple C01.
    #[arg(long, value_name = "CODE", value_parser = codes(), ignore_case = true)]
    code: Option<Code>,
    /// Verdict.
    #[arg(long, value_name = "VERDICT", value_parser = verdicts())]
    verdict: Option<MailStatus>,
}

fn codes() -> impl TypedValueParser<Value = Code> {
    let words = PossibleValuesParser::new(Code::ALL.iter().map(|code| code.as_str()));
    words.try_map(|word| word.to_ascii_uppercase().parse::<Code>())
}

fn verdicts() -> impl TypedValueParser<Value = MailStatus> {
    PossibleValuesParser::new(MailStatus::all().map(MailStatus::word)).try_map(|word| word.parse::<MailStatus>())
}

impl JournalFilters {
    /// The same in the words of the store.
    pub(super) async fn resolve(self, store: &Store, mailboxes: &Mailboxes) -> Result<Filter, CommandFailure> {
        let account = match &self.boite {
            Some(name) => Some(mailboxes.account(name, store).await?),
            None => None,
        };
        Ok(Filter {
            account,
            since: self.depuis,
            until: self.avant,
            sender: self.expediteur.map(|address| Sender::Is(address.into())),
            finess: self.finess,
            service: self.service.map(|service| service.to_string()),
            code: self.code,
            standing: self.verdict,
            ..Filter::default()
        })
    }
}
