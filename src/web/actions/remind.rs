//! A reminder to an establishment: drafted here, read again and edited by a person, sent by the outbox of the replies and
//! recorded. Only addresses that the referential names, and that may be written to, can be chosen.

use axum::extract::Form;
use axum::response::{IntoResponse, Redirect, Response};
use jiff::Timestamp;
use maud::{Markup, html};
use serde::Deserialize;

use super::form::{ask, page};
use super::target::OnEstablishment;
use crate::layout::Tab;
use crate::{WebRefusal, WebState};
use base::random;
use domain::access::audit::{Deed, name_of};
use domain::address::Address;
use domain::alerts::{Freshness, FreshnessState as Fresh};
use domain::finess::Finess;
use domain::outcome::in_paris;
use judging::referential::{Establishment, PlaceKind, Sender};
use judging::reply::{Reminder, reminder};
use service::config::Environnement;
use service::pipeline::ReplyRules;
use store::{NewReminder, StoredReminder};

/// The longest subject and text, in characters.
const SUBJECT: usize = 150;
const TEXT: usize = 5000;
/// How many earlier ones are shown.
const SHOWN: u32 = 10;

#[derive(Deserialize)]
pub(super) struct Written {
    #[serde(default)]
    destinataire: String,
    #[serde(default)]
    objet: String,
    #[serde(default)]
    texte: String,
    /// Of the page: sent twice, it is stored once.
    #[serde(default)]
    numero: String,
}

/// Why a reminder would make no sense; nothing where reports are expected.
pub(crate) fn no_reminder(known: &Establishment) -> Option<&'static str> {
    match (known.kind, known.open) {
        (PlaceKind::Ej, _) => Some("une entité juridique n’envoie pas de compte rendu : relancez ses établissements"),
        (PlaceKind::Eg, false) => {
            Some("cet établissement est fermé dans le référentiel : aucun compte rendu n’en est attendu")
        }
        (PlaceKind::Eg, true) => None,
    }
}

/// The same of the establishment acted on.
fn no_reminder_to(state: &WebState, finess: Finess) -> Option<&'static str> {
    state.referential().establishment(finess).and_then(no_reminder)
}

pub(super) async fn show(on: OnEstablishment) -> Result<Markup, WebRefusal> {
    let OnEstablishment { state, visitor, finess, name } = &on;
    let (to, none) = (recipients(state, *finess)?, no_reminder_to(state, *finess));
    let earlier = state.store().reminders(*finess, SHOWN).await?;
    let freshness = freshness(state, *finess);
    let last = freshness.as_ref().and_then(|freshness| freshness.last);
    let (path, back) = (format!("{}/relance", on.path()), on.path());
    let body = html! {
        @if let Some(why) = none {
            p { "Pas de relance : " (why) "." }
            p { a href=(back) { "Retour à l’établissement" } }
        } @else if to.is_empty() {
            p { "On ne peut écrire à aucune adresse de cet établissement : ni contact ni expéditeur du référentiel n’est dans les domaines admis (reply.allowed_domains). Appelez-le." }
            p { a href=(back) { "Retour à l’établissement" } }
        } @else {
            @if freshness.is_some_and(|freshness| freshness.state == Fresh::OnTime) {
                p.note { "Cet établissement est à l’heure : relisez bien le texte proposé, écrit pour un silence." }
            }
            p { "Relisez, corrigez, envoyez. Le courriel part de l’adresse de Dispolits ; la relance est gardée, avec votre nom, sur la page de l’établissement." }
            (ask(visitor, &path, &fields(&to, name, *finess, last)?, "Envoyer la relance", &back))
        }
        @if !earlier.is_empty() {
            h2 { "Relances précédentes" }
            ul { @for one in &earlier { li { (told(one)) } } }
        }
    };
    Ok(page(state, visitor, Tab::Etablissements, &format!("Relancer {name}"), &body))
}

fn fields(to: &[Address], name: &str, finess: Finess, last: Option<Timestamp>) -> Result<Markup, WebRefusal> {
    Ok(html! {
        input type="hidden" name="numero" value=(number()?);
        label for="destinataire" { "Destinataire" }
        select #destinataire name="destinataire" required {
            @for address in to { option value=(address) { (address) } }
        }
        label for="objet" { "Objet" }
        input #objet name="objet" maxlength=(SUBJECT) required
            value=(format!("Disponibilités en lits : sans nouvelles de « {name} »"));
        label for="texte" { "Texte" }
        textarea #texte name="texte" rows="14" maxlength=(TEXT) required { (draft(name, finess, last)) }
    })
}

