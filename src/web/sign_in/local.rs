//! Local accounts: login and password, the first of two steps.

use axum::Extension;
use axum::extract::{self, Form, Query};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use jiff::Timestamp;
use maud::{Markup, html};
use serde::Deserialize;
use tracing::warn;

use super::proxy_headers::Via;
use super::session::{Current, Pending, open, person};
use super::{origin, return_url, seed};
use crate::{FormToken, WebRefusal, WebState, layout};
use base::random;
use domain::access::{Login, Means, Person, Totp};
use domain::outcome::in_paris;
use store::{Attempt, Stage, User};

#[derive(Deserialize)]
pub(super) struct SignInForm {
    retour: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Credentials {
    #[serde(default)]
    identifiant: String,
    #[serde(default)]
    mot_de_passe: String,
    retour: Option<String>,
}

/// The form; whoever is signed in goes on.
pub(super) async fn show(
    extract::State(state): extract::State<WebState>,
    person: Option<Extension<Person>>,
    token: Option<Extension<FormToken>>,
    Query(asked): Query<SignInForm>,
) -> Response {
    let back = return_url::ours(asked.retour.as_deref());
    if person.is_some() {
        return Redirect::to(&back).into_response();
    }
    form(&state, &back, token.as_deref(), None).into_response()
}

/// The password, and then the second factor.
pub(super) async fn sign_in(
    extract::State(state): extract::State<WebState>,
    Extension(via): Extension<Via>,
    current: Option<Extension<Current>>,
    token: Option<Extension<FormToken>>,
    headers: HeaderMap,
    Form(brought): Form<Credentials>,
) -> Result<Response, WebRefusal> {
    if !state.web().local.enabled {
        return Err(WebRefusal::NotFound);
    }
    let back = return_url::ours(brought.retour.as_deref());
    state.gates().pass_address(via.address)?;
    let wrong = "Identifiant ou mot de passe incorrect.";
    let refused =
        |why: &str| Ok((StatusCode::FORBIDDEN, form(&state, &back, token.as_deref(), Some(why))).into_response());
    let Ok(login) = brought.identifiant.parse::<Login>() else { return refused(wrong) };
    let origin = origin::of(&state, &via, &login, &headers).await?;
    state.gates().pass_login(&login, &origin)?;
    let before = match state.store().attempt(&login, &origin, state.now()).await? {
        Attempt::Refused(until) => return refused(&too_many(until)),
        Attempt::Counted(before) => before,
    };
    let user = state.store().user(&login).await?;
    let hash = user.as_ref().and_then(|user| user.password.clone());
    let right = state.gates().verify(hash, brought.mot_de_passe).await?;
    let Some(user) = user.filter(|user| right && user.locked_at.is_none()) else {
        trace_failure(&state, &login, &via).await?;
        return refused(wrong);
    };
    state.store().take_back(&login, &origin, before).await?;
    let pending = Pending { back, origin, ..Pending::default() };
    begin(&state, &user, pending, current.as_deref(), &headers).await
}

/// Leaves a trace of a failure. A name that no account has is left out: it may be a password typed in the wrong place.
async fn trace_failure(state: &WebState, login: &Login, via: &Via) -> Result<(), WebRefusal> {
    let known = state.store().user(login).await?.is_some();
    let account = if known { login.as_str() } else { "(inconnu)" };
    warn!(compte = account, adresse = %via.address, "connexion refusée : compte {account}, depuis {}", via.address);
    Ok(())
}

/// Told to whoever names a login, whether it exists or not.
pub(super) fn too_many(until: Timestamp) -> String {
    format!("Trop d’échecs pour cet identifiant : réessayez le {}.", in_paris(until))
}

async fn begin(
    state: &WebState,
    user: &User,
    pending: Pending,
    current: Option<&Current>,
    headers: &HeaderMap,
) -> Result<Response, WebRefusal> {
    let person = person(state, user.login.as_str(), &user.name, user.role, Means::Local);
    if !state.web().local.second_factor {
        let cookie = open(state, Stage::Ouverte, &person, &pending, current).await?;
        let response = (cookie, Redirect::to(&pending.back)).into_response();
        return origin::remember(state, &user.login, headers, response).await;
    }
    let (reached, secret) = match user.totp {
        Some(_) => (Stage::SecondFacteur, String::new()),
        None => (Stage::Enrolement, seed::kept(state, &user.login, new_secret()?).await?),
    };
    let pending = Pending { secret, ..pending };
    let cookie = open(state, reached, &person, &pending, current).await?;
    Ok((cookie, Redirect::to("/connexion/code")).into_response())
}

fn new_secret() -> Result<String, WebRefusal> {
    let failed = |what: String| WebRefusal::Failed(format!("second facteur : {what}"));
    let bytes = random::bytes().map_err(|error| failed(error.to_string()))?;
    Ok(Totp::new(bytes).map_err(|error| failed(error.to_string()))?.secret())
}

/// Whoever is half-way in has a session already, and its forms bring its token.
fn form(state: &WebState, back: &str, token: Option<&FormToken>, wrong: Option<&str>) -> Markup {
    let body = html! {
        h1 { "Connexion" }
        @if let Some(wrong) = wrong {
            p.erreur role="alert" { (wrong) }
        }
        @if let Some(openid) = &state.web().openid {
            p { a.bouton href=(format!("/connexion/oidc?retour={}", encoded(back))) { "Se connecter avec " (openid.name) } }
        }
        @if state.web().local.enabled {
            form.connexion method="post" action="/connexion" {
                input type="hidden" name="retour" value=(back);
                @if let Some(token) = token { input type="hidden" name="jeton" value=(token.0); }
                label for="identifiant" { "Identifiant" }
                input #identifiant name="identifiant" autocomplete="username" autocapitalize="none" spellcheck="false"
                    maxlength="64" required;
                label for="mot_de_passe" { "Mot de passe" }
                input #mot_de_passe name="mot_de_passe" type="password" autocomplete="current-password"
                    maxlength="1024" required;
                button { "Se connecter" }
            }
        }
        @if state.web().check_page {
            p { "Établissement : " a href="/verifier" { "essayez un fichier avant de l’envoyer" } ", sans compte." }
        }
    };
    layout::public(state.config().environnement, "Connexion", &body)
}

fn encoded(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}
