//! Which of the pieces of a mail are documents to read.
//!
//! The content decides, never the name or the media type alone: senders get both wrong.

use crate::report::Sniff;

use super::name::Names;

/// A document to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// For people only: decoded, without path or control characters, shortened, unique in the mail.
    pub name: String,
    /// The document as it was before the mail, in its own encoding.
    pub bytes: Vec<u8>,
}

/// What the sender makes of a piece, which counts only when its content is no known report.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Claims {
    /// It was meant to be XML: whatever it is, it deserves an answer.
    pub(super) xml: bool,
    /// It is text for people: that it is broken XML means nothing.
    pub(super) for_people: bool,
    /// It is a page or a picture: that it is XML of some kind means nothing either.
    pub(super) decorative: bool,
}

/// One document more than the limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Full;

/// The documents chosen so far, in the order of the mail.
pub(super) struct CandidateSelection {
    limit: usize,
    chosen: Vec<Candidate>,
    other: Option<Candidate>,
    reports: usize,
}

impl CandidateSelection {
    pub(super) fn new(limit: usize) -> Self {
        Self { limit, chosen: Vec::new(), other: None, reports: 0 }
    }

    /// How many known reports were offered.
    pub(super) fn reports(&self) -> usize {
        self.reports
    }

    /// Considers a piece that is no patient document.
    pub(super) fn offer(&mut self, candidate: Candidate, found: &Sniff, claims: Claims) -> Result<(), Full> {
        match found {
            Sniff::Known(_) => {
                self.reports += 1;
                self.choose(candidate)
            }
            Sniff::Broken if !claims.for_people => self.choose(candidate),
            Sniff::NotXml if claims.xml => self.choose(candidate),
            Sniff::OtherXml { root, .. } if claims.xml && is_page(root) => self.choose(candidate),
            Sniff::OtherXml { ignorable: false, .. } if !claims.decorative => {
                self.other.get_or_insert(candidate);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// The documents, each with a name of its own. XML of another kind is read only when there is
    /// nothing else, so that the sender hears D05, and only the first.
    pub(super) fn into_candidates(mut self) -> Vec<Candidate> {
        if self.chosen.is_empty() {
            self.chosen.extend(self.other);
        }
        let mut names = Names::default();
        let own_name = |chosen: Candidate| Candidate { name: names.unique(chosen.name), ..chosen };
        self.chosen.into_iter().map(own_name).collect()
    }

    fn choose(&mut self, candidate: Candidate) -> Result<(), Full> {
        if self.chosen.len() == self.limit {
            return Err(Full);
        }
        self.chosen.push(candidate);
        Ok(())
    }
}

/// A web page called XML is what a server answered instead of the report.
fn is_page(root: &str) -> bool {
    root.rsplit('}').next().is_some_and(|local| local.eq_ignore_ascii_case("html"))
}
