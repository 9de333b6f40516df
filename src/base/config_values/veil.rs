//! What a server says may hold what we just told it, in one of the forms that a login has: none of that is ever shown.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};

/// What stands in its place.
const MASK: &str = "***";
/// The shortest secret and the shortest piece of a secret that are looked for: less would blot out common words.
const SHORTEST: usize = 4;
const SHORTEST_PIECE: usize = 12;

/// The secrets of a session, in every form in which a server may repeat them. Never printed.
#[derive(Clone, Default)]
pub struct Veil(Vec<String>);

impl Veil {
    /// Over a secret, and over a whole SASL response that holds it.
    pub fn of(secret: &str, response: &str) -> Self {
        let mut forms: Vec<String> = Vec::new();
        for text in [secret, response] {
            forms.extend([STANDARD.encode(text), STANDARD_NO_PAD.encode(text), URL_SAFE_NO_PAD.encode(text)]);
            forms.extend([text.to_owned(), text.replace('\\', "\\\\").replace('"', "\\\"")]);
            forms.extend([text.escape_default().to_string(), base16ct::lower::encode_string(text.as_bytes())]);
        }
        forms.retain(|form| form.len() >= SHORTEST);
        // The longest first, so that no rest of one is left beside the mask of a shorter one.
        forms.sort_by_key(|form| std::cmp::Reverse(form.len()));
        forms.dedup();
        Self(forms)
    }

    /// The text with each of them masked, whatever its case; a word that is a piece of one is masked as well: servers cut
    /// what they repeat.
    pub fn over(&self, text: &str) -> String {
        if self.0.is_empty() {
            return text.to_owned();
        }
        let whole = self.0.iter().fold(text.to_owned(), |text, form| masked(&text, form));
        whole.split_inclusive(is_between).map(|word| self.over_word(word)).collect()
    }

    fn over_word(&self, word: &str) -> String {
        let bare = word.trim_end_matches(is_between);
        let is_piece = bare.len() >= SHORTEST_PIECE && self.0.iter().any(|form| find(form, bare).is_some());
        if is_piece { format!("{MASK}{}", word.get(bare.len()..).unwrap_or_default()) } else { word.to_owned() }
    }
}

/// What ends a word of a server: no letter of base 64 does.
fn is_between(letter: char) -> bool {
    letter.is_whitespace() || "\"'<>()[]{}:;,«»…".contains(letter)
}

fn masked(text: &str, form: &str) -> String {
    let (mut shown, mut rest) = (String::new(), text);
    while let Some(at) = find(rest, form) {
        let (before, found) = rest.split_at(at);
        shown.push_str(before);
        shown.push_str(MASK);
        rest = found.get(form.len()..).unwrap_or_default();
    }
    shown + rest
}

/// Where the part stands, ASCII letters of either case being the same.
fn find(text: &str, part: &str) -> Option<usize> {
    let (text_bytes, part) = (text.as_bytes(), part.as_bytes());
    let at = text_bytes.windows(part.len().max(1)).position(|window| window.eq_ignore_ascii_case(part))?;
    (text.is_char_boundary(at) && text.is_char_boundary(at + part.len())).then_some(at)
}

impl fmt::Debug for Veil {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Veil(***)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_form_of_a_secret_is_shown() {
        let (secret, response) = ("Mot\"de passe é1", "\0boite@ch.test\0Mot\"de passe é1");
        let veil = Veil::of(secret, response);
        let base64 = STANDARD.encode(response);
        let cut = base64.get(..20).unwrap();
        for said in [
            format!("bad password {secret} for you"),
            format!("bad PASSWORD {}", secret.to_ascii_uppercase()),
            format!("AUTH PLAIN {base64} refused"),
            format!("AUTH PLAIN {cut}… refused"),
            format!("syntax error near \"{}\"", STANDARD_NO_PAD.encode(secret)),
            format!("LOGIN \"boite\" \"{}\"", secret.replace('"', "\\\"")),
            format!("hex {}", base16ct::lower::encode_string(secret.as_bytes())),
        ] {
            let shown = veil.over(&said);
            let hides = ["passe", "PASSE", cut, "TW90", "4d6f74"].iter().all(|part| !shown.contains(part));
            assert!(shown.contains(MASK) && hides, "{said} → {shown}");
        }
        assert_eq!(veil.over("5.7.8 Authentication failed: try later"), "5.7.8 Authentication failed: try later");
        assert_eq!(Veil::default().over("Mot"), "Mot");
        assert_eq!(format!("{veil:?}"), "Veil(***)");
    }
}
