//! What a server says, made safe to keep and to show.

/// The first `limit` characters, with control characters and invisible ones replaced; line ends
/// become spaces. An ellipsis says that something was cut.
pub(super) fn shorten(text: &str, limit: usize) -> String {
    let mut short: String = text.chars().take(limit).map(visible).collect();
    if text.chars().nth(limit).is_some() {
        short.push('…');
    }
    short.trim().to_owned()
}

/// The error and its causes, outermost first.
pub(super) fn causes(error: &(dyn std::error::Error + 'static)) -> String {
    let chain = std::iter::successors(Some(error), |error| error.source());
    let mut sentences: Vec<String> = Vec::new();
    for sentence in chain.map(ToString::to_string) {
        // Libraries often repeat the text of the cause in their own.
        if !sentences.iter().any(|said| said.contains(&sentence)) {
            sentences.push(sentence);
        }
    }
    shorten(&sentences.join(" : "), 300)
}

fn visible(character: char) -> char {
    match character {
        '\n' | '\r' | '\t' => ' ',
        '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}' => '·',
        other if other.is_control() => '·',
        other => other,
    }
}
