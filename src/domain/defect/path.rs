//! Where an item stands in a document.

use std::fmt;

use super::excerpt;

/// The path of an item: `etablissement[350054680]/service[SSR38888]/capacite[2]/@nombre` (public contract).
///
/// A service is named by its code, or by its rank where none can be read. A code may look like a rank, so the
/// text alone does not tell them apart: the path knows.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Path {
    text: String,
    service_by_rank: bool,
}

impl Path {
    /// The path of an item in this one.
    #[must_use]
    pub fn child(&self, step: &str) -> Self {
        let text = if self.text.is_empty() { step.to_owned() } else { format!("{}/{step}", self.text) };
        Self { text, service_by_rank: self.service_by_rank }
    }

    /// The same, its service being named by a rank or not.
    #[must_use]
    pub fn service_by_rank(self, service_by_rank: bool) -> Self {
        Self { service_by_rank, ..self }
    }

    /// The text of the contract.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether its service is named by its rank.
    pub fn names_service_by_rank(&self) -> bool {
        self.service_by_rank
    }

    /// In French: « établissement 350054680, service SSR38888, capacité n° 2 »; as it is where it follows no pattern
    /// known here.
    pub(super) fn in_words(&self) -> String {
        let words: Option<Vec<String>> = steps(&self.text).into_iter().map(|step| self.step_in_words(step)).collect();
        words.map_or_else(|| excerpt(&self.text), |words| words.join(", "))
    }

    fn step_in_words(&self, step: &str) -> Option<String> {
        if let Some(attribute) = step.strip_prefix('@') {
            return Some(format!("attribut « {attribute} »"));
        }
        match step.strip_suffix(']').and_then(|step| step.split_once('[')) {
            Some(("etablissement", key)) => Some(keyed("établissement", key, is_rank(key))),
            Some(("service", key)) => Some(keyed("service", key, self.service_by_rank)),
            Some(("capacite", key)) if is_rank(key) => Some(format!("capacité n° {key}")),
            Some(("capacite", words)) => Some(format!("capacité « {words} »")),
            Some((name, key)) => Some(format!("élément « {name} » n° {key}")),
            None if step.contains(['[', ']']) => None,
            None => Some(format!("élément « {step} »")),
        }
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl From<String> for Path {
    fn from(text: String) -> Self {
        Self { text, service_by_rank: false }
    }
}

impl From<&str> for Path {
    fn from(text: &str) -> Self {
        text.to_owned().into()
    }
}

/// The steps between slashes; a slash inside brackets belongs to a sender's value.
fn steps(path: &str) -> Vec<&str> {
    let mut depth = 0_usize;
    let at_slash = |character: char| {
        match character {
            '[' => depth += 1,
            ']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        character == '/' && depth == 0
    };
    path.split(at_slash).filter(|step| !step.is_empty()).collect()
}

fn keyed(name: &str, key: &str, by_rank: bool) -> String {
    if by_rank { format!("{name} n° {key}") } else { format!("{name} {key}") }
}

/// Whether a key is a rank where it can be nothing else: a FINESS number is longer, the words of a count are no number.
fn is_rank(key: &str) -> bool {
    key.len() <= 4 && key.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::Path;

    fn check(path: impl Into<Path>, expected: &str) {
        assert_eq!(path.into().in_words(), expected);
    }

    #[test]
    fn paths_are_said_in_words() {
        check(
            "etablissement[350054680]/service[SSR38888]/capacite[2]/@nombre",
            "établissement 350054680, service SSR38888, capacité n° 2, attribut « nombre »",
        );
        check("service[A]/capacite[disponible, femme]", "service A, capacité « disponible, femme »");
        check("etablissement[1]/service[12]/@code", "établissement n° 1, service 12, attribut « code »");
        let by_rank = Path::from("etablissement[350054680]").service_by_rank(true).child("service[2]").child("@code");
        check(by_rank, "établissement 350054680, service n° 2, attribut « code »");
        check("service[A/B]/@code", "service A/B, attribut « code »");
        check("/disponibilites/@mode", "élément « disponibilites », attribut « mode »");
        check("BEDS[3]", "élément « BEDS » n° 3");
        check("odd]path[", "odd]path[");
        check("", "");
    }
}
