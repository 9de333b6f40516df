//! `dispolits journal balance`: every mail received has one outcome or is in progress.

use std::io::Write;

use clap::{Args, ValueEnum};
use serde::Serialize;

use super::Where;
use crate::cli::{FOUND, Outcome, SUCCESS};
use crate::store;

#[derive(Debug, Args)]
pub(in crate::cli) struct Arguments {
    #[command(flatten)]
    place: Where,
    /// Boîte relevée, par son nom dans la configuration ; toutes par défaut.
    #[arg(long, value_name = "NOM")]
    boite: Option<String>,
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
    counts: store::Balance,
    /// Mails that are in the mailbox and could not be read, those that were set aside left out.
    non_lus: i64,
    equilibre: bool,
}

/// What was asked for, and each mailbox of it: mails are conserved mailbox by mailbox.
#[derive(Serialize)]
struct Balances {
    #[serde(flatten)]
    whole: Balance,
    boites: Vec<One>,
}

#[derive(Serialize)]
struct One {
    boite: String,
    #[serde(flatten)]
    balance: Balance,
}

pub(super) async fn run(arguments: Arguments) -> Outcome {
    let (store, mailboxes) = arguments.place.open().await?;
    let asked = match &arguments.boite {
        Some(name) => Some(mailboxes.account(name, &store).await?),
        None => None,
    };
    let accounts = match &asked {
        Some(account) => vec![account.clone()],
        None => mailboxes.accounts(&store).await?,
    };
    let unread = store.unread_counts().await?;
    let unread_of = |account: Option<&str>| -> i64 {
        let of_account = unread.iter().filter(|count| account.is_none_or(|account| count.mailbox == account));
        of_account.map(|count| count.mails).sum()
    };
    let mut boites = Vec::new();
    for account in accounts {
        let balance = Balance::of(store.balance(Some(&account)).await?, unread_of(Some(&account)));
        boites.push(One { boite: mailboxes.name(&account).to_owned(), balance });
    }
    let whole = Balance::of(store.balance(asked.as_deref()).await?, unread_of(asked.as_deref()));
    let balances = Balances { whole, boites };
    let mut out = std::io::stdout().lock();
    match arguments.format {
        Format::Json => writeln!(out, "{}", serde_json::to_string(&balances)?)?,
        Format::Human if asked.is_none() && mailboxes.are_several() => each(&mut out, &balances)?,
        Format::Human => human(&mut out, &balances.whole)?,
    }
    Ok(if balances.hold() { SUCCESS } else { FOUND })
}

impl Balance {
    fn of(counts: store::Balance, non_lus: i64) -> Self {
        Self { counts, non_lus, equilibre: counts.holds() && non_lus == 0 }
    }
}

impl Balances {
    fn hold(&self) -> bool {
        self.whole.equilibre && self.boites.iter().all(|one| one.balance.equilibre)
    }
}

fn each(out: &mut impl Write, balances: &Balances) -> std::io::Result<()> {
    for One { boite, balance } in &balances.boites {
        writeln!(out, "Boîte {boite}")?;
        human(out, balance)?;
        writeln!(out)?;
    }
    writeln!(out, "Toutes les boîtes")?;
    human(out, &balances.whole)
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
    if balance.non_lus > 0 {
        writeln!(out, "{:<26}{:>8}", "Non lus, dans la boîte", balance.non_lus)?;
        let told = "NON LUS : des courriels restent dans la boîte sans pouvoir être lus ; voyez « dispolits journal left list ».";
        writeln!(out, "{told}")?;
    }
    if !counts.holds() {
        writeln!(out, "ÉCART : la somme des issues n’est pas le nombre de courriels reçus.")?;
    }
    if balance.equilibre {
        writeln!(out, "Le compte est bon : aucun courriel ne manque.")?;
    }
    Ok(())
}
