//! The secrets of second factors, sealed as the store keeps them (`web.local.factor_key`).

use crate::{WebRefusal, WebState};
use base::config_values::whole;
use base::random;
use domain::access::{FactorKey, Login, is_sealed};

/// As it is to be kept: sealed where there is a key, in clear without one.
pub(super) async fn kept(state: &WebState, login: &Login, secret: String) -> Result<String, WebRefusal> {
    let Some(key) = key(state).await? else { return Ok(secret) };
    let nonce = random::bytes().map_err(|error| failed(&error.to_string()))?;
    key.seal(login, &secret, nonce).map_err(|error| failed(&error.to_string()))
}

/// As it was kept, in base 32.
pub(super) async fn opened(state: &WebState, login: &Login, stored: &str) -> Result<String, WebRefusal> {
    if !is_sealed(stored) {
        return Ok(stored.to_owned());
    }
    let key = key(state).await?.ok_or_else(|| failed("web.local.factor_key manque, et il est chiffré"))?;
    key.open(login, stored).map_err(|error| failed(&error.to_string()))
}

async fn key(state: &WebState) -> Result<Option<FactorKey>, WebRefusal> {
    let read = state.web().local.factor_key().await;
    read.map_err(|error| failed(&format!("web.local.factor_key : {}", whole(&error))))
}

fn failed(why: &str) -> WebRefusal {
    WebRefusal::Failed(format!("second facteur : {why}"))
}
