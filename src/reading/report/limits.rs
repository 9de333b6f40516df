//! How much of a document is read before it is refused.

/// The limits of reading one document. Beyond any of them but `defects` the document is rejected
/// (D03), so that a hostile file costs no more than a large honest one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DocumentLimits {
    /// Bytes of the file.
    pub bytes: usize,
    /// Elements inside one another, the root included.
    pub depth: usize,
    /// Elements of the document.
    pub elements: usize,
    /// Attributes of one element, namespace declarations included.
    pub attributes: usize,
    /// Bytes of one attribute value or of one piece of text that is not blank, as written.
    pub text: usize,
    /// Defects kept. Judging goes on beyond it; the last defect kept says how many more there are.
    /// A defect that rejects the whole document is always kept.
    pub defects: usize,
}

impl Default for DocumentLimits {
    fn default() -> Self {
        Self { bytes: 2 * 1024 * 1024, depth: 16, elements: 50_000, attributes: 32, text: 4 * 1024, defects: 200 }
    }
}
