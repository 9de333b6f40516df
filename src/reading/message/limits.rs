//! How much of a mail is read before it is refused.

/// Limits on one mail. Whatever exceeds one is refused with a defect, never read in part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MessageLimits {
    /// MIME parts, forwarded mails and their parts included.
    pub parts: usize,
    /// Entries of all archives of one mail, directories included.
    pub archive_entries: usize,
    /// Bytes that all archives of one mail may unpack to.
    pub archive_bytes: usize,
    /// Unpacked bytes for one packed byte, counted for entries that are not small.
    pub archive_ratio: usize,
    /// Documents to read in one mail.
    pub candidates: usize,
    /// What the sender may still have unpacked within the hour; `None` where nobody counts.
    pub allowance: Option<Allowance>,
}

/// What one sender may have unpacked within an hour, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allowance {
    /// What is left of it.
    pub left: u64,
    /// All of it, for people.
    pub most: u64,
}

impl Default for MessageLimits {
    fn default() -> Self {
        Self {
            parts: 200,
            archive_entries: 50,
            archive_bytes: 8 << 20,
            archive_ratio: 100,
            candidates: 20,
            allowance: None,
        }
    }
}
