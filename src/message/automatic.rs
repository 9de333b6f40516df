//! Mails that are never answered, so that no two machines answer each other for ever.

use super::envelope::{Envelope, ReturnPath};
use super::head::Head;
use crate::address::Address;

/// Domains of patients' mailboxes in the MSSanté trust space; a machine never writes to one.
pub const PATIENT_DOMAINS: &[&str] = &["patient.mssante.fr", "citoyen.mssante.fr"];

/// Why a mail must never be answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Automatic {
    /// `Auto-Submitted` other than `no` (RFC 3834, section 5).
    AutoSubmitted,
    /// A delivery or disposition notification, multipart/report (RFC 6522).
    Report,
    /// Null Return-Path (RFC 3834, section 2). An absent one may be answered.
    NullReturnPath,
    /// `Precedence: bulk`, `junk` or `list`.
    Precedence,
    /// `List-Id` (RFC 2919).
    ListId,
    /// `X-Auto-Response-Suppress` other than `None` ([MS-OXCMAIL], section 2.2.3.2.14).
    SuppressHeader,
    /// From a mailer-daemon or postmaster.
    MailerDaemon,
    /// From a patient's mailbox, or an answer would go to one.
    PatientDomain,
}

impl Automatic {
    pub(super) fn of(head: &Head<'_>, envelope: &Envelope, is_report: bool) -> Option<Self> {
        let rules = [
            (says(head, "Auto-Submitted", |value| value != "no"), Self::AutoSubmitted),
            (is_report, Self::Report),
            (envelope.return_path == ReturnPath::Null, Self::NullReturnPath),
            (says(head, "Precedence", |value| matches!(value, "bulk" | "junk" | "list")), Self::Precedence),
            (head.has("List-Id"), Self::ListId),
            (says(head, "X-Auto-Response-Suppress", |value| value != "none"), Self::SuppressHeader),
            (is_mailer_daemon(envelope), Self::MailerDaemon),
            (concerns_patient(envelope), Self::PatientDomain),
        ];
        rules.into_iter().find_map(|(applies, rule)| applies.then_some(rule))
    }
}

/// Whether a field of this name is there whose first word, in lower case, fulfils `rule`.
fn says(head: &Head<'_>, field: &str, rule: impl Fn(&str) -> bool) -> bool {
    let word = |text: &str| text.split([';', '(', ' ', ',']).next().unwrap_or_default().to_ascii_lowercase();
    head.texts(field).any(|text| rule(&word(&text)))
}

/// The display text counts too: `MAILER-DAEMON` alone, without a domain, is no address.
fn is_mailer_daemon(envelope: &Envelope) -> bool {
    let local = envelope.sender.as_ref().map_or("", |sender| sender.local());
    local == "postmaster" || envelope.from_text.to_ascii_lowercase().contains("mailer-daemon")
}

/// Whether an address is a patient's mailbox.
pub fn is_of_patients(address: &Address) -> bool {
    PATIENT_DOMAINS.iter().any(|patients| is_within(address.domain(), patients))
}

fn concerns_patient(envelope: &Envelope) -> bool {
    [&envelope.sender, &envelope.reply_to, &envelope.disposition_notification_to]
        .into_iter()
        .flatten()
        .any(is_of_patients)
}

fn is_within(domain: &str, parent: &str) -> bool {
    domain.strip_suffix(parent).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}
