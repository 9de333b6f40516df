//! The number of a `capacite`.

use domain::capacity::Nombre;

/// Why a text is no number of beds.
pub(super) enum BadNombre {
    /// Below zero.
    Negative,
    /// Not digits.
    NotWhole,
    /// Beyond what the ROR can hold.
    TooLarge,
}

/// Reads an `xs:nonNegativeInteger` (XML Schema Part 2, section 3.3.20) up to 2 147 483 647: a
/// sign is allowed, and `-0` is zero.
pub(super) fn parse(text: &str) -> Result<Nombre, BadNombre> {
    let negative = text.starts_with('-');
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(BadNombre::NotWhole);
    }
    match digits.trim_start_matches('0') {
        "" => Nombre::new(0).ok_or(BadNombre::TooLarge),
        _ if negative => Err(BadNombre::Negative),
        significant => significant.parse().ok().and_then(Nombre::new).ok_or(BadNombre::TooLarge),
    }
}
