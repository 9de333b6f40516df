//! What operators do: each page explains what would change and asks, each form does it, and the record of who did it is
//! written in the transaction of what was done.

mod form;
mod handled;
mod mute;
mod remind;
mod replay;
mod replay_cause;
mod resend;
mod retry_now;
mod target;
mod twin;

use axum::Router;
use axum::routing::get;

use crate::WebState;

pub(super) use remind::{no_reminder, told as reminder};
pub(super) use twin::TWINS;

/// Their addresses.
pub(super) fn routes() -> Router<WebState> {
    Router::new()
        .route("/courriels/{numero}/rejouer", get(replay::show).post(replay::act))
        .route("/courriels/{numero}/liberer", get(replay::show_release).post(replay::release))
        .route("/courriels/{numero}/essayer", get(retry_now::show).post(retry_now::act))
        .route("/courriels/{numero}/reponse", get(resend::show).post(resend::act))
        .route("/courriels/{numero}/traite", get(handled::show).post(handled::act))
        .route("/causes/{code}/rejouer", get(replay_cause::show).post(replay_cause::act))
        .route("/etablissements/{finess}/silence", get(mute::show).post(mute::act))
        .route("/etablissements/{finess}/relance", get(remind::show).post(remind::act))
        .route(TWINS, get(twin::list))
        .route("/doubles/{numero}", get(twin::show).post(twin::act))
}
