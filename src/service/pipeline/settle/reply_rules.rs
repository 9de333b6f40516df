//! Whether a settled mail is answered, by what, and to whom: the rules against loops included.

use std::collections::{BTreeMap, BTreeSet};

use crate::config::{self, Config, ConfigError, Environnement, OnSuccess};
use domain::address::Address;
use domain::capacity::Mode;
use domain::defect::{Code, Defect};
use domain::finess::Finess;
use domain::outcome::{MailOutcome, Verdict};
use judging::referential::Referential;
use judging::reply;
use judging::reply::{ReceiptRequest, ReplyEnvelope, Returning};
use reading::message::{Automatic, Message, ReturnPath, is_of_patients};
use store::{ReplyKind, StoredMail};

/// How the Message-IDs of our mails begin.
const OWN_IDS: [&str; 6] = ["reponse.", "complement.", "copie.", "recapitulatif.", "relance.", "alerte-"];

/// The configured rules of replies.
#[derive(Debug, Clone)]
pub struct ReplyRules {
    pub(in crate::pipeline) settings: config::Reply,
    pub(in crate::pipeline) environnement: Environnement,
    /// The name of each account's mailbox, and the address that its mails are answered from.
    mailboxes: BTreeMap<String, (String, Address)>,
    /// The addresses of Dispolits, which it never answers.
    own: BTreeSet<Address>,
}

/// Where a reply would go.
pub(in crate::pipeline) struct Destination {
    pub(in crate::pipeline) to: Address,
    /// Whether an MDN is due to it: asked for, and to the Return-Path (RFC 8098, section 2.1).
    pub(in crate::pipeline) notification: bool,
    /// Whether the referential knows the sender. A stranger's mail does not go back: who knows whose it is.
    pub(in crate::pipeline) is_known: bool,
}

/// What came back for one of our mails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::pipeline) enum Echo {
    /// A text: a person may have written it.
    Text,
    /// Documents that we have, and nothing else.
    Report,
}

impl ReplyRules {
    /// The rules of a configuration.
    pub fn new(config: &Config) -> Result<Self, ConfigError> {
        let settings = config.reply.clone();
        let mut own: BTreeSet<Address> = settings.own_addresses.iter().chain([&settings.from]).cloned().collect();
        let mut mailboxes = BTreeMap::new();
        for mailbox in config.all_mailboxes() {
            let address = mailbox.from(&config.reply);
            mailboxes.insert(mailbox.settings()?.account(), (mailbox.name.to_owned(), address.clone()));
            own.insert(address.clone());
            // The name of an account is most often the address of its mailbox.
            own.extend(mailbox.section.imap.as_ref().and_then(|imap| imap.user.parse().ok()));
        }
        Ok(Self { settings, environnement: config.environnement, mailboxes, own })
    }

    /// The address of the mailbox that was written to; that of `reply.from` once the mailbox is no longer
    /// read.
    pub(in crate::pipeline) fn from(&self, mail: &StoredMail) -> &Address {
        self.mailboxes.get(&mail.account).map_or(&self.settings.from, |(_, from)| from)
    }

    /// The mailbox that was written to, in traces.
    pub(in crate::pipeline) fn mailbox<'a>(&'a self, mail: &'a StoredMail) -> &'a str {
        self.mailboxes.get(&mail.account).map_or(&mail.account, |(name, _)| name)
    }

    /// Where the reply to this mail goes, or why there must be none.
    ///
    /// Whoever writes the mail writes Reply-To and Disposition-Notification-To, and no reply goes where they say unless
    /// it would go there anyhow: to the sender, or to the sender's establishments. Return-Path names nobody.
    pub(in crate::pipeline) fn destination(
        &self,
        mail: &StoredMail,
        message: &Message,
        referential: &Referential,
    ) -> Result<Destination, String> {
        if mail.duplicate_of.is_some() {
            return Err("copie d’un courriel déjà traité".to_owned());
        }
        if let Some(reason) = message.automatic() {
            return Err(automatic_in_words(reason).to_owned());
        }
        let sender = message.sender().ok_or_else(|| "From ne désigne pas un expéditeur".to_owned())?;
        if self.is_own(sender) {
            return Err("courriel de Dispolits lui-même".to_owned());
        }
        let vouched = message.vouched_sender();
        let is_theirs = |address: &&Address| {
            *address == sender || vouched.is_some_and(|sender| referential.is_of_establishment_of(sender, address))
        };
        let requested = message.disposition_notification_to().filter(is_theirs);
        let candidates = [requested, message.reply_to().filter(is_theirs), Some(sender)];
        let to = candidates.into_iter().flatten().find(|address| self.may_write_to(address));
        let to = to.ok_or_else(|| "aucun destinataire dans reply.allowed_domains".to_owned())?;
        let returns_there = matches!(message.return_path(), ReturnPath::Address(path) if path == to);
        Ok(Destination {
            to: to.clone(),
            notification: requested == Some(to) && returns_there,
            is_known: vouched.is_some_and(|sender| referential.knows_sender(sender)),
        })
    }

