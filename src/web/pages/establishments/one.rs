//! One establishment.

use axum::extract::{self, Path};
use maud::{Markup, html};

use super::{history, services, summary};
use crate::actions::{no_reminder, reminder};
use crate::layout;
use crate::layout::Tab;
use crate::pages::components::{audit, fact};
use crate::{Visitor, WebRefusal, WebState};
use domain::access::Right;
use domain::access::audit::on_establishment;
use domain::address::Address;
use domain::finess::Finess;
use judging::referential::{Establishment, Referential, Sender};
use store::StoredReminder;

pub(super) async fn show(
    extract::State(state): extract::State<WebState>,
    Path(finess): Path<String>,
    visitor: Visitor,
) -> Result<Markup, WebRefusal> {
    visitor.require(Right::Metadonnees)?;
    let finess: Finess = finess.parse().map_err(|_| WebRefusal::NotFound)?;
    let referential = state.referential();
    let known = referential.establishment(finess);
    let rejected = history::rejected(&state, &visitor, finess).await?;
    let levels = state.store().levels(finess).await?;
    if known.is_none() && rejected.is_empty() && levels.is_empty() {
        return Err(WebRefusal::NotFound);
    }
    let name = known.map_or_else(|| "Établissement inconnu du référentiel".to_owned(), |one| one.name.clone());
    let deeds = state.store().deeds_on(&on_establishment(finess), audit::SHOWN).await?;
    let last_reminder = state.store().reminders(finess, 1).await?.pop();
    let body = html! {
        p.fil { a href="/etablissements" { "Établissements" } " › " (finess) }
        h1 { (name) " " span.finess { (finess) } }
        @if let Some(known) = known { (actions(finess, known, &visitor)) }
        @if let Some(lost) = last_reminder.filter(StoredReminder::is_lost) {
            p.erreur { "La dernière relance n’est pas arrivée : " (reminder(&lost)) }
        }
        (summary::show(&state, finess, &rejected))
        (services::show(&state, finess, &levels))
        (history::show(finess, &rejected, &state))
        (audit::section(&deeds))
        (who(finess, known, &referential))
    };
    Ok(layout::page(&visitor, &state, Tab::Etablissements, &name, &body))
}

fn actions(finess: Finess, known: &Establishment, visitor: &Visitor) -> Markup {
    let no_reminder = no_reminder(known);
    html! {
        @if visitor.person.may(Right::Action) {
            ul.actions aria-label="Actions" {
                @if no_reminder.is_none() {
                    li { a.bouton href={ "/etablissements/" (finess) "/relance" } { "Relancer par courriel…" } }
                }
                li { a.bouton.discret href={ "/etablissements/" (finess) "/silence" } { "Mettre en silence…" } }
            }
            @if let Some(why) = no_reminder { p.note { "Pas de relance : " (why) "." } }
        }
    }
}

/// Who may report for it, and whom to speak with.
fn who(finess: Finess, known: Option<&Establishment>, referential: &Referential) -> Markup {
    let owner = known.and_then(|one| one.ej).and_then(|ej| Some((ej, referential.establishment(ej)?)));
    html! {
        section aria-labelledby="habilites" {
            h2 #habilites { "Contact et expéditeurs habilités" }
            @match known {
                None => { p { "Cet établissement n’est pas dans le référentiel." } }
                Some(one) => {
                    dl.faits {
                        (fact("Contact", Some(one.contact.as_ref().map_or("non renseigné", Address::as_str))))
                        (fact("Expéditeurs", Some(senders(&one.senders))))
                        (fact("Entité juridique", owner.map(|(ej, owner)| html! {
                            (owner.name) " " span.finess { (ej) }
                        })))
                        (fact("Ses expéditeurs", owner.map(|(_, owner)| senders(&owner.senders))))
                        (fact("État", (!one.open).then_some("fermé dans le référentiel")))
                    }
                }
            }
            p { a href={ "/journal?finess=" (finess) } { "Tous les courriels qui en parlent" } }
        }
    }
}

fn senders(senders: &[Sender]) -> String {
    let written = |sender: &Sender| match sender {
        Sender::Address(address) => address.to_string(),
        Sender::Domain(domain) => format!("toute adresse de @{domain}"),
    };
    if senders.is_empty() { "aucun".to_owned() } else { senders.iter().map(written).collect::<Vec<_>>().join(", ") }
}
