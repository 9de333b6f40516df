//! « À corriger »: one numbered entry for each kind of defect, with all its places.

use std::collections::HashMap;

use super::classify::{actors, actors_in_words};
use super::layout::Page;
use domain::defect::{Actor, Code, Defect};

/// The most entries written out; the rest is in the XML.
const ENTRIES_LIMIT: usize = 50;
/// The most places written out in one entry: a fault of the software stands everywhere, and one mend is enough.
const PLACES_LIMIT: usize = 3;

/// A defect, and which mail it is of where several are told of together.
pub(super) struct Sighting<'a> {
    defect: &'a Defect,
    mail: String,
}

/// Defects that differ only by their place.
struct Correction<'a> {
    defect: &'a Defect,
    places: Vec<String>,
}

impl<'a> Sighting<'a> {
    /// A defect of a mail told of in words.
    pub(super) fn of_mail(defect: &'a Defect, mail: &str) -> Self {
        Self { defect, mail: mail.to_owned() }
    }

    fn place(&self) -> String {
        let place = self.defect.place().in_full();
        [self.mail.as_str(), &place].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ")
    }
}

impl<'a> From<&'a Defect> for Sighting<'a> {
    fn from(defect: &'a Defect) -> Self {
        Self::of_mail(defect, "")
    }
}

/// How many entries the section of these defects has.
pub(super) fn entries<'a>(defects: impl Iterator<Item = &'a Defect>) -> usize {
    grouped(defects).len()
}

/// The title over rejections: those that the sender cannot mend are only told.
pub(super) fn title<'a>(rejections: impl Iterator<Item = &'a Defect>) -> &'static str {
    if actors(rejections).contains(&Actor::Etablissement) { "À corriger" } else { "Ce qui a été rejeté" }
}

/// Writes the section, or nothing when there is no defect.
pub(super) fn section<'a, S: Into<Sighting<'a>>>(page: &mut Page, title: &str, defects: impl Iterator<Item = S>) {
    let entries = grouped(defects);
    if entries.is_empty() {
        return;
    }
    let everybody = actors(entries.iter().map(|entry| entry.defect));
    page.heading(title);
    for (rank, entry) in entries.iter().take(ENTRIES_LIMIT).enumerate() {
        write_entry(page, rank + 1, entry, &everybody);
    }
    if let Some(more) = entries.len().checked_sub(ENTRIES_LIMIT).filter(|more| *more > 0) {
        let others = if more > 1 { format!("{more} autres") } else { "un autre".to_owned() };
        page.paragraph(&format!("… et {others} : voir le compte rendu XML."));
    }
}

fn grouped<'a, S: Into<Sighting<'a>>>(defects: impl Iterator<Item = S>) -> Vec<Correction<'a>> {
    let mut ranks = HashMap::new();
    let mut entries: Vec<Correction<'a>> = Vec::new();
    for sighting in defects.map(Into::into) {
        let defect = sighting.defect;
        let rank = *ranks.entry(defect.fault()).or_insert(entries.len());
        if rank == entries.len() {
            entries.push(Correction { defect, places: Vec::new() });
        }
        if let Some(entry) = entries.get_mut(rank) {
            entry.places.push(sighting.place());
        }
    }
    entries
}

fn write_entry(page: &mut Page, number: usize, entry: &Correction<'_>, everybody: &[Actor]) {
    let defect = entry.defect;
    let code = defect.code();
    page.gap();
    page.item(&format!("{number:>2}. "), defect.message());
    // The names and values of a patient document may name the patient.
    if code != Code::M06 {
        write_places(page, &entry.places);
        write_values(page, defect);
    }
    page.item("    Conseil : ", defect.hint());
    if actors(std::iter::once(defect)) != everybody {
        page.item("    Qui doit agir : ", &actors_in_words(code.actors()));
    }
    page.item("    Code : ", &format!("{code} {}", code.name()));
}

fn write_places(page: &mut Page, places: &[String]) {
    let known: Vec<&String> = places.iter().filter(|place| !place.is_empty()).collect();
    if let [only] = known.as_slice() {
        return page.item("    Où : ", only);
    }
    for (rank, place) in known.iter().take(PLACES_LIMIT).enumerate() {
        page.item(if rank == 0 { "    Où : - " } else { "         - " }, place);
    }
    if known.len() > PLACES_LIMIT {
        page.item("         - ", &format!("et ailleurs, {} endroits en tout", known.len()));
    }
}

fn write_values(page: &mut Page, defect: &Defect) {
    if let Some(found) = defect.found_text() {
        page.item("    Trouvé : ", &format!("« {found} »"));
    }
    if let Some(expected) = defect.expected_text() {
        page.item("    Attendu : ", expected);
    }
}
