//! What a server says of its folders when it is asked: how full they are, what we may do, how they must be called.
//!
//! Read line by line, for the diagnosis alone: a line that is not understood says nothing, and a question that is
//! refused has no answer. Courier tells of a quota without limits as `* QUOTA "ROOT"`.

use std::collections::BTreeMap;

use tokio::io::{AsyncRead, AsyncWrite};

use super::super::error::{MailboxError, MailboxStep};
use super::super::folder::{Destinations, Name};
use super::super::inspect::{Hindrance, Quota};
use super::exchange::Filing;
use super::prelogin::{Dialogue, PreloginAnswer};

/// The folder in which every mailbox begins.
const INBOX: &str = "INBOX";

/// What was said.
#[derive(Debug, Default)]
pub(super) struct Facts {
    /// The fullest limit on storage of the folder that is read (RFC 2087, section 4.3).
    pub(super) quota: Option<Quota>,
    /// How the names of our own folders begin, with what separates their levels (RFC 2342); `None` if it was not said.
    personal: Option<Vec<Namespace>>,
    /// Our rights, by the name of the folder on the wire (RFC 4314, section 3.5).
    rights: BTreeMap<String, String>,
}

#[derive(Debug, PartialEq, Eq)]
struct Namespace {
    prefix: String,
    delimiter: Option<char>,
}

impl Facts {
    /// Asks whatever the server offers to say.
    pub(super) async fn ask<S: AsyncRead + AsyncWrite + Unpin>(
        dialogue: &mut Dialogue<S>,
        source: &Name,
        destinations: &Destinations,
    ) -> Result<Self, MailboxError> {
        let offered = dialogue.capabilities().await?;
        let mut facts = Self::default();
        if offered.has("QUOTA") {
            let lines = answers(dialogue, &format!("GETQUOTAROOT \"{}\"", source.wire())).await?;
            let limits = lines.iter().filter_map(|line| storage(line));
            facts.quota = limits.min_by_key(|quota| quota.limit.saturating_sub(quota.used));
        }
        if offered.has("NAMESPACE") {
            let lines = answers(dialogue, "NAMESPACE").await?;
            facts.personal = lines.iter().find_map(|line| personal(line));
        }
        if offered.has("ACL") {
            let names = destinations.names().chain([source]).map(Name::wire).chain([INBOX]);
            for name in names {
                let lines = answers(dialogue, &format!("MYRIGHTS \"{name}\"")).await?;
                let rights = lines.iter().find_map(|line| rights(line));
                facts.rights.extend(rights.map(|rights| (name.to_owned(), rights)));
            }
        }
        Ok(facts)
    }

    /// What will keep judged mails from leaving the folder that is read, as far as the server says it beforehand.
    /// `missing` are the folders that are not there yet.
    pub(super) fn hindrances(
        &self,
        source: &Name,
        destinations: &Destinations,
        missing: &[String],
        filing: Filing,
    ) -> Vec<Hindrance> {
        let mut found = Vec::new();
        // To take a mail out it must be marked and removed; `d` was the word for both (RFC 4314, section 2.1.1).
        let (taking, adding): (&[_], &[_]) = match filing {
            Filing::Leave => return found,
            Filing::Move => (&["r", "td", "ed"], &["i"]),
            Filing::Copy => (&["r", "s", "td", "ed"], &["i", "r"]),
        };
        found.extend(self.lacking(source, source.wire(), taking));
        for name in destinations.names() {
            if !missing.iter().any(|one| one == name.shown()) {
                found.extend(self.lacking(name, name.wire(), adding));
            } else if let Some(prefixes) = self.prefixes_instead(name) {
                found.push(Hindrance::Prefix { folder: name.shown().to_owned(), prefixes });
            } else if let Some(parent) = self.parent(name) {
                // `c` was the word for `k`.
                found.extend(self.lacking(name, &parent, &["kc"]));
            }
        }
        found
    }

    /// Each of the rights may have several letters, one of which is enough. Nothing is lacking where nothing was said.
    fn lacking(&self, folder: &Name, asked: &str, rights: &[&str]) -> Option<Hindrance> {
        let had = self.rights.get(asked)?;
        let lacks = |right: &&&str| !right.chars().any(|letter| had.contains(letter));
        let lacking: String = rights.iter().filter(lacks).filter_map(|right| right.chars().next()).collect();
        let hindrance = || Hindrance::Rights { folder: folder.shown().to_owned(), had: had.clone(), lacking };
        rights.iter().any(|right| lacks(&right)).then(hindrance)
    }

    /// The prefixes one of which the name must begin with, if it begins with none.
    fn prefixes_instead(&self, name: &Name) -> Option<Vec<String>> {
        let personal = self.personal.as_ref().filter(|personal| !personal.is_empty())?;
        let begins = |one: &Namespace| {
            let beginning = name.wire().get(..one.prefix.len());
            beginning.is_some_and(|beginning| beginning.eq_ignore_ascii_case(&one.prefix))
        };
        let prefixes = || personal.iter().map(|one| one.prefix.clone()).collect();
        (!personal.iter().any(begins)).then(prefixes)
    }

