//! The checks on one service: known, open, once in the document, observed neither too early nor
//! too late.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::collected::Collected;
use super::{Context, counts};
use base::config_values::Span;
use domain::capacity::{Count, ServiceCode};
use domain::defect::{Code, Defect};
use domain::finess::Finess;
use domain::outcome::in_paris_together;
use reading::report::{Etablissement, ReportedService};

/// The counts of a service that stand; what is wrong with it goes to `defects`. `known` tells that its establishment
/// was accepted: only then may the referential be spoken of to this sender, or to who tries a file before it is sent.
pub(super) fn judge(
    service: &ReportedService,
    owner: &Etablissement,
    census: &Census,
    known: bool,
    context: &Context<'_>,
    defects: &mut Collected,
) -> Vec<Count> {
    let finess = owner.finess.filter(|_| known);
    let own: Vec<Defect> = [
        unknown(service, finess, context),
        repeated(service, owner.finess, census),
        service.date_releve.and_then(|date| untimely(service, date, context)),
    ]
    .into_iter()
    .flatten()
    .collect();
    let rejected = service.rejected || !own.is_empty();
    for defect in own {
        defects.note(defect.severity(), || defect);
    }
    let place = finess.zip(service.code.as_ref());
    let closing = place.and_then(|(finess, code)| context.referential?.closing(finess, code));
    let accepted = counts::judge(service, closing, context.rules, defects);
    if rejected { Vec::new() } else { accepted.iter().map(|placed| placed.count).collect() }
}

fn unknown(service: &ReportedService, finess: Option<Finess>, context: &Context<'_>) -> Option<Defect> {
    let (referential, finess, code) = (context.referential?, finess?, service.code.as_ref()?);
    if referential.service(finess, code).is_some() {
        return None;
    }
    let defect = Defect::new(Code::S01, service.place.clone()).found(code.as_str());
    let near = referential.codes_like(finess, code);
    if let Some(same) = near.iter().find(|known| known.is_like(code)) {
        let expected =
            format!("« {same} », qui n’en diffère que par des espaces, des zéros, des signes ou des majuscules");
        return Some(defect.expected(expected).hint_instead(format!("Écrivez exactement « {same} ».")));
    }
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

fn repeated(service: &ReportedService, finess: Option<Finess>, census: &Census) -> Option<Defect> {
    let (finess, code) = (finess?, service.code.as_ref()?);
    let times = census.0.get(&(finess, code.clone())).copied().unwrap_or(0);
    (times > 1).then(|| {
        Defect::new(Code::S03, service.place.clone())
            .found(format!("{code}, {times} fois"))
            .expected("une seule fois par établissement et par document")
    })
}

/// H02 and H03. The bounds are told, not what they are counted from: a file that is only checked has no mail.
fn untimely(service: &ReportedService, date: Timestamp, context: &Context<'_>) -> Option<Defect> {
    let (ahead, age) = (context.rules.avance_maximale, context.rules.age_maximal);
    let received_at = context.received_at;
    let past = date.duration_since(received_at);
    let (code, bound) = if past > ahead.signed() {
        (Code::H02, received_at.saturating_add(ahead.signed()).unwrap_or(Timestamp::MAX))
    } else if -past > age.signed() {
        (Code::H03, received_at.saturating_sub(age.signed()).unwrap_or(Timestamp::MIN))
    } else {
        return None;
    };
    let [date, told] = in_paris_together([date, bound]);
    let expected = match code {
        Code::H02 => format!("au plus tard le {told}, heure de Paris ({} d’avance au plus)", in_words(ahead)),
        _ => format!("au plus tôt le {told}, heure de Paris ({} d’ancienneté au plus)", in_words(age)),
    };
    let dated = format!("Le relevé est daté du {date}, heure de Paris.");
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
