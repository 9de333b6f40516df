//! Why a request is not answered with what it asks for, in words for its sender; details stay in our log.

use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::response::{IntoResponse, Response};
use tracing::error;

use crate::layout;
use store::StoreError;

/// A request refused.
#[derive(Debug, thiserror::Error)]
pub enum WebRefusal {
    /// Nobody is signed in; the page to come back to.
    #[error("une connexion est nécessaire")]
    SignIn {
        /// Path and query that were asked for.
        back: String,
    },
    /// The person may not.
    #[error("votre rôle ne donne pas accès à cette page")]
    Forbidden,
    /// The request may not be made so, whoever asks.
    #[error("{0}")]
    Denied(String),
    /// There is nothing of this name.
    #[error("cette page n’existe pas")]
    NotFound,
    /// The request cannot be understood.
    #[error("{0}")]
    Bad(String),
    /// The state changed since the page was shown.
    #[error("{0}")]
    Conflict(String),
    /// Too many of them.
    #[error("trop de demandes ; réessayez dans quelques minutes")]
    TooMany,
    /// Something else failed: our fault; what it was is for the log.
    #[error("Dispolits n’a pas pu répondre ; prévenez l’exploitant si cela dure")]
    Failed(String),
    /// The store failed: our fault.
    #[error("la base de données ne répond pas ; réessayez dans un instant")]
    Store(#[from] StoreError),
}

/// What a refusal says, for those who are told otherwise than on a page.
#[derive(Debug, Clone)]
pub(super) struct ErrorMessage(pub(super) String);

impl WebRefusal {
    /// The status that tells it.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::SignIn { .. } => StatusCode::SEE_OTHER,
            Self::Forbidden | Self::Denied(_) => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::Bad(_) => StatusCode::BAD_REQUEST,
            Self::Conflict(_) => StatusCode::CONFLICT,
            Self::TooMany => StatusCode::TOO_MANY_REQUESTS,
            Self::Failed(_) => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Store(_) => StatusCode::SERVICE_UNAVAILABLE,
        }
    }
}

impl IntoResponse for WebRefusal {
    fn into_response(self) -> Response {
        match &self {
            Self::Store(failure) => error!("journal sur le web : {failure}"),
            Self::Failed(failure) => error!("journal sur le web : {failure}"),
            _ => {}
        }
        let mut response = match &self {
            Self::SignIn { back } => (self.status(), [(LOCATION, sign_in(back))]).into_response(),
            _ => (self.status(), layout::bare("Demande refusée", &self.to_string())).into_response(),
        };
        response.extensions_mut().insert(ErrorMessage(self.to_string()));
        response
    }
}

/// The page to sign in at, which leads back to where one was going.
fn sign_in(back: &str) -> String {
    let back = percent_encoding::utf8_percent_encode(back, percent_encoding::NON_ALPHANUMERIC);
    format!("/connexion?retour={back}")
}
