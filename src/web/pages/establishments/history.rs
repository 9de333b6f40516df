//! What was rejected of it.

use std::collections::HashMap;

use maud::{Markup, html};

use crate::pages::components::{badge, moment};
use crate::visibility::Sight;
use crate::{Visitor, WebRefusal, WebState};
use domain::capacity::Mode;
use domain::defect::Defect;
use domain::finess::Finess;
use domain::outcome::MailOutcome;
use store::MailId;
use store::search::{Filter, JournalEntry, Page};

/// Mails told of.
const LINES: u32 = 10;

/// A mail of which something was rejected.
pub(super) struct Rejected {
    pub(super) entry: JournalEntry,
    /// The rejections that concern this establishment, or no establishment in particular.
    pub(super) defects: Vec<Defect>,
    /// Whether they are all of documents that were only tried (`mode="test"`): nobody is waiting for their counts.
    pub(super) is_trial: bool,
}

/// The newest mails that name it and of which something was rejected.
pub(super) async fn rejected(state: &WebState, visitor: &Visitor, finess: Finess) -> Result<Vec<Rejected>, WebRefusal> {
    let filter = Filter { finess: Some(finess), rejected: true, ..Filter::default() };
    let found = state.store().journal(&filter, &Page::newest(LINES)).await?;
    let mails: Vec<MailId> = found.lines.iter().map(|entry| MailId::of(entry.numero)).collect();
    let outcomes: HashMap<MailId, MailOutcome> = state.store().outcomes(&mails).await?.into_iter().collect();
    let of_line = |entry: JournalEntry| {
        let outcome = outcomes.get(&MailId::of(entry.numero))?;
        rejected_of(entry, outcome, finess, Sight::of(visitor, outcome))
    };
    Ok(found.lines.into_iter().filter_map(of_line).collect())
}

/// What was rejected of a mail; what it only tried is left out where it meant something else.
fn rejected_of(entry: JournalEntry, outcome: &MailOutcome, finess: Finess, sight: Sight) -> Option<Rejected> {
    let of_mail = outcome.defects.iter().map(|defect| (defect, false));
    let of_documents = outcome
        .documents
        .iter()
        .flat_map(|document| document.defects.iter().map(|defect| (defect, document.mode == Mode::Test)));
    let all = of_mail.chain(of_documents).filter(|(defect, _)| concerns(defect, finess));
    let (tried, meant): (Vec<_>, Vec<_>) = all.partition(|(_, is_tried)| *is_tried);
    let is_trial = meant.is_empty();
    let shown = if is_trial { tried } else { meant }.into_iter().map(|(one, _)| sight.defect(one));
    let defects: Vec<Defect> = shown.collect();
    (!defects.is_empty()).then_some(Rejected { entry, defects, is_trial })
}

fn concerns(defect: &Defect, finess: Finess) -> bool {
    let path = defect.place().path.as_ref().map_or("", |path| path.as_str());
    defect.is_rejection() && (!path.starts_with("etablissement[") || path.contains(finess.as_str()))
}

pub(super) fn show(finess: Finess, rejected: &[Rejected], state: &WebState) -> Markup {
    html! {
        section aria-labelledby="rejets" {
            h2 #rejets { "Derniers rejets" }
            @if rejected.is_empty() { p { "Aucun rejet conservé." } } @else { (table(rejected, state)) }
            p { a href={ "/journal?finess=" (finess) "&rejets=oui" } { "Tous ses courriels rejetés, même en partie" } }
        }
    }
}

fn table(rejected: &[Rejected], state: &WebState) -> Markup {
    html! {
        div.large {
            table.cartes {
                caption.invisible { "Un courriel par ligne, le plus récent d’abord" }
                thead { tr {
                    th scope="col" { "Reçu" } th scope="col" { "Expéditeur" } th scope="col" { "Verdict" }
                    th scope="col" { "Rejets" } th scope="col" { "Doit agir" }
                } }
                tbody { @for one in rejected { (line(one, state)) } }
            }
        }
    }
}

fn line(one: &Rejected, state: &WebState) -> Markup {
    let entry = &one.entry;
    let Some(first) = one.defects.first() else { return html! {} };
    html! {
        tr {
            th scope="row" data-nom="Reçu" {
                span {
                    a href={ "/courriels/" (entry.numero) } { (moment::moment(entry.recu)) } ", "
                    (moment::ago(entry.recu, state.now()))
                }
            }
            td data-nom="Expéditeur" { (entry.expediteur.as_deref().unwrap_or("(inconnu)")) }
            td data-nom="Verdict" {
                (badge::verdict(&entry.verdict)) @if one.is_trial { " " (badge::framed("neutre", "essai")) }
            }
            td data-nom="Rejets" {
                span {
                    strong { (first.code()) } " " (first.message())
                    @if one.defects.len() > 1 { " (et " (one.defects.len() - 1) " de plus)" }
                }
            }
            td data-nom="Doit agir" { span { (badge::actors(first.code().actors())) } }
        }
    }
}
