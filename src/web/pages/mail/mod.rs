//! One mail: its life, what is wrong with it shown where it stands, what was pushed, what was answered.

mod counts;
mod documents;
mod head;
mod raw;
mod replies;
mod timeline;
mod view;

use axum::Router;
use axum::extract::{self, Path};
use axum::routing::get;
use maud::{Markup, html};

use crate::layout;
use crate::layout::Tab;
use crate::{Visitor, WebRefusal, WebState};
use domain::access::Right;
use store::MailId;
use view::MailView;

/// Its addresses.
pub(super) fn routes() -> Router<WebState> {
    Router::new()
        .route("/courriels/{numero}", get(show))
        .route("/courriels/{numero}/brut", get(raw::mail))
        .route("/courriels/{numero}/documents/{rang}", get(raw::document))
}

async fn show(
    extract::State(state): extract::State<WebState>,
    Path(numero): Path<String>,
    visitor: Visitor,
) -> Result<Markup, WebRefusal> {
    visitor.require(Right::Metadonnees)?;
    let dossier = MailView::read(&state, &visitor, number(&numero)?).await?;
    let title = format!("Courriel n° {}", dossier.entry().numero);
    Ok(layout::page(&visitor, &state, Tab::Journal, &title, &body(&dossier, &state, &visitor)))
}

fn body(dossier: &MailView, state: &WebState, visitor: &Visitor) -> Markup {
    let referential = state.referential();
    html! {
        (head::show(dossier, state))
        (head::actions(dossier, visitor))
        (documents::mail_defects(dossier))
        @for rank in 0..dossier.outcome.documents.len() { (documents::document(dossier, rank, &referential)) }
        (replies::show(dossier))
        (timeline::show(dossier, state))
    }
}

/// What an address calls a mail by; what is no number names none.
fn number(text: &str) -> Result<MailId, WebRefusal> {
    text.parse().map(MailId::of).map_err(|_| WebRefusal::NotFound)
}