    /// The folder in which one is to be made.
    fn parent(&self, name: &Name) -> Option<String> {
        let delimiter = self.personal.as_ref()?.iter().find_map(|one| one.delimiter)?;
        let (parent, _) = name.wire().rsplit_once(delimiter)?;
        Some(if parent.eq_ignore_ascii_case(INBOX) { INBOX.to_owned() } else { parent.to_owned() })
    }
}

async fn answers<S: AsyncRead + AsyncWrite + Unpin>(
    dialogue: &mut Dialogue<S>,
    command: &str,
) -> Result<Vec<String>, MailboxError> {
    match dialogue.exchange(MailboxStep::Folders, command, &mut |_| None).await? {
        (PreloginAnswer::Ok, lines) => Ok(lines),
        (PreloginAnswer::No(_) | PreloginAnswer::Bad(_), _) => Ok(Vec::new()),
    }
}

/// `* QUOTA "" (STORAGE 10 512)`.
fn storage(line: &str) -> Option<Quota> {
    let (head, rest) = line.rsplit_once('(')?;
    if !head.to_ascii_uppercase().starts_with("* QUOTA ") {
        return None;
    }
    let words: Vec<&str> = rest.trim_end_matches(')').split_whitespace().collect();
    words.as_chunks::<3>().0.iter().find_map(|[name, used, limit]| {
        let is_storage = name.eq_ignore_ascii_case("STORAGE");
        is_storage.then(|| Some(Quota { used: used.parse().ok()?, limit: limit.parse().ok()? }))?
    })
}

/// `* MYRIGHTS INBOX rwiptsldaex`.
fn rights(line: &str) -> Option<String> {
    let (head, rights) = line.rsplit_once(' ')?;
    head.to_ascii_uppercase().starts_with("* MYRIGHTS ").then(|| rights.trim_matches('"').to_owned())
}

/// The first group of `* NAMESPACE (("INBOX." ".")) NIL NIL`: none for NIL.
fn personal(line: &str) -> Option<Vec<Namespace>> {
    const WORD: &str = "* NAMESPACE ";
    let is_it = line.get(..WORD.len()).is_some_and(|head| head.eq_ignore_ascii_case(WORD));
    let rest = line.get(WORD.len()..).filter(|_| is_it)?;
    let (mut depth, mut namespaces, mut strings) = (0_u32, Vec::new(), Vec::new());
    let mut characters = rest.chars();
    while let Some(character) = characters.next() {
        match character {
            '(' => depth = depth.saturating_add(1),
            ')' => {
                depth = depth.saturating_sub(1);
                let mut own = std::mem::take(&mut strings).into_iter();
                if let Some(prefix) = own.next() {
                    let delimiter = own.next().and_then(|text: String| text.chars().next());
                    namespaces.push(Namespace { prefix, delimiter });
                }
            }
            '"' => strings.push(quoted(&mut characters)),
            _ => {}
        }
        if depth == 0 {
            break;
        }
    }
    Some(namespaces)
}

/// The rest of a quoted string (RFC 3501, section 4.3).
fn quoted(characters: &mut std::str::Chars<'_>) -> String {
    let mut text = String::new();
    while let Some(character) = characters.next() {
        match character {
            '"' => break,
            '\\' => text.extend(characters.next()),
            other => text.push(other),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotas_are_read_where_they_have_a_limit() {
        let read = |line: &str| storage(line).map(|quota| (quota.used, quota.limit));
        assert_eq!(read("* QUOTA \"User quota\" (MESSAGE 3 10 STORAGE 10 512)"), Some((10, 512)));
        assert_eq!(read("* quota \"\" (storage 1 2)"), Some((1, 2)));
        for line in ["* QUOTA \"ROOT\"", "* QUOTA \"ROOT\" ()", "* QUOTAROOT \"INBOX\" \"ROOT\"", "* QUOTA x (STORAGE"]
        {
            assert_eq!(read(line), None, "{line}");
        }
    }

    #[test]
    fn our_own_namespaces_are_the_first_group() {
        let read = |line: &str| personal(line).map(|all| all.into_iter().map(|one| one.prefix).collect::<Vec<_>>());
        let own = |prefixes: &[&str]| Some(prefixes.iter().map(|one| (*one).to_owned()).collect());
        assert_eq!(read("* NAMESPACE ((\"INBOX.\" \".\")) ((\"user.\" \".\")) ((\"\" \".\"))"), own(&["INBOX."]));
        assert_eq!(read("* NAMESPACE ((\"\" \"/\")(\"#news.\" NIL)) NIL NIL"), own(&["", "#news."]));
        assert_eq!(read("* NAMESPACE NIL NIL ((\"\" \".\"))"), own(&[]));
        assert_eq!(read("* NAMESPACE ((\"a\\\"b\" \"\\\\\"))"), own(&["a\"b"]));
        assert_eq!(read("* LIST () \".\" INBOX"), None);
    }

    #[test]
    fn rights_are_the_last_word() {
        assert_eq!(rights("* MYRIGHTS \"Mes dossiers\" lrsi").as_deref(), Some("lrsi"));
        assert_eq!(rights("* myrights INBOX \"lr\"").as_deref(), Some("lr"));
        assert_eq!(rights("* ACL INBOX a lrs"), None);
    }
}
