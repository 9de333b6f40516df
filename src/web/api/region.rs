//! Establishments and services for machines, and what came in over a time.

use axum::Json;
use axum::extract::{self, Path};
use jiff::Timestamp;

use super::dto::Etablissement;
use super::params::{BadPath, ParamReading, Plain, SeriesStep, Span};
use super::problem::{Missing, Refused};
use crate::{WebRefusal, WebState};
use domain::finess::Finess;
use domain::outcome::paris;
use store::Balance;
use store::search::{Flow, LateDelivery, Rejections, ServicePlace};

/// The most late deliveries told of.
const LATE: u32 = 500;

/// Tous les services dont une capacité a été acceptée, le plus anciennement relevé d’abord.
#[utoipa::path(
    get,
    path = "/api/v1/services",
    tag = "région",
    responses(
        (status = 200, description = "Les services", body = [ServicePlace]),
        Refused,
    )
)]
pub(super) async fn services(
    extract::State(state): extract::State<WebState>,
    _: Plain,
) -> Result<Json<Vec<ServicePlace>>, WebRefusal> {
    Ok(Json(state.store().places().await?))
}

/// Un établissement : ses services et leurs dernières valeurs.
#[utoipa::path(
    get,
    path = "/api/v1/etablissements/{finess}",
    tag = "région",
    params(("finess" = String, Path, description = "Numéro FINESS, clé comprise", pattern = "^[0-9][0-9AB][0-9]{7}$", example = "350054680")),
    responses(
        (status = 200, description = "L’établissement", body = Etablissement),
        Missing,
    )
)]
pub(super) async fn establishment(
    extract::State(state): extract::State<WebState>,
    _: Plain,
    finess: Result<Path<String>, BadPath>,
) -> Result<Json<Etablissement>, WebRefusal> {
    let finess = finess.ok().and_then(|Path(text)| text.parse::<Finess>().ok());
    let finess = finess.ok_or_else(|| WebRefusal::Bad("ce n’est pas un numéro FINESS".to_owned()))?;
    let nom = state.referential().establishment(finess).map(|known| known.name.clone());
    let (services, valeurs) = (state.store().places_of(finess).await?, state.store().levels(finess).await?);
    if nom.is_none() && services.is_empty() {
        return Err(WebRefusal::NotFound);
    }
    Ok(Json(Etablissement { finess: finess.to_string(), nom, services, valeurs }))
}

/// Les capacités qui attendent le ROR depuis plus longtemps que `delivery.late_after`, la plus ancienne d’abord ; 500 lignes au plus.
#[utoipa::path(
    get,
    path = "/api/v1/retards",
    tag = "région",
    responses(
        (status = 200, description = "Ce qui est en retard", body = [LateDelivery]),
        Refused,
    )
)]
pub(super) async fn late(
    extract::State(state): extract::State<WebState>,
    _: Plain,
) -> Result<Json<Vec<LateDelivery>>, WebRefusal> {
    let limit = state.config().ror.delivery.late_after.signed();
    let before = state.now().saturating_sub(limit).unwrap_or(Timestamp::MIN);
    Ok(Json(state.store().late_deliveries(before, LATE).await?))
}

/// Les courriels reçus, par heure ou par jour de Paris.
#[utoipa::path(
    get,
    path = "/api/v1/flux",
    tag = "région",
    params(Span, SeriesStep),
    responses(
        (status = 200, description = "Une entrée par heure ou par jour, vide comprise", body = [Flow]),
        Refused,
    )
)]
pub(super) async fn flow(
    extract::State(state): extract::State<WebState>,
    ParamReading(uri): ParamReading,
) -> Result<Json<Vec<Flow>>, WebRefusal> {
    let (since, until, step) = SeriesStep::of(&uri, state.now())?;
    Ok(Json(match step {
        SeriesStep::Heure => state.store().hourly_flow(since, until).await?,
        SeriesStep::Jour => state.store().daily_flow(since, until, &paris()).await?,
    }))
}

/// Les rejets par code, en nombre de courriels ; le plus fréquent d’abord.
#[utoipa::path(
    get,
    path = "/api/v1/rejets",
    tag = "région",
    params(Span),
    responses(
        (status = 200, description = "Une entrée par code rencontré", body = [Rejections]),
        Refused,
    )
)]
pub(super) async fn rejections(
    extract::State(state): extract::State<WebState>,
    ParamReading(uri): ParamReading,
) -> Result<Json<Vec<Rejections>>, WebRefusal> {
    let (since, until) = Span::of(&uri, state.now())?;
    Ok(Json(state.store().rejections(since, until).await?))
}

/// Le bilan de conservation : les reçus sont la somme des issues.
#[utoipa::path(
    get,
    path = "/api/v1/bilan",
    tag = "région",
    responses(
        (status = 200, description = "Le bilan de toutes les boîtes", body = Balance),
        Refused,
    )
)]
pub(super) async fn balance(
    extract::State(state): extract::State<WebState>,
    _: Plain,
) -> Result<Json<Balance>, WebRefusal> {
    Ok(Json(state.store().balance(None).await?))
}
