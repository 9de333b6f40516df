//! Gathers the pieces of a mail and says what is wrong with one that has no document.

use crate::report::{Foreign, Magic, Sniff, sniff};
use domain::defect::Defect;

use super::archive::{Budget, Contents};
use super::candidates::{Candidate, CandidateSelection, Claims};
use super::defects;
use super::defects::Refusal;
use super::limits::MessageLimits;
use super::mime::{Sink, Unreadable};
use super::name::{ends_in, shown};
use super::notification::Receipt;
use super::part::Facts;
use super::patient_search::PatientSearch;
use super::transfer::{DecodingState, Encoding};
use super::{tnef, uuencode};

/// What a mail holds. Exactly one of the three says something: a receipt, defects or candidates.
#[derive(Debug, Clone, Default)]
pub(super) struct FoundDocuments {
    pub(super) receipt: Option<Receipt>,
    pub(super) candidates: Vec<Candidate>,
    pub(super) defects: Vec<Defect>,
    /// What its archives were unpacked to, in bytes.
    pub(super) unpacked: u64,
    /// Whether the mail holds something besides known reports and what a person writes with them.
    pub(super) strangers: bool,
    /// Whether a file is attached to it.
    pub(super) files: bool,
}

/// The pieces of one mail.
pub(super) struct Gathering<'l> {
    limits: &'l MessageLimits,
    budget: Budget,
    selection: CandidateSelection,
    leaves: usize,
    receipt: Option<Receipt>,
    look: PatientSearch,
    files: bool,
    off_topic: bool,
    unsplit: bool,
    seen: Vec<Foreign>,
    unopened: Option<Refusal>,
    defects: Vec<Defect>,
}

impl FoundDocuments {
    pub(super) fn defects(defects: Vec<Defect>) -> Self {
        Self { defects, ..Self::default() }
    }
}

impl<'l> Gathering<'l> {
    pub(super) fn new(limits: &'l MessageLimits) -> Self {
        Self {
            limits,
            budget: Budget::new(limits),
            selection: CandidateSelection::new(limits.candidates),
            leaves: 0,
            receipt: None,
            look: PatientSearch::new(),
            files: false,
            off_topic: false,
            unsplit: false,
            seen: Vec::new(),
            unopened: None,
            defects: Vec::new(),
        }
    }

    /// Takes a file that came without a mail.
    pub(super) fn file(&mut self, name: &str, bytes: &[u8]) {
        self.look.file(bytes);
        match Magic::of(bytes) {
            Some(Magic::Zip) => self.archive(name, bytes),
            Some(Magic::Packed(kind)) => self.refuse_unopened(name, kind),
            Some(Magic::AppleDouble | Magic::Foreign(_)) | None => {
                self.defects.push(Refusal::Unreadable.defect(name, self.limits));
            }
        }
    }

    /// Opens a zip archive.
    fn archive(&mut self, name: &str, bytes: &[u8]) {
        let contents = Contents::read(bytes, &mut self.budget);
        let reports = self.selection.reports();
        let mut refusal = contents.refusal;
        for entry in contents.documents {
            let claims = Claims { xml: ends_in(&entry.name, ".xml"), ..Claims::default() };
            let candidate = Candidate { name: shown(Some(&entry.name), ".xml"), bytes: entry.bytes };
            if self.selection.offer(candidate, &entry.sniff, claims).is_err() {
                refusal = Some(Refusal::TooManyDocuments);
            }
        }
        contents.seen.into_iter().for_each(|kind| self.see(kind));
        self.off_topic |= contents.patient || contents.xdm && self.selection.reports() == reports;
        self.defects.extend(refusal.map(|reason| reason.defect(name, self.limits)));
    }

    /// What was found, once everything was seen; `end` says what stopped it.
    pub(super) fn finish(self, end: Result<(), Unreadable>) -> FoundDocuments {
        let (unpacked, files) = (self.budget.unpacked(), self.files);
        FoundDocuments { unpacked, files, ..self.found(end) }
    }

    fn found(mut self, end: Result<(), Unreadable>) -> FoundDocuments {
        if let Some(receipt) = self.receipt {
            return FoundDocuments { receipt: Some(receipt), ..FoundDocuments::default() };
        }
        if self.off_topic || self.look.patient {
            let unopened = self.unopened.map(|reason| defects::beside_off_topic(reason, self.limits));
            return FoundDocuments::defects([defects::off_topic()].into_iter().chain(unopened).collect());
        }
        self.defects.extend(end.err().map(|reason| defects::unreadable(reason, self.limits)));
        if !self.defects.is_empty() {
            return FoundDocuments::defects(self.defects);
        }
        match self.selection.into_candidates() {
            none if none.is_empty() && self.unsplit => FoundDocuments::defects(vec![defects::unsplit()]),
            none if none.is_empty() => FoundDocuments::defects(vec![defects::absent(&self.seen)]),
            candidates => FoundDocuments { candidates, strangers: self.look.strangers, ..FoundDocuments::default() },
        }
    }

    /// What is left of a mail that cannot be taken apart, or no further.
    pub(super) fn unread(&mut self, bytes: &[u8]) {
        self.look.unread(bytes);
    }

    fn intact(&mut self, facts: &Facts, bytes: Vec<u8>, found: &Sniff) {
        match Magic::of(&bytes) {
            Some(Magic::Zip) => self.archive(&shown(facts.name.as_deref(), ".zip"), &bytes),
            Some(Magic::Packed(kind)) => self.refuse_unopened(&shown(facts.name.as_deref(), ""), kind),
            Some(Magic::AppleDouble) => {}
            Some(Magic::Foreign(kind)) if !facts.claims().xml => self.foreign(facts, kind),
            None if facts.claims_zip() => self.refuse(facts, Refusal::Unreadable),
            Some(Magic::Foreign(_)) | None => self.document(facts, bytes, found),
        }
    }

