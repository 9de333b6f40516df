//! `compte-rendu.xml`: the same outcome for the sender's software, as `schemas/compte-rendu-1.xsd`
//! describes it.

use std::io;

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesEnd, BytesStart, Event};

use super::classify::{is_confidential, is_test};
use super::discretion::discreet;
use domain::capacity::Mode;
use domain::defect::{Actor, Code, Defect, excerpt};
use domain::outcome::{DocumentOutcome, MailOutcome, OutcomeLine, Verdict, whole_seconds};

/// The namespace of the document.
pub const NAMESPACE: &str = "urn:fr:dispolits:compte-rendu:1";
/// The most `ligne` elements of one document; `lignesOmises` of the root counts the others.
pub const LIGNES_LIMIT: usize = 20_000;
/// The most `defaut` elements of one document; `defautsOmis` of the root counts the others.
pub const DEFAUTS_LIMIT: usize = 2_000;
/// The most characters of one attribute: any Message-ID (RFC 5322, section 2.1.1) and any text of ours.
const VALUE_CHARS: usize = 1_000;

type Attributes<'a> = Vec<(&'a str, String)>;

/// The XML of an outcome, UTF-8. Characters that XML 1.0 forbids are replaced by « · ».
pub fn compte_rendu(outcome: &MailOutcome) -> String {
    xml(&discreet(outcome))
}

/// The XML of an outcome from which is left out what letters keep to themselves.
pub(super) fn xml(outcome: &MailOutcome) -> String {
    let mut report = Report::new(outcome);
    // Writing into memory cannot fail.
    let _ = report.write(outcome);
    String::from_utf8(report.writer.into_inner()).unwrap_or_default()
}

/// The XML being written, and how much may still be.
struct Report {
    writer: Writer<Vec<u8>>,
    lignes: usize,
    defauts: usize,
    confidential: bool,
}

impl Report {
    fn new(outcome: &MailOutcome) -> Self {
        Self {
            writer: Writer::new_with_indent(Vec::new(), b' ', 2),
            lignes: LIGNES_LIMIT,
            defauts: DEFAUTS_LIMIT,
            confidential: is_confidential(outcome),
        }
    }

    fn write(&mut self, outcome: &MailOutcome) -> io::Result<()> {
        self.writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
        self.writer.write_event(Event::Start(element("compteRendu", &root(outcome))))?;
        outcome.documents.iter().try_for_each(|document| self.document(document))?;
        self.defauts(&outcome.defects)?;
        self.writer.write_event(Event::End(BytesEnd::new("compteRendu")))?;
        self.writer.get_mut().push(b'\n');
        Ok(())
    }

    fn document(&mut self, document: &DocumentOutcome) -> io::Result<()> {
        let attributes = self.document_attributes(document);
        if document.lines.is_empty() && document.defects.is_empty() {
            return self.writer.write_event(Event::Empty(element("document", &attributes)));
        }
        self.writer.write_event(Event::Start(element("document", &attributes)))?;
        self.lignes(&document.lines)?;
        self.defauts(&document.defects)?;
        self.writer.write_event(Event::End(BytesEnd::new("document")))
    }

    fn document_attributes<'a>(&self, document: &DocumentOutcome) -> Attributes<'a> {
        let shown = |text: &str| if self.confidential { String::new() } else { excerpt(text) };
        let mut attributes = vec![("nom", shown(&document.name))];
        attributes.extend(document.identifiant.as_deref().map(|id| ("identifiant", shown(id))));
        attributes.push(("sha256", document.sha256.clone()));
        attributes.push(("verdict", word(document.verdict).to_owned()));
        attributes.extend(mode(document.mode == Mode::Test));
        if let Some((at, verdict)) = document.first_seen {
            attributes.extend([("dejaRecuLe", whole_seconds(at)), ("premierVerdict", verdict.word().to_owned())]);
        }
        attributes
    }

