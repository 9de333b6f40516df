//! Mails that were judged together and whose judgements are recorded in one commit.

use store::{JudgedMail, MailId, StoredMail};

/// Mails in one commit at most.
const MAILS: usize = 25;
/// Counts and defects in one commit, but for those of the last mail: others wait for its end.
const WEIGHT: usize = 1500;

/// Judgements that are not recorded yet.
#[derive(Debug, Default)]
pub(in crate::pipeline) struct JudgedBatch {
    /// Without their bytes.
    entries: Vec<(StoredMail, JudgedMail)>,
    weight: usize,
}

impl JudgedBatch {
    pub(in crate::pipeline) fn add(&mut self, mail: StoredMail, judged: JudgedMail) {
        let counts: usize = judged.documents.iter().map(|document| document.updates.len()).sum();
        self.weight = self.weight.saturating_add(counts).saturating_add(judged.all_defects().count());
        self.entries.push((mail.without_bytes(), judged));
    }

    pub(in crate::pipeline) fn is_full(&self) -> bool {
        self.entries.len() >= MAILS || self.weight >= WEIGHT
    }

    pub(in crate::pipeline) fn entries(&self) -> impl Iterator<Item = (&StoredMail, &JudgedMail)> {
        self.entries.iter().map(|(mail, judged)| (mail, judged))
    }

    pub(in crate::pipeline) fn judgements(&self) -> Vec<(MailId, &JudgedMail)> {
        self.entries().map(|(mail, judged)| (mail.id, judged)).collect()
    }
}
