//! The checks on one service: known, open, once in the document, observed neither too early nor
//! too late.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{Context, counts};
use crate::capacity::{Count, ServiceCode, Statut};
use crate::defect::{Code, Defect};
use crate::finess::Finess;
use crate::outcome::in_paris;
use crate::referential::Closing;
use crate::report::{Etablissement, PlacedCount, Service};
use crate::setting::Span;

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
    let place = finess.zip(service.code.as_ref());
    let closing = place.and_then(|(finess, code)| context.referential?.closing(finess, code));
    let accepted = counts::judge(service, context.rules, &mut defects);
    let accepted = match closing {
        Some(closing) => without_available(accepted, closing, &mut defects),
        None => accepted,
    };
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

/// H02 and H03. The bounds are told, not what they are counted from: a file that is only checked has no mail.
fn untimely(service: &Service, date: Timestamp, context: &Context<'_>) -> Option<Defect> {
    let (ahead, age) = (context.rules.avance_maximale, context.rules.age_maximal);
    let received_at = context.received_at;
    let past = date.duration_since(received_at);
    let (code, expected) = if past > ahead.signed() {
        let latest = in_paris(received_at.saturating_add(ahead.signed()).unwrap_or(Timestamp::MAX));
        (Code::H02, format!("au plus tard le {latest}, heure de Paris ({} d’avance au plus)", in_words(ahead)))
    } else if -past > age.signed() {
        let oldest = in_paris(received_at.saturating_sub(age.signed()).unwrap_or(Timestamp::MIN));
        (Code::H03, format!("au plus tôt le {oldest}, heure de Paris ({} d’ancienneté au plus)", in_words(age)))
    } else {
        return None;
    };
    let dated = format!("Le relevé est daté du {}, heure de Paris.", in_paris(date));
    Some(Defect::new(code, service.date_place.clone()).found(&service.date_text).expected(expected).detail(dated))
}

/// « 7 jours », « 36 heures », « 5 minutes »: in the largest unit that tells it exactly.
fn in_words(span: Span) -> String {
    let seconds = span.get().as_secs();
    let units = [(86_400, "jour"), (3_600, "heure"), (60, "minute")];
    let fitting = units.into_iter().find(|(unit, _)| seconds >= *unit && seconds.is_multiple_of(*unit));
    let (unit, name) = fitting.unwrap_or((1, "seconde"));
    let plural = if seconds / unit > 1 { "s" } else { "" };
    format!("{} {name}{plural}", seconds / unit)
}

/// S02: a closed service may declare anything but available beds (ROR, RG_EXP_047).
fn without_available(counts: Vec<PlacedCount>, closing: Closing, defects: &mut Vec<Defect>) -> Vec<PlacedCount> {
    let (refused, kept): (Vec<_>, Vec<_>) = counts
        .into_iter()
        .partition(|placed| placed.count.indicator.statut() == Statut::Disponible && placed.count.nombre.get() > 0);
    defects.extend(refused.iter().map(|placed| {
        let found = placed.count.nombre.get().to_string();
        let defect = Defect::new(Code::S02, placed.place.clone()).found(found).expected("0");
        match closing {
            Closing::Service => defect,
            Closing::Establishment => defect.detail("Tout son établissement y est fermé."),
        }
    }));
    kept
}