    fn foreign(&mut self, facts: &Facts, kind: Foreign) {
        // The logo of a signature is no answer to the question what was sent in place of a report.
        if kind != Foreign::Image || facts.is_attachment() {
            self.see(kind.or_by_name(facts.name.as_deref().unwrap_or_default()));
        }
    }

    fn see(&mut self, kind: Foreign) {
        if !self.seen.contains(&kind) {
            self.seen.push(kind);
        }
    }

    fn document(&mut self, facts: &Facts, bytes: Vec<u8>, found: &Sniff) {
        if *found == Sniff::NotXml
            && let Some(kind) = hiding(facts, &bytes)
        {
            self.see(kind);
        }
        let candidate = Candidate { name: shown(facts.name.as_deref(), ".xml"), bytes };
        let full = defects::too_many_documents(self.limits);
        if self.selection.offer(candidate, found, facts.claims()).is_err() && !self.defects.contains(&full) {
            self.defects.push(full);
        }
    }

    /// A part that lost bytes on the way matters if it was, or was meant to be, something to read.
    fn damaged(&mut self, facts: &Facts, bytes: &[u8], found: &Sniff) {
        let matters = match found {
            Sniff::PatientDocument | Sniff::Known(_) => true,
            Sniff::Broken | Sniff::OtherXml { .. } => !facts.claims().for_people,
            Sniff::NotXml => {
                let magic = Magic::of(bytes);
                facts.claims().xml || facts.claims_zip() || matches!(magic, Some(Magic::Zip | Magic::Packed(_)))
            }
        };
        if matters {
            self.defects.push(defects::damaged(&shown(facts.name.as_deref(), "")));
        }
    }

    fn refuse_unopened(&mut self, name: &str, kind: &'static str) {
        let reason = Refusal::Packed(kind);
        self.unopened = Some(reason);
        self.defects.push(reason.defect(name, self.limits));
    }

    fn refuse(&mut self, facts: &Facts, reason: Refusal) {
        self.defects.push(reason.defect(&shown(facts.name.as_deref(), ""), self.limits));
    }
}

impl Sink for Gathering<'_> {
    fn leaf(&mut self, facts: &Facts, body: &[u8]) {
        self.leaves += 1;
        let decoded = facts.encoding.decode(body);
        let found = sniff(&decoded.bytes);
        self.files |= is_file(facts, &decoded.bytes);
        self.look.part(facts, body, &decoded, &found);
        let sound = match decoded.state {
            DecodingState::Intact => true,
            DecodingState::Unpadded => is_whole(&decoded.bytes, &found),
            DecodingState::Damaged => facts.encoding == Encoding::Unknown && is_plain(&found),
        };
        if sound {
            self.intact(facts, decoded.bytes.into_owned(), &found);
        } else {
            self.damaged(facts, &decoded.bytes, &found);
        }
    }

    /// A report that comes first is what the mail is, even wrapped in a signature or followed by the
    /// footer of a server. One that comes later is an attachment, and passed over.
    fn report(&mut self, facts: &Facts, body: &[u8]) {
        if self.leaves == 0 && self.receipt.is_none() {
            self.receipt = Some(Receipt::read(facts, body));
        } else {
            self.look.multipart(facts, body);
        }
    }

    fn unsplit(&mut self) {
        self.unsplit = true;
    }

    fn outside(&mut self, bytes: &[u8]) {
        self.look.outside(bytes);
    }

    fn damaged_mail(&mut self, facts: &Facts) {
        self.defects.push(defects::damaged(&shown(facts.name.as_deref(), ".eml")));
    }

    fn beyond(&mut self, mail: &[u8]) {
        self.look.file(mail);
    }
}

/// Whether a part of unknown transfer encoding was not encoded at all: `8bits` and the like are
/// common, and XML is recognised as it stands.
fn is_plain(found: &Sniff) -> bool {
    !matches!(found, Sniff::NotXml)
}

/// Whether a part is something that was attached: neither what a person writes, nor a signature, nor the logo of one, nor
/// the wrapping of Outlook around nothing.
fn is_file(facts: &Facts, bytes: &[u8]) -> bool {
    match Magic::of(bytes) {
        _ if facts.is_letter() || facts.is_signature() => false,
        Some(Magic::Foreign(Foreign::Tnef)) => tnef::holds_files(bytes),
        Some(Magic::Foreign(Foreign::Image)) => facts.is_attachment(),
        _ if facts.media.starts_with("image/") => facts.is_attachment(),
        _ => facts.is_attachment() || facts.name.is_some(),
    }
}

/// Whether bytes that came without their padding are all there: they end as what they begin as must end. Of a zip the
/// checksums tell the rest.
fn is_whole(bytes: &[u8], found: &Sniff) -> bool {
    match Magic::of(bytes) {
        Some(Magic::Zip) => bytes.windows(4).any(|window| window == b"PK\x05\x06"),
        Some(_) => true,
        None => {
            let last = bytes.iter().rev().find(|byte| !byte.is_ascii_whitespace() && **byte != 0);
            last == Some(&b'>') && is_plain(found)
        }
    }
}

/// What a part that is neither XML nor known by its bytes is meant to be, if a report may be inside.
fn hiding(facts: &Facts, bytes: &[u8]) -> Option<Foreign> {
    match facts.media.as_str() {
        // RFC 3156, section 4.
        "application/pgp-encrypted" => Some(Foreign::Encrypted),
        _ if facts.claims_tnef() => Some(Foreign::Tnef),
        _ if uuencode::is_in(bytes) => Some(Foreign::Uuencode),
        _ => facts.smime(),
    }
}
