//! A document line by line, numbered, with what is wrong marked where it stands.

use std::collections::{BTreeMap, BTreeSet};

use maud::{Markup, html};

use super::visible;
use domain::defect::Defect;

/// Lines shown on each side of a spot, in a document too long to be shown whole.
const AROUND: usize = 4;
/// The longest document shown whole, in lines.
const WHOLE: usize = 300;
/// The most defects marked.
const MOST: usize = 200;
/// The most characters of a line.
const WIDEST: usize = 400;

/// What is wrong in one line: the column where it begins, from 1, and the address of its explanation.
struct Spot<'a> {
    column: usize,
    defect: &'a Defect,
    anchor: String,
}

/// The text with the defects that name a line of it; `anchor` is that of their explanations ([`super::defect::list`]).
pub(in crate::pages) fn show(text: &str, defects: &[&Defect], anchor: &str) -> Markup {
    let lines: Vec<&str> = lines_of(text);
    let spots = spots(defects, anchor);
    let shown = shown(lines.len(), &spots);
    let before = std::iter::once(0).chain(shown.iter().copied());
    html! {
        div.source tabindex="0" role="group" aria-label="Document reçu, ligne par ligne" {
            ol {
                @for (number, before) in shown.iter().copied().zip(before) {
                    @if number > before + 1 { li.saut { "lignes " (before + 1) " à " (number - 1) " non montrées" } }
                    @let own = spots.get(&number).map(Vec::as_slice).unwrap_or_default();
                    (numbered(number, lines.get(number - 1).copied().unwrap_or_default(), own))
                }
            }
        }
    }
}

/// Lines as XML ends them (XML 1.0, section 2.11).
fn lines_of(text: &str) -> Vec<&str> {
    let mut lines = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find(['\r', '\n']) {
        let (line, after) = rest.split_at_checked(at).unwrap_or((rest, ""));
        lines.push(line);
        rest = after.strip_prefix("\r\n").or_else(|| after.get(1..)).unwrap_or_default();
    }
    if !rest.is_empty() {
        lines.push(rest);
    }
    lines
}

fn spots<'a>(defects: &[&'a Defect], anchor: &str) -> BTreeMap<usize, Vec<Spot<'a>>> {
    let mut spots: BTreeMap<usize, Vec<Spot<'a>>> = BTreeMap::new();
    for (rank, defect) in defects.iter().take(MOST).enumerate() {
        let place = defect.place();
        let Some(line) = place.line.and_then(|line| usize::try_from(line).ok()) else { continue };
        let column = place.column.and_then(|column| usize::try_from(column).ok()).unwrap_or(1).max(1);
        spots.entry(line).or_default().push(Spot { column, defect, anchor: format!("{anchor}{}", rank + 1) });
    }
    for spots in spots.values_mut() {
        spots.sort_by_key(|spot| spot.column);
    }
    spots
}

/// The numbers of the lines to show.
fn shown(lines: usize, spots: &BTreeMap<usize, Vec<Spot<'_>>>) -> BTreeSet<usize> {
    if lines <= WHOLE {
        return (1..=lines).collect();
    }
    let around = spots.keys().flat_map(|line| line.saturating_sub(AROUND)..=line.saturating_add(AROUND));
    (1..=AROUND * 2).chain(around).filter(|line| (1..=lines).contains(line)).collect()
}

fn numbered(number: usize, line: &str, spots: &[Spot<'_>]) -> Markup {
    html! {
        li value=(number) class=[(!spots.is_empty()).then_some("fautive")] {
            code { (marked(line, spots)) }
            @for spot in spots {
                " " a.renvoi href={ "#" (spot.anchor) } { (spot.defect.code()) " : " (spot.defect.message()) }
            }
        }
    }
}

/// The line cut where its spots are; those that overlap are marked once.
fn marked(line: &str, spots: &[Spot<'_>]) -> Markup {
    let letters: Vec<char> = line.chars().take(WIDEST).collect();
    let cut = line.chars().nth(WIDEST).is_some();
    let mut pieces = Vec::new();
    let mut at = 0;
    for spot in spots {
        let start = (spot.column - 1).clamp(at, letters.len());
        let end = (start + width(letters.get(start..).unwrap_or_default())).min(letters.len());
        pieces.extend([(false, at, start), (true, start, end)]);
        at = end;
    }
    pieces.push((false, at, letters.len()));
    html! {
        @for (is_spot, from, to) in pieces.into_iter().filter(|(_, from, to)| to > from) {
            @if is_spot { mark { (text(&letters, from, to)) } } @else { (text(&letters, from, to)) }
        }
        @if cut { "…" }
    }
}

fn text(letters: &[char], from: usize, to: usize) -> String {
    visible(&letters.get(from..to).unwrap_or_default().iter().collect::<String>())
}

/// How many characters a spot takes that begins here: a tag up to its end, an attribute with its value, or a word.
fn width(rest: &[char]) -> usize {
    let until = |end: &dyn Fn(char) -> bool| rest.iter().position(|letter| end(*letter)).unwrap_or(rest.len());
    if rest.first() == Some(&'<') {
        return until(&|letter| letter == '>') + 1;
    }
    let name = until(&|letter| letter == '=' || letter.is_whitespace() || letter == '<' || letter == '>');
    match (rest.get(name), rest.get(name + 1)) {
        (Some('='), Some(quote @ ('"' | '\''))) => {
            let value = rest.iter().skip(name + 2).position(|letter| letter == quote);
            value.map_or(rest.len(), |value| name + 2 + value + 1)
        }
        _ => name.max(1),
    }
}

#[test]
fn a_spot_is_a_tag_an_attribute_or_a_word() {
    let width = |text: &str| width(&text.chars().collect::<Vec<_>>());
    assert_eq!(width(r#"nombre="-3"/>"#), r#"nombre="-3""#.len());
    assert_eq!(width("<service code='A'>x"), "<service code='A'>".len());
    assert_eq!(width("douze</x>"), 5);
    assert_eq!(width(r#"nombre="12"#), 10);
    assert_eq!(width(""), 1);
}

#[test]
fn lines_end_as_in_xml() {
    assert_eq!(lines_of("a\r\nb\rc\n\nd"), ["a", "b", "c", "", "d"]);
    assert_eq!(lines_of(""), Vec::<&str>::new());
}
