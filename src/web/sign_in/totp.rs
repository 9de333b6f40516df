//! The second step of a local account: a code of the telephone, or its enrolment at the first sign-in.

use std::fmt::Write as _;

use axum::extract::{self, Form};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use maud::{Markup, html};
use qrcode::{Color, QrCode};
use serde::Deserialize;

use super::local::too_many;
use super::origin::{self, SECOND_STEP};
use super::seed;
use super::session::{Current, Pending, SetCookie, open};
use crate::{WebRefusal, WebState, layout};
use domain::access::audit::{AuditEntry, Deed};
use domain::access::{Login, Totp};
use store::{Attempt, Stage, UserChange};

#[derive(Deserialize)]
pub(super) struct TotpCode {
    #[serde(default)]
    code: String,
}

/// Asks for a code; at the first sign-in shows the secret that makes them.
pub(super) async fn show(
    extract::State(state): extract::State<WebState>,
    current: Current,
) -> Result<Markup, WebRefusal> {
    let reached = stage(&current)?;
    let login: Login = current.session.login.parse().map_err(|_| WebRefusal::NotFound)?;
    let secret = shown(&state, &current, &login, reached).await?;
    Ok(form(&state, &current, reached, &secret, None))
}

/// Opens the session, under a new token, if the code is right and was never used.
pub(super) async fn prove(
    extract::State(state): extract::State<WebState>,
    current: Current,
    headers: HeaderMap,
    Form(brought): Form<TotpCode>,
) -> Result<Response, WebRefusal> {
    let reached = stage(&current)?;
    let login: Login = current.session.login.parse().map_err(|_| WebRefusal::NotFound)?;
    let secret = shown(&state, &current, &login, reached).await?;
    let refused =
        |why: &str| Ok((StatusCode::FORBIDDEN, form(&state, &current, reached, &secret, Some(why))).into_response());
    if let Attempt::Refused(until) = state.store().attempt(&login, SECOND_STEP, state.now()).await? {
        return refused(&too_many(until));
    }
    let opened = match reached {
        Stage::Enrolement => enrol(&state, &current, &login, &secret, &brought.code).await?,
        _ => check(&state, &current, &login, &brought.code).await?,
    };
    match opened {
        Some(cookie) => {
            let response = (cookie, Redirect::to(&current.pending().back)).into_response();
            origin::remember(&state, &login, &headers, response).await
        }
        None => refused("Ce code n’est pas le bon, ou a déjà servi : attendez le suivant."),
    }
}

/// The secret to be enrolled, for its owner's telephone; nothing at another stage.
async fn shown(state: &WebState, current: &Current, login: &Login, reached: Stage) -> Result<String, WebRefusal> {
    if reached != Stage::Enrolement {
        return Ok(String::new());
    }
    seed::opened(state, login, &current.pending().secret).await
}

/// Only who gave a password comes here.
fn stage(current: &Current) -> Result<Stage, WebRefusal> {
    match current.session.stage {
        reached @ (Stage::SecondFacteur | Stage::Enrolement) => Ok(reached),
        Stage::OpenId | Stage::Ouverte => Err(WebRefusal::SignIn { back: "/".to_owned() }),
    }
}

async fn check(
    state: &WebState,
    current: &Current,
    login: &Login,
    code: &str,
) -> Result<Option<SetCookie>, WebRefusal> {
    let Some(user) = state.store().user(login).await? else { return Ok(None) };
    let Some(stored) = user.totp.as_deref() else { return Ok(None) };
    let Ok(totp) = Totp::stored(&seed::opened(state, login, stored).await?) else { return Ok(None) };
    let Some(step) = totp.accepts(code, state.now(), user.totp_step) else { return Ok(None) };
    finish(state, current, login, step).await
}

/// The code proves that the telephone has the secret; until then it is worth nothing. It is kept as the session has it.
async fn enrol(
    state: &WebState,
    current: &Current,
    login: &Login,
    secret: &str,
    code: &str,
) -> Result<Option<SetCookie>, WebRefusal> {
    let Ok(totp) = Totp::stored(secret) else { return Ok(None) };
    let Some(step) = totp.accepts(code, state.now(), None) else { return Ok(None) };
    let who = current.person(state).in_audit();
    let entry = AuditEntry::new(who, Deed::SecondFacteur, format!("compte {login}"));
    state.store().change_user(login, &UserChange::Totp(Some(current.pending().secret)), &entry, state.now()).await?;
    finish(state, current, login, step).await
}

async fn finish(
    state: &WebState,
    current: &Current,
    login: &Login,
    step: i64,
) -> Result<Option<SetCookie>, WebRefusal> {
    if !state.store().use_totp_step(login, step).await? {
        return Ok(None);
    }
    let person = current.person(state);
    // Whoever gets through both steps did not guess: the count of both is forgotten.
    state.store().succeed(login, SECOND_STEP).await?;
    let pending = Pending { origin: current.pending().origin, ..Pending::default() };
    open(state, Stage::Ouverte, &person, &pending, Some(current)).await.map(Some)
}

fn form(state: &WebState, current: &Current, reached: Stage, secret: &str, wrong: Option<&str>) -> Markup {
    let body = html! {
        h1 { @if reached == Stage::Enrolement { "Second facteur à enregistrer" } @else { "Second facteur" } }
        @if let Some(wrong) = wrong {
            p.erreur role="alert" { (wrong) }
        }
        @if reached == Stage::Enrolement { (enrolment(current, secret)) }
        form.connexion method="post" action="/connexion/code" {
            input type="hidden" name="jeton" value=(current.token.form_token());
            label for="code" { "Code à six chiffres de votre application" }
            input #code name="code" inputmode="numeric" autocomplete="one-time-code" maxlength="9" required;
            button { "Valider" }
        }
    };
    layout::public(state.config().environnement, "Second facteur", &body)
}

fn enrolment(current: &Current, secret: &str) -> Markup {
    let uri = Totp::stored(secret).map(|totp| totp.uri("Dispolits", &current.session.login)).unwrap_or_default();
    let groups: Vec<String> =
        secret.as_bytes().chunks(4).map(|group| String::from_utf8_lossy(group).into_owned()).collect();
    html! {
        p { "Ajoutez ce compte à une application de codes à usage unique, sur votre téléphone : visez le code, ou tapez la clé." }
        (picture(&uri))
        p { "Clé : " code { (groups.join(" ")) } }
        p { "Elle n’est montrée qu’une fois. Entrez ensuite le code que donne l’application." }
    }
}

/// The URI as a QR code, drawn in one path.
fn picture(uri: &str) -> Markup {
    let Ok(code) = QrCode::new(uri) else { return html! {} };
    let (width, colors) = (code.width(), code.to_colors());
    let mut path = String::new();
    for (at, _) in colors.iter().enumerate().filter(|(_, color)| **color == Color::Dark) {
        let _ = write!(path, "M{} {}h1v1h-1z", at % width + 4, at / width + 4);
    }
    let side = width + 8;
    html! {
        svg.qr viewBox=(format!("0 0 {side} {side}")) width="220" height="220" role="img"
            aria-label="Code à viser avec le téléphone" {
            rect width=(side) height=(side) fill="#fff" {}
            path d=(path) fill="#000" {}
        }
    }
}