    /// Whether a mail answers one of ours without a report that we do not have: a person asks something, or a machine
    /// answers whatever it gets.
    pub(in crate::pipeline) fn answers_us(
        &self,
        mail: &StoredMail,
        message: &Message,
        outcome: &MailOutcome,
    ) -> Option<Echo> {
        let ours = message.answers().iter().any(|id| self.is_own_id(id))
            || message.subject().is_some_and(reply::is_repeated_subject);
        let is_text = || {
            let told = |defect: &Defect| matches!(defect.code(), Code::M01 | Code::M02);
            let is_bare = message.candidates().is_empty() && !message.has_attachments();
            !mail.headers_only && is_bare && message.defects().iter().all(told)
        };
        let comes_back = || {
            let documents = &outcome.documents;
            !documents.is_empty() && documents.iter().all(|document| document.verdict == Some(Verdict::Doublon))
        };
        match ours {
            true if is_text() => Some(Echo::Text),
            true if comes_back() => Some(Echo::Report),
            _ => None,
        }
    }

    fn is_own_id(&self, id: &str) -> bool {
        let is_own_domain = |domain: &str| self.own.iter().any(|own| own.domain().eq_ignore_ascii_case(domain));
        OWN_IDS.iter().any(|beginning| id.starts_with(beginning))
            && id.rsplit_once('@').is_some_and(|(_, domain)| is_own_domain(domain))
    }

    /// Whether there is anything to say, or why not.
    pub(in crate::pipeline) fn is_due(
        &self,
        outcome: &MailOutcome,
        message: &Message,
        back_to_normal: bool,
    ) -> Result<(), String> {
        let success = match outcome.verdict {
            Some(Verdict::Ignore) => return Err("rien n’était à traiter".to_owned()),
            Some(Verdict::Quarantaine) => return Err("en quarantaine : l’exploitant s’en occupe".to_owned()),
            verdict => verdict == Some(Verdict::Integre),
        };
        if !success || is_test(outcome) || back_to_normal {
            return Ok(());
        }
        match self.settings.on_success {
            OnSuccess::Always => Ok(()),
            OnSuccess::OnRequest if message.disposition_notification_to().is_some() => Ok(()),
            OnSuccess::OnRequest => Err("intégré, aucun accusé demandé".to_owned()),
            OnSuccess::Never => Err("intégré, aucun accusé prévu".to_owned()),
        }
    }

    /// The envelope of the reply, without copy.
    pub(in crate::pipeline) fn envelope(
        &self,
        mail: &StoredMail,
        message: &Message,
        outcome: &MailOutcome,
        destination: &Destination,
        kind: ReplyKind,
    ) -> ReplyEnvelope {
        // Nobody knows what anything else holds: a letter to a patient may be among it, and its subject may name them.
        let is_report = outcome.is_recognised() && message.holds_only_reports();
        let original = mail
            .raw
            .clone()
            .filter(|_| self.settings.attach_original && destination.is_known && is_report && !mail.headers_only);
        let receipt = destination.notification.then(|| ReceiptRequest {
            final_recipient: self.from(mail).clone(),
            original_recipient: message.original_recipient().cloned(),
        });
        ReplyEnvelope {
            original_subject: message.subject().filter(|_| is_report).map(str::to_owned),
            original_message_id: message.message_id().map(str::to_owned),
            references: message.references().to_vec(),
            original,
            receipt: receipt.filter(|_| kind == ReplyKind::Reponse),
            ..self.blank_envelope(mail, &destination.to, kind)
        }
    }

