//! `dispolits journal audit`: what people did, whether the record is whole, and its export.

use std::io::{self, Write};

use clap::builder::PossibleValuesParser;
use clap::{Args, Subcommand};
use jiff::Timestamp;
use serde_json::json;

use super::JournalStore;
use crate::cli::{CommandFailure, ExitOutcome, FOUND, SUCCESS, value};
use domain::access::audit::{AuditHead, Deed, Record};
use domain::outcome::in_paris;
use store::AuditFilter;

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum AuditCommand {
    /// Vérifie que rien n’a été changé, retiré, ajouté ni déplacé ; donne la tête à conserver ailleurs.
    Verify(Verify),
    /// Liste les actes, les plus récents d’abord.
    List(AuditList),
    /// Exporte les actes, un objet JSON par ligne, puis la tête du journal.
    Export(AuditExport),
}

#[derive(Debug, Args)]
pub(in crate::cli) struct Verify {
    #[command(flatten)]
    place: JournalStore,
    /// Tête conservée d’une vérification ou d’un export précédent : le journal doit encore la contenir.
    #[arg(long, value_name = "TÊTE")]
    tete: Option<AuditHead>,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct AuditList {
    #[command(flatten)]
    place: JournalStore,
    #[command(flatten)]
    period: AuditPeriod,
    /// Qui, comme le donne la liste : local:anne.
    #[arg(long, value_name = "QUI")]
    qui: Option<String>,
    /// Acte.
    #[arg(long, value_name = "ACTE", value_parser = PossibleValuesParser::new(Deed::ALL.iter().map(|deed| deed.word())))]
    acte: Option<String>,
    /// Objet, comme le donne la liste : « courriel 12 ».
    #[arg(long, value_name = "OBJET")]
    objet: Option<String>,
    /// Nombre d’actes, au plus.
    #[arg(long, default_value = "50", value_name = "NOMBRE", value_parser = value::count)]
    limite: u32,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct AuditExport {
    #[command(flatten)]
    place: JournalStore,
    #[command(flatten)]
    period: AuditPeriod,
}

#[derive(Debug, Args)]
struct AuditPeriod {
    /// À partir de cet instant : 2026-11-23, ou 2026-11-23T08:00 (heure de Paris).
    #[arg(long, value_name = "INSTANT", value_parser = value::instant)]
    du: Option<Timestamp>,
    /// Avant cet instant.
    #[arg(long, value_name = "INSTANT", value_parser = value::instant)]
    au: Option<Timestamp>,
}

pub(super) async fn run(command: AuditCommand) -> ExitOutcome {
    match command {
        AuditCommand::Verify(arguments) => verify(arguments).await,
        AuditCommand::List(arguments) => list(arguments).await,
        AuditCommand::Export(arguments) => export(&arguments).await,
    }
}

async fn verify(arguments: Verify) -> ExitOutcome {
    let (store, _) = arguments.place.open().await?;
    let verification = store.verify_audit(arguments.tete).await?;
    let (head, broken) = verification.end();
    let mut out = io::stdout().lock();
    broken.iter().try_for_each(|fault| writeln!(out, "Défaut : {fault}."))?;
    if broken.is_empty() {
        writeln!(out, "Journal d’audit entier : {} actes.", head.number)?;
    }
    writeln!(out, "Tête à conserver ailleurs : {head}")?;
    Ok(if broken.is_empty() { SUCCESS } else { FOUND })
}

async fn list(arguments: AuditList) -> ExitOutcome {
    let (store, _) = arguments.place.open().await?;
    let AuditList { period: AuditPeriod { du, au }, qui, acte, objet, limite, .. } = arguments;
    let filter = AuditFilter { since: du, until: au, who: qui, deed: acte, object: objet, before: None };
    let records = store.audit(&filter, limite).await?;
    let mut out = io::stdout().lock();
    if records.is_empty() {
        writeln!(out, "Aucun acte ne correspond.")?;
    }
    records.iter().try_for_each(|record| tell(&mut out, record))?;
    Ok(SUCCESS)
}

fn tell(out: &mut impl Write, record: &Record) -> io::Result<()> {
    let deed = record.in_words();
    writeln!(out, "{}  {}  {} : {}, {deed}", record.numero, in_paris(record.a), record.qui, record.objet)?;
    if !record.avant.is_empty() || !record.apres.is_empty() {
        writeln!(out, "    {} → {}", one_line(&record.avant), one_line(&record.apres))?;
    }
    if record.note.is_empty() { Ok(()) } else { writeln!(out, "    « {} »", one_line(&record.note)) }
}

/// What people wrote cannot look like another line, nor move the cursor.
fn one_line(text: &str) -> String {
    let short: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(300).collect();
    if short.is_empty() { "rien".to_owned() } else { short }
}

async fn export(arguments: &AuditExport) -> ExitOutcome {
    let (store, _) = arguments.place.open().await?;
    let mut out = io::stdout();
    store
        .walk_audit(|record| {
            if arguments.period.means(record.a) {
                writeln!(out, "{}", serde_json::to_string(&record)?)?;
            }
            Ok::<(), CommandFailure>(())
        })
        .await?;
    writeln!(out, "{}", json!({"tete": store.audit_head().await?.to_string()}))?;
    out.flush()?;
    Ok(SUCCESS)
}

impl AuditPeriod {
    fn means(&self, at: Timestamp) -> bool {
        self.du.is_none_or(|du| du <= at) && self.au.is_none_or(|au| at < au)
    }
}
