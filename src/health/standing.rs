//! What does not go as it should, since when and why: of the mailboxes, of the ROR, of the logins.

use jiff::Timestamp;

use super::Pulse;
use crate::address::{Address, mask_all};

/// Something that can fail for longer than a moment.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Concern {
    /// The sweeps of an account.
    Sweep(String),
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
pub struct Fault {
    /// Since when.
    pub since: Timestamp,
    /// Why, in French; every address is masked.
    pub cause: String,
}

/// What a worker knows of its own connections at one moment.
#[derive(Debug, Clone, Default)]
pub struct Standing {
    /// Each mailbox that it is to read.
    pub mailboxes: Vec<Mailbox>,
    /// Why requests are kept from the ROR, if they are.
    pub ror: Option<Fault>,
    /// The logins that are refused: the mailbox by its name, `envoi`, `envoi de` an
    /// address, or `jeton du ROR`.
    pub refused: Vec<(String, Fault)>,
    /// Why the files of the referential are refused, if they are.
    pub referential: Option<Fault>,
}

/// How one mailbox does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mailbox {
    /// Its name in the configuration.
    pub name: String,
    /// When its last complete sweep by this worker ended.
    pub last_sweep: Option<Timestamp>,
    /// Whether another worker reads it.
    pub elsewhere: bool,
    /// Why the last sweep failed, if it did.
    pub fault: Option<Fault>,
}

impl Pulse {
    /// It fails, for this cause; since when stays as long as it does.
    pub fn ails(&self, concern: Concern, cause: &str) {
        let now = self.now();
        let cause = mask_all(cause);
        let mut known = self.lock();
        let fault = known.faults.entry(concern).or_insert_with(|| Fault { since: now, cause: String::new() });
        fault.cause = cause;
    }

    /// It does not fail any more.
    pub fn well(&self, concern: &Concern) {
        self.lock().faults.remove(concern);
    }

    /// What is known of the connections now.
    pub fn standing(&self) -> Standing {
        let known = self.known();
        let fault = |concern: &Concern| known.faults.get(concern).cloned();
        let mailbox = |account: &str| Mailbox {
            name: known.name(account).to_owned(),
            last_sweep: known.swept_at.get(account).copied(),
            elsewhere: known.elsewhere.contains(account),
            fault: fault(&Concern::Sweep(account.to_owned())),
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
        Standing {
            mailboxes: accounts.map(mailbox).collect(),
            ror: fault(&Concern::Ror),
            refused: refused.collect(),
            referential: fault(&Concern::Referential),
        }
    }
}
