//! The rights on the ROR, asked for an establishment by a write that no location can take.
//!
//! A `replace` for a code service that does not exist changes nothing: where the client may write,
//! the ROR answers that the Location is unknown (ANS, page « patch-capacitaire », 404); where it may
//! not, 403.

use super::handshake::Endpoint;
use super::ror_failure;
use super::step::StepFailure;
use base::clock::Clock;
use domain::capacity::{
    Affectation, Count, Indicator, IndicatorParts, Location, Nature, Nombre, ServiceCode, Source, Statut, Temporalite,
    Update,
};
use domain::defect::Code;
use edges::ror::{Client, PushFailure, RorSettings};
use judging::referential::Referential;

/// What no establishment calls a service.
const IMPOSSIBLE: &str = "DISPOLITS-DOCTOR-";

pub(super) async fn ask(
    client: &Client,
    settings: &RorSettings,
    place: &Location,
    referential: &Referential,
    clock: &Clock,
    endpoint: &Endpoint,
) -> Result<((), String), StepFailure> {
    known(place, referential)?;
    let update = impossible(place, clock).ok_or_else(|| {
        StepFailure::new("l’essai n’a pu être construit", "signalez cette ligne aux auteurs de Dispolits")
    })?;
    let finess = place.finess();
    match client.try_replace(&update).await.result {
        Err(PushFailure::Refused(refusal)) if refusal.code == Code::R01 => Ok((
            (),
            format!(
                "le ROR répond et le client peut écrire pour {finess} (lieu d’essai {} inconnu, comme il se doit)",
                update.location.service()
            ),
        )),
        Err(failure) => Err(ror_failure::failure(&failure, settings, &endpoint.refusals())),
        Ok(_) => Err(StepFailure::new(
            "ce qui répond confirme une écriture dans un lieu qui n’existe pas : ce n’est pas le ROR, ou pas comme l’ANS le documente",
            "vérifiez ror.api.base_url, puis montrez cette ligne à l’ANS",
        )),
    }
}

/// A typing error must not pass for a missing right.
fn known(place: &Location, referential: &Referential) -> Result<(), StepFailure> {
    if referential.service(place.finess(), place.service()).is_some() {
        return Ok(());
    }
    Err(StepFailure::new(
        format!("le lieu {}/{} n’est pas au référentiel", place.finess(), place.service()),
        "donnez à --lieu un service de services.csv ; l’essai porte sur son établissement",
    ))
}

pub(super) fn impossible(place: &Location, clock: &Clock) -> Option<Update> {
    let code: ServiceCode = format!("{IMPOSSIBLE}{:08X}", fastrand::u32(..)).parse().ok()?;
    let indicator = Indicator::new(IndicatorParts {
        statut: Statut::Disponible,
        temporalite: Temporalite::Courant,
        genre: None,
        fermeture: None,
        supplement: None,
        crise: None,
        affectation: Affectation::Aucune,
    });
    Some(Update {
        location: Location::new(place.finess(), code),
        count: Count { indicator: indicator.ok()?, nature: Nature::Lit, nombre: Nombre::new(0)? },
        date_releve: clock.now(),
        source: Source::BedManagement,
    })
}
