//! Whoever is signed in: what they are, another password, signing out.

use axum::extract::{self, Form};
use axum::http::StatusCode;
use axum::http::header::SET_COOKIE;
use axum::response::{IntoResponse, Redirect, Response};
use maud::{Markup, html};
use serde::Deserialize;

use super::origin::SIGNED_IN;
use super::session::{Current, Pending, open};
use super::{cookie, openid};
use crate::layout;
use crate::layout::Tab;
use crate::{Visitor, WebRefusal, WebState};
use base::random;
use domain::access::audit::{AuditEntry, Deed};
use domain::access::{Login, Means, Password, PasswordHash, Right};
use store::{Attempt, Stage, UserChange};

#[derive(Deserialize)]
pub(super) struct NewPassword {
    #[serde(default)]
    ancien: String,
    #[serde(default)]
    nouveau: String,
    #[serde(default)]
    encore: String,
}

/// Ends the session here and in the store, then at the OpenID provider if it was opened there.
pub(super) async fn sign_out(
    extract::State(state): extract::State<WebState>,
    current: Current,
) -> Result<Response, WebRefusal> {
    let person = current.person(&state);
    let entry = AuditEntry::new(person.in_audit(), Deed::Deconnexion, format!("compte {}", person.login()));
    let entry = current.is_open().then_some(entry);
    state.store().end_session(&current.token.digest(), entry.as_ref(), state.now()).await?;
    let there = openid::end_there_too(&state, &current).await;
    let mut response = there.unwrap_or_else(|| Redirect::to("/connexion").into_response());
    if let Some(cookie) = cookie::clear(state.web()) {
        response.headers_mut().insert(SET_COOKIE, cookie);
    }
    Ok(response)
}

pub(super) async fn show(extract::State(state): extract::State<WebState>, visitor: Visitor) -> Markup {
    page(&state, &visitor, None)
}

/// Another password: every other session of the account ends with the old one.
pub(super) async fn change_password(
    extract::State(state): extract::State<WebState>,
    visitor: Visitor,
    current: Current,
    Form(brought): Form<NewPassword>,
) -> Result<Response, WebRefusal> {
    let login: Login = visitor.person.login().parse().map_err(|_| WebRefusal::NotFound)?;
    if visitor.person.means() != Means::Local {
        return Err(WebRefusal::NotFound);
    }
    let refused = |why: &str| Ok((StatusCode::BAD_REQUEST, page(&state, &visitor, Some(why))).into_response());
    if brought.nouveau != brought.encore {
        return refused("Les deux saisies du nouveau mot de passe diffèrent.");
    }
    let password = match Password::new(&brought.nouveau, login.as_str()) {
        Ok(password) => password,
        Err(why) => return refused(&format!("{why}.")),
    };
    if !knows_old(&state, &login, brought.ancien).await? {
        return refused("L’ancien mot de passe n’est pas le bon, ou il y a eu trop d’échecs.");
    }
    let hash = hash(&state, password).await?;
    let entry = AuditEntry::new(visitor.person.in_audit(), Deed::MotDePasse, format!("compte {login}"));
    state.store().change_user(&login, &UserChange::Password(hash), &entry, state.now()).await?;
    let cookie = open(&state, Stage::Ouverte, &visitor.person, &Pending::default(), Some(&current)).await?;
    Ok((cookie, Redirect::to("/compte")).into_response())
}

async fn knows_old(state: &WebState, login: &Login, old: String) -> Result<bool, WebRefusal> {
    let Attempt::Counted(before) = state.store().attempt(login, SIGNED_IN, state.now()).await? else {
        return Ok(false);
    };
    let hash = state.store().user(login).await?.and_then(|user| user.password);
    let right = state.gates().verify(hash, old).await?;
    if right {
        state.store().take_back(login, SIGNED_IN, before).await?;
    }
    Ok(right)
}

async fn hash(state: &WebState, password: Password) -> Result<PasswordHash, WebRefusal> {
    let salt = random::bytes().map_err(|error| WebRefusal::Failed(format!("nouveau mot de passe : {error}")))?;
    state.gates().hash(password, salt).await
}

fn page(state: &WebState, visitor: &Visitor, wrong: Option<&str>) -> Markup {
    let person = &visitor.person;
    let rights: Vec<String> =
        Right::ALL.into_iter().filter(|right| person.may(*right)).map(|right| right.to_string()).collect();
    let body = html! {
        h1 { "Mon compte" }
        @if let Some(wrong) = wrong { p.erreur role="alert" { (wrong) } }
        dl {
            dt { "Nom" } dd { (person.name()) }
            dt { "Identifiant" } dd { (person.login()) }
            dt { "Rôle" } dd { (person.role().in_words()) }
            dt { "Connexion" } dd { (person.means().in_words()) }
            dt { "Droits" } dd { (rights.join(", ")) }
        }
        @if person.means() == Means::Local { (password_form(&visitor.token.0)) }
    };
    layout::page(visitor, state, Tab::Aucun, "Mon compte", &body)
}

fn password_form(token: &str) -> Markup {
    let field = |name: &str, label: &str, kind: &str| {
        html! {
            label for=(name) { (label) }
            input id=(name) name=(name) type="password" autocomplete=(kind) maxlength="1024" required;
        }
    };
    html! {
        h2 { "Changer de mot de passe" }
        form.connexion method="post" action="/compte/mot-de-passe" {
            input type="hidden" name="jeton" value=(token);
            (field("ancien", "Ancien mot de passe", "current-password"))
            (field("nouveau", "Nouveau mot de passe (12 caractères au moins)", "new-password"))
            (field("encore", "Nouveau mot de passe, une seconde fois", "new-password"))
            button { "Changer" }
        }
    }
}
