//! The addresses in From, Reply-To and Disposition-Notification-To.
//!
//! Senders write what RFC 5322, section 3.4, does not allow: a comma in a name without quotation marks, brackets in
//! brackets, a comma too many, one address twice. Every reader mends such a field in its own way. So an address is
//! taken only if no way of mending gives another one: whoever vouches for the sender sees the one that is read here.

use std::iter::Peekable;
use std::str::Chars;

use domain::address::Address;

use super::head::HeaderBlock;

/// The most different addresses that are kept: two are too many already.
const KEPT: usize = 10;

/// What the fields of one name say.
#[derive(Debug, Clone, Default)]
pub(super) struct Mailboxes {
    /// Those that stand where an address stands, each once.
    addresses: Vec<Address>,
    /// Others that stand in a name or a comment, where some reader might find them.
    hidden: Vec<Address>,
    /// Whether something is there that another reader may take for an address of its own.
    is_doubtful: bool,
}

/// A piece of a field (RFC 5322, section 3.2).
#[derive(Debug, Clone, PartialEq, Eq)]
enum AddressToken {
    /// Anything between blanks and signs.
    Word(String),
    /// What stands between quotation marks.
    Quoted(String),
    /// What stands between parentheses.
    Comment(String),
    /// `<`
    Open,
    /// `>`
    Close,
    /// A comma, a semicolon, or the colon behind the name of a group.
    Separator,
}

impl Mailboxes {
    /// Reads the values of all fields of one name, each on one line.
    pub(super) fn read(fields: impl Iterator<Item = String>) -> Self {
        let mut found = Self::default();
        for field in fields {
            let (tokens, is_whole) = tokens(&field);
            found.is_doubtful |= !is_whole;
            tokens.split(|token| *token == AddressToken::Separator).for_each(|entry| found.entry(entry));
        }
        let Self { addresses, hidden, .. } = &mut found;
        hidden.retain(|address| !addresses.contains(address));
        found
    }

    /// The address, if there is exactly one, however often it stands there, and no doubt about it.
    pub(super) fn only(&self) -> Option<&Address> {
        match self.addresses.as_slice() {
            [address] if self.hidden.is_empty() && !self.is_doubtful => Some(address),
            _ => None,
        }
    }

    /// The first address.
    pub(super) fn first(&self) -> Option<&Address> {
        self.addresses.first().filter(|_| !self.is_doubtful)
    }

    /// Every address that a reader might find, 20 at most.
    pub(super) fn all(&self) -> impl Iterator<Item = &Address> {
        self.addresses.iter().chain(&self.hidden)
    }

    /// One entry: a name and an address in brackets, an address alone, or the piece of a name that a comma cut.
    fn entry(&mut self, tokens: &[AddressToken]) {
        let (comments, tokens): (Vec<&AddressToken>, Vec<&AddressToken>) =
            tokens.iter().partition(|token| matches!(token, AddressToken::Comment(_)));
        for comment in comments {
            self.look_into(comment.text());
        }
        // The innermost bracket holds the address, wherever it is closed.
        let (name, rest) = match tokens.iter().rposition(|token| **token == AddressToken::Open) {
            Some(open) => tokens.split_at(open),
            None => (&[][..], tokens.as_slice()),
        };
        let inside = rest.strip_prefix(&[&AddressToken::Open]).unwrap_or(rest);
        let (inside, behind) = match inside.iter().position(|token| **token == AddressToken::Close) {
            Some(close) => inside.split_at(close),
            None => (inside, &[][..]),
        };
        self.named(name);
        self.look_into(&text(behind));
        match inside {
            [AddressToken::Word(word)] if word.contains('@') => self.address(word),
            // Without an address in the brackets, the one before them is not the only thing to take for it.
            _ => self.is_doubtful |= [name, inside].into_iter().flatten().any(|token| token.is_address_like()),
        }
    }

    fn address(&mut self, word: &str) {
        match plain(word) {
            Some(address) => keep(&mut self.addresses, address),
            None => self.is_doubtful = true,
        }
    }

