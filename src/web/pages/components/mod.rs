//! What pages are put together from: small pieces, each of which says what it shows without colour or picture.

pub(super) mod audit;
pub(super) mod badge;
pub(super) mod chart;
pub(super) mod defect;
pub(super) mod freshness;
pub(super) mod listing;
pub(super) mod moment;
pub(super) mod place;

use maud::{Markup, html};

/// A name and its value in a `dl`; nothing where there is no value.
pub(super) fn fact(name: &str, value: Option<impl maud::Render>) -> Markup {
    html! { @if let Some(value) = value { div { dt { (name) } dd { (value) } } } }
}

/// « 1 courriel », « 2 courriels ».
pub(super) fn plural(count: i64, one: &str, many: &str) -> String {
    format!("{} {}", number(count), if count.abs() > 1 { many } else { one })
}

/// A number with a thin space between thousands: `1 234 567`.
pub(super) fn number(value: i64) -> String {
    let digits = value.unsigned_abs().to_string();
    let groups: Vec<String> =
        digits.as_bytes().rchunks(3).rev().map(|group| String::from_utf8_lossy(group).into_owned()).collect();
    format!("{}{}", if value < 0 { "−" } else { "" }, groups.join("\u{202f}"))
}

/// A text made safe to show among others: nothing in it hides or reorders what stands beside it.
pub(super) fn visible(text: &str) -> String {
    let shown = |character| match character {
        '\t' => ' ',
        character if domain::defect::is_unprintable(character) => '·',
        character => character,
    };
    text.chars().map(shown).collect()
}

#[test]
fn numbers_are_read_in_thousands() {
    let spaced = [0, 7, 999, 1000, 1_234_567, -1200].map(number);
    assert_eq!(spaced, ["0", "7", "999", "1\u{202f}000", "1\u{202f}234\u{202f}567", "−1\u{202f}200"]);
}
