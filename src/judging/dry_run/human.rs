//! A judgement as people read it: each defect with the line at fault, then the verdict.

use std::collections::HashMap;
use std::fmt::Write;
use std::ops::Range;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};

use super::Checked;
use domain::defect::{Actor, Defect, Place, is_unprintable};
use domain::outcome::Verdict;

/// The most characters of a line that are shown on each side of the spot, and of the spot itself.
const AROUND: usize = 60;
/// The most faults that are written out.
const DEFECTS_LIMIT: usize = 200;
/// The most lines named at which a fault stands again.
const LINES_LIMIT: usize = 10;

/// The judgement on one file, ending with a line end.
pub(super) fn render(checked: &Checked, colour: bool) -> String {
    let renderer = if colour { Renderer::styled() } else { Renderer::plain() }.decor_style(DecorStyle::Unicode);
    let mut page = String::new();
    let entries = entries(checked);
    for entry in entries.iter().take(DEFECTS_LIMIT) {
        page.push_str(&renderer.render(&[group(entry)]));
        page.push_str("\n\n");
    }
    let more: usize = entries.iter().skip(DEFECTS_LIMIT).map(|entry| 1 + entry.others.len()).sum();
    if more > 0 {
        line(&mut page, format_args!("… et {more} de plus, que montre --format json.\n"));
    }
    line(&mut page, format_args!("{} : {}", printable(&checked.fichier), summary(checked)));
    if !checked.non_verifie.is_empty() {
        let codes = checked.non_verifie.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        line(&mut page, format_args!("  non vérifié, faute de référentiel ou d’expéditeur : {codes}"));
    }
    page
}

/// A defect as it is first met, and where else the same fault is.
struct DefectEntry<'a> {
    defect: &'a Defect,
    text: Option<&'a str>,
    others: Vec<&'a Place>,
}

/// One entry for each fault, in document order.
fn entries(checked: &Checked) -> Vec<DefectEntry<'_>> {
    let mut ranks = HashMap::new();
    let mut entries: Vec<DefectEntry<'_>> = Vec::new();
    for (defect, text) in checked.shown() {
        let rank = *ranks.entry(defect.fault()).or_insert(entries.len());
        match entries.get_mut(rank) {
            Some(entry) => entry.others.push(defect.place()),
            None => entries.push(DefectEntry { defect, text, others: Vec::new() }),
        }
    }
    entries
}

/// « et à 9 autres endroits : lignes 8, 9, 10… ».
fn elsewhere(others: &[&Place]) -> Option<String> {
    let (count, mut lines) = (others.len(), Vec::new());
    for line in others.iter().filter_map(|place| place.line) {
        if !lines.contains(&line) {
            lines.push(line);
        }
        if lines.len() > LINES_LIMIT {
            break;
        }
    }
    let cut = if lines.len() > LINES_LIMIT { "…" } else { "" };
    let told: Vec<String> = lines.iter().take(LINES_LIMIT).map(ToString::to_string).collect();
    let place = if count > 1 { format!("{count} autres endroits") } else { "un autre endroit".to_owned() };
    let name = if told.len() > 1 { "lignes" } else { "ligne" };
    let lines = if told.is_empty() { String::new() } else { format!(" : {name} {}{cut}", told.join(", ")) };
    (count > 0).then(|| format!("à {place}{lines}"))
}

fn line(page: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing to a string cannot fail.
    let _ = writeln!(page, "{text}");
}

fn summary(checked: &Checked) -> String {
    let rejections = checked.defauts.iter().filter(|defect| defect.is_rejection()).count();
    let warnings = checked.defauts.len() - rejections;
    let verdict = match checked.verdict {
        Verdict::Ignore => return "ignoré : avis ou réponse automatique, rien n’est à traiter".to_owned(),
        // Nothing else is kept apart before it is judged.
        Verdict::Quarantaine => {
            return "mis de côté : ce n’est pas le courriel de l’établissement, mais le texte que donne un serveur Exchange à la place d’un courriel qu’il n’a pas su convertir ; l’original est resté sur le serveur"
                .to_owned();
        }
        verdict => verdict.in_words(),
    };
    format!(
        "{verdict} ; {}, {}, {}",
        counts(checked),
        plural(rejections, "rejet", "rejets"),
        plural(warnings, "avertissement", "avertissements"),
    )
}

/// What is for trying only leaves nothing behind: whoever forgot the mode must see it here.
fn counts(checked: &Checked) -> String {
    let count = checked.lignes.len();
    if checked.essai {
        return plural(
            count,
            "capacité valable (mode test : rien ne sera transmis)",
            "capacités valables (mode test : rien ne sera transmis)",
        );
    }
    plural(count, "capacité à transmettre", "capacités à transmettre")
}

fn plural(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count > 1 { many } else { one })
}

