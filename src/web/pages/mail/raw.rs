//! The mail and its documents as they came: files to save, never pages to show.
//!
//! Whatever they claim to be, they are bytes: the type is ours, and so is the name of the file.

use axum::extract::{self, Path};
use axum::http::HeaderMap;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE, HeaderName, InvalidHeaderValue};
use axum::response::IntoResponse;

use super::number;
use super::view::{MailView, Sight};
use crate::{Visitor, WebRefusal, WebState};
use domain::access::Right;
use reading::message;
use reading::message::MessageLimits;

pub(super) async fn mail(
    extract::State(state): extract::State<WebState>,
    Path(numero): Path<String>,
    visitor: Visitor,
) -> Result<impl IntoResponse, WebRefusal> {
    let bytes = content(&state, &visitor, &numero).await?;
    saved(&format!("courriel-{}.eml", number(&numero)?.number()), bytes)
}

pub(super) async fn document(
    extract::State(state): extract::State<WebState>,
    Path((numero, place)): Path<(String, String)>,
    visitor: Visitor,
) -> Result<impl IntoResponse, WebRefusal> {
    let raw = content(&state, &visitor, &numero).await?;
    let rank: usize = place.parse().map_err(|_| WebRefusal::NotFound)?;
    let message = message::read(&raw, &MessageLimits::default());
    let candidate = rank.checked_sub(1).and_then(|rank| message.candidates().get(rank)).ok_or(WebRefusal::NotFound)?;
    saved(&format!("courriel-{}-document-{rank}.xml", number(&numero)?.number()), candidate.bytes.clone())
}

/// The bytes of a mail, for whoever may see what it holds.
async fn content(state: &WebState, visitor: &Visitor, numero: &str) -> Result<Vec<u8>, WebRefusal> {
    visitor.require(Right::Metadonnees)?;
    let dossier = MailView::read(state, visitor, number(numero)?).await?;
    match dossier.sight {
        Sight::Open => dossier.mail.raw.ok_or(WebRefusal::NotFound),
        Sight::Closed | Sight::Patient => Err(WebRefusal::Forbidden),
    }
}

fn saved(name: &str, bytes: Vec<u8>) -> Result<impl IntoResponse + use<>, WebRefusal> {
    let headers = headers(name).map_err(|_| WebRefusal::NotFound)?;
    Ok((headers, bytes))
}

fn headers(name: &str) -> Result<HeaderMap, InvalidHeaderValue> {
    let pairs: [(HeaderName, String); 2] = [
        (CONTENT_TYPE, "application/octet-stream".to_owned()),
        (CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
    ];
    pairs.into_iter().map(|(header, value)| Ok((header, value.parse()?))).collect()
}
