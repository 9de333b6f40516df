//! The dashboard: at a glance, what arrived and what became of it.

use axum::extract;
use maud::{Markup, html};

use crate::access::Right;
use crate::web::layout::{self, Tab};
use crate::web::{Refusal, State, Visitor};

pub(super) async fn show(extract::State(state): extract::State<State>, visitor: Visitor) -> Result<Markup, Refusal> {
    visitor.require(Right::Metadonnees)?;
    let balance = state.store().balance(None).await?;
    let body = html! {
        h1 { "Tableau de bord" }
        dl {
            dt { "Reçus" } dd { (balance.recus) }
            dt { "En cours" } dd { (balance.en_cours) }
        }
    };
    Ok(layout::page(&visitor, state.config().environnement, Tab::Bord, "Tableau de bord", &body))
}
