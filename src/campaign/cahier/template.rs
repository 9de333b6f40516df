//! The tokens of a template: `{{now-10m}}`, `{{serie}}`, `{{base64 rapport.xml}}`…

use super::instant::Instant;

/// A stretch of a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum TemplateToken<'t> {
    /// Text as it stands.
    Text(&'t str),
    /// A date.
    Instant(Instant),
    /// The identifier of the run.
    Serie,
    /// A file in base64, lines of 76 columns.
    Base64(&'t str),
    /// A file in quoted-printable.
    QuotedPrintable(&'t str),
    /// The bytes of a file as they are.
    Texte(&'t str),
    /// A text so many times; `\n` in it is a line end.
    Repete(usize, &'t str),
}

/// What is wrong with a token, and on which line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TokenFault {
    pub(super) line: usize,
    pub(super) reason: String,
}

/// The stretches of a template, in order.
pub(super) fn tokens(template: &str) -> Result<Vec<TemplateToken<'_>>, TokenFault> {
    let mut found = Vec::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once("{{") {
        let line = 1 + template.len().checked_sub(after.len()).map_or(0, |end| line_ends(template, end));
        let fault = |reason: String| TokenFault { line, reason };
        let (inside, next) = after.split_once("}}").ok_or_else(|| fault("« {{ » n’est pas refermé".to_owned()))?;
        found.push(TemplateToken::Text(before));
        found.push(token(inside).ok_or_else(|| fault(format!("« {{{{{inside}}}}} » n’est pas un jeton connu")))?);
        rest = next;
    }
    found.push(TemplateToken::Text(rest));
    Ok(found)
}

fn line_ends(template: &str, end: usize) -> usize {
    template.bytes().take(end).filter(|byte| *byte == b'\n').count()
}

fn token(inside: &str) -> Option<TemplateToken<'_>> {
    if inside == "serie" {
        return Some(TemplateToken::Serie);
    }
    if let Some(shift) = inside.strip_prefix("now") {
        return Instant::parse(shift).map(TemplateToken::Instant);
    }
    let (verb, argument) = inside.split_once(' ')?;
    match verb {
        "base64" => Some(TemplateToken::Base64(argument)),
        "quoted-printable" => Some(TemplateToken::QuotedPrintable(argument)),
        "texte" => Some(TemplateToken::Texte(argument)),
        "repete" => {
            let (count, text) = argument.split_once(' ')?;
            Some(TemplateToken::Repete(count.parse().ok()?, text))
        }
        _ => None,
    }
}
