//! `dispolits journal show`: all that is known of one mail, for whoever answers the phone.

use std::io::{self, Write};

use clap::Args;
use jiff::{SignedDuration, Timestamp};

use super::JournalStore;
use crate::cli::{ExitOutcome, SUCCESS, value};
use base::clock::Clock;
use domain::defect::{Code, Defect};
use domain::labels;
use domain::outcome::{DocumentOutcome, Etat, MailOutcome, Verdict, in_paris, paris};
use reading::message;
use reading::message::Message;
use service::config::Config;
use store::search::MailHistory;
use store::{Handing, JournalEntry, MailId, RequestEntry, StoredMail, StoredReply, StoredRow};

#[derive(Debug, Args)]
pub(in crate::cli) struct ShowArguments {
    #[command(flatten)]
    place: JournalStore,
    /// Numéro de réception du courriel, comme le donne « journal list ».
    #[arg(value_name = "NUMÉRO", value_parser = value::rank)]
    numero: i64,
}

pub(super) async fn run(arguments: ShowArguments) -> ExitOutcome {
    let (store, mailboxes, config) = arguments.place.open_with_config().await?;
    let id = MailId::of(arguments.numero);
    let (Some(entry), Some(outcome)) = (store.journal_entry(id).await?, store.outcome(id).await?) else {
        return Err(format!("aucun courriel ne porte le numéro {}", arguments.numero).into());
    };
    let mail = store.mail(id).await?;
    let filed = store.life(id).await?.and_then(|life| filed(&life, &config));
    let mut out = io::stdout().lock();
    head(&mut out, &entry, &outcome, mail.as_ref())?;
    filed.map_or(Ok(()), |filed| field(&mut out, "Classement", &filed))?;
    if mailboxes.are_several() {
        field(&mut out, "Boîte", mailboxes.name(&entry.boite))?;
    }
    defects(&mut out, &outcome.defects)?;
    let late = Late { now: Clock::System.now(), after: config.ror.delivery.late_after.signed() };
    let rows = store.rows_of(id).await?;
    for (rank, one) in outcome.documents.iter().enumerate() {
        let own: Vec<&StoredRow> = rows.iter().filter(|row| row.rank == rank).collect();
        document(&mut out, one, &own, &late)?;
    }
    replays(&mut out, &store.replays(id).await?)?;
    requests(&mut out, &store.requests(id).await?)?;
    replies(&mut out, &entry, &store.replies(id).await?)?;
    Ok(SUCCESS)
}

fn head(
    out: &mut impl Write,
    entry: &JournalEntry,
    outcome: &MailOutcome,
    mail: Option<&StoredMail>,
) -> io::Result<()> {
    writeln!(out, "Courriel n° {} : {}", entry.numero, labels::verdict(&entry.verdict))?;
    let raw = mail.and_then(|mail| mail.raw.as_deref());
    let read = raw.map(|raw| message::read(raw, &message::MessageLimits::default()));
    // The subject of a patient document may name the patient.
    let confidential = outcome.all_defects().any(|defect| defect.code() == Code::M06);
    field(out, "Reçu", &format!("le {} (heure de Paris)", in_paris(outcome.received_at)))?;
    field(out, "Expéditeur", &sender(entry, read.as_ref()))?;
    match (confidential, &read) {
        (true, _) => field(out, "Objet", "(non montré : document de patient)")?,
        (false, None) => field(out, "Objet", "(contenu effacé au terme de sa conservation)")?,
        (false, Some(message)) => field(out, "Objet", message.subject().unwrap_or("(sans objet)"))?,
    }
    field(out, "Message-ID", outcome.message_id.as_deref().unwrap_or("(aucun)"))?;
    field(out, "Taille", &format!("{} octets", entry.taille))?;
    field(out, "SHA-256", &entry.sha256)?;
    mail.and_then(|mail| mail.duplicate_of)
        .map_or(Ok(()), |first| field(out, "Doublon", &format!("mêmes octets que le courriel n° {}", first.number())))
}

/// In which folder of its mailbox it is, or will be; nothing before it is judged.
fn filed(life: &MailHistory, config: &Config) -> Option<String> {
    let folder = config.folder_name(&life.ligne.boite, life.dossier.as_deref()?);
    Some(match (life.range, life.laisse) {
        (Some(at), _) => format!("dossier « {folder} », le {}", in_paris(at)),
        (None, Some(at)) => format!("laissé dans la boîte le {} : le serveur ne sait pas déplacer", in_paris(at)),
        (None, None) => format!("à ranger dans le dossier « {folder} »"),
    })
}

fn sender(entry: &JournalEntry, message: Option<&Message>) -> String {
    let written = || message.map(Message::from_text).filter(|from| !from.is_empty()).map(str::to_owned);
    entry.expediteur.clone().or_else(written).unwrap_or_else(|| "(inconnu)".to_owned())
}

fn field(out: &mut impl Write, name: &str, value: &str) -> io::Result<()> {
    writeln!(out, "  {name:<12}{value}")
}

fn document(out: &mut impl Write, document: &DocumentOutcome, rows: &[&StoredRow], late: &Late) -> io::Result<()> {
    let identifiant = document.identifiant.as_deref().map(|name| format!(" (identifiant {name})")).unwrap_or_default();
    let verdict = document.verdict.map_or("en cours", Verdict::in_words);
    writeln!(out, "\nDocument {}{identifiant} : {verdict}", document.name)?;
    if let Some((at, first)) = document.first_seen {
        writeln!(out, "  déjà reçu le {}, alors {}", in_paris(at), first.in_words())?;
    }
    rows.iter().try_for_each(|one| row(out, one, late))?;
    defects(out, &document.defects)
}

