//! Message-IDs (RFC 5322, section 3.6.4), made safe to repeat in a header.

/// The longest one kept, in bytes; a line of a mail has 998 at most (RFC 5322, section 2.1.1).
const MAX_BYTES: usize = 250;

/// The most references kept; older ones are dropped, the first of the conversation excepted.
const MAX_REFERENCES: usize = 20;

/// A Message-ID without its angle brackets, if it is one.
///
/// Tolerant, because partners copy the example of the ANS guide: blanks inside the brackets are
/// removed, an `@` is not required.
pub(super) fn one(text: &str) -> Option<String> {
    list(text).into_iter().next()
}

/// The Message-IDs of a References or In-Reply-To field, the oldest first.
pub(super) fn references(text: &str) -> Vec<String> {
    let mut all = list(text);
    if all.len() > MAX_REFERENCES {
        all.drain(1..=all.len() - MAX_REFERENCES);
    }
    all
}

fn list(text: &str) -> Vec<String> {
    if text.contains('<') {
        text.split('<').skip(1).filter_map(|rest| clean(rest.split('>').next().unwrap_or_default())).collect()
    } else {
        text.split_whitespace().filter_map(clean).collect()
    }
}

fn clean(text: &str) -> Option<String> {
    let id: String = text.chars().filter(|character| !character.is_whitespace()).collect();
    let legal = id.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'>');
    (legal && !id.is_empty() && id.len() <= MAX_BYTES).then_some(id)
}
