//! The secrets of second factors that are in the database in clear are sealed at the start, once there is a key.

use tracing::{info, warn};

use super::StartError;
use base::config_values::whole;
use base::random;
use domain::access::{FactorKey, is_sealed};
use service::config::{Config, Fault, Faults};
use store::{Store, User};

/// Seals what is in clear. Without a key nothing changes; one that cannot be had stops the start.
pub(super) async fn seal_factors(config: &Config, store: &Store) -> Result<(), StartError> {
    let Some(web) = &config.web else { return Ok(()) };
    let fault = |cause: String| Faults(vec![Fault { key: "web.local.factor_key".to_owned(), cause }]);
    let Some(key) = web.local.factor_key().await.map_err(|error| fault(whole(&error)))? else { return Ok(()) };
    let mut sealed = 0;
    for user in store.users().await? {
        sealed += u32::from(seal(&key, store, &user).await?);
    }
    if sealed > 0 {
        info!("secrets de seconds facteurs chiffrés : {sealed}");
    }
    Ok(())
}

/// Whether it was in clear, and is sealed now.
async fn seal(key: &FactorKey, store: &Store, user: &User) -> Result<bool, StartError> {
    let Some(clear) = user.totp.as_deref().filter(|stored| !is_sealed(stored)) else { return Ok(false) };
    let Some(sealed) = random::bytes().ok().and_then(|nonce| key.seal(&user.login, clear, nonce).ok()) else {
        warn!("le second facteur du compte {} n’a pu être chiffré", user.login);
        return Ok(false);
    };
    Ok(store.seal_totp(&user.login, clear, &sealed).await?)
}
