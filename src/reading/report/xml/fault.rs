//! Why the reading of a document stopped.

use std::ops::Range;

use domain::defect::{Code, Defect, Place};

/// A fault after which nothing can be read: not well-formed, a DOCTYPE, a limit, a foreign root.
#[derive(Debug)]
pub(in crate::report) struct XmlFault {
    /// D01, D02, D03 or D05.
    pub(in crate::report) code: Code,
    /// The bytes at fault.
    pub(in crate::report) span: Range<usize>,
    detail: String,
    found: Option<String>,
    expected: Option<String>,
    hint: Option<&'static str>,
}

impl XmlFault {
    /// Not well-formed (XML 1.0, or Namespaces in XML 1.0).
    pub(in crate::report) fn malformed(span: Range<usize>, detail: impl Into<String>) -> Self {
        Self::new(Code::D01, span, detail)
    }

    /// A limit of the reader exceeded.
    pub(in crate::report) fn limit(span: Range<usize>, detail: impl Into<String>) -> Self {
        Self::new(Code::D03, span, detail)
    }

    /// A fault of this code.
    pub(in crate::report) fn new(code: Code, span: Range<usize>, detail: impl Into<String>) -> Self {
        Self { code, span, detail: detail.into(), found: None, expected: None, hint: None }
    }

    /// Quotes what was found.
    pub(in crate::report) fn found(self, text: impl Into<String>) -> Self {
        Self { found: Some(text.into()), ..self }
    }

    /// Says what was expected.
    pub(in crate::report) fn expected(self, text: impl Into<String>) -> Self {
        Self { expected: Some(text.into()), ..self }
    }

    /// Says how to mend it, where the catalogue's hint does not.
    pub(in crate::report) fn hint(self, hint: &'static str) -> Self {
        Self { hint: Some(hint), ..self }
    }

    /// The defect that tells the sender.
    pub(in crate::report) fn into_defect(self, place: Place) -> Defect {
        let mut defect = Defect::new(self.code, place);
        if !self.detail.is_empty() {
            defect = defect.detail(self.detail);
        }
        if let Some(found) = self.found {
            defect = defect.found(found);
        }
        if let Some(expected) = self.expected {
            defect = defect.expected(expected);
        }
        match self.hint {
            Some(hint) => defect.hint_instead(hint),
            None => defect,
        }
    }
}
