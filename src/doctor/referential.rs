//! The referential: loads, and what in it leaves somebody without a voice.

use std::sync::Arc;
use std::time::Duration;

use super::phrases::{counted, whole};
use super::step::{Section, StepFailure, Trial};
use judging::referential::{Referential, Refused, Watch};

const LOADING: &str = "chargement";
const SENDERS: &str = "expéditeurs";
const LIMIT: Duration = Duration::from_secs(30);
/// The most examples that are named, and the most errors that are repeated.
const EXAMPLES: usize = 3;

/// The referential as well, for the steps that need it.
pub(super) async fn section(read: &Result<Watch, Refused>) -> (Section, Option<Arc<Referential>>) {
    let mut trial = Trial::new("referentiel", "Référentiel", &[LOADING, SENDERS], LIMIT);
    let loaded = trial.step(LOADING, async { load(read) }).await;
    if let Some(referential) = &loaded {
        trial.note_result(SENDERS, senders(referential));
    }
    (trial.end(), loaded)
}

fn load(read: &Result<Watch, Refused>) -> Result<(Arc<Referential>, String), StepFailure> {
    let referential = read.as_ref().map_err(failure)?.current();
    let (establishments, services) = referential.size();
    if establishments == 0 || services == 0 {
        return Err(StepFailure::new(
            "le référentiel ne contient aucun établissement ou aucun service : tout serait rejeté",
            "remplissez les deux fichiers CSV de [referential]",
        ));
    }
    let closed = referential.establishments().filter(|(_, establishment)| !establishment.open).count();
    let shut = match closed {
        0 => String::new(),
        closed => format!(", dont {}", counted(closed, "établissement fermé", "établissements fermés")),
    };
    let detail = format!(
        "{}{shut}, {}",
        counted(establishments, "établissement", "établissements"),
        counted(services, "service", "services")
    );
    Ok((referential, detail))
}

fn failure(refused: &Refused) -> StepFailure {
    match refused {
        Refused::Unreadable { .. } => StepFailure::new(
            whole(refused),
            "corrigez les chemins de [referential], et que l’utilisateur du service puisse lire ces fichiers",
        ),
        Refused::Invalid(errors) => {
            let shown: Vec<String> = errors.iter().take(EXAMPLES).map(ToString::to_string).collect();
            StepFailure::new(
                format!("{} dans le référentiel : {}", counted(errors.len(), "erreur", "erreurs"), shown.join(" ; ")),
                "corrigez ces lignes (« dispolits config check » les donne toutes) ; un service en marche garde l’ancien référentiel en attendant",
            )
        }
    }
}

/// A service that nobody may report for is not wrong, but it will stay silent.
fn senders(referential: &Referential) -> Result<String, StepFailure> {
    let silent: Vec<String> =
        referential.services_without_sender().map(|(finess, code)| format!("{finess}/{code}")).collect();
    if silent.is_empty() {
        return Ok("chaque service a au moins un expéditeur".to_owned());
    }
    if silent.len() == referential.size().1 {
        return Err(StepFailure::new(
            "aucun service n’a d’expéditeur déclaré : tous les courriels seraient rejetés (M01)",
            "remplissez la colonne « expediteurs » de etablissements.csv",
        ));
    }
    let examples: Vec<&str> = silent.iter().take(EXAMPLES).map(String::as_str).collect();
    let and_more = if silent.len() > EXAMPLES { ", …" } else { "" };
    Ok(format!(
        "{} sans expéditeur déclaré ({}{and_more}) : personne ne peut les renseigner",
        counted(silent.len(), "service", "services"),
        examples.join(", ")
    ))
}
