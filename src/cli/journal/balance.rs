//! `dispolits journal balance`: every mail received has one outcome or is in progress.

use std::io::Write;

use clap::Args;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::JournalStore;
use crate::cli::value::OutputFormat;
use crate::cli::{ExitOutcome, FOUND, SUCCESS};
use base::clock::Clock;
use store;
use store::{Store, StoreError, Unfiled, UnreadCount};

/// How long a filing may be under way: it is then none that a folder refuses.
const FILING: SignedDuration = SignedDuration::from_secs(10);

const UNREAD: &str =
    "NON LUS : des courriels restent dans la boîte sans pouvoir être lus ; voyez « dispolits journal left list ».";
const UNFILED: &str = "NON CLASSÉS : des courriels jugés restent dans la boîte, car un dossier les refuse ; voyez « dispolits doctor » et les alertes.";
const UNMOVED: &str =
    "NON DÉPLACÉS : des courriels jugés restent dans la boîte, car le serveur n’offre ni MOVE ni UIDPLUS.";

#[derive(Debug, Args)]
pub(in crate::cli) struct BalanceArguments {
    #[command(flatten)]
    place: JournalStore,
    /// Boîte relevée, par son nom dans la configuration ; toutes par défaut.
    #[arg(long, value_name = "NOM")]
    boite: Option<String>,
    /// Forme du bilan.
    #[arg(long, value_enum, default_value_t = OutputFormat::Human, value_name = "FORME")]
    format: OutputFormat,
}

#[derive(Serialize)]
struct Balance {
    #[serde(flatten)]
    counts: store::Balance,
    /// Mails that are in the mailbox and could not be read, those that were set aside left out.
    non_lus: i64,
    /// Mails that are judged and in the mailbox, since a folder refuses them.
    non_classes: i64,
    /// Mails that are judged and in the mailbox, since their server cannot move them.
    non_deplaces: i64,
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

/// What is still in the mailboxes, by account.
struct Remaining {
    unread: Vec<UnreadCount>,
    unfiled: Vec<Unfiled>,
}

pub(super) async fn run(arguments: BalanceArguments) -> ExitOutcome {
    let (store, mailboxes) = arguments.place.open().await?;
    let asked = match &arguments.boite {
        Some(name) => Some(mailboxes.account(name, &store).await?),
        None => None,
    };
    let accounts = match &asked {
        Some(account) => vec![account.clone()],
        None => mailboxes.accounts(&store).await?,
    };
    let remaining = Remaining::read(&store, Clock::System.now()).await?;
    let mut boites = Vec::new();
    for account in accounts {
        let balance = Balance::of(store.balance(Some(&account)).await?, &remaining, Some(&account));
        boites.push(One { boite: mailboxes.name(&account).to_owned(), balance });
    }
    let whole = Balance::of(store.balance(asked.as_deref()).await?, &remaining, asked.as_deref());
    let balances = Balances { whole, boites };
    let mut out = std::io::stdout().lock();
    match arguments.format {
        OutputFormat::Json => writeln!(out, "{}", serde_json::to_string(&balances)?)?,
        OutputFormat::Human if asked.is_none() && mailboxes.are_several() => each(&mut out, &balances)?,
        OutputFormat::Human => human(&mut out, &balances.whole)?,
    }
    Ok(if balances.hold() { SUCCESS } else { FOUND })
}

impl Remaining {
    async fn read(store: &Store, now: Timestamp) -> Result<Self, StoreError> {
        let begun_before = now.saturating_sub(FILING).unwrap_or(now);
        Ok(Self { unread: store.unread_counts().await?, unfiled: store.unfiled_counts(begun_before).await? })
    }
}

impl Balance {
    /// Of one account, or of all.
    fn of(counts: store::Balance, remaining: &Remaining, account: Option<&str>) -> Self {
        let is_its = |mailbox: &str| account.is_none_or(|account| account == mailbox);
        let unread = remaining.unread.iter().filter(|count| is_its(&count.mailbox));
        let unfiled = || remaining.unfiled.iter().filter(|count| is_its(&count.mailbox));
        let (non_lus, non_classes) =
            (unread.map(|count| count.mails).sum(), unfiled().map(|count| count.refused).sum());
        let non_deplaces = unfiled().map(|count| count.unmoved).sum();
        let equilibre = counts.holds() && [non_lus, non_classes, non_deplaces] == [0; 3];
        Self { counts, non_lus, non_classes, non_deplaces, equilibre }
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
    for (name, count, told) in [
        ("Non lus, dans la boîte", balance.non_lus, UNREAD),
        ("Jugés, non classés", balance.non_classes, UNFILED),
        ("Jugés, non déplacés", balance.non_deplaces, UNMOVED),
    ] {
        if count > 0 {
            writeln!(out, "{name:<26}{count:>8}\n{told}")?;
        }
    }
    if !counts.holds() {
        writeln!(out, "ÉCART : la somme des issues n’est pas le nombre de courriels reçus.")?;
    }
    if balance.equilibre {
        writeln!(out, "Le compte est bon : aucun courriel ne manque.")?;
    }
    Ok(())
}
