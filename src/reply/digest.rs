//! The digest: one letter for the rejections beyond the cap of replies by hour.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use jiff::Timestamp;

use super::mail;
use super::{Envelope, Kind, Letter};
use crate::defect::{Code, Defect};
use crate::outcome::{MailOutcome, Verdict, in_paris};

/// The most mails listed one by one.
const LISTED: usize = 50;

/// All that a digest is made of.
#[derive(Debug, Clone, Copy)]
pub struct Digest<'a> {
    /// From whom and to whom; nothing else of it is used.
    pub envelope: &'a Envelope,
    /// The mails it gathers, in the order of reception.
    pub outcomes: &'a [MailOutcome],
    /// When it is made; its `Date`.
    pub at: Timestamp,
}

/// Makes the digest's mail. The same digest always gives the same bytes.
pub fn digest(digest: &Digest<'_>) -> Vec<u8> {
    let Some(last) = digest.outcomes.last() else { return Vec::new() };
    let letter = Letter { outcome: last, kind: Kind::Complement, envelope: digest.envelope, at: digest.at };
    let prefix = if digest.envelope.qualification { "[QUALIFICATION] " } else { "" };
    let subject = format!("{prefix}[KO Intégration système !][906] Récapitulatif de {} envois", digest.outcomes.len());
    mail::bytes(&letter, &subject, &text(digest.outcomes), &super::compte_rendu(last))
}

fn text(outcomes: &[MailOutcome]) -> String {
    let mut text = format!(
        "Récapitulatif : {} de vos envois comportent des rejets et n’ont pas reçu de\nréponse particulière, \
         car vous en recevez déjà beaucoup.\n\nDéfauts rencontrés, du plus fréquent au plus rare :\n",
        outcomes.len()
    );
    for (code, count) in by_frequency(outcomes) {
        let _ = writeln!(text, "  - {code}, {count} fois : {}\n    À faire : {}", code.sentence(), code.hint());
    }
    text.push_str("\nEnvois concernés :\n");
    for outcome in outcomes.iter().take(LISTED) {
        let verdict = outcome.verdict.map_or("en cours", Verdict::in_words);
        let _ = writeln!(text, "  - reçu le {} : {verdict}", in_paris(outcome.received_at));
    }
    if outcomes.len() > LISTED {
        let _ = writeln!(text, "  - et {} autres", outcomes.len() - LISTED);
    }
    text.push_str("\nLe fichier joint compte-rendu.xml détaille le dernier de ces envois.\n");
    text
}

fn by_frequency(outcomes: &[MailOutcome]) -> Vec<(Code, usize)> {
    let mut counts: BTreeMap<Code, usize> = BTreeMap::new();
    for defect in outcomes.iter().flat_map(MailOutcome::all_defects).filter(|defect| Defect::is_rejection(defect)) {
        *counts.entry(defect.code()).or_default() += 1;
    }
    let mut counts: Vec<_> = counts.into_iter().collect();
    counts.sort_by_key(|(code, count)| (std::cmp::Reverse(*count), *code));
    counts
}
