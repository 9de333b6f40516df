//! `dispolits journal left`: the mails that are in a mailbox and could not be read, and what an operator decides of them.

use std::io::{self, Write};

use clap::{Args, Subcommand};

use super::{JournalStore, Mailboxes};
use crate::cli::value;
use crate::cli::value::OutputFormat;
use crate::cli::{ExitOutcome, FOUND, SUCCESS, who};
use base::clock::Clock;
use base::unread::Cause;
use domain::access::audit::{AuditEntry, Deed, on_unread};
use domain::outcome::in_paris;
use store::Unread;

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum LeftCommand {
    /// Liste les courriels restés non lus dans leur boîte ; rend 1 s’il y en a qui ne sont pas mis à l’écart.
    List(LeftList),
    /// Fait lire de nouveau un courriel à la prochaine relève, même s’il est mis à l’écart.
    Retry(Retry),
    /// Met un courriel à l’écart : il reste dans la boîte et dans la liste, mais n’est plus attendu.
    SetAside(SetAside),
}

#[derive(Debug, Args)]
pub(in crate::cli) struct LeftList {
    #[command(flatten)]
    place: JournalStore,
    /// Boîte relevée, par son nom dans la configuration ; toutes par défaut.
    #[arg(long, value_name = "NOM")]
    boite: Option<String>,
    /// Avec ceux qui sont mis à l’écart.
    #[arg(long)]
    tous: bool,
    /// Nombre de courriels, au plus.
    #[arg(long, default_value = "50", value_name = "NOMBRE", value_parser = value::count)]
    limite: u32,
    /// Forme du résultat.
    #[arg(long, value_enum, default_value_t = OutputFormat::Human, value_name = "FORME", hide_default_value = true)]
    format: OutputFormat,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct Retry {
    #[command(flatten)]
    place: JournalStore,
    /// Numéro, comme le donne « journal left list ».
    #[arg(value_name = "NUMÉRO", value_parser = value::rank)]
    numero: i64,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct SetAside {
    #[command(flatten)]
    place: JournalStore,
    /// Numéro, comme le donne « journal left list ».
    #[arg(value_name = "NUMÉRO", value_parser = value::rank)]
    numero: i64,
    /// Pourquoi il n’est plus à attendre ; gardé dans la liste et dans le journal d’audit.
    #[arg(long, value_name = "TEXTE")]
    motif: String,
}

pub(super) async fn run(command: LeftCommand) -> ExitOutcome {
    match command {
        LeftCommand::List(arguments) => list(arguments).await,
        LeftCommand::Retry(arguments) => retry(arguments).await,
        LeftCommand::SetAside(arguments) => set_aside(arguments).await,
    }
}

async fn list(arguments: LeftList) -> ExitOutcome {
    let (store, mailboxes) = arguments.place.open().await?;
    let account = match &arguments.boite {
        Some(name) => Some(mailboxes.account(name, &store).await?),
        None => None,
    };
    let waiting = store.unread_counts().await?;
    let waiting = waiting.iter().any(|count| account.as_ref().is_none_or(|account| count.mailbox == *account));
    let mut out = io::stdout().lock();
    let mails = store.unread(account.as_deref(), arguments.tous, arguments.limite).await?;
    for mail in &mails {
        let mail = named(mail, &mailboxes);
        match arguments.format {
            OutputFormat::Json => writeln!(out, "{}", serde_json::to_string(&mail)?)?,
            OutputFormat::Human => tell(&mut out, &mail)?,
        }
    }
    if arguments.format == OutputFormat::Human && mails.is_empty() {
        writeln!(out, "Aucun courriel ne reste non lu.")?;
    }
    Ok(if waiting { FOUND } else { SUCCESS })
}

fn named(mail: &Unread, mailboxes: &Mailboxes) -> Unread {
    Unread { boite: mailboxes.name(&mail.boite).to_owned(), ..mail.clone() }
}

fn tell(out: &mut impl Write, mail: &Unread) -> io::Result<()> {
    let Unread { numero, boite, position, octets, depuis, essais, .. } = mail;
    let cause = mail.cause.parse::<Cause>().map_or_else(|_| mail.cause.clone(), |cause| cause.to_string());
    let detail = if mail.detail.is_empty() { String::new() } else { format!(" ({})", mail.detail) };
    writeln!(out, "n° {numero}  boîte {boite}, position {position}, {octets} octets annoncés")?;
    if let Some(at) = mail.arrive_a {
        writeln!(out, "    arrivé le {}", in_paris(at))?;
    }
    writeln!(out, "    non lu depuis le {} : {cause}{detail}", in_paris(*depuis))?;
    match (mail.ecarte_a, mail.parti_a) {
        (Some(at), gone) => {
            let (who, why) =
                (mail.ecarte_par.as_deref().unwrap_or_default(), mail.motif.as_deref().unwrap_or_default());
            writeln!(out, "    mis à l’écart le {} par {who} : « {why} »", in_paris(at))?;
            gone.map_or(Ok(()), |at| writeln!(out, "    n’est plus dans la boîte depuis le {}", in_paris(at)))?;
        }
        (None, _) => writeln!(out, "    essais : {essais} ; prochain essai : {}", in_paris(mail.prochain_essai))?,
    }
    writeln!(out)
}

async fn retry(arguments: Retry) -> ExitOutcome {
    let (store, _) = arguments.place.open().await?;
    let entry = AuditEntry::new(who(), Deed::Relire, on_unread(arguments.numero));
    if !store.retry_unread(arguments.numero, &entry, Clock::System.now()).await? {
        return Err(unknown(arguments.numero).into());
    }
    writeln!(io::stdout(), "Le courriel non lu n° {} sera lu de nouveau à la prochaine relève.", arguments.numero)?;
    Ok(SUCCESS)
}

async fn set_aside(arguments: SetAside) -> ExitOutcome {
    let why = domain::defect::excerpt(arguments.motif.trim());
    if why.is_empty() {
        return Err("--motif ne peut pas être vide : dites pourquoi ce courriel n’est plus à attendre".into());
    }
    let (store, _) = arguments.place.open().await?;
    let entry = AuditEntry::new(who(), Deed::Ecarter, on_unread(arguments.numero)).noting(why);
    if !store.set_unread_aside(arguments.numero, &entry, Clock::System.now()).await? {
        return Err(unknown(arguments.numero).into());
    }
    writeln!(io::stdout(), "Le courriel non lu n° {} est mis à l’écart ; il reste dans la boîte.", arguments.numero)?;
    Ok(SUCCESS)
}

fn unknown(number: i64) -> String {
    format!("aucun courriel non lu ne porte le numéro {number}, ou il est déjà mis à l’écart")
}
