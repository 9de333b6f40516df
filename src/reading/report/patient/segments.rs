//! The documents that are made of lines: HL7 v2, HPRIM Santé and its like, HPRIM Médecin.

use std::collections::BTreeSet;

/// What the first line of a message, file or batch is called (HL7 v2.5, section 2.10.3), and that of HPRIM Santé and of
/// ASTM E1394, of which it is made.
const HEADERS: [&str; 4] = [MESSAGE, "FHS", "BHS", SIMPLE];
const MESSAGE: &str = "MSH";
const SIMPLE: &str = "H";

/// Messages of HL7 v2 about no patient, by the first component of MSH-9: master files such as those of the places of a
/// hospital, acknowledgements, messages of the network and of equipment (HL7 v2.5, appendix A).
const IMPERSONAL: [&str; 12] = ["ACK", "MCF", "MFD", "MFK", "MFN", "MFQ", "MFR", "NMD", "NMQ", "NMR", "ESU", "INU"];

/// Where MSH-9 stands among the fields behind the delimiters.
const TYPE: usize = 6;

/// Segments that tell of a patient (HL7 v2.5, chapter 3).
const PERSONAL: [&str; 4] = ["PID", "PV1", "NK1", "MRG"];

/// The lines that close the sections of an HPRIM Médecin file.
const CLOSING: [&str; 3] = ["****FIN****", "****FINFICHIER****", "****LAB****"];

/// What the lines of a text say it is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Segments {
    /// It begins with the header of a message.
    pub(super) begin: bool,
    /// A line in it is such a header, with something in its fields.
    stand: bool,
    /// A header stands in it, and a line that tells of a patient.
    pub(super) tell: bool,
}

impl Segments {
    /// Reads the lines of a text in linear time. A message that cannot be about a patient counts only if it tells of one.
    pub(super) fn read(text: &str) -> Self {
        let headers: Vec<Header<'_>> = lines(text).flat_map(headers).collect();
        if headers.is_empty() {
            return Self::default();
        }
        // Of which there are few, however many headers.
        let separators: BTreeSet<char> = headers.iter().map(|header| header.separator).collect();
        let messages = || headers.iter().filter(|header| header.name == MESSAGE);
        let personal = messages().next().is_none() || messages().any(|header| !header.is_impersonal());
        Self {
            begin: personal && beginning(bare(text)).is_some(),
            stand: personal && headers.iter().any(|header| header.leads && header.says_something()),
            tell: lines(text).any(|line| separators.iter().any(|separator| tells_of_somebody(line, *separator))),
        }
    }

    pub(super) fn are_a_message(self) -> bool {
        self.begin || self.stand || self.tell
    }
}

/// A header whose delimiters are declared: `MSH|^~\&|` or `H|~^\&|`.
struct Header<'x> {
    name: &'static str,
    separator: char,
    /// What follows the delimiters.
    fields: &'x str,
    /// Whether nothing stands before it in its line.
    leads: bool,
}

impl Header<'_> {
    fn is_impersonal(&self) -> bool {
        let kind = self.fields.split(self.separator).nth(TYPE).unwrap_or_default();
        IMPERSONAL.iter().any(|known| kind.starts_with(known))
    }

    fn says_something(&self) -> bool {
        self.fields.contains(char::is_alphanumeric)
    }
}

/// Lines, frames of MLLP (HL7 v2.5, appendix C) included.
fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.split(|character: char| character.is_control() && character != '\t')
}

/// A line without what stands before its first word, if it is no text, nor a quotation mark.
fn bare(line: &str) -> &str {
    let quoting = |character: char| matches!(character, '"' | '\'' | '«' | '“' | '‘' | '`' | '(');
    line.trim_start_matches(|character: char| !character.is_alphanumeric() && !quoting(character))
}

/// The header that leads a line, or else those of messages in it.
fn headers(line: &str) -> impl Iterator<Item = Header<'_>> {
    let leading = beginning(bare(line));
    let none = leading.is_none();
    let inside = line.match_indices('H').filter(move |_| none).filter_map(|(at, _)| {
        let name = if line.get(..at)?.ends_with("MS") { MESSAGE } else { SIMPLE };
        let start = at + 1 - name.len();
        let is_word = !line.get(..start)?.ends_with(char::is_alphanumeric);
        Header::of(name, line.get(start..)?, false).filter(|_| is_word)
    });
    leading.into_iter().chain(inside)
}

fn beginning(text: &str) -> Option<Header<'_>> {
    HEADERS.iter().find_map(|name| Header::of(name, text, true))
}

impl<'x> Header<'x> {
    /// A separator, three to five other signs, and the separator again or the end of the line. Those of an `H` alone,
    /// which other texts have too, are among the signs of HPRIM and ASTM.
    fn of(name: &'static str, text: &'x str, leads: bool) -> Option<Self> {
        let mut signs = text.strip_prefix(name)?.chars();
        let separator = signs.next().filter(char::is_ascii_punctuation)?;
        let rest = signs.as_str().split(char::is_control).next()?;
        let (declared, fields) = rest.split_once(separator).unwrap_or((rest.trim_end(), ""));
        let all_signs = declared.chars().all(|sign| sign.is_ascii_punctuation());
        let distinct = declared.chars().enumerate().all(|(rank, sign)| declared.find(sign) == Some(rank));
        let usual = name != SIMPLE || declared.contains('^') || declared.contains('\\') && declared.contains('&');
        let sound = (3..=5).contains(&declared.len()) && all_signs && distinct && usual;
        sound.then_some(Self { name, separator, fields, leads })
    }
}

/// A segment about a patient wherever it begins, or the line `P` of HPRIM.
fn tells_of_somebody(line: &str, separator: char) -> bool {
    let has_fields = |rest: &str| rest.starts_with(separator) && rest.matches(separator).nth(1).is_some();
    let inside = |name: &str| {
        line.match_indices(name).any(|(at, _)| {
            let is_word = line.get(..at).is_some_and(|before| !before.ends_with(char::is_alphanumeric));
            is_word && line.get(at + name.len()..).is_some_and(has_fields)
        })
    };
    let leads = line.trim_start_matches(|character: char| !character.is_alphanumeric()).strip_prefix('P');
    leads.is_some_and(has_fields) || PERSONAL.iter().any(|name| inside(name))
}

/// Twelve lines of a head, of which the sixth is a town, the seventh a date of birth, the eighth a number of the Sécurité
/// sociale and the tenth the date of the document; then a text, and a line that closes it.
pub(super) fn is_hprim_medecin(text: &str) -> bool {
    if lines(text).any(|line| CLOSING.contains(&line.trim())) {
        return true;
    }
    let head: Vec<&str> = head_of(text).collect();
    let says = |rank: usize, rule: fn(&str) -> bool| head.get(rank).is_some_and(|line| rule(line));
    says(6, is_date) && (says(7, is_social_security_number) || says(5, is_town) && says(9, is_date))
}

/// The first ten lines, whatever their ends.
fn head_of(text: &str) -> impl Iterator<Item = &str> {
    let end = if text.contains('\n') { '\n' } else { '\r' };
    text.split(end).take(10)
}

/// `35000 RENNES`.
fn is_town(line: &str) -> bool {
    let code = line.trim().split_once(' ').map(|(code, _)| code);
    code.is_some_and(|code| code.len() == 5 && code.bytes().all(|byte| byte.is_ascii_digit()))
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
