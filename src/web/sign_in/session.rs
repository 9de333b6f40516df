//! The session of a request, and how one begins and ends.

use axum::extract::FromRequestParts;
use axum::http::header::SET_COOKIE;
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue};
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use super::cookie;
use crate::{WebRefusal, WebState};
use base::config_values::has_passed;
use base::random;
use domain::access::audit::{AuditEntry, Deed};
use domain::access::{Means, Person, Rights, Role, SessionToken};
use store::{NewSession, Stage, StoredSession};

/// How long signing in may take.
const HALF_WAY: SignedDuration = SignedDuration::from_mins(10);

/// The session that a request belongs to.
#[derive(Debug, Clone)]
pub(super) struct Current {
    pub(super) token: SessionToken,
    pub(super) session: StoredSession,
}

impl<S: Sync> FromRequestParts<S> for Current {
    type Rejection = WebRefusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, WebRefusal> {
        let current = parts.extensions.get::<Self>().cloned();
        current.ok_or_else(|| WebRefusal::SignIn { back: "/".to_owned() })
    }
}

/// What a session must know besides whose it is; most of it while it is not open yet.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Pending {
    /// Where to go once it is.
    pub(super) back: String,
    /// Where its owner signs in from.
    pub(super) origin: String,
    /// The second factor to be enrolled, as the store keeps it.
    pub(super) secret: String,
    /// What the OpenID provider must bring back.
    pub(super) state: String,
    /// What its token must hold.
    pub(super) nonce: String,
    /// What proves that who asked for the code is who brings it (RFC 7636).
    pub(super) verifier: String,
    /// The ID token of an open session, which the provider wants back when it ends.
    pub(super) id_token: String,
    /// The values of the provider's claim that gave the role.
    pub(super) role_values: Vec<String>,
}

impl Current {
    /// The session of a token, if there is one that goes on.
    pub(super) async fn find(state: &WebState, token: SessionToken) -> Result<Option<Self>, WebRefusal> {
        let (now, lifetimes) = (state.now(), state.web().sessions);
        let Some(session) = state.store().session(&token.digest(), &lifetimes, now).await? else { return Ok(None) };
        if session.stage != Stage::Ouverte && has_passed(HALF_WAY, session.opened_at, now) {
            return Ok(None);
        }
        let Some(session) = admitted(state, session) else { return Ok(None) };
        if has_passed(lifetimes.step(), session.seen_at, now) {
            state.store().see_session(&token.digest(), now).await?;
        }
        Ok(Some(Self { token, session }))
    }

    pub(super) fn is_open(&self) -> bool {
        self.session.stage == Stage::Ouverte
    }

    /// What its stage needs to go on, or to end.
    pub(super) fn pending(&self) -> Pending {
        serde_json::from_str(&self.session.detail).unwrap_or_default()
    }

    /// Who is signed in.
    pub(super) fn person(&self, state: &WebState) -> Person {
        let session = &self.session;
        person(state, &session.login, &session.name, session.role, session.means)
    }
}

/// The session as the configuration of today admits it, with the role of today: a means or a group that it no longer
/// names opens nothing, however long the session would last.
fn admitted(state: &WebState, session: StoredSession) -> Option<StoredSession> {
    match session.means {
        Means::Local => state.web().local.enabled.then_some(session),
        Means::OpenId if session.stage != Stage::Ouverte => state.web().openid.is_some().then_some(session),
        Means::OpenId => {
            let pending: Pending = serde_json::from_str(&session.detail).ok()?;
            let role = state.web().openid.as_ref()?.roles.role_of(&pending.role_values)?;
            Some(StoredSession { role, ..session })
        }
        Means::Certificat => None,
    }
}

pub(super) fn person(state: &WebState, login: &str, name: &str, role: Role, means: Means) -> Person {
    Person::new(login, name, role, Rights::of(role, &state.web().rights), means)
}

/// A cookie on its way.
pub(super) type SetCookie = [(HeaderName, HeaderValue); 1];

/// Keeps a session under a new token, in the place of the one that the request came with.
pub(super) async fn open(
    state: &WebState,
    reached: Stage,
    person: &Person,
    pending: &Pending,
    instead_of: Option<&Current>,
) -> Result<SetCookie, WebRefusal> {
    let failed = |what: &dyn std::fmt::Display| WebRefusal::Failed(format!("ouverture d’une session : {what}"));
    let token = SessionToken::new(random::bytes().map_err(|error| failed(&error))?);
    let new = NewSession {
        digest: token.digest(),
        stage: reached,
        means: person.means(),
        login: person.login().to_owned(),
        name: person.name().to_owned(),
        role: person.role(),
        detail: serde_json::to_string(pending).map_err(|error| failed(&error))?,
        origin: pending.origin.clone(),
    };
    let entry = (reached == Stage::Ouverte).then(|| {
        AuditEntry::new(person.in_audit(), Deed::Connexion, format!("compte {}", person.login()))
            .changing("", person.role().word())
    });
    let old = instead_of.map(|current| current.token.digest());
    state.store().open_session(&new, old.as_deref(), entry.as_ref(), state.now()).await?;
    let cookie = cookie::set(state.web(), &token).ok_or_else(|| failed(&"cookie"))?;
    Ok([(SET_COOKIE, cookie)])
}
