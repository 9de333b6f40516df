//! More than usual: this hour beside the hours before.

/// How often something happened in the last hour, and in the hours before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Excess {
    /// In the last hour.
    pub now: u32,
    /// What is usual in an hour: nineteen hours in twenty had no more.
    pub usual: u32,
}

impl Excess {
    /// `counts` are the hours in which it happened, the last first, hour by hour before now; `hours` is how many are
    /// known in all. `Some` if the last one had at least `minimum`, and more than `factor` times what is usual.
    pub fn of(counts: &[(u32, u32)], hours: u32, minimum: u32, factor: u32) -> Option<Self> {
        let now = counts.iter().find(|(hour, _)| *hour == 0).map_or(0, |(_, count)| *count);
        let mut past: Vec<u32> = counts.iter().filter(|(hour, _)| *hour > 0).map(|(_, count)| *count).collect();
        past.sort_unstable_by(|one, other| other.cmp(one));
        let rank = usize::try_from(hours / 20).unwrap_or(usize::MAX);
        let usual = past.get(rank).copied().unwrap_or(0);
        (now >= minimum && now > usual.saturating_mul(factor)).then_some(Self { now, usual })
    }
}