/// From when on a row that waits is late.
struct Late {
    now: Timestamp,
    after: SignedDuration,
}

fn row(out: &mut impl Write, row: &StoredRow, late: &Late) -> io::Result<()> {
    let update = &row.line.update;
    let place = format!("établissement {}, service {}", update.finess(), update.location.service());
    writeln!(out, "  - ligne {}, {place} : {}", row.number, labels::count(&update.count))?;
    let etat = row.line.etat.map_or("", Etat::in_words);
    let is_late = row.line.etat == Some(Etat::EnAttente) && late.now.duration_since(row.since) > late.after;
    let mark = if is_late { format!(", en retard (jugée le {})", in_paris(row.since)) } else { String::new() };
    writeln!(out, "    relevé du {} : {etat}{mark}", in_paris(update.date_releve))?;
    row.held.map_or(Ok(()), |(at, nombre)| writeln!(out, "    le ROR porte {nombre}, relevé du {}", in_paris(at)))
}

fn replays(out: &mut impl Write, replays: &[(Timestamp, i64)]) -> io::Result<()> {
    let first = if replays.is_empty() { "" } else { "\n" };
    write!(out, "{first}")?;
    replays.iter().try_for_each(|(at, sent)| writeln!(out, "Rejoué le {} : {sent} lignes reprises", in_paris(*at)))
}

fn defects(out: &mut impl Write, defects: &[Defect]) -> io::Result<()> {
    for defect in defects {
        let kind = defect.severity().word();
        writeln!(out, "\n  {} {} ({kind})", defect.code(), defect.code().name())?;
        writeln!(out, "    {}", defect.message())?;
        let place = defect.place().in_full();
        let found = defect.found_text().map(|found| format!("« {found} »"));
        let facts = [
            ("Où", (!place.is_empty()).then_some(place.as_str())),
            ("Trouvé", found.as_deref()),
            ("Attendu", defect.expected_text()),
            ("Conseil", Some(defect.hint())),
        ];
        for (name, value) in facts.into_iter().filter_map(|(name, value)| Some((name, value?))) {
            writeln!(out, "    {name:<14}{value}")?;
        }
        writeln!(out, "    {:<14}{}", "Qui doit agir", labels::actors(defect.code().actors()))?;
    }
    Ok(())
}

fn requests(out: &mut impl Write, requests: &[RequestEntry]) -> io::Result<()> {
    writeln!(out, "\nRequêtes au ROR :{}", if requests.is_empty() { " aucune" } else { "" })?;
    for request in requests {
        let at = Timestamp::from_millisecond(request.a).map(to_the_second).unwrap_or_default();
        let status = request.statut.map_or_else(|| "sans réponse".to_owned(), |status| format!("statut {status}"));
        let failure = request.echec.as_ref().map(|failure| format!(" ; {failure}")).unwrap_or_default();
        let operation = labels::operation(&request.operation);
        let (finess, service, key) = (&request.finess, &request.service, &request.indicateur);
        writeln!(out, "  {at}  {operation} {finess}/{service} {key}")?;
        writeln!(out, "      {status} en {} ms{failure}", request.duree_ms)?;
    }
    Ok(())
}

/// An hour of Paris, to the second.
fn to_the_second(at: Timestamp) -> String {
    at.to_zoned_datetime(paris()).strftime("%d/%m/%Y %H:%M:%S").to_string()
}

fn replies(out: &mut impl Write, entry: &JournalEntry, replies: &[StoredReply]) -> io::Result<()> {
    if replies.is_empty() {
        let reason = entry.reponse.as_ref().map(|reason| format!("aucune — {reason}"));
        return writeln!(out, "\nRéponse : {}", reason.as_deref().unwrap_or("pas encore"));
    }
    replies.iter().try_for_each(|one| reply(out, one))
}

fn reply(out: &mut impl Write, reply: &StoredReply) -> io::Result<()> {
    let (reached, of) = (reply.reached(), reply.handings.len());
    let state = labels::answer_to(&reply.etat, reached, of);
    let closed = reply.closed_at.and_then(|at| Timestamp::from_millisecond(at).ok());
    let closed = closed.map(|at| format!(" le {}", in_paris(at))).unwrap_or_default();
    writeln!(out, "\n{} {state}{closed} à {}", labels::reply_kind(&reply.kind), reply.recipients.replace(' ', ", "))?;
    if (1..of).contains(&reached) {
        reply.handings.iter().try_for_each(|one| handing(out, one))?;
    }
    notice(out, reply)?;
    if let Some(why) = &reply.lightened {
        writeln!(out, "  sans le courriel d’origine, dont le serveur refuse le contenu : {why}")?;
    }
    if let Some(failure) = &reply.failure {
        writeln!(out, "  dernier échec : {failure}")?;
    }
    message::text_of(&reply.content).lines().try_for_each(|line| writeln!(out, "{}", format!("  │ {line}").trim_end()))
}

/// Who got it, who waits, who was refused.
fn handing(out: &mut impl Write, one: &Handing) -> io::Result<()> {
    writeln!(out, "  {} : {}", one.to, labels::handing(one.whereabouts.word()))
}

/// What came back for it: « réponse non remise à … », or late.
fn notice(out: &mut impl Write, reply: &StoredReply) -> io::Result<()> {
    let told = reply.notice.as_deref().or(reply.returned_by.map(|_| "non remise"));
    let by = reply.returned_by.map(|mail| format!(" (avis : courriel n° {})", mail.number())).unwrap_or_default();
    told.map_or(Ok(()), |told| writeln!(out, "  réponse {told}{by}"))
}
