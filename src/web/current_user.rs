//! Who asks: found by the sign-in before any page is made.

use axum::extract::{FromRequestParts, OriginalUri};
use axum::http::request::Parts;

use crate::error::WebRefusal;
use domain::access::{Person, Right};

/// The token that every form of a session sends back, so that no other site can send it.
#[derive(Debug, Clone)]
pub struct FormToken(pub String);

/// The person who asks for a page, and where they are.
#[derive(Debug, Clone)]
pub struct Visitor {
    /// Who.
    pub person: Person,
    /// The token of their forms.
    pub token: FormToken,
}

impl Visitor {
    /// Refuses whoever has not this right.
    pub fn require(&self, right: Right) -> Result<(), WebRefusal> {
        if self.person.may(right) { Ok(()) } else { Err(WebRefusal::Forbidden) }
    }
}

impl<S: Sync> FromRequestParts<S> for Visitor {
    type Rejection = WebRefusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, WebRefusal> {
        let Some(person) = parts.extensions.get::<Person>().cloned() else {
            let asked = parts.extensions.get::<OriginalUri>().map_or(&parts.uri, |original| &original.0);
            let back = asked.path_and_query().map_or("/", |path| path.as_str()).to_owned();
            return Err(WebRefusal::SignIn { back });
        };
        let token = parts.extensions.get::<FormToken>().cloned().unwrap_or_else(|| FormToken(String::new()));
        Ok(Self { person, token })
    }
}
