//! The secrets of second factors in the database: sealed, and with the key of the configuration.

use super::phrases::{counted, whole};
use super::step::{Outcome, StepFailure, Trial};
use domain::access::{FactorKey, is_sealed};
use service::config::Config;
use store::inspect::StoreInspection;

const FACTORS: &str = "seconds facteurs";

/// Nothing where nobody signs in with a second factor.
pub(super) async fn note(trial: &mut Trial, look: &mut StoreInspection, config: &Config) {
    let Some(local) = config.web.as_ref().map(|web| &web.local).filter(|local| local.enabled && local.second_factor)
    else {
        return;
    };
    let key = match local.factor_key().await {
        Ok(key) => key,
        // The first section says so, by its key.
        Err(error) => return trial.note(FACTORS, Outcome::NonFait { raison: whole(&error) }),
    };
    let judged = match look.factors().await {
        Ok(kept) => judge(&kept, key.as_ref()),
        Err(error) => Err(StepFailure::new(whole(&error), "voyez les étapes précédentes")),
    };
    trial.note_result(FACTORS, judged);
}

fn judge(kept: &[(String, String)], key: Option<&FactorKey>) -> Result<String, StepFailure> {
    let opens = |login: &str, stored: &str| {
        login.parse().is_ok_and(|login| key.is_some_and(|key| key.open(&login, stored).is_ok()))
    };
    let lost: Vec<&str> = kept
        .iter()
        .filter(|(login, stored)| is_sealed(stored) && !opens(login, stored))
        .map(|(login, _)| login.as_str())
        .collect();
    if !lost.is_empty() {
        return Err(StepFailure::new(
            format!("la clé web.local.factor_key n’ouvre pas le second facteur de : {}", lost.join(", ")),
            "remettez la clé d’origine, ou faites enregistrer un autre second facteur à chacun : « dispolits user reset --second-facteur »",
        ));
    }
    let clear = kept.iter().filter(|(_, stored)| !is_sealed(stored)).count();
    let total = counted(kept.len(), "secret", "secrets");
    Ok(match (clear, key) {
        (0, _) => format!("{total}, aucun en clair"),
        (clear, Some(_)) => format!("{total}, dont {clear} en clair : ils seront chiffrés au prochain démarrage"),
        (clear, None) => format!("{total}, dont {clear} en clair : donnez web.local.factor_key pour les chiffrer"),
    })
}
