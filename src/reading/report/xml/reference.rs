//! References in text: the five entities every document has, and characters by number.

use std::borrow::Cow;

use super::cursor::{is_blank, is_legal};

/// A reference that stands for nothing; the text between `&` and `;`, none if it does not end.
pub(super) struct BadReference<'a>(pub(super) &'a str);

/// The character that `&name;` stands for (XML 1.0, sections 4.1 and 4.6). Entities that a DTD
/// would declare are not known: documents have no DTD here.
pub(super) fn resolve(name: &str) -> Result<char, BadReference<'_>> {
    let character = match name {
        "lt" => Some('<'),
        "gt" => Some('>'),
        "amp" => Some('&'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        other => other.strip_prefix('#').and_then(by_number),
    };
    character.ok_or(BadReference(name))
}

fn by_number(text: &str) -> Option<char> {
    let (digits, radix) = text.strip_prefix('x').map_or((text, 10), |digits| (digits, 16));
    let plain = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    let number = u32::from_str_radix(digits, radix).ok().filter(|_| plain)?;
    char::from_u32(number).filter(|character| is_legal(*character))
}

/// An attribute value as an application sees it: references resolved, each blank written as such
/// turned into a space (XML 1.0, section 3.3.3), a line end counting once.
pub(super) fn normalise(raw: &str) -> Result<Cow<'_, str>, BadReference<'_>> {
    if !raw.contains(['&', '\t', '\r', '\n']) {
        return Ok(Cow::Borrowed(raw));
    }
    let mut value = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(character) = rest.chars().next() {
        rest = rest.strip_prefix(character).unwrap_or_default();
        if character == '&' {
            let (name, after) = rest.split_once(';').ok_or(BadReference(""))?;
            value.push(resolve(name)?);
            rest = after;
        } else {
            value.push(if is_blank(character) { ' ' } else { character });
            rest = if character == '\r' { rest.strip_prefix('\n').unwrap_or(rest) } else { rest };
        }
    }
    Ok(Cow::Owned(value))
}
