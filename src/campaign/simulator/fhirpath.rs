//! The two shapes of FHIRPath that the write service understands.

use super::key::IndicatorKey;

/// The extension that holds one indicator.
pub(super) const CAPACITY: &str =
    "https://interop.esante.gouv.fr/ig/fhir/ror/StructureDefinition/ror-location-supported-capacity";

/// What a path selects.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum PathSelection {
    /// All capacities of the location: the path of an `add`.
    All,
    /// The capacity under a key: the path of a `replace` or a `delete`.
    One(IndicatorKey),
}

/// The path of all capacities, which the ROR also names in its 404.
pub(super) fn capacities() -> String {
    format!("Location.extension.where(url='{CAPACITY}')")
}

/// Reads a path; blanks between its words do not matter, anything else does.
pub(super) fn parse(path: &str) -> Option<PathSelection> {
    let mut rest = Rest(path);
    rest.words(&["Location.extension.where(", "url", "=", "'", CAPACITY, "'", ")"])?;
    if rest.is_over() {
        return Some(PathSelection::All);
    }
    rest.words(&[".where("])?;
    let mut key = IndicatorKey::default();
    rest.clause(&mut key)?;
    while rest.words(&["and"]).is_some() {
        rest.clause(&mut key)?;
    }
    rest.words(&[")"])?;
    rest.is_over().then_some(PathSelection::One(key))
}

/// What is left to read.
struct Rest<'a>(&'a str);

impl<'a> Rest<'a> {
    fn is_over(&self) -> bool {
        self.0.trim().is_empty()
    }

    /// Passes over these words, blanks before each allowed; stays in place if they are not there.
    fn words(&mut self, words: &[&str]) -> Option<()> {
        let mut rest = self.0;
        for word in words {
            rest = rest.trim_start().strip_prefix(word)?;
        }
        self.0 = rest;
        Some(())
    }

    fn quoted(&mut self) -> Option<&'a str> {
        let (text, rest) = self.0.trim_start().strip_prefix('\'')?.split_once('\'')?;
        self.0 = rest;
        Some(text)
    }

    /// `extension.where(url = 'name' and valueCodeableConcept.coding.code = 'code')`, each name once.
    fn clause(&mut self, key: &mut IndicatorKey) -> Option<()> {
        self.words(&["extension.where(", "url", "="])?;
        let name = self.quoted()?;
        self.words(&["and", "valueCodeableConcept.coding.code", "="])?;
        let code = self.quoted()?;
        self.words(&[")"])?;
        let attribute = key.attribute(name).filter(|attribute| attribute.is_none())?;
        *attribute = Some(code.to_owned());
        Some(())
    }
}
