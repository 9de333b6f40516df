//! The judgement on a document, whatever its format: what may be pushed, and what is wrong.
//!
//! Pure: the referential, the sender, the time of reception and the rules come in as values.
//! A report is judged count by count; a fault rejects all that stands under it.

mod coherence;
mod collected;
mod counts;
mod indicators;
mod rules;
mod services;

use jiff::Timestamp;

use crate::referential::{PlaceKind, Referential};
use domain::address::Address;
use domain::capacity::{Location, Update};
use domain::defect::{Code, Defect, Place};
use domain::finess::Finess;
use domain::outcome::Verdict;
use reading::report::{Etablissement, ReportReading};

use collected::Collected;

pub use indicators::{Indicators, IndicatorsError};
pub use rules::{Policy, Rules};

/// The codes that cannot be judged without a referential.
pub const NEEDS_REFERENTIAL: [Code; 6] = [Code::E03, Code::E04, Code::E05, Code::S01, Code::S02, Code::M01];

/// All that a judgement depends on besides the document.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// The referential; without one, [`NEEDS_REFERENTIAL`] are not judged.
    pub referential: Option<&'a Referential>,
    /// Who sent the document; without one, E04 is not judged.
    pub sender: Option<&'a Address>,
    /// When the mail was received: ages are counted from it, so that a mail judged late is judged
    /// as if it had been judged at once.
    pub received_at: Timestamp,
    /// The configured rules.
    pub rules: &'a Rules,
    /// Whether the sender used this identifiant before for another content (D07).
    pub identifiant_reused: bool,
}

/// What may be pushed and all that is wrong, in document order.
#[derive(Debug, Clone)]
pub struct Judgement {
    /// The accepted counts.
    pub updates: Vec<Update>,
    /// The reader's defects and those found here.
    pub defects: Vec<Defect>,
    /// The verdict before any answer of the ROR.
    pub verdict: Verdict,
}

/// Judges a document that was read.
pub fn judge(reading: ReportReading, context: &Context<'_>) -> Judgement {
    let ReportReading { head, etablissements, defects } = reading;
    let (mut updates, mut defects) = (Vec::new(), Collected::of(defects));
    if context.identifiant_reused {
        let place = head.place.clone().with_path("@identifiant");
        let identifiant = head.identifiant.as_deref().unwrap_or_default();
        defects.note(Code::D07.severity(), || Defect::new(Code::D07, place).found(identifiant));
    }
    let census = services::Census::of(&etablissements);
    for etablissement in &etablissements {
        judge_establishment(etablissement, &census, context, &mut updates, &mut defects);
    }
    let rejected = defects.rejects();
    if rejected && context.rules.policy == Policy::AllOrNothing {
        updates.clear();
    }
    let verdict = Verdict::of_rows(updates.len(), rejected);
    Judgement { updates, defects: defects.into_defects(), verdict }
}

fn judge_establishment(
    etablissement: &Etablissement,
    census: &services::Census,
    context: &Context<'_>,
    updates: &mut Vec<Update>,
    defects: &mut Collected,
) {
    let refusal = etablissement.finess.and_then(|finess| establishment_defect(finess, etablissement, context));
    let known = refusal.is_none();
    if let Some(defect) = refusal {
        defects.note(defect.severity(), || defect);
    }
    for service in &etablissement.services {
        let counts = services::judge(service, etablissement, census, known, context, defects);
        let owner = etablissement.finess.filter(|_| known && !etablissement.rejected);
        let (Some(finess), Some(code), Some(date_releve)) = (owner, &service.code, service.date_releve) else {
            continue;
        };
        updates.extend(counts.into_iter().map(|count| Update {
            location: Location::new(finess, code.clone()),
            count,
            date_releve,
            source: service.source,
        }));
    }
}

/// M01: the mail comes from nobody the referential knows. `from` is what its From says, `several` whether that is more
/// than one address, or one said twice: then nobody can say who sent it, each being declared or not.
pub fn unknown_sender(from: &str, several: bool) -> Defect {
    let defect =
        Defect::new(Code::M01, Place::mail()).found(from).expected("exactement une adresse, déclarée au GRADeS");
    if !several {
        return defect;
    }
    defect
        .sentence_instead(
            "Le champ From est répété ou porte plusieurs adresses : l’expéditeur ne peut pas être reconnu.",
        )
        .hint_instead("N’y laissez qu’une adresse, celle de la boîte MSSanté déclarée au GRADeS.")
}

/// E03, E05 and E04, in this order: one of them at most.
fn establishment_defect(finess: Finess, etablissement: &Etablissement, context: &Context<'_>) -> Option<Defect> {
    let referential = context.referential?;
    let defect = |code| Defect::new(code, etablissement.place.clone()).found(finess.as_str());
    match referential.establishment(finess) {
        None => Some(defect(Code::E03)),
        Some(known) if known.kind == PlaceKind::Ej => Some(legal_entity(&etablissement.place, finess, context)),
        Some(_) => {
            let stranger = context.sender.filter(|sender| !referential.may_send(sender, finess))?;
            let expected = format!("une adresse habilitée pour l’établissement {finess}");
            Some(Defect::new(Code::E04, etablissement.place.clone()).found(stranger.as_str()).expected(expected))
        }
    }
}

/// E05, with the EG this sender may report for: nobody else is told of them.
fn legal_entity(place: &Place, finess: Finess, context: &Context<'_>) -> Defect {
    let defect = Defect::new(Code::E05, place.clone()).found(finess.as_str());
    let own = match (context.referential, context.sender) {
        (Some(referential), Some(sender)) => referential.establishments_of(sender),
        _ => Vec::new(),
    };
    if own.is_empty() {
        return defect;
    }
    let list = own.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    defect.expected(format!("un numéro FINESS géographique parmi ceux que vous pouvez déclarer : {list}"))
}
