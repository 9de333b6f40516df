//! The documents of a mail, with what is wrong in each.

use maud::{Markup, html};

use super::counts;
use super::view::{MailView, Sight};
use crate::pages::components::{badge, defect, fact, listing, moment, plural};
use domain::defect::Defect;
use domain::outcome::{DocumentOutcome, Verdict};
use judging::referential::Referential;

/// What is wrong with the mail as a whole.
pub(super) fn mail_defects(dossier: &MailView) -> Markup {
    let defects: Vec<&Defect> = dossier.outcome.defects.iter().collect();
    html! {
        @if !defects.is_empty() {
            section aria-labelledby="defauts-courriel" {
                h2 #defauts-courriel { "Ce qui est refusé dans le courriel" }
                (defect::list(&defects, "m"))
            }
        }
    }
}

/// One document, by its rank.
pub(super) fn document(dossier: &MailView, rank: usize, referential: &Referential) -> Markup {
    let Some(document) = dossier.outcome.documents.get(rank) else { return html! {} };
    let title = format!("document-{}", rank + 1);
    html! {
        section.document aria-labelledby=(title) {
            h2 id=(title) {
                "Document " (rank + 1) " " @if let Some(name) = dossier.document_name(rank) { ": " (name) " " }
                (badge::verdict(document.verdict.map_or("en-cours", Verdict::word)))
            }
            (about(dossier, document, rank))
            (wrong(dossier, document, rank))
            (counts::show(dossier, rank, referential))
        }
    }
}

fn about(dossier: &MailView, document: &DocumentOutcome, rank: usize) -> Markup {
    let name = |text: &String| html! { code { (text) } };
    let first = dossier.life.documents.get(rank).and_then(|document| document.doublon_de);
    let identifiant = document.identifiant.as_ref();
    html! {
        dl.faits {
            (fact("Identifiant", identifiant.map(name)))
            (fact("Déjà reçu", document.first_seen.map(|(at, verdict)| html! {
                "le " (moment::moment(at)) ", alors " (verdict.in_words())
                @if let Some(first) = first { " : " a href={ "/courriels/" (first) } { "courriel n° " (first) } }
            })))
            (fact("Fichier", downloadable(dossier, rank).then(|| html! {
                a href={ "/courriels/" (dossier.entry().numero) "/documents/" (rank + 1) } { "télécharger le document" }
            })))
        }
    }
}

fn downloadable(dossier: &MailView, rank: usize) -> bool {
    dossier.message().is_some_and(|message| message.candidates().get(rank).is_some())
}

fn wrong(dossier: &MailView, document: &DocumentOutcome, rank: usize) -> Markup {
    let mut defects: Vec<&Defect> = document.defects.iter().collect();
    defects.sort_by_key(|defect| !defect.is_rejection());
    let anchor = format!("d{}-", rank + 1);
    let text = dossier.text(rank);
    html! {
        @if !defects.is_empty() {
            h3 { (tally(&defects)) }
            (defect::list(&defects, &anchor))
        }
        @match text {
            Some(text) => {
                details open[!defects.is_empty()] {
                    summary { "Le document reçu, ligne par ligne" }
                    (listing::show(&text, &defects, &anchor))
                }
            }
            None => { p.note { (unseen(dossier)) } }
        }
    }
}

fn tally(defects: &[&Defect]) -> String {
    let rejections = defects.iter().filter(|defect| defect.is_rejection()).count();
    let warnings = defects.len() - rejections;
    let count = |count: usize, one, many| plural(i64::try_from(count).unwrap_or(i64::MAX), one, many);
    let parts = [(rejections, "rejet", "rejets"), (warnings, "avertissement", "avertissements")];
    let parts = parts.into_iter().filter(|(number, ..)| *number > 0);
    parts.map(|(number, one, many)| count(number, one, many)).collect::<Vec<_>>().join(", ")
}

fn unseen(dossier: &MailView) -> &'static str {
    match (dossier.sight, &dossier.mail.raw) {
        (Sight::Patient, _) => "Document de patient : seul un administrateur peut le voir.",
        (Sight::Closed, _) => "Votre rôle ne donne pas accès au contenu des documents.",
        (Sight::Open, None) => "Le contenu a été effacé au terme de sa conservation.",
        (Sight::Open, Some(_)) => "Ce document ne se lit pas comme du texte.",
    }
}
