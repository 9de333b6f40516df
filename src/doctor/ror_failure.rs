//! What a failure of the ROR's services asks of the operator.

use super::step::StepFailure;
use super::tls_failure::TlsRefusals;
use domain::defect::Code;
use edges::ror::{OurFault, PushFailure, RorRefusal, RorSettings};

/// Cause and remedy of a failed request.
pub(super) fn failure(failure: &PushFailure, settings: &RorSettings, refusals: &TlsRefusals<'_>) -> StepFailure {
    match failure {
        PushFailure::OurSide(OurFault::CertificateRefused { alert, .. }) => refusals.of_our_certificate(alert),
        PushFailure::OurSide(fault) => of_our_side(fault, settings, refusals),
        PushFailure::Refused(refusal) => of_the_ror(refusal, settings),
        PushFailure::Busy { .. }
        | PushFailure::Postponed { .. }
        | PushFailure::Unreachable(_)
        | PushFailure::Unknown(_)
        | PushFailure::Withdrawn => StepFailure::new(
            failure.to_string(),
            "réessayez dans quelques minutes ; si cela dure, consultez l’état des services de l’ANS",
        ),
    }
}

fn of_our_side(fault: &OurFault, settings: &RorSettings, refusals: &TlsRefusals<'_>) -> StepFailure {
    let client = &settings.client_id;
    let key = &refusals.endpoint.target.key;
    match fault {
        OurFault::TokenRefused { status, error } => StepFailure::new(
            format!("le serveur de jetons refuse le client « {client} » (HTTP {status}, {error})"),
            format!(
                "vérifiez ror.api.client_id et que l’ANS a associé ce client au DN du certificat{}",
                refusals.presented.as_ref().map(|own| format!(" « {} »", own.subject)).unwrap_or_default()
            ),
        ),
        OurFault::NotFromTheRor { status: 403 } => StepFailure::new(
            "une passerelle refuse l’accès (HTTP 403 sans OperationOutcome) : la demande n’est pas parvenue au ROR",
            format!(
                "demandez à l’ANS que ce client et l’adresse IP de sortie de cette machine figurent sur la liste d’autorisation de cet environnement ; vérifiez aussi {key}"
            ),
        ),
        OurFault::NotFromTheRor { status: 404 } => StepFailure::new(
            "aucun service d’écriture du ROR à cette adresse (HTTP 404 sans OperationOutcome)",
            format!("vérifiez {key} : l’adresse de base seule, sans le nom du service, et du bon environnement"),
        ),
        OurFault::NotFromTheRor { status } => StepFailure::new(
            format!("ce n’est pas le ROR qui répond (HTTP {status} sans OperationOutcome)"),
            format!("vérifiez {key}, puis les relais et pare-feu entre cette machine et l’ANS"),
        ),
        OurFault::TokenNotAccepted => StepFailure::new(
            "l’API refuse un jeton qui vient d’être délivré (HTTP 401 deux fois)",
            "ror.api.token_url et ror.api.base_url doivent être du même environnement ; vérifiez aussi l’heure de cette machine",
        ),
        other => as_it_says(&other.to_string(), &format!("vérifiez {key}")),
    }
}

/// Cause and remedy of a failed reading: what it says itself.
pub(super) fn as_said(failure: &PushFailure) -> StepFailure {
    as_it_says(
        &failure.to_string(),
        "réessayez dans quelques minutes ; si cela dure, montrez cette ligne à l’ANS, avec les valeurs de [ror.api.reader]",
    )
}

fn as_it_says(said: &str, otherwise: &str) -> StepFailure {
    let (cause, remedy) = said.split_once(" ; ").unwrap_or((said, otherwise));
    StepFailure::new(cause, remedy)
}

fn of_the_ror(refusal: &RorRefusal, settings: &RorSettings) -> StepFailure {
    let RorRefusal { code, status, diagnostics } = refusal;
    if *code == Code::R04 {
        return StepFailure::new(
            format!(
                "le ROR reconnaît le client mais lui refuse d’écrire pour cet établissement (R04, HTTP {status} : {diagnostics})"
            ),
            format!(
                "demandez au GRADeS, ou à l’ANS, d’ouvrir au client « {} » les droits d’écriture sur cet établissement",
                settings.client_id
            ),
        );
    }
    StepFailure::new(
        format!("réponse inattendue du ROR ({code}, HTTP {status} : {diagnostics})"),
        "montrez cette ligne au GRADeS ou à l’ANS",
    )
}
