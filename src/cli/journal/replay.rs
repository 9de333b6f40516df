//! `dispolits journal replay`: what was rejected, judged again; without `--executer` only the difference is shown.

use std::collections::BTreeSet;
use std::io::{self, Write};

use clap::builder::PossibleValuesParser;
use clap::{ArgGroup, Args};

use super::JournalStore;
use crate::cli::{CommandFailure, ExitOutcome, FOUND, SUCCESS, value, who};
use base::clock::Clock;
use domain::access::audit::Deed;
use domain::capacity::ServiceCode;
use domain::defect::Code;
use domain::finess::Finess;
use domain::labels;
use domain::outcome::{Verdict, in_paris};
use judging::referential::{Texts, Watch};
use service::config::Config;
use service::pipeline::{Gain, Impossible, Proposal, ReplaySelection, Replaying};
use store::{MailId, Store};

#[derive(Debug, Args)]
#[command(group(ArgGroup::new("quoi").required(true).args(["numero", "ligne", "code"])))]
pub(in crate::cli) struct ReplayArguments {
    #[command(flatten)]
    place: JournalStore,
    /// Numéro de réception d’un courriel, comme le donne « journal list ».
    #[arg(value_name = "NUMÉRO", value_parser = value::rank)]
    numero: Option<i64>,
    /// Numéro d’une ligne rejetée par le ROR, comme le donne « journal show ».
    #[arg(long, value_name = "NUMÉRO", value_parser = value::rank)]
    ligne: Option<i64>,
    /// Tout ce qui a été rejeté sous ce code, par exemple R01.
    #[arg(long, value_name = "CODE", value_parser = codes(), ignore_case = true)]
    code: Option<String>,
    /// Avec --code : d’un établissement seulement.
    #[arg(long, value_name = "NUMÉRO", conflicts_with_all = ["numero", "ligne"])]
    finess: Option<Finess>,
    /// Avec --code : d’un code service seulement.
    #[arg(long, value_name = "CODE", conflicts_with_all = ["numero", "ligne"])]
    service: Option<ServiceCode>,
    /// Le fait ; sans cette option, la différence est seulement montrée.
    #[arg(long)]
    executer: bool,
}

fn codes() -> PossibleValuesParser {
    PossibleValuesParser::new(Code::ALL.iter().map(|code| code.as_str()))
}

/// What became of the mails of a selection.
#[derive(Default)]
struct ReplayTally {
    changes: usize,
    unchanged: usize,
    impossible: usize,
    sent: u64,
}

pub(super) async fn run(arguments: ReplayArguments) -> ExitOutcome {
    let (store, _, config) = arguments.place.open_with_config().await?;
    let (watch, rules, clock) = (referential(&config, &store).await?, config.rules()?, Clock::System);
    let current = watch.current();
    // A larger mail was left on its server: the limit is only told.
    let max_bytes = config.max_bytes();
    let replaying = Replaying { store: &store, referential: &current, rules: &rules, max_bytes, clock: &clock };
    let (selection, mut out) = (selection(&arguments)?, io::stdout().lock());
    let (mut tally, mut taken) = (ReplayTally::default(), BTreeSet::new());
    for id in replaying.mails(&selection).await? {
        match replaying.propose(id, &selection, &mut taken).await {
            Err(Impossible::Store(failure)) => return Err(failure.into()),
            Err(Impossible::Unknown) => return Err(unknown(&arguments)),
            Err(reason) => {
                tally.impossible += 1;
                writeln!(out, "Courriel n° {} : {reason}", id.number())?;
            }
            Ok(proposal) => handle(&mut out, &replaying, &proposal, arguments.executer, &mut tally).await?,
        }
    }
    close(&mut out, &tally, arguments.executer)?;
    let found = tally.impossible > 0 || !arguments.executer && tally.changes > 0;
    Ok(if found { FOUND } else { SUCCESS })
}

