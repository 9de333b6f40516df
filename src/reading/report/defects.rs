//! The defects found while reading one document, kept up to a limit.

use std::ops::Range;

use super::source::DocumentSource;
use super::xml::XmlFault;
use domain::defect::{Defect, Place};

/// Collects defects and the fact that the document as a whole is rejected.
pub(super) struct Findings<'s> {
    source: &'s DocumentSource<'s>,
    limit: usize,
    kept: Vec<Defect>,
    unkept: usize,
    document_rejected: bool,
}

impl<'s> Findings<'s> {
    pub(super) fn new(source: &'s DocumentSource<'s>, limit: usize) -> Self {
        Self { source, limit, kept: Vec::new(), unkept: 0, document_rejected: false }
    }

    /// The place of these bytes of the document.
    pub(super) fn place(&self, span: Range<usize>) -> Place {
        self.source.place(span)
    }

    /// These bytes of the document.
    pub(super) fn text(&self, span: Range<usize>) -> &'s str {
        self.source.text().get(span).unwrap_or_default()
    }

    /// Adds a defect of a part of the document. Beyond the limit it is counted, and never made.
    pub(super) fn note(&mut self, defect: impl FnOnce() -> Defect) {
        if self.kept.len() < self.limit {
            self.kept.push(defect());
        } else {
            self.unkept += 1;
        }
    }

    /// Adds a defect that rejects the document. The first one is kept whatever the limit, so that
    /// no document is rejected without a reason.
    pub(super) fn reject_document(&mut self, defect: impl FnOnce() -> Defect) {
        if self.document_rejected {
            self.note(defect);
        } else {
            self.document_rejected = true;
            self.kept.push(defect());
        }
    }

    /// Adds the fault that ended the reading.
    pub(super) fn stop(&mut self, fault: XmlFault) {
        self.document_rejected = true;
        let place = self.place(fault.span.clone());
        self.kept.push(fault.into_defect(place));
    }

    pub(super) fn document_rejected(&self) -> bool {
        self.document_rejected
    }

    /// The defects in document order; the last one says how many more there are.
    pub(super) fn into_defects(self) -> Vec<Defect> {
        let mut defects = self.kept;
        defects.sort_by_key(|defect| defect.place().span.as_ref().map(|span| span.start));
        if self.unkept > 0
            && let Some(last) = defects.pop()
        {
            defects
                .push(last.detail(format!("Le fichier comporte {} autres défauts, non détaillés ici.", self.unkept)));
        }
        defects
    }
}