fn draft(name: &str, finess: Finess, last: Option<Timestamp>) -> String {
    let last = match last {
        Some(at) => format!("Le dernier relevé que nous avons pu retenir est arrivé le {}.", in_paris(at)),
        None => "Aucun relevé n’a pu être retenu jusqu’ici.".to_owned(),
    };
    format!(
        "Bonjour,\n\nNous n’avons pas reçu récemment les disponibilités en lits de l’établissement « {name} » (FINESS \
         {finess}). {last}\n\n\
         Sans nouvel envoi, le ROR garde les dernières valeurs connues, qui peuvent ne plus être exactes pour les \
         équipes qui cherchent une place.\n\nPouvez-vous vérifier que l’envoi automatique fonctionne, et nous dire si \
         une interruption est prévue ?\n\nMerci de votre aide.\n"
    )
}

/// What the board of freshness says of it: when it last sent, and whether it is on time.
fn freshness(state: &WebState, finess: Finess) -> Option<Freshness> {
    state.bulletin().board()?.establishment(finess).map(|row| row.freshness.clone())
}

/// One that was sent, or is to be: by whom, to whom, and what came of it.
pub(crate) fn told(one: &StoredReminder) -> Markup {
    let state = match one.etat.as_str() {
        "envoyee" => "envoyée",
        "abandonnee" => "abandonnée",
        _ => "à envoyer",
    };
    html! {
        (in_paris(one.at)) ", par " (name_of(&one.who)) ", à " (one.to) " : « " (one.subject) " » (" (state)
        @if let Some(failure) = &one.failure { " : " (failure) }
        @if let Some(notice) = &one.notice { " ; " (notice) }
        @if let Some(by) = one.returned_by {
            " (avis : " a href={ "/courriels/" (by.number()) } { "courriel n° " (by.number()) } ")"
        }
        ")"
    }
}

/// The contact first, then the senders; each once.
fn recipients(state: &WebState, finess: Finess) -> Result<Vec<Address>, WebRefusal> {
    let rules = ReplyRules::new(state.config()).map_err(|fault| WebRefusal::Failed(fault.to_string()))?;
    let referential = state.referential();
    let known = referential.establishment(finess).ok_or(WebRefusal::NotFound)?;
    let senders = known.senders.iter().filter_map(|sender| match sender {
        Sender::Address(address) => Some(address),
        Sender::Domain(_) => None,
    });
    let mut addresses: Vec<Address> = Vec::new();
    for address in known.contact.iter().chain(senders).filter(|address| rules.may_remind(address)) {
        if !addresses.contains(address) {
            addresses.push(address.clone());
        }
    }
    Ok(addresses)
}

pub(super) async fn act(on: OnEstablishment, Form(written): Form<Written>) -> Result<Response, WebRefusal> {
    if let Some(why) = no_reminder_to(&on.state, on.finess) {
        return Err(WebRefusal::Conflict(why.to_owned()));
    }
    let new = compose(&on.state, on.finess, &written)?;
    let entry = on.entry(Deed::Relance).changing("", format!("à {} : {}", new.to, new.subject));
    if !on.state.store().remind(&new, &entry, on.state.now()).await? {
        return Err(WebRefusal::Conflict("cette relance est déjà partie".to_owned()));
    }
    Ok(Redirect::to(&format!("{}#interventions", on.path())).into_response())
}

fn compose(state: &WebState, finess: Finess, written: &Written) -> Result<NewReminder, WebRefusal> {
    let bad = |what: &str| WebRefusal::Bad(what.to_owned());
    let allowed = recipients(state, finess)?;
    let to = allowed.into_iter().find(|address| address.as_str() == written.destinataire);
    let to = to.ok_or_else(|| bad("on ne peut pas écrire à ce destinataire"))?;
    let subject: String =
        written.objet.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(SUBJECT).collect();
    let text: String = written.texte.chars().take(TEXT).collect();
    if subject.is_empty() || text.trim().is_empty() {
        return Err(bad("un objet et un texte sont attendus"));
    }
    if written.numero.len() != 32 || !written.numero.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(bad("formulaire incomplet"));
    }
    let settings = &state.config().reply;
    let message_id = format!("relance.{finess}.{}@{}", written.numero, settings.from.domain());
    let content = reminder(&Reminder {
        from: &settings.from,
        from_name: &settings.from_name,
        to: &to,
        contact: settings.contact.as_ref(),
        subject: &subject,
        text: &text,
        message_id: &message_id,
        nil: settings.nil.as_deref(),
        qualification: state.config().environnement == Environnement::Qualification,
        at: state.now(),
    });
    Ok(NewReminder { finess, subject, message_id, to, return_path: settings.from.clone(), content })
}

/// One page, one reminder.
fn number() -> Result<String, WebRefusal> {
    let bytes = random::bytes::<16>().map_err(|error| WebRefusal::Failed(format!("relance : {error}")))?;
    Ok(base16ct::lower::encode_string(&bytes))
}
