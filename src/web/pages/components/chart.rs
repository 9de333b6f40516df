//! Bars drawn on the server: a picture for the eye, beside a table that says the same.

use maud::{Markup, html};

/// One period: how many came, and what became of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::pages) struct Bar {
    /// What it is called in full.
    pub(in crate::pages) name: String,
    /// What is written under it; empty for nothing.
    pub(in crate::pages) label: String,
    /// Mails received.
    pub(in crate::pages) received: i64,
    /// Mails integrated, wholly or in part.
    pub(in crate::pages) integrated: i64,
    /// Mails rejected.
    pub(in crate::pages) rejected: i64,
}

const WIDTH: usize = 720;
const HEIGHT: usize = 170;
const LEFT: usize = 36;
const BOTTOM: usize = 20;
const TOP: usize = 10;

/// Received behind; integrated and rejected, one upon the other, before it.
pub(in crate::pages) fn bars(bars: &[Bar], title: &str) -> Markup {
    let highest = round_up(bars.iter().map(|bar| bar.received).max().unwrap_or(0));
    let step = (WIDTH - LEFT) / bars.len().max(1);
    let width = step.saturating_sub(1 + step / 8).max(1);
    html! {
        svg.courbe viewBox={ "0 0 " (WIDTH) " " (HEIGHT + BOTTOM) } role="img" aria-label=(title) {
            (scale(highest))
            @for (rank, bar) in bars.iter().enumerate() { (one(bar, LEFT + rank * step, width, highest)) }
        }
        ul.legende aria-hidden="true" {
            (key("recus", "reçus")) (key("integres", "intégrés, même en partie")) (key("rejetes", "rejetés"))
        }
    }
}

fn scale(highest: i64) -> Markup {
    html! {
        @for value in [0, highest / 2, highest] {
            @let y = HEIGHT - tall(value, highest);
            line.axe x1=(LEFT - 4) y1=(y) x2=(WIDTH) y2=(y) stroke-width="0.5" {}
            text x=(LEFT - 8) y=(y + 4) text-anchor="end" { (value) }
        }
    }
}

fn one(bar: &Bar, x: usize, width: usize, highest: i64) -> Markup {
    let (integrated, rejected) = (tall(bar.integrated, highest), tall(bar.rejected, highest));
    html! {
        (rectangle("recus", x, 0, tall(bar.received, highest), width))
        (rectangle("integres", x, 0, integrated, width))
        (rectangle("rejetes", x, integrated, rejected, width))
        @if !bar.label.is_empty() { text x=(x) y=(HEIGHT + BOTTOM - 5) { (bar.label) } }
    }
}

fn rectangle(class: &str, x: usize, above: usize, height: usize, width: usize) -> Markup {
    html! {
        @if height > 0 { rect class=(class) x=(x) y=(HEIGHT - above - height) width=(width) height=(height) {} }
    }
}

/// What is there is seen, however little it is beside the rest.
fn tall(value: i64, highest: i64) -> usize {
    if value <= 0 {
        return 0;
    }
    let room = i64::try_from(HEIGHT - TOP).unwrap_or(i64::MAX);
    usize::try_from((value.saturating_mul(room) / highest.max(1)).max(1)).unwrap_or(0)
}

/// The next number that reads well: twice 1, 2 or 5 with noughts.
fn round_up(value: i64) -> i64 {
    let tens = std::iter::successors(Some(1_i64), |ten| ten.checked_mul(10));
    tens.flat_map(|ten| [2, 4, 10].map(|digit| ten.saturating_mul(digit))).find(|nice| *nice >= value).unwrap_or(value)
}

fn key(class: &str, name: &str) -> Markup {
    html! { li { svg viewBox="0 0 10 10" { rect.(class) width="10" height="10" {} } (name) } }
}

#[test]
fn scales_end_at_a_number_that_reads_well() {
    assert_eq!([0, 2, 3, 11, 39, 41, 1000].map(round_up), [2, 2, 4, 20, 40, 100, 1000]);
    assert_eq!([tall(0, 10), tall(10, 10), tall(1, 100_000)], [0, HEIGHT - TOP, 1]);
}
