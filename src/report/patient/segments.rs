//! The documents that are made of lines: HL7 v2, HPRIM Santé and its like, HPRIM Médecin.

/// What the first line of a message, file or batch is called (HL7 v2.5, section 2.10.3), and that of HPRIM Santé and of
/// ASTM E1394, of which it is made.
const HEADERS: [&str; 4] = ["MSH", "FHS", "BHS", "H"];

/// The lines that close the sections of an HPRIM Médecin file.
const CLOSING: [&str; 3] = ["****FIN****", "****FINFICHIER****", "****LAB****"];

/// Whether a line declares its delimiters as such a message begins, or the text is an HPRIM Médecin file.
pub(super) fn are_in(text: &str) -> bool {
    lines(text).any(is_header) || is_hprim_medecin(text)
}

/// Whether a text begins with such a message.
pub(super) fn begin(text: &str) -> bool {
    is_header(text)
}

/// Lines, frames of MLLP (HL7 v2.5, appendix C) included.
fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.split(|character: char| character.is_control() && character != '\t')
}

/// `MSH|^~\&|` or `H|~^\&|`, whatever delimiters are declared; what stands before them in the line must be no text, nor
/// a quotation mark.
fn is_header(line: &str) -> bool {
    let quoting = |character: char| matches!(character, '"' | '\'' | '«' | '“' | '‘' | '`' | '(');
    let start = line.trim_start_matches(|character: char| !character.is_alphanumeric() && !quoting(character));
    HEADERS.iter().any(|name| start.strip_prefix(name).is_some_and(declares_delimiters))
}

/// A separator, three to five other signs of which one is the `^` of every such message, and the separator again.
fn declares_delimiters(rest: &str) -> bool {
    let mut signs = rest.chars();
    let Some(separator) = signs.next().filter(char::is_ascii_punctuation) else { return false };
    let Some((declared, _)) = signs.as_str().split_once(separator) else { return false };
    let all_signs = declared.chars().all(|sign| sign.is_ascii_punctuation());
    let distinct = declared.chars().enumerate().all(|(rank, sign)| declared.find(sign) == Some(rank));
    (3..=5).contains(&declared.len()) && all_signs && distinct && declared.contains('^')
}

/// Twelve lines of a head, of which the seventh is a date of birth and the eighth a number of the Sécurité sociale; then
/// a text, and a line that closes it.
pub(super) fn is_hprim_medecin(text: &str) -> bool {
    let text = &text.replace("\r\n", "\n").replace('\r', "\n");
    if text.lines().any(|line| CLOSING.contains(&line.trim())) {
        return true;
    }
    let mut head = text.lines().skip(6);
    head.next().is_some_and(is_date) && head.next().is_some_and(is_social_security_number)
}

/// `31/12/1970` or `31/12/70`.
fn is_date(line: &str) -> bool {
    let parts: Vec<&str> = line.trim().split('/').collect();
    let digits = |part: &&str| part.bytes().all(|byte| byte.is_ascii_digit());
    parts.iter().all(digits) && matches!(parts.iter().map(|part| part.len()).collect::<Vec<_>>()[..], [2, 2, 2 | 4])
}

/// Thirteen characters, with their key or without it.
fn is_social_security_number(line: &str) -> bool {
    let digits: String = line.chars().filter(|character| !character.is_whitespace()).collect();
    let corsican = |byte: u8| matches!(byte, b'A' | b'B');
    matches!(digits.len(), 13 | 15) && digits.bytes().all(|byte| byte.is_ascii_digit() || corsican(byte))
}
