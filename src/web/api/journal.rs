//! Mails for machines.

use axum::Json;
use axum::extract::{self, Path};

use super::dto::{Courriels, Defaut};
use super::params::{BadPath, ParamReading, Plain, Wanted, no_empty_value};
use super::problem::{Missing, Refused};
use crate::query::{Given, mailbox};
use crate::visibility;
use crate::visibility::Sight;
use crate::{Visitor, WebRefusal, WebState};
use store::MailId;
use store::search::{JournalEntry, MailHistory};

/// Une page du journal, filtrée et triée.
#[utoipa::path(
    get,
    path = "/api/v1/courriels",
    tag = "journal",
    params(Wanted),
    responses(
        (status = 200, description = "Une page, et les curseurs de ses voisines", body = Courriels),
        Refused,
    )
)]
pub(super) async fn list(
    extract::State(state): extract::State<WebState>,
    ParamReading(uri): ParamReading,
    visitor: Visitor,
) -> Result<Json<Courriels>, WebRefusal> {
    no_empty_value(&uri)?;
    let asked = Given::read(&uri).and_then(|given| given.asked(state.config(), &visitor));
    let asked = asked.map_err(|wrong| WebRefusal::Bad(wrong.to_string()))?;
    let found = state.store().journal(&asked.filter, &asked.page).await?;
    Ok(Json(Courriels::of(found, |entry| shown(entry, &state, &visitor))))
}

/// A line of the journal as this visitor may see it, its mailbox by the name that people know.
fn shown(entry: JournalEntry, state: &WebState, visitor: &Visitor) -> JournalEntry {
    let boite = mailbox(state.config(), &entry.boite).to_owned();
    visibility::line(visitor, &state.referential(), JournalEntry { boite, ..entry })
}

/// La vie d’un courriel : réception, jugement, capacités, requêtes, réponses.
#[utoipa::path(
    get,
    path = "/api/v1/courriels/{numero}",
    tag = "journal",
    params(("numero" = i64, Path, description = "Numéro de réception", minimum = 1)),
    responses(
        (status = 200, description = "Le courriel", body = MailHistory),
        Missing,
    )
)]
pub(super) async fn one(
    extract::State(state): extract::State<WebState>,
    _: Plain,
    visitor: Visitor,
    numero: Result<Path<i64>, BadPath>,
) -> Result<Json<MailHistory>, WebRefusal> {
    let id = mail(&numero)?;
    let outcome = state.store().outcome(id).await?.ok_or(WebRefusal::NotFound)?;
    let life = state.store().life(id).await?.ok_or(WebRefusal::NotFound)?;
    let life = if Sight::of(&visitor, &outcome) == Sight::Open { life } else { life.without_values() };
    Ok(Json(MailHistory { ligne: shown(life.ligne, &state, &visitor), ..life }))
}

/// Les défauts d’un courriel, comme ils ont été dits à l’expéditeur ; sans les valeurs ni les noms pour qui ne voit pas les
/// contenus.
#[utoipa::path(
    get,
    path = "/api/v1/courriels/{numero}/defauts",
    tag = "journal",
    params(("numero" = i64, Path, description = "Numéro de réception", minimum = 1)),
    responses(
        (status = 200, description = "Ses défauts", body = [Defaut]),
        Missing,
    )
)]
pub(super) async fn defects(
    extract::State(state): extract::State<WebState>,
    _: Plain,
    visitor: Visitor,
    numero: Result<Path<i64>, BadPath>,
) -> Result<Json<Vec<Defaut>>, WebRefusal> {
    let outcome = state.store().outcome(mail(&numero)?).await?.ok_or(WebRefusal::NotFound)?;
    let outcome = Sight::of(&visitor, &outcome).on(outcome);
    Ok(Json(outcome.all_defects().map(Defaut::from).collect()))
}

fn mail(numero: &Result<Path<i64>, BadPath>) -> Result<MailId, WebRefusal> {
    match numero {
        Ok(Path(numero)) if *numero > 0 => Ok(MailId::of(*numero)),
        _ => Err(WebRefusal::Bad("le numéro d’un courriel est un entier à partir de 1".to_owned())),
    }
}