    fn lignes(&mut self, lines: &[OutcomeLine]) -> io::Result<()> {
        let shown = lines.len().min(self.lignes);
        self.lignes -= shown;
        lines
            .iter()
            .take(shown)
            .try_for_each(|line| self.writer.write_event(Event::Empty(element("ligne", &line.fields()))))
    }

    fn defauts(&mut self, defects: &[Defect]) -> io::Result<()> {
        let shown = defects.len().min(self.defauts);
        self.defauts -= shown;
        defects
            .iter()
            .take(shown)
            .try_for_each(|defect| self.writer.write_event(Event::Empty(element("defaut", &defaut(defect)))))
    }
}

fn element<'a>(name: &'a str, attributes: &[(&str, String)]) -> BytesStart<'a> {
    let mut element = BytesStart::new(name);
    for (name, value) in attributes {
        element.push_attribute((*name, legal(value).as_str()));
    }
    element
}

fn root(outcome: &MailOutcome) -> Attributes<'static> {
    let omitted = |count: usize, limit: usize| Some(count.saturating_sub(limit)).filter(|more| *more > 0);
    let lignes = outcome.documents.iter().map(|document| document.lines.len()).sum();
    let mut attributes = vec![("xmlns", NAMESPACE.to_owned())];
    attributes.extend(outcome.message_id.as_ref().map(|id| ("messageId", id.clone())));
    attributes.push(("dateReception", whole_seconds(outcome.received_at)));
    attributes.push(("verdict", word(outcome.verdict).to_owned()));
    attributes.extend(mode(is_test(outcome)));
    attributes.extend(omitted(lignes, LIGNES_LIMIT).map(|more| ("lignesOmises", more.to_string())));
    let defauts = outcome.all_defects().count();
    attributes.extend(omitted(defauts, DEFAUTS_LIMIT).map(|more| ("defautsOmis", more.to_string())));
    attributes
}

/// What was sent to be tried is marked: its verdict says what it would have been, and nothing went to the ROR.
fn mode(is_test: bool) -> Option<(&'static str, String)> {
    is_test.then(|| ("mode", "test".to_owned()))
}

fn defaut(defect: &Defect) -> Attributes<'static> {
    let code = defect.code();
    let agir: Vec<&str> = code.actors().iter().copied().map(Actor::word).collect();
    let mut attributes = vec![
        ("code", code.to_string()),
        ("nom", code.name().to_owned()),
        ("severite", defect.severity().word().to_owned()),
        ("agir", agir.join(" ")),
    ];
    // What a patient document is called and holds may name the patient.
    if code != Code::M06 {
        attributes.extend(place(defect));
    }
    attributes.push(("message", defect.message().to_owned()));
    attributes.push(("conseil", defect.hint().to_owned()));
    attributes
}

fn place(defect: &Defect) -> impl Iterator<Item = (&'static str, String)> {
    let place = defect.place();
    [
        ("piece", (!place.piece.is_empty()).then(|| excerpt(&place.piece))),
        ("ligne", place.line.map(|line| line.to_string())),
        ("colonne", place.column.map(|column| column.to_string())),
        ("chemin", place.path.as_ref().map(ToString::to_string)),
        ("trouve", defect.found_text().map(str::to_owned)),
        ("attendu", defect.expected_text().map(str::to_owned)),
    ]
    .into_iter()
    .filter_map(|(name, value)| Some((name, value?)))
}

fn word(verdict: Option<Verdict>) -> &'static str {
    verdict.map_or("en-cours", Verdict::word)
}

/// Replaces what an attribute of XML 1.0 cannot hold (section 2.2) or would not keep (line ends).
fn legal(text: &str) -> String {
    let forbidden = |character: char| character.is_control() || matches!(character, '\u{fffe}' | '\u{ffff}');
    text.chars().take(VALUE_CHARS).map(|character| if forbidden(character) { '·' } else { character }).collect()
}
