//! The detail for each document: its verdict, and its counts service by service.

use std::collections::BTreeMap;

use super::classify::in_words;
use super::counts::Tally;
use super::layout::Page;
use super::summary::then;
use domain::capacity::{Location, Mode};
use domain::defect::excerpt;
use domain::outcome::{DocumentOutcome, Verdict, in_paris};

/// The most services written out in one reply; the rest is in the XML.
const SERVICES_LIMIT: usize = 200;
/// The most documents written out in one reply.
const DOCUMENTS_LIMIT: usize = 50;

/// Writes the section, or nothing when the mail held no document.
pub(super) fn section(page: &mut Page, documents: &[DocumentOutcome]) {
    if documents.is_empty() {
        return;
    }
    page.heading("Détail");
    let mut room = SERVICES_LIMIT;
    for document in documents.iter().take(DOCUMENTS_LIMIT) {
        write_document(page, document, &mut room);
    }
    if documents.len() > DOCUMENTS_LIMIT {
        page.paragraph("… les autres fichiers figurent dans compte-rendu.xml.");
    }
}

fn write_document(page: &mut Page, document: &DocumentOutcome, room: &mut usize) {
    page.paragraph(&format!("Fichier {}.", summary(document)));
    let services = by_service(document);
    let shown = services.len().min(*room);
    for (location, tally) in services.iter().take(shown) {
        let service = format!("établissement {}, service {}", location.finess(), location.service());
        page.item("  - ", &format!("{service} : {}", tally.in_words()));
    }
    if services.len() > shown {
        page.item("  - ", &format!("et {} services de plus : voir compte-rendu.xml", services.len() - shown));
    }
    *room -= shown;
}

/// « rapport.xml (identifiant CHX-20261123-0755) : rejeté ».
pub(super) fn summary(document: &DocumentOutcome) -> String {
    let identifiant = document.identifiant.as_deref().map(|id| format!(" (identifiant {})", excerpt(id)));
    format!("{}{} : {}", excerpt(&document.name), identifiant.unwrap_or_default(), verdict(document))
}

fn verdict(document: &DocumentOutcome) -> String {
    let test = if document.mode == Mode::Test { " (mode test)" } else { "" };
    let words = match (document.verdict, document.first_seen) {
        (None, _) => "en cours".to_owned(),
        (Some(Verdict::Doublon), Some((at, first))) => {
            format!("déjà reçu le {}, alors {}", in_paris(at), then(first, document.mode))
        }
        (Some(verdict), _) => in_words(verdict, document.mode).to_owned(),
    };
    format!("{words}{test}")
}

fn by_service(document: &DocumentOutcome) -> BTreeMap<&Location, Tally> {
    let mut services: BTreeMap<&Location, Tally> = BTreeMap::new();
    for line in &document.lines {
        services.entry(&line.update.location).or_default().add(line);
    }
    services
}
