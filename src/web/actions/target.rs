//! What a page acts on, taken from its address: refused to whoever may not act, before anything is looked up.

use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

use crate::{Visitor, WebRefusal, WebState};
use domain::access::Right;
use domain::access::audit::{AuditEntry, Deed, on_establishment, on_mail};
use domain::finess::Finess;
use domain::outcome::Verdict;
use store::MailId;

/// A mail that exists, before a person who may act.
pub(super) struct OnMail {
    pub(super) state: WebState,
    pub(super) visitor: Visitor,
    pub(super) id: MailId,
    /// `None` while it is not judged.
    pub(super) verdict: Option<Verdict>,
}

/// An establishment that the referential knows, before a person who may act.
pub(super) struct OnEstablishment {
    pub(super) state: WebState,
    pub(super) visitor: Visitor,
    pub(super) finess: Finess,
    pub(super) name: String,
}

impl OnMail {
    /// The address of its page.
    pub(super) fn path(&self) -> String {
        format!("/courriels/{}", self.id.number())
    }

    /// The record of a deed on it.
    pub(super) fn entry(&self, deed: Deed) -> AuditEntry {
        AuditEntry::new(self.visitor.person.in_audit(), deed, on_mail(self.id.number()))
    }
}

impl OnEstablishment {
    /// The address of its page.
    pub(super) fn path(&self) -> String {
        format!("/etablissements/{}", self.finess)
    }

    /// The record of a deed on it.
    pub(super) fn entry(&self, deed: Deed) -> AuditEntry {
        AuditEntry::new(self.visitor.person.in_audit(), deed, on_establishment(self.finess))
    }
}

impl FromRequestParts<WebState> for OnMail {
    type Rejection = WebRefusal;

    async fn from_request_parts(parts: &mut Parts, state: &WebState) -> Result<Self, WebRefusal> {
        let visitor = actor(parts, state).await?;
        let id = MailId::of(named(parts, state).await?);
        let verdict = state.store().verdict_of(id).await?.ok_or(WebRefusal::NotFound)?;
        Ok(Self { state: state.clone(), visitor, id, verdict })
    }
}

impl FromRequestParts<WebState> for OnEstablishment {
    type Rejection = WebRefusal;

    async fn from_request_parts(parts: &mut Parts, state: &WebState) -> Result<Self, WebRefusal> {
        let visitor = actor(parts, state).await?;
        let finess: Finess = named::<String>(parts, state).await?.parse().map_err(|_| WebRefusal::NotFound)?;
        let known = state.referential().establishment(finess).map(|known| known.name.clone());
        Ok(Self { state: state.clone(), visitor, finess, name: known.ok_or(WebRefusal::NotFound)? })
    }
}

/// Whoever asks, if they may act.
pub(super) async fn actor(parts: &mut Parts, state: &WebState) -> Result<Visitor, WebRefusal> {
    let visitor = Visitor::from_request_parts(parts, state).await?;
    visitor.require(Right::Action)?;
    Ok(visitor)
}

/// The one variable part of the address.
pub(super) async fn named<T: DeserializeOwned + Send>(parts: &mut Parts, state: &WebState) -> Result<T, WebRefusal> {
    let Path(named) = Path::from_request_parts(parts, state).await.map_err(|_| WebRefusal::NotFound)?;
    Ok(named)
}
