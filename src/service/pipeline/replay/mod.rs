//! A settled mail judged again with today's referential and rules: what would change, and the change itself.
//!
//! A replay is a decision of today: the age of an observation is counted from now, so that nothing stale is sent.
//! What the ROR acknowledged is never withdrawn, a newer value never overwritten.

pub(super) mod comparison;

use std::collections::BTreeSet;
use std::fmt::Write as _;

use serde_json::json;

use super::judge::read_mail::{ExamineError, ReadLimits, examine};
use super::judge::verdict::{JudgingContext, unread};
use base::clock::Clock;
use comparison::{is_accepted, is_same_key, kept, verdict};
use domain::access::audit::{AuditEntry, Deed, on_mail};
use domain::capacity::{Indicator, Location, Update};
use domain::defect::{Code, Scope};
use domain::finess::Finess;
use domain::outcome::{Etat, MailOutcome, OutcomeLine, Verdict};
use judging::judgement::Rules;
use judging::referential::Referential;
use store::{
    JudgedDocument, JudgedMail, MailId, Prior, Redo, Redone, Store, StoreError, StoredMail, StoredRow, sha256,
};

/// What is to be judged again.
#[derive(Debug, Clone)]
pub enum ReplaySelection {
    /// One mail.
    Mail(MailId),
    /// One refused row.
    Row(i64),
    /// All that was rejected under one code, at one place or at all.
    Cause {
        /// The code.
        code: Code,
        /// The establishment.
        finess: Option<Finess>,
        /// The code service.
        service: Option<String>,
    },
}

/// Judges again, with what is in force today.
pub struct Replaying<'a> {
    /// The record.
    pub store: &'a Store,
    /// The referential of today.
    pub referential: &'a Referential,
    /// The rules of today.
    pub rules: &'a Rules,
    /// The size limit of today.
    pub max_bytes: u64,
    /// The time.
    pub clock: &'a Clock,
}

/// Why a mail cannot be judged again.
#[derive(Debug, thiserror::Error)]
pub enum Impossible {
    /// There is no such mail, or no such row.
    #[error("rien ne porte ce numéro")]
    Unknown,
    /// It is judged or waits for the ROR: it may change by itself.
    #[error("encore en cours : à rejouer une fois réglé")]
    InProgress,
    /// Its content was purged.
    #[error("contenu effacé au terme de sa conservation")]
    ContentGone,
    /// The reading did not come to its end.
    #[error(transparent)]
    Unreadable(#[from] ExamineError),
    /// Its documents are not those of the record: it was received by another version.
    #[error("ses documents ne se lisent plus comme alors : à faire renvoyer")]
    ReadsOtherwise,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// One count that a replay sends on its way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gain {
    /// The count.
    pub update: Update,
    /// The number of its row, if the ROR refused it; a count that was rejected before has none.
    pub row: Option<i64>,
    /// Whether a newer one takes its place at once: it is recorded, and not sent.
    pub superseded: bool,
}

/// What a replay would change of one mail.
pub struct Proposal {
    /// The mail.
    pub id: MailId,
    /// What was told.
    pub before: MailOutcome,
    /// Today's judgement.
    pub after: JudgedMail,
    /// Today's verdict, before any answer of the ROR.
    pub verdict: Verdict,
    /// What it would send.
    pub gains: Vec<Gain>,
    /// The ranks of documents left as they are, since today's judgement would withdraw a count of them.
    pub kept: BTreeSet<usize>,
    stored: Vec<StoredRow>,
    rows_only: bool,
}

impl Replaying<'_> {
    /// The mails that a selection concerns, the newest first.
    pub async fn mails(&self, selection: &ReplaySelection) -> Result<Vec<MailId>, StoreError> {
        match selection {
            ReplaySelection::Mail(id) => Ok(vec![*id]),
            // A number that nobody has is told as that of a mail would be.
            ReplaySelection::Row(row) => Ok(vec![self.store.mail_of_row(*row).await?.unwrap_or(MailId::of(0))]),
            ReplaySelection::Cause { code, finess, service } => {
                self.store.rejected_for(*code, *finess, service.as_deref()).await
            }
        }
    }

