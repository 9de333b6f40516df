//! What is asked for.

use std::ops::RangeInclusive;

use clap::Parser;
use clap::builder::TypedValueParser;

use crate::RESTART;
use crate::hospital::{AFFECTATIONS, TEMPORALITES};

/// How many mails may be about one ward, and no indicator twice.
const VARIANTS: usize = TEMPORALITES.len() * AFFECTATIONS.len();

/// Mesure du parcours complet : un Dovecot rempli de courriels (chacun un rapport de 8 services × 3 capacités, environ
/// 4 ko), relevé par le programme, vers le ROR simulé, tout étant durable. À côté, dans la même exécution, les limites
/// de chaque partie seule : relève et classement, validation dans la base, requête PATCH. Écrit un tableau Markdown.
#[derive(Debug, Parser)]
#[command(name = "tests/bench")]
pub(crate) struct Arguments {
    /// Courriels à acheminer.
    #[arg(long, value_name = "N", default_value_t = 10_000, value_parser = number(100..=100_000))]
    pub(crate) mails: usize,
    /// Courriels qui attendent derrière ceux-là et ne sont pas acheminés : ce qu’ils coûtent de mémoire.
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = number(0..=200_000))]
    pub(crate) backlog: usize,
    /// Les courriels portent sur 100 unités seulement : chacun remplace les précédents.
    #[arg(long)]
    pub(crate) coalesce: bool,
    /// Le ROR est en panne : rien n’est acheminé, toutes les capacités attendent ; ce qu’elles coûtent de mémoire.
    #[arg(long)]
    pub(crate) down: bool,
    /// Secondes pendant lesquelles 10 courriels arrivent chaque seconde, pour le délai ; 0 : n’est pas mesuré.
    #[arg(long, value_name = "S", default_value_t = 30, value_parser = clap::value_parser!(u64).range(0..=600))]
    pub(crate) seconds: u64,
    /// Durée au-delà de laquelle la mesure échoue.
    #[arg(long, value_name = "T", default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=240))]
    pub(crate) minutes: u64,
    /// Passé par cargo.
    #[arg(long, hide = true)]
    bench: bool,
}

impl Arguments {
    /// How many wards the mails are about: as few as can be, or all the same.
    pub(crate) fn wards(&self) -> usize {
        let others = usize::try_from(self.seconds * 10).unwrap_or(usize::MAX) + RESTART;
        if self.coalesce { 100 } else { (self.mails + self.backlog + others).div_ceil(VARIANTS) }
    }
}

fn number(within: RangeInclusive<u64>) -> impl TypedValueParser<Value = usize> {
    clap::value_parser!(u64).range(within).map(|number| usize::try_from(number).unwrap_or(usize::MAX))
}
