//! From a mail that was read to the judgement the store records.

use jiff::Timestamp;

use super::read_mail::Examined;
use domain::address::Address;
use domain::defect::{Code, Defect, Place, size_in_words};
use domain::outcome::Verdict;
use edges::mailbox::Folder;
use judging::judgement;
use judging::judgement::{Context, Rules};
use judging::referential::Referential;
use reading::message::Message;
use reading::report::{ReportHead, ReportReading};
use store::{First, JudgedDocument, JudgedMail, MailId, Prior, Result, Store, StoredMail};

/// What a judgement depends on besides the mail.
pub(crate) struct JudgingContext<'a> {
    pub(crate) store: &'a Store,
    pub(crate) referential: &'a Referential,
    pub(crate) rules: &'a Rules,
    /// The mail, when it is judged again.
    pub(crate) again: Option<MailId>,
    /// When ages are counted from, when it is judged again.
    pub(crate) at: Option<Timestamp>,
}

/// A mail judged without being read: a duplicate, or one over the size limit.
pub(crate) fn unread(mail: &StoredMail, max_bytes: u64) -> Option<JudgedMail> {
    if mail.duplicate_of.is_some() {
        return Some(judged(Folder::Doublons, Some(Verdict::Doublon)));
    }
    mail.headers_only.then(|| {
        let message = reading::message::read(
            mail.raw.as_deref().unwrap_or_default(),
            &reading::message::MessageLimits::default(),
        );
        let defect = Defect::new(Code::M03, Place::mail())
            .found(size_in_words(mail.size))
            .expected(format!("au plus {}", size_in_words(max_bytes)));
        JudgedMail {
            sender: message.sender().cloned(),
            message_id: message.message_id().map(str::to_owned),
            defects: vec![defect],
            unrecognised: true,
            ..judged(Folder::Rejets, Some(Verdict::Rejete))
        }
    })
}

/// A mail that could not be read after several attempts.
pub(crate) fn quarantined() -> JudgedMail {
    judged(Folder::Quarantaine, Some(Verdict::Quarantaine))
}

fn judged(folder: Folder, verdict: Option<Verdict>) -> JudgedMail {
    JudgedMail {
        folder: folder.to_string(),
        sender: None,
        message_id: None,
        defects: Vec::new(),
        documents: Vec::new(),
        unrecognised: false,
        verdict,
    }
}

impl JudgingContext<'_> {
    /// Judges a mail that was read.
    pub(crate) async fn judge(&self, mail: &StoredMail, examined: Examined) -> Result<JudgedMail> {
        let Examined { message, readings } = examined;
        let headed = |folder, verdict| JudgedMail {
            sender: message.sender().cloned(),
            message_id: message.message_id().map(str::to_owned),
            ..judged(folder, verdict)
        };
        if message.is_ignorable() {
            return Ok(JudgedMail { unrecognised: true, ..headed(Folder::Ignores, Some(Verdict::Ignore)) });
        }
        let defects = self.mail_defects(&message);
        let Some(sender) = message.sender().filter(|_| defects.is_empty()) else {
            let unrecognised = !message.holds_only_reports();
            return Ok(JudgedMail { defects, unrecognised, ..headed(Folder::Rejets, Some(Verdict::Rejete)) });
        };
        let at = self.at.unwrap_or(mail.received_at);
        let documents = self.judge_documents(sender, readings, at).await?;
        let folder = folder_of(&documents);
        let unrecognised = !message.holds_only_reports() || !documents.iter().all(is_recognised);
        Ok(JudgedMail { documents, unrecognised, ..headed(folder, None) })
    }

    /// M01 and what the message itself found.
    fn mail_defects(&self, message: &Message) -> Vec<Defect> {
        let known = message.vouched_sender().is_some_and(|sender| self.referential.knows_sender(sender));
        let unknown = (!known).then(|| judgement::unknown_sender(message.from_text(), message.has_several_senders()));
        unknown.into_iter().chain(message.defects().iter().cloned()).collect()
    }

    async fn judge_documents(
        &self,
        sender: &Address,
        readings: Vec<ReportReading>,
        received_at: Timestamp,
    ) -> Result<Vec<JudgedDocument>> {
        let mut documents: Vec<JudgedDocument> = Vec::new();
        for reading in readings {
            let prior = self.prior(sender, &reading, &documents).await?;
            documents.push(self.judge_document(sender, reading, prior, received_at));
        }
        Ok(documents)
    }

    /// What is known of a document, those before it in the same mail included.
    async fn prior(&self, sender: &Address, reading: &ReportReading, before: &[JudgedDocument]) -> Result<Prior> {
        let head = &reading.head;
        let Some(identifiant) = &head.identifiant else { return Ok(Prior::New) };
        let prior = match self.again {
            None => self.store.prior(sender, identifiant, &head.sha256).await?,
            Some(mail) => self.store.prior_of_again(mail, sender, identifiant, &head.sha256).await?,
        };
        Ok(if matches!(prior, Prior::Duplicate(_)) { prior } else { within(head, before).unwrap_or(prior) })
    }

    fn judge_document(
        &self,
        sender: &Address,
        reading: ReportReading,
        prior: Prior,
        received_at: Timestamp,
    ) -> JudgedDocument {
        let head = reading.head.clone();
        if let Prior::Duplicate(_) = prior {
            return JudgedDocument { head, prior, mentions: vec![], updates: vec![], defects: vec![] };
        }
        let context = Context {
            referential: Some(self.referential),
            sender: Some(sender),
            received_at,
            rules: self.rules,
            identifiant_reused: prior == Prior::Reused,
        };
        let mentions = reading.mentions();
        let judgement = judgement::judge(reading, &context);
        JudgedDocument { head, prior, mentions, updates: judgement.updates, defects: judgement.defects }
    }
}

/// What the documents before it in the same mail make of a document.
fn within(head: &ReportHead, before: &[JudgedDocument]) -> Option<Prior> {
    let same_name = |document: &JudgedDocument| document.head.identifiant == head.identifiant;
    let same = |document: &JudgedDocument| same_name(document) && document.head.sha256 == head.sha256;
    let first = before.iter().position(same).map(|rank| Prior::Duplicate(First::SameMail(rank)));
    first.or_else(|| before.iter().any(same_name).then_some(Prior::Reused))
}

/// Whether a document was recognised as a report and read to its end.
fn is_recognised(document: &JudgedDocument) -> bool {
    document.head.format.is_some() && !document.defects.iter().any(|defect| defect.code().leaves_unread())
}

fn folder_of(documents: &[JudgedDocument]) -> Folder {
    let all_duplicates = documents.iter().all(|document| matches!(document.prior, Prior::Duplicate(_)));
    let accepted = documents.iter().any(|document| !document.updates.is_empty());
    match (all_duplicates, accepted) {
        (true, _) => Folder::Doublons,
        (false, true) => Folder::Traites,
        (false, false) => Folder::Rejets,
    }
}
