//! Statements about several records at once: most of their cost is the way to the engine and back.

/// Records that share a statement: enough to save most of the way, few enough that the statements of all sizes stay
/// prepared.
pub(in crate::store) const TOGETHER: usize = 8;

/// So many rows of placeholders, of `width` each, the first of which is `$first`; each is made of its rank and its first.
pub(in crate::store) fn rows(count: usize, width: usize, first: usize, row: impl Fn(usize, usize) -> String) -> String {
    let rows: Vec<String> = (0..count).map(|rank| row(rank, first + rank * width)).collect();
    rows.join(", ")
}
