//! Statements about several records at once: most of their cost is the way to the engine and back.

/// How many records share a statement where there are as many: a report has 24 counts or so. Few sizes, so that the
/// statements of all of them stay prepared.
const SIZES: [usize; 4] = [32, 24, 16, 8];

/// Records in the shares that are told of in one statement each, in their order.
pub(crate) fn shares<T>(records: &[T]) -> impl Iterator<Item = &[T]> {
    let mut rest = records;
    std::iter::from_fn(move || {
        let size = SIZES.into_iter().find(|size| *size <= rest.len()).unwrap_or(rest.len());
        let (share, after) = rest.split_at_checked(size)?;
        rest = after;
        (!share.is_empty()).then_some(share)
    })
}

/// So many rows of placeholders, of `width` each, the first of which is `$first`; each is made of its rank and its first.
pub(crate) fn rows(count: usize, width: usize, first: usize, row: impl Fn(usize, usize) -> String) -> String {
    let rows: Vec<String> = (0..count).map(|rank| row(rank, first + rank * width)).collect();
    rows.join(", ")
}

/// So many placeholders for an IN, the first of which is `$first`.
pub(crate) fn list(count: usize, first: usize) -> String {
    rows(count, 1, first, |_, at| format!("${at}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_keep_their_order_and_share_few_sizes_of_statements() {
        for (records, sizes) in
            [(0, &[][..]), (1, &[1]), (9, &[8, 1]), (24, &[24]), (31, &[24, 7]), (75, &[32, 32, 8, 3])]
        {
            let all: Vec<usize> = (0..records).collect();
            let shared: Vec<&[usize]> = shares(&all).collect();
            assert_eq!(shared.iter().map(|share| share.len()).collect::<Vec<_>>(), sizes, "{records}");
            assert_eq!(shared.concat(), all);
        }
    }
}
