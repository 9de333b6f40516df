//! What operators do: each page explains what would change and asks, each form does it, and the record of who did it is
//! written in the transaction of what was done.

mod cause;
mod form;
mod handled;
mod hasten;
mod mute;
mod remind;
mod replay;
mod resend;
mod target;
mod twin;

use axum::Router;
use axum::routing::get;

use super::State;

pub(super) use remind::{no_reminder, told as reminder};
pub(super) use twin::TWINS;

/// Their addresses.
pub(super) fn routes() -> Router<State> {
    Router::new()
        .route("/courriels/{numero}/rejouer", get(replay::show).post(replay::act))
        .route("/courriels/{numero}/liberer", get(replay::show_release).post(replay::release))
        .route("/courriels/{numero}/essayer", get(hasten::show).post(hasten::act))
        .route("/courriels/{numero}/reponse", get(resend::show).post(resend::act))
        .route("/courriels/{numero}/traite", get(handled::show).post(handled::act))
        .route("/causes/{code}/rejouer", get(cause::show).post(cause::act))
        .route("/etablissements/{finess}/silence", get(mute::show).post(mute::act))
        .route("/etablissements/{finess}/relance", get(remind::show).post(remind::act))
        .route(TWINS, get(twin::list))
        .route("/doubles/{numero}", get(twin::show).post(twin::act))
}
