//! The decoded text of a document, and from byte offsets in it to places people can find.

use std::ops::Range;

use domain::defect::Place;

/// The most characters of an attachment's name that places repeat: a place is kept per count.
const NAME_CHARS: usize = 255;

/// Bytes between two known positions: a place costs at most the reading of so many.
const STEP: usize = 256;

/// A named text in which offsets can be turned into lines and columns.
pub(super) struct DocumentSource<'a> {
    name: String,
    text: &'a str,
    marks: Vec<Mark>,
}

/// The line and column of one offset.
#[derive(Clone, Copy)]
struct Mark {
    offset: usize,
    line: u32,
    column: u32,
}

impl<'a> DocumentSource<'a> {
    pub(super) fn new(name: &str, text: &'a str) -> Self {
        Self { name: clipped(name), text, marks: marks(text) }
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn text(&self) -> &'a str {
        self.text
    }

    /// The place of these bytes.
    pub(super) fn place(&self, span: Range<usize>) -> Place {
        let mark = self.locate(span.start);
        Place {
            piece: self.name.clone(),
            line: Some(mark.line),
            column: Some(mark.column),
            path: None,
            span: Some(span),
        }
    }

    fn locate(&self, offset: usize) -> Mark {
        let nearest = self.marks.get(offset / STEP).or(self.marks.last()).copied().unwrap_or(Mark::START);
        let before = |mark: &Mark| mark.offset < offset;
        Walk::from(self.text, nearest).take_while(before).last().map_or(nearest, |mark| mark.after(self.text))
    }
}

impl Mark {
    const START: Self = Self { offset: 0, line: 1, column: 1 };

    /// The position after the character that stands at this one. Lines end as XML 1.0, section
    /// 2.11, says: CR LF, LF, or CR alone.
    fn after(self, text: &str) -> Self {
        let mut rest = text.get(self.offset..).unwrap_or_default().chars();
        let Some(character) = rest.next() else { return self };
        let offset = self.offset + character.len_utf8();
        match character {
            '\r' if rest.next() == Some('\n') => Self { offset, ..self },
            '\r' | '\n' => Self { offset, line: self.line.saturating_add(1), column: 1 },
            _ => Self { offset, line: self.line, column: self.column.saturating_add(1) },
        }
    }
}

/// The positions of the characters from a known one on.
struct Walk<'a> {
    text: &'a str,
    next: Mark,
}

impl<'a> Walk<'a> {
    fn from(text: &'a str, next: Mark) -> Self {
        Self { text, next }
    }
}

impl Iterator for Walk<'_> {
    type Item = Mark;

    fn next(&mut self) -> Option<Mark> {
        let here = self.next;
        self.next = here.after(self.text);
        (self.next.offset > here.offset).then_some(here)
    }
}

/// One mark for every [`STEP`] bytes, at the first character that begins at or before it.
fn marks(text: &str) -> Vec<Mark> {
    let mut marks = Vec::with_capacity(text.len() / STEP + 1);
    for mark in Walk::from(text, Mark::START) {
        let end = mark.after(text).offset;
        while marks.len() * STEP < end {
            marks.push(mark);
        }
    }
    marks
}

fn clipped(name: &str) -> String {
    name.chars().take(NAME_CHARS).collect()
}