    /// The envelope of a mail that repeats nothing of another one.
    pub(in crate::pipeline) fn blank_envelope(
        &self,
        mail: &StoredMail,
        to: &Address,
        kind: ReplyKind,
    ) -> ReplyEnvelope {
        let settings = &self.settings;
        ReplyEnvelope {
            from: self.from(mail).clone(),
            from_name: settings.from_name.clone(),
            to: to.clone(),
            cc: Vec::new(),
            original_subject: None,
            original_message_id: None,
            references: Vec::new(),
            original: None,
            returning: Returning { largest: settings.original_max_bytes, eight_bit: settings.eight_bit },
            receipt: None,
            contact: settings.contact.clone(),
            message_id: self.message_id(mail, kind.word()),
            nil: settings.nil.clone(),
            qualification: self.environnement == Environnement::Qualification,
            back_to_normal: false,
        }
    }

    /// The Message-ID of a reply follows from the mail, so that a repeated one is recognised.
    fn message_id(&self, mail: &StoredMail, kind: &str) -> String {
        let digest: String = mail.sha256.chars().take(32).collect();
        format!("{kind}.{}.{digest}@{}", mail.id.number(), self.from(mail).domain())
    }

    /// A rejection is copied to the contact of an establishment that the mail names, if this sender
    /// reports for it; to that of the sender's only one, whatever the mail names: a number that is
    /// wrong, unknown or somebody else's is what its contact must hear of. Of what was not recognised as a report nobody
    /// but its sender hears, and a contact that sends reports has the answer already.
    pub(in crate::pipeline) fn contact(
        &self,
        outcome: &MailOutcome,
        sender: &Address,
        named: &[Finess],
        to: &Address,
        referential: &Referential,
    ) -> Option<Address> {
        if rejections(outcome) == 0 || !outcome.is_recognised() {
            return None;
        }
        let own = referential.establishments_of(sender);
        let concerned: Vec<Finess> = match own.as_slice() {
            [only] => vec![*only],
            _ => own.into_iter().filter(|finess| named.contains(finess)).collect(),
        };
        let contacts = concerned.into_iter().filter_map(|finess| referential.establishment(finess)?.contact.clone());
        contacts.into_iter().find(|contact| contact != to && contact != sender && self.may_write_to(contact))
    }

    /// Whether a person may have Dispolits write to an address: within the allowed domains, never to Dispolits itself nor
    /// to a patient.
    pub fn may_remind(&self, address: &Address) -> bool {
        self.may_write_to(address) && !is_of_patients(address)
    }

    fn may_write_to(&self, address: &Address) -> bool {
        let allowed = self.settings.allowed_domains.iter().any(|domain| domain.eq_ignore_ascii_case(address.domain()));
        allowed && !self.is_own(address)
    }

    fn is_own(&self, address: &Address) -> bool {
        self.own.contains(address)
    }
}

/// Whether all files were sent to be tried: such a mail says nothing of what the ROR holds.
pub(in crate::pipeline) fn is_only_test(outcome: &MailOutcome) -> bool {
    !outcome.documents.is_empty() && outcome.documents.iter().all(|document| document.mode == Mode::Test)
}

/// Whether a file was sent to be tried: its sender waits for the answer.
pub(in crate::pipeline) fn is_test(outcome: &MailOutcome) -> bool {
    outcome.documents.iter().any(|document| document.mode == Mode::Test)
}

/// How many rejections the sender must hear of: R04 is not the sender's business.
pub(in crate::pipeline) fn rejections(outcome: &MailOutcome) -> usize {
    let told = |defect: &&Defect| defect.is_rejection() && defect.code() != Code::R04;
    outcome.all_defects().filter(told).count()
}

fn automatic_in_words(reason: Automatic) -> &'static str {
    match reason {
        Automatic::AutoSubmitted => "courriel automatique (Auto-Submitted)",
        Automatic::Report => "avis de remise ou de lecture",
        Automatic::NullReturnPath => "courriel sans adresse de retour",
        Automatic::Precedence => "courriel de masse (Precedence)",
        Automatic::ListId => "liste de diffusion (List-Id)",
        Automatic::SuppressHeader => "réponse automatique refusée par l’expéditeur",
        Automatic::Autoresponder => "courriel d’un répondeur automatique",
        Automatic::AbsenceSubject => "avis d’absence",
        Automatic::MailerDaemon => "courriel d’un serveur de messagerie",
        Automatic::PatientDomain => "adresse de patient",
    }
}
