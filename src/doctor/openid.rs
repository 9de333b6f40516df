//! The OpenID Connect provider: its description and its keys, as a sign-in reads them. Nobody is signed in.

use super::LONGEST;
use super::phrases::{counted, whole};
use super::step::{Section, StepFailure, Trial};
use base::clock::Clock;
use service::config::Config;

const SECRET: &str = "secret";
const PROVIDER: &str = "fournisseur";

/// Nothing where people sign in otherwise.
pub(super) async fn section(config: &Config, clock: &Clock) -> Option<Section> {
    let openid = config.web.as_ref()?.openid.as_ref()?;
    let limit = openid.timeout.get().saturating_mul(2).min(LONGEST);
    let mut trial = Trial::new("openid", format!("OpenID Connect ({})", openid.issuer), &[SECRET, PROVIDER], limit);
    let secret = async {
        let Some(secret) = &openid.client_secret else { return Ok(((), "aucun".to_owned())) };
        let read = secret.reveal().await;
        read.map(|_| ((), "lu".to_owned()))
            .map_err(|error| StepFailure::new(whole(&error), "corrigez web.openid.client_secret"))
    };
    if trial.step(SECRET, secret).await.is_some() {
        let found = async {
            match web::try_provider(openid, clock.now()).await {
                Ok(keys) => Ok(((), format!("description et {} lues", counted(keys, "clé", "clés")))),
                Err(why) => Err(StepFailure::new(
                    why,
                    "vérifiez web.openid.issuer (l’adresse telle que le fournisseur la publie), web.openid.ca, et que le pare-feu laisse sortir vers ses serveurs",
                )),
            }
        };
        trial.step(PROVIDER, found).await;
    }
    Some(trial.end())
}
