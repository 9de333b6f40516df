//! The table of the cahier: case, expected, obtained; one line a case, 80 columns wide.

use std::io::{self, Write};

use crate::sandbox::{Observed, Played};
use domain::defect::{Code, Defect};
use domain::outcome::Verdict;

/// The columns of a case and of what was expected of it, in characters.
const CASE: usize = 36;
const EXPECTED: usize = 20;

/// Escape sequences of a terminal: what differs is red.
const RED: (&str, &str) = ("\u{1b}[1;31m", "\u{1b}[0m");

/// Writes the cases, which are sorted by functionality.
pub(super) fn write(out: &mut impl Write, played: &[Played], colour: bool) -> io::Result<()> {
    let mut group = "";
    for one in played {
        if one.fonctionnalite != group {
            group = &one.fonctionnalite;
            writeln!(out, "\n{:<CASE$} {:<EXPECTED$} obtenu", group.to_uppercase(), "attendu")?;
        }
        row(out, one, colour)?;
    }
    writeln!(out, "\n« partiel » : partiellement intégré ; une virgule sépare les envois d’un cas.")
}

fn row(out: &mut impl Write, one: &Played, colour: bool) -> io::Result<()> {
    let (expected, obtained) = (expected(one), obtained(one));
    let line = format!("{:<CASE$} {expected:<EXPECTED$} {obtained}", one.id);
    if one.differences.is_empty() {
        return writeln!(out, "{line}");
    }
    let (on, off) = if colour { RED } else { ("", "") };
    writeln!(out, "{on}{line}")?;
    for difference in &one.differences {
        writeln!(out, "  ÉCART {difference}")?;
    }
    write!(out, "{off}")
}

fn expected(one: &Played) -> String {
    one.expected
        .iter()
        .map(|expected| in_short(expected.verdict, expected.codes.clone()))
        .collect::<Vec<_>>()
        .join(", ")
}

fn obtained(one: &Played) -> String {
    let codes = |observed: &Observed| observed.outcome.all_defects().map(Defect::code).collect();
    let mails = one.observed.iter().map(|observed| in_short(observed.outcome.verdict, codes(observed)));
    mails.collect::<Vec<_>>().join(", ")
}

/// Verdict and codes, each code once: « rejeté C01 C02 ».
fn in_short(verdict: Option<Verdict>, mut codes: Vec<Code>) -> String {
    let verdict = match verdict {
        None => "en cours",
        Some(Verdict::PartiellementIntegre) => "partiel",
        Some(verdict) => verdict.in_words(),
    };
    codes.sort();
    codes.dedup();
    let words = std::iter::once(verdict).chain(codes.iter().map(|code| code.as_str()));
    words.collect::<Vec<_>>().join(" ")
}