/// annotate-snippets puts a colon right after a name: French wants a blank before it.
fn group<'a>(entry: &DefectEntry<'a>) -> Group<'a> {
    let (defect, text) = (entry.defect, entry.text);
    let code = defect.code();
    let level = if defect.is_rejection() {
        Level::ERROR.with_name(format!("rejet {code} "))
    } else {
        Level::WARNING.with_name(format!("avertissement {code} "))
    };
    let mut group = Group::with_title(level.primary_title(defect.message()));
    let found = defect.found_text().map(|found| format!("trouvé « {found} »"));
    if let Some(excerpt) = text.and_then(|text| excerpt(defect, text)) {
        let spot = AnnotationKind::Primary.span(excerpt.span).label(found.unwrap_or_else(|| "ici".to_owned()));
        let snippet = Snippet::source(excerpt.text).line_start(excerpt.line).annotation(spot);
        let piece = printable(&defect.place().piece);
        // The column that would be counted in a line cut at its beginning would be wrong.
        group = if excerpt.cut {
            group.element(origin(piece, defect)).element(snippet)
        } else {
            group.element(snippet.path(piece))
        };
    } else if let Some(found) = found {
        group = group.element(Level::NOTE.with_name("constat ").message(found));
    }
    let others = elsewhere(&entry.others).map(|places| ("même défaut ", places));
    for (name, text) in notes(defect).into_iter().chain(others) {
        group = group.element(Level::NOTE.with_name(name).message(text));
    }
    group.element(Level::HELP.with_name("conseil ").message(defect.hint()))
}

/// The place as editors and terminals follow it: `rapport.xml:7:41`.
fn origin(piece: String, defect: &Defect) -> Origin<'static> {
    let number = |number: Option<u32>| number.and_then(|number| usize::try_from(number).ok()).unwrap_or(1);
    let place = defect.place();
    Origin::path(piece).line(number(place.line)).char_column(number(place.column))
}

fn notes(defect: &Defect) -> Vec<(&'static str, String)> {
    let expected = defect.expected_text().map(|expected| ("attendu ", expected.to_owned()));
    let place = printable(&defect.place().in_full());
    let place = (!place.is_empty()).then_some(("endroit ", place));
    let elsewhere = defect.code().actors() != [Actor::Etablissement];
    let actors = elsewhere.then(|| ("qui doit agir ", actors(defect)));
    [expected, place, actors].into_iter().flatten().collect()
}

fn actors(defect: &Defect) -> String {
    defect.code().actors().iter().map(|actor| actor.in_words()).collect::<Vec<_>>().join(", ")
}

/// The line at fault, cut around the spot, made of printable characters only.
struct Excerpt {
    text: String,
    line: usize,
    span: Range<usize>,
    /// Whether the beginning of the line is left out.
    cut: bool,
}

fn excerpt(defect: &Defect, text: &str) -> Option<Excerpt> {
    let place = defect.place();
    let span = place.span.clone()?;
    let (before, rest) = text.split_at_checked(span.start)?;
    let (spot, after) = rest.split_at_checked(span.len()).unwrap_or((rest, ""));
    let (spot, one_line) = first_line(spot);
    let (spot, whole) = first_chars(spot, AROUND);
    let after = if one_line && whole { after } else { "" };
    let (before, cut) = shown_before(before);
    let (spot, after) = (printable(spot), shown_after(after));
    let start = before.len();
    // An empty spot marks the character that stands there, if there is one.
    let width = if spot.is_empty() { after.chars().next().map_or(0, char::len_utf8) } else { spot.len() };
    let line = usize::try_from(place.line.unwrap_or(1)).ok()?;
    Some(Excerpt { text: format!("{before}{spot}{after}"), line, span: start..start + width, cut })
}

/// Up to the end of the line (XML 1.0, section 2.11), and whether that is all.
fn first_line(text: &str) -> (&str, bool) {
    text.split_once(['\r', '\n']).map_or((text, true), |(line, _)| (line, false))
}

/// The first characters, and whether they are all.
fn first_chars(text: &str, limit: usize) -> (&str, bool) {
    let cut = text.char_indices().nth(limit).and_then(|(end, _)| text.split_at_checked(end));
    cut.map_or((text, true), |(head, _)| (head, false))
}

/// The end of the line before the spot, and whether its beginning is left out.
fn shown_before(text: &str) -> (String, bool) {
    let line = text.rsplit(['\r', '\n']).next().unwrap_or_default();
    match line.char_indices().rev().nth(AROUND).and_then(|(start, _)| line.split_at_checked(start)) {
        Some((_, tail)) => (format!("…{}", printable(tail)), true),
        None => (printable(line), false),
    }
}

fn shown_after(text: &str) -> String {
    let (head, whole) = first_chars(first_line(text).0, AROUND);
    format!("{}{}", printable(head), if whole { "" } else { "…" })
}

fn printable(text: &str) -> String {
    let visible = |character: char| match character {
        '\t' => ' ',
        character if is_unprintable(character) => '·',
        character => character,
    };
    text.chars().map(visible).collect()
}
