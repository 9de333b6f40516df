//! A forward walk over one piece of markup, with the characters XML 1.0 gives a meaning.

/// A position in a text.
#[derive(Clone)]
pub(in crate::report) struct Cursor<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Cursor<'a> {
    /// At byte `at` of `text`.
    pub(in crate::report) fn new(text: &'a str, at: usize) -> Self {
        Self { text, at }
    }

    /// The byte offset in the text.
    pub(in crate::report) fn at(&self) -> usize {
        self.at
    }

    /// The text from here on.
    pub(in crate::report) fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// Passes `expected` if it stands here.
    pub(in crate::report) fn eat(&mut self, expected: &str) -> bool {
        let found = self.rest().starts_with(expected);
        if found {
            self.at += expected.len();
        }
        found
    }

    /// Passes the blanks that stand here; tells whether there were any.
    pub(in crate::report) fn eat_blanks(&mut self) -> bool {
        !self.take_while(is_blank).is_empty()
    }

    /// Passes a qualified name (Namespaces in XML 1.0, section 4); `None` if none stands here.
    pub(in crate::report) fn eat_qualified_name(&mut self) -> Option<&'a str> {
        let name = self.take_while(|character| character == ':' || is_name_character(character));
        is_qualified_name(name).then_some(name)
    }

    /// Passes a quoted text and gives what is between the quotes; `None` if none stands here.
    pub(in crate::report) fn eat_quoted(&mut self) -> Option<&'a str> {
        let rest = self.rest();
        let quote = rest.chars().next().filter(|character| matches!(character, '"' | '\''))?;
        let (value, _) = rest.get(1..)?.split_once(quote)?;
        self.at += value.len() + 2;
        Some(value)
    }

    fn take_while(&mut self, wanted: impl Fn(char) -> bool) -> &'a str {
        let rest = self.rest();
        let end = rest.find(|character| !wanted(character)).unwrap_or(rest.len());
        self.at += end;
        rest.get(..end).unwrap_or_default()
    }
}

/// White space (XML 1.0, production 3).
pub(in crate::report) fn is_blank(character: char) -> bool {
    matches!(character, ' ' | '\t' | '\r' | '\n')
}

/// A character a document may hold (XML 1.0, production 2).
pub(in crate::report) fn is_legal(character: char) -> bool {
    match character {
        '\t' | '\n' | '\r' => true,
        '\u{fffe}' | '\u{ffff}' => false,
        other => other >= ' ',
    }
}

/// One name, or a prefix and a name.
fn is_qualified_name(text: &str) -> bool {
    match text.split_once(':') {
        Some((prefix, local)) => is_simple_name(prefix) && is_simple_name(local),
        None => is_simple_name(text),
    }
}

/// A name without a colon (Namespaces in XML 1.0, production NCName).
pub(in crate::report) fn is_simple_name(text: &str) -> bool {
    text.chars().next().is_some_and(is_name_start) && text.chars().all(is_name_character)
}

/// XML 1.0 fifth edition, production 4, without the colon.
fn is_name_start(character: char) -> bool {
    matches!(character,
        'A'..='Z' | '_' | 'a'..='z' | '\u{c0}'..='\u{d6}' | '\u{d8}'..='\u{f6}' | '\u{f8}'..='\u{2ff}'
        | '\u{370}'..='\u{37d}' | '\u{37f}'..='\u{1fff}' | '\u{200c}'..='\u{200d}' | '\u{2070}'..='\u{218f}'
        | '\u{2c00}'..='\u{2fef}' | '\u{3001}'..='\u{d7ff}' | '\u{f900}'..='\u{fdcf}' | '\u{fdf0}'..='\u{fffd}'
        | '\u{10000}'..='\u{effff}')
}

/// XML 1.0 fifth edition, production 4a, without the colon.
fn is_name_character(character: char) -> bool {
    is_name_start(character)
        || matches!(character, '-' | '.' | '0'..='9' | '\u{b7}' | '\u{300}'..='\u{36f}' | '\u{203f}'..='\u{2040}')
}
