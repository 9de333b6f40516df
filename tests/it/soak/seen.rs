//! What is seen from outside: the files of the mailbox, and the replies in the mailboxes of the hospitals.

use std::collections::{BTreeMap, HashMap};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use mail_parser::{MessageParser, MimeHeaders};
use sha2::{Digest, Sha256};

use super::stand::Stand;
use crate::crash::evidence::{FOLDERS, files, reply_ids};
use crate::exim::Delivered;

pub(super) type Hash = [u8; 32];

/// A reply as it lies in a mailbox.
#[derive(Debug, Clone)]
pub(super) struct Reply {
    pub(super) id: String,
    /// The Message-ID that it answers, before the `@`; empty for a digest.
    pub(super) answers: String,
    pub(super) return_path: String,
    /// Its bytes in short: a repeated one is the same.
    pub(super) bytes: Hash,
    /// Its text in one line.
    pub(super) text: String,
    /// Of its reports for software: which mail each is about, and the codes of its defects.
    pub(super) reports: Vec<(String, Vec<String>)>,
    /// Its whole source, if it has the form of a disposition notification.
    pub(super) notification: Option<String>,
}

/// Looks again and again: what was read once is known.
#[derive(Clone, Default)]
pub(super) struct Seen {
    known: HashMap<(u64, i64, i64, u64), Hash>,
    read: HashMap<PathBuf, Reply>,
    /// How many files with these bytes each folder holds; the inbox without a name.
    pub(super) files: BTreeMap<Hash, BTreeMap<&'static str, usize>>,
    /// The replies of each mailbox.
    pub(super) boxes: BTreeMap<String, Vec<Reply>>,
}

pub(super) fn hash(bytes: &[u8]) -> Hash {
    Sha256::digest(bytes).into()
}

impl Seen {
    /// What is there now; a file that is renamed meanwhile is found at the next look.
    pub(super) fn look(&mut self, stand: &Stand) {
        let inbox = stand.dovecot.maildir();
        let mut found: BTreeMap<Hash, BTreeMap<&'static str, usize>> = BTreeMap::new();
        for folder in [""].into_iter().chain(FOLDERS) {
            let maildir = if folder.is_empty() { inbox.clone() } else { inbox.join(format!(".{folder}")) };
            for hash in files(&maildir).filter_map(|path| self.hash(&path)) {
                *found.entry(hash).or_default().entry(folder).or_default() += 1;
            }
        }
        self.files = found;
        self.boxes = stand
            .path("boxes")
            .read_dir()
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .map(|maildir| {
                let address = maildir.file_name().unwrap().to_string_lossy().into_owned();
                let mut paths: Vec<PathBuf> = files(&maildir).collect();
                paths.sort();
                (address, paths.iter().map(|path| self.reply(path)).collect())
            })
            .collect();
    }

    fn hash(&mut self, path: &Path) -> Option<Hash> {
        let status = std::fs::metadata(path).ok()?;
        let identity = (status.ino(), status.mtime(), status.mtime_nsec(), status.len());
        if let Some(known) = self.known.get(&identity) {
            return Some(*known);
        }
        let hash = hash(&std::fs::read(path).ok()?);
        self.known.insert(identity, hash);
        Some(hash)
    }

    fn reply(&mut self, path: &Path) -> Reply {
        let read = self.read.entry(path.to_owned());
        read.or_insert_with(|| Reply::of(&Delivered::parse(&std::fs::read(path).unwrap()))).clone()
    }
}

impl Reply {
    fn of(Delivered { return_path, mail }: &Delivered) -> Self {
        let (id, answers) = reply_ids(mail);
        let parsed = MessageParser::default().parse(mail).unwrap();
        let text = parsed.body_text(0).unwrap_or_default();
        let text =
            text.split(|sign: char| sign.is_whitespace()).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
        let is_report = |name: &str| name.starts_with("compte-rendu");
        let named = parsed.attachments().filter(|part| part.attachment_name().is_some_and(is_report));
        let reports = named.map(|part| report(&String::from_utf8_lossy(part.contents()))).collect();
        let source = String::from_utf8_lossy(mail).into_owned();
        let notification = source.contains("report-type=\"disposition-notification\"").then_some(source);
        let answers = answers.split('@').next().unwrap_or_default().to_owned();
        Self { id, answers, return_path: return_path.clone(), bytes: hash(mail), text, reports, notification }
    }
}

/// The mail that a report is about, and the codes in it.
fn report(xml: &str) -> (String, Vec<String>) {
    let value = |text: &str| text.split('"').next().unwrap_or_default().to_owned();
    let about = xml.split("messageId=\"").nth(1).map(value).unwrap_or_default();
    let defects = xml.split("<defaut ").skip(1).filter_map(|defect| defect.split("code=\"").nth(1).map(value));
    let mut codes: Vec<String> = defects.collect();
    codes.sort();
    codes.dedup();
    (about.split('@').next().unwrap_or_default().to_owned(), codes)
}