fn selection(arguments: &ReplayArguments) -> Result<ReplaySelection, CommandFailure> {
    match (arguments.numero, arguments.ligne, &arguments.code) {
        (Some(number), ..) => Ok(ReplaySelection::Mail(MailId::of(number))),
        (_, Some(row), _) => Ok(ReplaySelection::Row(row)),
        (.., Some(code)) => Ok(ReplaySelection::Cause {
            code: code.to_ascii_uppercase().parse()?,
            finess: arguments.finess,
            service: arguments.service.as_ref().map(ToString::to_string),
        }),
        _ => Err("un numéro de courriel, --ligne ou --code est attendu".into()),
    }
}

fn unknown(arguments: &ReplayArguments) -> CommandFailure {
    match (arguments.numero, arguments.ligne) {
        (Some(number), _) => format!("aucun courriel ne porte le numéro {number}").into(),
        (_, row) => format!("aucune ligne ne porte le numéro {}", row.unwrap_or_default()).into(),
    }
}

/// The files in force, or the last whole pair that the service kept.
async fn referential(config: &Config, store: &Store) -> Result<Watch, CommandFailure> {
    match (Watch::load(config.referential.clone()), store.last_referential().await?) {
        (Ok(watch), _) => Ok(watch),
        (Err(_), Some((etablissements, services, _))) => {
            Ok(Watch::from_last_good(config.referential.clone(), Texts { etablissements, services })?)
        }
        (Err(refused), None) => Err(refused.into()),
    }
}

async fn handle(
    out: &mut impl Write,
    replaying: &Replaying<'_>,
    proposal: &Proposal,
    execute: bool,
    tally: &mut ReplayTally,
) -> Result<(), CommandFailure> {
    if !proposal.changes() {
        tally.unchanged += 1;
        return Ok(writeln!(out, "Courriel n° {} : rien ne change", proposal.id.number())?);
    }
    show(out, proposal)?;
    if !execute {
        tally.changes += 1;
        return Ok(());
    }
    let Some(sent) = replaying.carry_out(proposal, &who(), Deed::Rejouer, "").await? else {
        tally.impossible += 1;
        return Ok(writeln!(out, "  le journal a changé entre-temps : non rejoué")?);
    };
    tally.changes += 1;
    tally.sent += sent;
    Ok(())
}

fn show(out: &mut impl Write, proposal: &Proposal) -> io::Result<()> {
    let before = proposal.before.verdict.map_or("en cours", Verdict::in_words);
    let (number, received) = (proposal.id.number(), in_paris(proposal.before.received_at));
    let condition = if proposal.asks_the_ror_again() { " si le ROR l’accepte" } else { "" };
    writeln!(out, "Courriel n° {number}, reçu le {received} : {before} → {}{condition}", proposal.verdict.in_words())?;
    let codes = [labels::codes(proposal.before.all_defects()), labels::codes(proposal.after.all_defects())];
    writeln!(out, "  défauts : {} → {}", codes[0], codes[1])?;
    for rank in &proposal.kept {
        let name = proposal.before.documents.get(*rank).map_or("", |document| document.name.as_str());
        writeln!(out, "  = {name} : laissé tel quel, une ligne déjà retenue serait refusée aujourd’hui")?;
    }
    proposal.gains.iter().try_for_each(|one| gain(out, one))
}

fn gain(out: &mut impl Write, gain: &Gain) -> io::Result<()> {
    let update = &gain.update;
    let place = format!("établissement {}, service {}", update.finess(), update.location.service());
    writeln!(out, "  + {place} : {}", labels::count(&update.count))?;
    let was = gain.row.map_or("rejetée au jugement".to_owned(), |row| format!("ligne {row}, rejetée par le ROR"));
    let becomes = if gain.superseded { "dépassée par un relevé plus récent" } else { "à transmettre" };
    writeln!(out, "    relevé du {} : {was} → {becomes}", in_paris(update.date_releve))
}

fn close(out: &mut impl Write, tally: &ReplayTally, executed: bool) -> io::Result<()> {
    let ReplayTally { changes, unchanged, impossible, sent } = tally;
    if executed {
        return writeln!(
            out,
            "Courriels rejoués : {changes} ; lignes en route : {sent} ; sans changement : {unchanged} ; impossibles : {impossible}."
        );
    }
    writeln!(
        out,
        "Courriels qui changeraient : {changes} ; sans changement : {unchanged} ; impossibles : {impossible}.\n\
         Rien n’est fait sans --executer."
    )
}
