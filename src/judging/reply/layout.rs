//! Lays plain text out in 76 columns, the width that quoted-printable keeps in one piece.

use domain::defect::excerpt;

/// The width of every line, in characters.
const COLUMNS: usize = 76;
/// The most characters of one paragraph or item: longer ones only come from a sender's texts.
const ITEM_LIMIT: usize = 1_500;

/// A text being written.
#[derive(Debug, Default)]
pub(super) struct Page {
    text: String,
}

impl Page {
    /// A title, underlined, set apart by an empty line.
    pub(super) fn heading(&mut self, title: &str) {
        self.gap();
        self.push_line(title);
        self.push_line(&"-".repeat(title.chars().count()));
    }

    /// A paragraph, set apart by an empty line.
    pub(super) fn paragraph(&mut self, text: &str) {
        self.gap();
        self.item("", text);
    }

    /// A text behind a label; its further lines are indented by the label's width.
    pub(super) fn item(&mut self, label: &str, text: &str) {
        let indent = label.chars().count();
        let text = text.char_indices().nth(ITEM_LIMIT).and_then(|(end, _)| text.get(..end)).unwrap_or(text);
        for (rank, line) in wrap(text, COLUMNS.saturating_sub(indent).max(1)).iter().enumerate() {
            let margin = if rank == 0 { label.to_owned() } else { " ".repeat(indent) };
            self.push_line(&format!("{margin}{line}"));
        }
    }

    /// An empty line, unless nothing stands above.
    pub(super) fn gap(&mut self) {
        if !self.text.is_empty() {
            self.text.push('\n');
        }
    }

    /// The text, lines ended by a line feed.
    pub(super) fn finish(self) -> String {
        self.text
    }

    fn push_line(&mut self, line: &str) {
        self.text.push_str(line.trim_end());
        self.text.push('\n');
    }
}

/// Breaks a text into lines, words longer than a line into pieces.
fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in words(text).iter().flat_map(|word| pieces(word, width)) {
        let length = word.chars().count();
        match lines.last_mut() {
            Some(line) if line.is_empty() => *line = word,
            Some(line) if line.chars().count() + 1 + length <= width => {
                line.push(' ');
                line.push_str(&word);
            }
            _ => lines.push(word),
        }
    }
    lines
}

/// The words, made printable; French punctuation stays with the word it belongs to.
fn words(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    for word in text.split_whitespace().map(excerpt) {
        match words.last_mut() {
            Some(previous) if clings(previous, &word) => {
                previous.push(' ');
                previous.push_str(&word);
            }
            _ => words.push(word),
        }
    }
    words
}

fn clings(previous: &str, word: &str) -> bool {
    let number = !previous.is_empty() && previous.bytes().all(|byte| byte.is_ascii_digit());
    number || previous.ends_with(['«', '°']) || word.starts_with(['»', ':', ';', '!', '?', '–'])
}

fn pieces(word: &str, width: usize) -> Vec<String> {
    if word.chars().count() <= width {
        return vec![word.to_owned()];
    }
    let characters: Vec<char> = word.chars().collect();
    characters.chunks(width).map(|piece| piece.iter().collect()).collect()
}

#[cfg(test)]
mod tests {
    use super::wrap;

    fn check(text: &str, width: usize, expected: &[&str]) {
        assert_eq!(wrap(text, width), expected, "{text}");
    }

    #[test]
    fn lines_break_between_words_and_keep_punctuation() {
        check("un deux trois", 7, &["un deux", "trois"]);
        check("le verdict : ici", 10, &["le", "verdict :", "ici"]);
        check("il y a 12 lits", 8, &["il y a", "12 lits"]);
        check("mot « lit » fin", 9, &["mot", "« lit »", "fin"]);
        check("abcdefgh", 3, &["abc", "def", "gh"]);
        check("a\u{202e}b\u{7}c", 9, &["a·b·c"]);
        check("", 9, &[""]);
    }
}
