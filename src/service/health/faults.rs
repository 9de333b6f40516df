//! What does not go as it should, since when and why: of the mailboxes, of the ROR, of the logins.

use jiff::Timestamp;

use super::Heartbeat;
use super::heartbeat::HeartbeatState;
use domain::address::{Address, mask_all};
use store::UnreadCount;

/// Something that can fail for longer than a moment.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Concern {
    /// The sweeps of an account.
    Sweep(String),
    /// The filing of judged mails in a folder of an account, by its name.
    Filing {
        /// The account.
        account: String,
        /// What the configuration calls the folder.
        folder: String,
    },
    /// The login to the mailbox of an account.
    MailboxLogin(String),
    /// The login to the submission server.
    SmtpLogin,
    /// One of our envelope senders at the submission server, `None` the null one.
    SmtpSender(Option<Address>),
    /// The token of the ROR, or the certificate it asks for.
    RorLogin,
    /// The ROR: requests are kept back.
    Ror,
    /// The files of the referential.
    Referential,
}

/// Why something fails, and since when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HealthFault {
    /// Since when.
    pub since: Timestamp,
    /// Why, in French; every address is masked.
    pub cause: String,
}

/// What a worker knows of its own connections at one moment.
#[derive(Debug, Clone, Default)]
pub struct Faults {
    /// Each mailbox that it is to read.
    pub mailboxes: Vec<Mailbox>,
    /// Why requests are kept from the ROR, if they are.
    pub ror: Option<HealthFault>,
    /// The logins that are refused: the mailbox by its name, `envoi`, `envoi de` an
    /// address, or `jeton du ROR`.
    pub refused: Vec<(String, HealthFault)>,
    /// Why the files of the referential are refused, if they are.
    pub referential: Option<HealthFault>,
}

/// How one mailbox does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mailbox {
    /// Its name in the configuration.
    pub name: String,
    /// When its last complete sweep ended: by this worker, or as far as it saw by the other one that has the mailbox.
    pub last_sweep: Option<Timestamp>,
    /// Whether another worker has it.
    pub elsewhere: bool,
    /// Why the last sweep failed, if it did.
    pub fault: Option<HealthFault>,
    /// The folders that refuse judged mails, and what is said of it.
    pub refusing: Vec<(String, HealthFault)>,
    /// The mails in it that could not be taken: how many, since when, and why.
    pub unread: Option<(i64, HealthFault)>,
    /// The judged mails in it that its server cannot move.
    pub unmoved: i64,
}

impl Heartbeat {
    /// It fails, for this cause; since when stays as long as it does.
    pub fn ails(&self, concern: Concern, cause: &str) {
        let now = self.now();
        let cause = mask_all(cause);
        let mut known = self.lock();
        let fault = known.faults.entry(concern).or_insert_with(|| HealthFault { since: now, cause: String::new() });
        fault.cause = cause;
    }

    /// It does not fail any more.
    pub fn well(&self, concern: &Concern) {
        self.lock().faults.remove(concern);
    }

    /// What is known of the connections now.
    pub fn standing(&self) -> Faults {
        let known = self.known();
        let fault = |concern: &Concern| known.faults.get(concern).cloned();
        let mailbox = |account: &str| Mailbox {
            name: known.name(account).to_owned(),
            last_sweep: known.swept_at.get(account).copied(),
            elsewhere: known.elsewhere.contains_key(account),
            fault: fault(&Concern::Sweep(account.to_owned())),
            refusing: known.refusing(account),
            unread: unread(&known, account),
            unmoved: unmoved(&known, account),
        };
        let refused = known.faults.iter().filter_map(|(concern, fault)| {
            let name = match concern {
                Concern::MailboxLogin(account) => format!("boîte {}", known.name(account)),
                Concern::SmtpLogin => "envoi".to_owned(),
                Concern::SmtpSender(Some(from)) => format!("envoi de {}", from.masked()),
                Concern::SmtpSender(None) => "envoi sans expéditeur d’enveloppe".to_owned(),
                Concern::RorLogin => "jeton du ROR".to_owned(),
                _ => return None,
            };
            Some((name, fault.clone()))
        });
        let accounts = known.hearts.keys().map(super::Task::mailbox).filter(|account| !account.is_empty());
        Faults {
            mailboxes: accounts.map(mailbox).collect(),
            ror: fault(&Concern::Ror),
            refused: refused.collect(),
            referential: fault(&Concern::Referential),
        }
    }
}

/// Those tried once included: whoever looks sees them as soon as they are there.
fn unread(known: &HeartbeatState, account: &str) -> Option<(i64, HealthFault)> {
    let (_, vitals) = known.vitals.as_ref()?;
    let counts: Vec<&UnreadCount> = vitals.unread.iter().filter(|count| count.mailbox == account).collect();
    let since = counts.iter().map(|count| count.oldest).min()?;
    let cause = counts.iter().map(|count| count.cause.in_words()).collect::<Vec<_>>().join(" ; ");
    Some((counts.iter().map(|count| count.mails).sum(), HealthFault { since, cause }))
}

fn unmoved(known: &HeartbeatState, account: &str) -> i64 {
    let Some((_, vitals)) = &known.vitals else { return 0 };
    vitals.unmoved.iter().filter(|(one, ..)| one == account).map(|(_, mails, _)| mails).sum()
}
