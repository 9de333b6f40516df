//! Judging a file without any effect: what a hospital does before sending it.
//!
//! Pure: the file's bytes, the referential and the time come in as values.

mod human;

use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;

use crate::judgement::{self, Context, NEEDS_REFERENTIAL, Rules};
use crate::referential::Referential;
use domain::address::Address;
use domain::capacity::Mode;
use domain::defect::{Code, Defect, Place};
use domain::outcome::{OutcomeLine, Verdict};
use reading::message;
use reading::message::Candidate;
use reading::report;
use reading::report::ReportReading;

/// What the judgement depends on besides the file.
#[derive(Debug, Clone, Copy)]
pub struct Bench<'a> {
    /// The referential; without one, the codes that need it are listed as not checked.
    pub referential: Option<&'a Referential>,
    /// The rules.
    pub rules: &'a Rules,
    /// The instant at which the file is taken to be received.
    pub at: Timestamp,
}

/// A file after its judgement: the public shape of `check --format json`.
#[derive(Debug, Clone, Serialize)]
pub struct Checked {
    /// The file's name as it was given.
    pub fichier: String,
    /// The format of its first document, if recognised.
    pub format: Option<&'static str>,
    /// The verdict it would get, before any answer of the ROR.
    pub verdict: Verdict,
    /// The identifiant of its first document.
    pub identifiant: Option<String>,
    /// The counts that would be pushed.
    pub lignes: Vec<OutcomeLine>,
    /// All that is wrong.
    pub defauts: Vec<Defect>,
    /// The codes that could not be checked.
    pub non_verifie: Vec<Code>,
    /// Whether a document is for trying only (`mode="test"`): nothing of it would be pushed; no part of the contract.
    #[serde(skip)]
    pub essai: bool,
    /// For each defect the text of its document, to show the line at fault; no part of the contract.
    #[serde(skip)]
    texts: Vec<Option<Arc<str>>>,
}

/// What a file is taken for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum FileKind {
    Document,
    Mail,
    Archive,
}

/// Judges one file: a document, a mail (`.eml`) or an archive (`.zip`).
///
/// The verdict, counts and codes are those the service would find before any answer of the ROR, but
/// for what only the service knows: earlier mails and the size limit of its mailbox.
pub fn check(name: &str, bytes: &[u8], bench: &Bench<'_>) -> Checked {
    match kind_of(name, bytes) {
        FileKind::Document if report::holds_patient_document(bytes) => {
            unsent(name, bench).with(vec![Defect::new(Code::M06, Place::mail())]).judge(&[], None, bench)
        }
        FileKind::Document => {
            let piece = name.rsplit(['/', '\\']).next().unwrap_or(name);
            let refused = message::refused_file(name, bytes, &message::MessageLimits::default());
            unsent(name, bench).with(refused.into_iter().collect()).judge(&[(piece, bytes)], None, bench)
        }
        FileKind::Archive => archive(name, bytes, bench),
        FileKind::Mail => mail(name, bytes, bench),
    }
}

fn kind_of(name: &str, bytes: &[u8]) -> FileKind {
    let extension = name.rsplit('.').next().unwrap_or_default().to_ascii_lowercase();
    match extension.as_str() {
        "eml" => FileKind::Mail,
        "zip" => FileKind::Archive,
        _ if bytes.starts_with(b"PK\x03\x04") => FileKind::Archive,
        _ => FileKind::Document,
    }
}

fn archive(name: &str, bytes: &[u8], bench: &Bench<'_>) -> Checked {
    let (candidates, mut defects) = message::candidates_of_archive(name, bytes, &message::MessageLimits::default());
    if candidates.is_empty() && defects.is_empty() {
        let nothing = Defect::new(Code::M02, Place::piece(name));
        defects.push(nothing.detail("L’archive ne contient aucun document reconnu."));
    }
    unsent(name, bench).with(defects).judge(&pieces(&candidates), None, bench)
}

fn mail(name: &str, bytes: &[u8], bench: &Bench<'_>) -> Checked {
    if message::is_substitute(bytes) {
        return Checked { verdict: Verdict::Quarantaine, ..Checked::blank(name, Vec::new()) };
    }
    let message = message::read(bytes, &message::MessageLimits::default());
    if message.is_ignorable() {
        return Checked { verdict: Verdict::Ignore, ..Checked::blank(name, Vec::new()) };
    }
    let sender = message.sender();
    let vouched = message.vouched_sender();
    let unknown =
        bench.referential.is_some_and(|referential| !vouched.is_some_and(|sender| referential.knows_sender(sender)));
    let unknown = unknown.then(|| judgement::unknown_sender(message.from_text(), message.has_several_senders()));
    let defects = unknown.into_iter().chain(message.defects().iter().cloned()).collect();
    let unchecked = if bench.referential.is_none() { NEEDS_REFERENTIAL.to_vec() } else { Vec::new() };
    Checked::blank(name, unchecked).with(defects).judge(&pieces(message.candidates()), sender, bench)
}

