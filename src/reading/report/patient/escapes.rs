//! What an envelope of text makes of the characters in it: references of XML and HTML, escapes of JSON.

use std::borrow::Cow;

/// The longest reference that is looked at, in bytes, without its `&` and `;`.
const LONGEST: usize = 8;

/// The characters that are meant, each written once as XML, HTML or a string of JSON: what is no reference and no escape
/// stays as it is.
pub(super) fn unescape(text: Cow<'_, str>) -> Cow<'_, str> {
    if !text.contains(['&', '\\']) {
        return text;
    }
    let mut plain = String::with_capacity(text.len());
    let mut rest = &*text;
    while let Some((before, from)) = rest.find(['&', '\\']).and_then(|at| rest.split_at_checked(at)) {
        plain.push_str(before);
        let (meant, behind) = reference(from).or_else(|| escape(from)).unwrap_or_else(|| as_it_stands(from));
        plain.push(meant);
        rest = behind;
    }
    plain.push_str(rest);
    Cow::Owned(plain)
}

fn as_it_stands(from: &str) -> (char, &str) {
    let mut signs = from.chars();
    (signs.next().unwrap_or_default(), signs.as_str())
}

/// `&lt;`, `&#60;`, `&#x3C;`, and what follows (XML 1.0, section 4.1).
fn reference(from: &str) -> Option<(char, &str)> {
    let inside = from.strip_prefix('&')?;
    let end = inside.bytes().take(LONGEST).position(|byte| byte == b';')?;
    let (name, behind) = (inside.get(..end)?, inside.get(end + 1..)?);
    let meant = match name {
        "lt" => '<',
        "gt" => '>',
        "amp" => '&',
        "quot" => '"',
        "apos" => '\'',
        "nbsp" => ' ',
        "vert" | "verbar" => '|',
        "bsol" => '\\',
        _ => numbered(name.strip_prefix('#')?)?,
    };
    Some((meant, behind))
}

fn numbered(number: &str) -> Option<char> {
    let code = match number.strip_prefix(['x', 'X']) {
        Some(hexadecimal) => u32::from_str_radix(hexadecimal, 16),
        None => number.parse(),
    };
    code.ok().and_then(char::from_u32)
}

/// `\n`, `\"`, `\u003c`, and what follows (RFC 8259, section 7).
fn escape(from: &str) -> Option<(char, &str)> {
    let inside = from.strip_prefix('\\')?;
    let (sign, behind) = as_it_stands(inside);
    let meant = match sign {
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        '"' | '\\' | '/' => sign,
        'u' => return Some((numbered(&format!("x{}", behind.get(..4)?))?, behind.get(4..)?)),
        _ => return None,
    };
    Some((meant, behind))
}
