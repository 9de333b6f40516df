//! A size as people read it.

/// `3,0 Mo (3001399 octets)`; a small size in bytes alone.
pub fn size_in_words(bytes: u64) -> String {
    if bytes < 100_000 {
        return format!("{bytes} octets");
    }
    let tenths = bytes.saturating_add(50_000) / 100_000;
    format!("{},{} Mo ({bytes} octets)", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::size_in_words;

    #[test]
    fn a_size_is_told_in_megabytes_from_a_tenth_on() {
        let told = [0, 99_999, 100_000, 3_001_399, 2_097_152, u64::MAX].map(size_in_words);
        assert_eq!(told[..3], ["0 octets", "99999 octets", "0,1 Mo (100000 octets)"]);
        assert_eq!(told[3..5], ["3,0 Mo (3001399 octets)", "2,1 Mo (2097152 octets)"]);
        assert!(told[5].ends_with(&format!(" Mo ({} octets)", u64::MAX)));
    }
}