    /// What a replay of a mail would change; nothing is written. `taken` holds the indicators of those before it, which
    /// are newer.
    pub async fn propose(
        &self,
        id: MailId,
        selection: &ReplaySelection,
        taken: &mut BTreeSet<(Location, Indicator)>,
    ) -> Result<Proposal, Impossible> {
        let mail = self.store.mail(id).await?.ok_or(Impossible::Unknown)?;
        let before = self.store.outcome(id).await?.ok_or(Impossible::Unknown)?;
        if !self.store.is_settled(id).await? {
            return Err(Impossible::InProgress);
        }
        let after = self.judge(&mail).await?;
        let stored = self.store.rows_of(id).await?;
        check_documents(&before, &after)?;
        let rows_only = selection.is_of_rows();
        let kept = if rows_only { BTreeSet::new() } else { kept(&after, &stored) };
        let mut gains = refused_again(&after, &stored, selection, &kept);
        if !rows_only {
            gains.extend(self.new_counts(id, &after, &stored, &kept).await?);
        }
        for gain in &mut gains {
            gain.superseded |= !taken.insert((gain.update.location.clone(), gain.update.count.indicator));
        }
        let verdict = verdict(&after);
        Ok(Proposal { id, before, after, verdict, gains, kept, stored, rows_only })
    }

    async fn judge(&self, mail: &StoredMail) -> Result<JudgedMail, Impossible> {
        if let Some(judged) = unread(mail, self.max_bytes) {
            return Ok(judged);
        }
        let raw = mail.raw.clone().ok_or(Impossible::ContentGone)?;
        let examined = examine(raw, ReadLimits::default()).await?;
        let (again, at) = (Some(mail.id), Some(self.clock.now()));
        let court = JudgingContext { store: self.store, referential: self.referential, rules: self.rules, again, at };
        Ok(court.judge(mail, examined).await?)
    }

    async fn new_counts(
        &self,
        id: MailId,
        after: &JudgedMail,
        stored: &[StoredRow],
        kept: &BTreeSet<usize>,
    ) -> Result<Vec<Gain>, StoreError> {
        let mut gains = Vec::new();
        for (rank, document) in after.documents.iter().enumerate() {
            if kept.contains(&rank) {
                continue;
            }
            let known = |update: &Update| stored.iter().any(|row| row.rank == rank && is_same_key(row, update));
            for update in document.updates.iter().filter(|update| !known(update)) {
                let superseded = self.store.has_newer(id, update).await?;
                gains.push(Gain { update: update.clone(), row: None, superseded });
            }
        }
        Ok(gains)
    }

    /// Does what was proposed, for whoever is named, who noted this. Returns how many rows are on their way; `None` if the
    /// record changed meanwhile.
    pub async fn carry_out(
        &self,
        proposal: &Proposal,
        who: &str,
        deed: Deed,
        note: &str,
    ) -> Result<Option<u64>, StoreError> {
        let rows: Vec<i64> = proposal.gains.iter().filter_map(|gain| gain.row).collect();
        let redo = if proposal.rows_only {
            Redo::Rows(rows)
        } else {
            let documents = proposal.after.documents.iter().enumerate();
            Redo::Mail(&proposal.after, documents.map(|(rank, one)| proposal.redone(rank, one, &rows)).collect())
        };
        let entry = proposal.entry(who, deed).noting(note);
        self.store.redo(proposal.id, &redo, &recorded(&proposal.before), &entry, self.clock.now()).await
    }
}

impl ReplaySelection {
    /// Refusals of the ROR concern rows; any other cause the judgement as a whole.
    fn is_of_rows(&self) -> bool {
        match self {
            Self::Mail(_) => false,
            Self::Row(_) => true,
            Self::Cause { code, .. } => code.scope() == Scope::Ligne,
        }
    }