    /// A name that is an address and nothing else is a name: no reader takes it for the address, which follows.
    fn named(&mut self, name: &[&AddressToken]) {
        let is_marked =
            name.iter().all(|token| matches!(token, AddressToken::Quoted(_)) || token.text().starts_with("=?"));
        let text = text(name);
        if !(is_marked && plain(decoded(&text).trim_matches(['\'', ' '])).is_some()) {
            self.look_into(&text);
        }
    }

    /// Looks for addresses in a text for people, as it stands and decoded.
    fn look_into(&mut self, text: &str) {
        for text in [text, &decoded(text)] {
            let pieces = text.split(|character: char| character != '@' && character != '.' && !is_atom(character));
            let found =
                pieces.filter(|piece| piece.contains('@')).filter_map(|piece| plain(piece.trim_matches(['.', '\''])));
            found.for_each(|address| keep(&mut self.hidden, address));
        }
    }
}

impl AddressToken {
    fn text(&self) -> &str {
        match self {
            Self::Word(text) | Self::Quoted(text) | Self::Comment(text) => text,
            Self::Open | Self::Close | Self::Separator => "",
        }
    }

    fn is_address_like(&self) -> bool {
        matches!(self, Self::Word(word) if word.contains('@'))
    }
}

fn keep(addresses: &mut Vec<Address>, address: Address) {
    if addresses.len() < KEPT && !addresses.contains(&address) {
        addresses.push(address);
    }
}

fn text(tokens: &[&AddressToken]) -> String {
    tokens.iter().map(|token| token.text()).collect::<Vec<_>>().join(" ")
}

/// An address without quotation marks, comments or a route in it (RFC 5322, section 3.2.3: a dot-atom).
fn plain(text: &str) -> Option<Address> {
    let is_plain = text.chars().all(|character| matches!(character, '@' | '.') || is_atom(character));
    text.parse().ok().filter(|_| is_plain)
}

/// RFC 5322, section 3.2.3: atext.
fn is_atom(character: char) -> bool {
    character.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(character)
}

/// With its encoded words decoded (RFC 2047), wherever they stand: many readers decode them everywhere.
fn decoded(text: &str) -> String {
    if !text.contains("=?") {
        return text.to_owned();
    }
    let field = format!("Subject: {text}\r\n");
    HeaderBlock::read(field.as_bytes()).decoded("Subject").unwrap_or(text).to_owned()
}

/// The pieces of a field, and whether every quotation mark and parenthesis is closed.
fn tokens(field: &str) -> (Vec<AddressToken>, bool) {
    let (mut tokens, mut is_whole) = (Vec::new(), true);
    let mut rest = field.chars().peekable();
    while let Some(character) = rest.next() {
        let token = match character {
            '<' => Some(AddressToken::Open),
            '>' => Some(AddressToken::Close),
            ',' | ';' | ':' => Some(AddressToken::Separator),
            '"' => quoted(&mut rest).map(AddressToken::Quoted),
            '(' => comment(&mut rest).map(AddressToken::Comment),
            ')' => continue,
            blank if blank.is_whitespace() => continue,
            first => Some(AddressToken::Word(word(first, &mut rest))),
        };
        is_whole &= token.is_some();
        tokens.extend(token);
    }
    (tokens, is_whole)
}

fn word(first: char, rest: &mut Peekable<Chars<'_>>) -> String {
    let mut word = String::from(first);
    let ends = |next: &char| next.is_whitespace() || "<>,;:\"()".contains(*next);
    while let Some(next) = rest.next_if(|next| !ends(next)) {
        word.push(next);
    }
    word
}

/// What stands before the closing mark; `None` if there is none.
fn quoted(rest: &mut Peekable<Chars<'_>>) -> Option<String> {
    let mut text = String::new();
    loop {
        match rest.next()? {
            '"' => return Some(text),
            '\\' => text.extend(rest.next()),
            other => text.push(other),
        }
    }
}

/// What stands before the closing parenthesis, comments in the comment included; `None` if there is none.
fn comment(rest: &mut Peekable<Chars<'_>>) -> Option<String> {
    let (mut text, mut depth) = (String::new(), 0_usize);
    loop {
        match rest.next()? {
            ')' if depth == 0 => return Some(text),
            ')' => depth -= 1,
            '(' => depth += 1,
            '\\' => text.extend(rest.next()),
            other => text.push(other),
        }
    }
}
