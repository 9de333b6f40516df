//! The checks on one service: known, open, once in the document, observed neither too early nor
//! too late.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{Context, counts};
use crate::capacity::{Count, ServiceCode, Statut};
use crate::defect::{Code, Defect};
use crate::finess::Finess;
use crate::outcome::in_paris;
use crate::report::{Etablissement, PlacedCount, Service};

/// The counts of a service that stand, and what is wrong with it.
pub(super) struct Judged {
    pub(super) counts: Vec<Count>,
    pub(super) defects: Vec<Defect>,
}

/// Judges one service. `known` tells that its establishment was accepted: only then may the
/// referential be spoken of to this sender.
pub(super) fn judge(
    service: &Service,
    owner: &Etablissement,
    census: &Census,
    known: bool,
    context: &Context<'_>,
) -> Judged {
    let finess = owner.finess.filter(|_| known);
    let mut defects: Vec<Defect> = [
        unknown(service, finess, context),
        repeated(service, owner.finess, census),
        service.date_releve.and_then(|date| untimely(service, date, context)),
    ]
    .into_iter()
    .flatten()
    .collect();
    let rejected = service.rejected || !defects.is_empty();
    let closed = finess.zip(service.code.as_ref()).is_some_and(|(finess, code)| is_closed(finess, code, context));
    let accepted = counts::judge(service, context.rules, &mut defects);
    let accepted = if closed { without_available(accepted, &mut defects) } else { accepted };
    let counts = if rejected { Vec::new() } else { accepted.iter().map(|placed| placed.count).collect() };
    Judged { counts, defects }
}

fn unknown(service: &Service, finess: Option<Finess>, context: &Context<'_>) -> Option<Defect> {
    let (referential, finess, code) = (context.referential?, finess?, service.code.as_ref()?);
    if referential.service(finess, code).is_some() {
        return None;
    }
    let defect = Defect::new(Code::S01, service.place.clone()).found(code.as_str());
    // Codes are only suggested to a sender who may report for the establishment.
    let near = context.sender.map(|_| referential.codes_like(finess, code)).unwrap_or_default();
    if near.is_empty() {
        return Some(defect);
    }
    let list = near.iter().map(|code| format!("« {code} »")).collect::<Vec<_>>().join(", ");
    Some(defect.expected(format!("un code connu de cet établissement ; les plus proches : {list}")))
}

/// How often each service stands in a document.
pub(super) struct Census(BTreeMap<(Finess, ServiceCode), usize>);

impl Census {
    pub(super) fn of(all: &[Etablissement]) -> Self {
        let mut times = BTreeMap::new();
        for (finess, service) in all.iter().flat_map(|owner| owner.services.iter().map(move |one| (owner.finess, one)))
        {
            if let (Some(finess), Some(code)) = (finess, &service.code) {
                *times.entry((finess, code.clone())).or_default() += 1;
            }
        }
        Self(times)
    }
}

fn repeated(service: &Service, finess: Option<Finess>, census: &Census) -> Option<Defect> {
    let (finess, code) = (finess?, service.code.as_ref()?);
    let times = census.0.get(&(finess, code.clone())).copied().unwrap_or(0);
    (times > 1).then(|| {
        Defect::new(Code::S03, service.place.clone())
            .found(format!("{code}, {times} fois"))
            .expected("une seule fois par établissement et par document")
    })
}

fn untimely(service: &Service, date: Timestamp, context: &Context<'_>) -> Option<Defect> {
    let rules = context.rules;
    let defect =
        |code| Defect::new(code, service.date_place.clone()).found(format!("le {}, heure de Paris", in_paris(date)));
    let received = in_paris(context.received_at);
    let ahead = date.duration_since(context.received_at);
    if ahead > rules.avance_maximale.signed() {
        return Some(
            defect(Code::H02).expected(format!("une date au plus tard à la réception du courriel, le {received}")),
        );
    }
    (-ahead > rules.age_maximal.signed()).then(|| {
        let hours = rules.age_maximal.get().as_secs() / 3_600;
        let age = if hours >= 48 { format!("{} jours", hours / 24) } else { format!("{hours} heures") };
        defect(Code::H03).expected(format!("un relevé de moins de {age} à la réception du courriel, le {received}"))
    })
}

fn is_closed(finess: Finess, code: &ServiceCode, context: &Context<'_>) -> bool {
    context.referential.and_then(|known| known.service(finess, code)).is_some_and(|service| !service.open)
}

/// S02: a closed service may declare anything but available beds (ROR, RG_EXP_047).
fn without_available(counts: Vec<PlacedCount>, defects: &mut Vec<Defect>) -> Vec<PlacedCount> {
    let (refused, kept): (Vec<_>, Vec<_>) = counts
        .into_iter()
        .partition(|placed| placed.count.indicator.statut() == Statut::Disponible && placed.count.nombre.get() > 0);
    defects.extend(refused.iter().map(|placed| {
        Defect::new(Code::S02, placed.place.clone()).found(placed.count.nombre.get().to_string()).expected("0")
    }));
    kept
}
