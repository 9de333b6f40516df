//! The sessions that are open, of every means, and their end; for administrators.

use axum::extract::{self, Form};
use axum::response::Redirect;
use maud::{Markup, html};
use serde::Deserialize;

use super::components::moment;
use crate::layout;
use crate::layout::Tab;
use crate::{Visitor, WebRefusal, WebState};
use domain::access::Right;
use domain::access::audit::{AuditEntry, Deed};
use store::{OpenSession, Stage};

#[derive(Deserialize)]
pub(super) struct Chosen {
    #[serde(default)]
    session: String,
}

pub(super) async fn show(
    extract::State(state): extract::State<WebState>,
    visitor: Visitor,
) -> Result<Markup, WebRefusal> {
    visitor.require(Right::Administration)?;
    let open = state.store().sessions(&state.web().sessions, state.now()).await?;
    let body = html! {
        h1 { "Sessions ouvertes" }
        p.note {
            "Comptes locaux et OpenID Connect. Qui est déconnecté ici peut se reconnecter : pour l’empêcher, verrouillez le "
            "compte (" code { "dispolits user lock" } ") ou retirez-lui son rôle chez le fournisseur."
        }
        (table(&open, &visitor))
    };
    Ok(layout::page(&visitor, &state, Tab::Audit, "Sessions ouvertes", &body))
}

/// Ends one, the visitor's own as well.
pub(super) async fn end(
    extract::State(state): extract::State<WebState>,
    visitor: Visitor,
    Form(chosen): Form<Chosen>,
) -> Result<Redirect, WebRefusal> {
    visitor.require(Right::Administration)?;
    let open = state.store().sessions(&state.web().sessions, state.now()).await?;
    let Some(one) = open.into_iter().find(|one| one.name() == chosen.session) else {
        return Err(WebRefusal::Conflict("cette session est déjà fermée".to_owned()));
    };
    let entry =
        AuditEntry::new(visitor.person.in_audit(), Deed::SessionsFermees, format!("compte {}", one.session.login));
    let entry = entry.changing(one.name(), "");
    state.store().end_sessions(std::slice::from_ref(&one.digest), &entry, state.now()).await?;
    Ok(Redirect::to("/sessions"))
}

fn table(open: &[OpenSession], visitor: &Visitor) -> Markup {
    html! {
        div.large {
            table.cartes {
                caption.invisible { "Une session par ligne" }
                thead { tr {
                    th scope="col" { "Identifiant" } th scope="col" { "Rôle" } th scope="col" { "Connexion" }
                    th scope="col" { "Ouverte" } th scope="col" { "Vue" } th scope="col" { "Session" }
                } }
                tbody { @for one in open { (line(one, visitor)) } }
            }
        }
    }
}

fn line(one: &OpenSession, visitor: &Visitor) -> Markup {
    let session = &one.session;
    let login = one.owner();
    html! {
        tr {
            th scope="row" data-nom="Identifiant" {
                (login)
                @if session.stage != Stage::Ouverte { " " span.finess { "(en cours de connexion)" } }
            }
            td data-nom="Rôle" { (session.role.in_words()) }
            td data-nom="Connexion" { (session.means.in_words()) }
            td data-nom="Ouverte" { (moment::to_the_second(session.opened_at)) }
            td data-nom="Vue" { (moment::to_the_second(session.seen_at)) }
            td data-nom="Session" {
                form method="post" action="/sessions" {
                    input type="hidden" name="jeton" value=(visitor.token.0);
                    input type="hidden" name="session" value=(one.name());
                    button.discret aria-label={ "Fermer la session de " (login) } { "Fermer" }
                }
            }
        }
    }
}
