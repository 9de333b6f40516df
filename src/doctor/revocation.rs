//! The revocation lists: obtained, signed by an authority that we know, in their dates.

use super::LONGEST;
use super::phrases::counted;
use super::step::{Outcome, Section, StepFailure, Trial};
use base::tls::day;
use base::tls::revocation::{ListStatus, Revocation, RevocationList, Status};
use service::config::{Config, ConfigError};

const LIST: &str = "liste";
const CHECKED: &str = "connexions";

/// The lists as they are now, for the sections that connect; they are kept nowhere.
pub(super) async fn section(config: &Config, read: Result<Revocation, ConfigError>) -> (Section, Revocation) {
    let mut trial = Trial::new("revocation", "Révocation des certificats de serveur", &[], LONGEST);
    let revocation = match read {
        Ok(revocation) => revocation,
        Err(error) => {
            let failure = StepFailure::new(error.to_string(), "corrigez la section [revocation]");
            trial.note(LIST, failure.into());
            return (trial.end(), Revocation::default());
        }
    };
    revocation.refresh().await;
    for standing in revocation.standing() {
        trial.note_result(LIST, judge(&standing));
    }
    trial.note(CHECKED, connections(config));
    (trial.end(), revocation)
}

fn judge(standing: &ListStatus) -> Result<String, StepFailure> {
    let source = &standing.source;
    let why = standing.failure.as_ref().map(|failure| format!(" ; {failure}")).unwrap_or_default();
    let told = standing.list.as_deref().map(told).unwrap_or_default();
    match standing.status {
        Status::Valid if standing.failure.is_none() => Ok(format!("{source} : {told}")),
        Status::Valid => Err(StepFailure::new(
            format!("{source} ne donne plus de liste valable{why} ; la dernière sert encore : {told}"),
            remedy(standing),
        )),
        Status::Late => Err(StepFailure::new(
            format!(
                "la liste de {source} est périmée{why} ; elle sert encore, jusqu’au {} : {told}",
                standing.serves_until.map(day).unwrap_or_default()
            ),
            remedy(standing),
        )),
        Status::Missing => Err(StepFailure::new(
            format!("aucune liste utilisable de {source}{why} : les connexions à vérifier sont refusées"),
            remedy(standing),
        )),
    }
}

fn told(list: &RevocationList) -> String {
    let revoked = counted(list.revoked, "certificat révoqué", "certificats révoqués");
    let (from, until) = (day(list.this_update), day(list.next_update));
    format!("« {} », du {from}, à remplacer avant le {until}, {revoked}", list.issuer)
}

fn remedy(standing: &ListStatus) -> String {
    let failure = standing.failure.as_deref().unwrap_or_default();
    let remedy = if failure.contains("« ca »") {
        "ajoutez à la clé « ca » l’autorité qui signe cette liste (IGC-Santé Élémentaire Organisations), ou corrigez l’adresse"
    } else if failure.contains("signature") || failure.contains("ancienne") {
        "quelqu’un s’interpose peut-être : comparez avec une liste obtenue par un autre réseau, et prévenez l’ANS"
    } else if failure.contains("gardée") {
        "donnez à l’utilisateur du service le dossier revocation.folder, et vérifiez l’espace libre"
    } else {
        "vérifiez l’adresse ou le fichier dans [revocation] et que le pare-feu laisse sortir vers ce serveur (http) ; en attendant, une liste obtenue ailleurs peut être posée dans un fichier (revocation.files)"
    };
    remedy.to_owned()
}

fn connections(config: &Config) -> Outcome {
    let unchecked = config.unchecked();
    if unchecked.is_empty() {
        return Outcome::Reussi { detail: "toutes les connexions sont vérifiées".to_owned() };
    }
    let told: Vec<String> = unchecked.iter().map(|(section, why)| format!("{section} ({why})")).collect();
    Outcome::NonFait { raison: format!("révocation non vérifiée pour {}", told.join(", ")) }
}