fn pieces(candidates: &[Candidate]) -> Vec<(&str, &[u8])> {
    candidates.iter().map(|candidate| (candidate.name.as_str(), candidate.bytes.as_slice())).collect()
}

/// A file that comes without the mail that would carry it: nobody knows its sender.
fn unsent(name: &str, bench: &Bench<'_>) -> Checked {
    let unchecked: &[Code] = if bench.referential.is_none() { &NEEDS_REFERENTIAL } else { &[Code::E04, Code::M01] };
    Checked::blank(name, unchecked.to_vec())
}

impl Checked {
    /// Whether nothing is rejected, nor kept apart.
    pub fn is_clean(&self) -> bool {
        self.verdict != Verdict::Quarantaine && !self.defauts.iter().any(Defect::is_rejection)
    }

    /// Each defect with the text of its document, where there is one: to show the line at fault.
    pub fn shown(&self) -> impl Iterator<Item = (&Defect, Option<&str>)> {
        self.defauts.iter().zip(self.texts.iter().map(Option::as_deref))
    }

    /// The judgement as people read it: each defect with the line at fault, then the verdict.
    ///
    /// Nothing the sender wrote can move the cursor, hide or reorder text; with `colour`, the only
    /// escape sequences are ours.
    pub fn human(&self, colour: bool) -> String {
        human::render(self, colour)
    }

    fn blank(name: &str, non_verifie: Vec<Code>) -> Self {
        Self {
            fichier: name.to_owned(),
            format: None,
            verdict: Verdict::Rejete,
            identifiant: None,
            lignes: Vec::new(),
            defauts: Vec::new(),
            non_verifie,
            essai: false,
            texts: Vec::new(),
        }
    }

    /// Adds what is wrong with the file as a whole.
    fn with(mut self, defects: Vec<Defect>) -> Self {
        self.texts.extend(defects.iter().map(|_| None));
        self.defauts.extend(defects);
        self
    }

    /// Judges the documents, unless the file as a whole is rejected.
    fn judge(mut self, pieces: &[(&str, &[u8])], sender: Option<&Address>, bench: &Bench<'_>) -> Self {
        let pieces = if self.is_clean() { pieces } else { &[] };
        let mut before: Vec<(String, String)> = Vec::new();
        let mut verdicts = Vec::new();
        for (piece, bytes) in pieces {
            let reading = report::read(piece, bytes, &report::DocumentLimits::default());
            self.format = self.format.or(reading.head.format);
            self.identifiant = self.identifiant.take().or_else(|| reading.head.identifiant.clone());
            self.essai |= reading.head.mode == Mode::Test;
            let identity = reading.head.identifiant.clone().map(|name| (name, reading.head.sha256.clone()));
            if identity.as_ref().is_some_and(|identity| before.contains(identity)) {
                verdicts.push(Verdict::Doublon);
                continue;
            }
            let reused = identity.as_ref().is_some_and(|(name, _)| before.iter().any(|(other, _)| other == name));
            before.extend(identity);
            verdicts.push(self.judge_document(reading, bytes, reused, sender, bench));
        }
        self.verdict = Verdict::combine(&verdicts);
        self
    }

    fn judge_document(
        &mut self,
        reading: ReportReading,
        bytes: &[u8],
        identifiant_reused: bool,
        sender: Option<&Address>,
        bench: &Bench<'_>,
    ) -> Verdict {
        let context = Context {
            referential: bench.referential,
            sender,
            received_at: bench.at,
            rules: bench.rules,
            identifiant_reused,
        };
        let judged = judgement::judge(reading, &context);
        self.lignes.extend(judged.updates.into_iter().map(|update| OutcomeLine { update, etat: None }));
        if !judged.defects.is_empty() {
            let text: Option<Arc<str>> = report::decode(bytes).ok().map(|decoded| decoded.text().into());
            self.texts.extend(judged.defects.iter().map(|_| text.clone()));
            self.defauts.extend(judged.defects);
        }
        judged.verdict
    }
}