    fn means(&self, row: &StoredRow) -> bool {
        let location = &row.line.update.location;
        match self {
            Self::Mail(_) => true,
            Self::Row(number) => row.number == *number,
            Self::Cause { code, finess, service } => {
                let of_code = code.scope() != Scope::Ligne || row.code.as_deref() == Some(code.as_str());
                let of_place = finess.is_none_or(|finess| finess == location.finess());
                of_code && of_place && service.as_ref().is_none_or(|service| service == location.service().as_str())
            }
        }
    }
}

impl Proposal {
    /// Whether carrying it out would change anything.
    pub fn changes(&self) -> bool {
        let unread = self.before.documents.is_empty() && !self.rows_only;
        !self.gains.is_empty() || unread && self.before.verdict != Some(self.verdict)
    }

    /// Whether some of it was refused by the ROR, which may refuse it again.
    pub fn asks_the_ror_again(&self) -> bool {
        self.gains.iter().any(|gain| gain.row.is_some() && !gain.superseded)
    }

    /// The same text for the same proposal: what was shown is what is done.
    pub fn fingerprint(&self) -> String {
        let mut told = format!("{}\n{:?}\n{:?}\n", self.id.number(), self.before.verdict, self.verdict);
        for gain in &self.gains {
            let _ = writeln!(told, "{:?} {:?} {}", gain.row, gain.update, gain.superseded);
        }
        for defect in self.before.all_defects().chain(self.after.all_defects()) {
            told.push_str(defect.code().as_str());
        }
        sha256(told.as_bytes())
    }

    fn entry(&self, who: &str, deed: Deed) -> AuditEntry {
        let before = self.before.verdict.map_or("en cours", Verdict::in_words);
        let sent = self.gains.iter().filter(|gain| !gain.superseded).count();
        let after = format!("{}, lignes à transmettre : {sent}", self.verdict.in_words());
        AuditEntry::new(who, deed, on_mail(self.id.number())).changing(before, after)
    }

    fn redone<'a>(&self, rank: usize, document: &'a JudgedDocument, rows: &[i64]) -> Redone<'a> {
        let Some(stored) = self.before.documents.get(rank) else { return Redone::New(document) };
        if matches!(document.prior, Prior::Duplicate(_)) || stored.first_seen.is_some() || self.kept.contains(&rank) {
            return Redone::Kept;
        }
        let own = self.stored.iter().filter(|row| row.rank == rank && rows.contains(&row.number));
        Redone::Changed(document, own.map(|row| row.number).collect())
    }
}

/// A mail that was rejected as a whole has no documents in its record; any other must have those it has today.
fn check_documents(before: &MailOutcome, after: &JudgedMail) -> Result<(), Impossible> {
    let same = before.documents.len() == after.documents.len()
        && before.documents.iter().zip(&after.documents).all(|(old, new)| old.sha256 == new.head.sha256);
    if same || before.documents.is_empty() || after.documents.is_empty() {
        return Ok(());
    }
    Err(Impossible::ReadsOtherwise)
}

/// The rows that the ROR refused, are meant, would be accepted today and are still the newest.
fn refused_again(
    after: &JudgedMail,
    stored: &[StoredRow],
    selection: &ReplaySelection,
    kept: &BTreeSet<usize>,
) -> Vec<Gain> {
    let refused = stored.iter().filter(|row| row.line.etat == Some(Etat::Rejetee) && selection.means(row));
    let sent = refused.filter(|row| row.newest && !kept.contains(&row.rank) && is_accepted(after, row));
    sent.map(|row| Gain { update: row.line.update.clone(), row: Some(row.number), superseded: false }).collect()
}

/// What the record keeps of the former judgement, in the words of `check --format json`.
fn recorded(before: &MailOutcome) -> String {
    let lines: Vec<&OutcomeLine> = before.documents.iter().flat_map(|document| &document.lines).collect();
    let defects: Vec<_> = before.all_defects().collect();
    json!({"verdict": before.verdict, "lignes": lines, "defauts": defects}).to_string()
}
