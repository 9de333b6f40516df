//! Which of the known words somebody meant.

/// Words farther apart than one letter in three, and one more, are not alike.
const APART: usize = 3;

/// The known word that `written` looks most like, however it is written; `None` if none is near, or if it is one.
pub fn nearest<'a>(written: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let folded = folded(written);
    let farthest = folded.chars().count() / APART + 1;
    let distance = |word: &str| strsim::damerau_levenshtein(&folded, &self::folded(word));
    let near = known.into_iter().filter(|word| *word != written).map(|word| (distance(word), word));
    let best = near.filter(|(distance, word)| *distance <= farthest && *distance < word.chars().count()).min();
    best.map(|(_, word)| word)
}

/// In lower case, without accents or blanks around it. A text of any length is cut: no known word is so long.
fn folded(text: &str) -> String {
    text.trim().chars().take(40).flat_map(char::to_lowercase).map(plain).collect()
}

fn plain(character: char) -> char {
    match character {
        'à' | 'â' | 'ä' => 'a',
        'é' | 'è' | 'ê' | 'ë' => 'e',
        'î' | 'ï' => 'i',
        'ô' | 'ö' => 'o',
        'ù' | 'û' | 'ü' => 'u',
        'ç' => 'c',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::nearest;

    fn check(written: &str, expected: Option<&str>) {
        assert_eq!(nearest(written, ["capacite", "service", "lit", "mobilisable-avec-rh"]), expected, "{written}");
    }

    #[test]
    fn the_word_that_was_meant_is_found() {
        check("capacité", Some("capacite"));
        check("Capacites", Some("capacite"));
        check(" SERVICES ", Some("service"));
        check("lits", Some("lit"));
        check("mobilisable_avec_rh", Some("mobilisable-avec-rh"));
        check("hopital", None);
        check("x", None);
        check("", None);
        check(&"é".repeat(5000), None);
    }
}
