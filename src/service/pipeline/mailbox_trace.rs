//! The duty to trace: each action on a mailbox and each mail sent from it, failures too, never a content.

use std::collections::BTreeMap;
use std::fmt::Display;

use base::clock::Clock;
use domain::address::Address;
use edges::mailbox::{Fetched, Folder, Left, ListedMail, Moved, Position};
use edges::smtp::{Handed, SendError, Sent};
use store::{NewTrace, ReplyToSend, Store, StoreError};

/// The most characters kept of a request or an answer.
const LONGEST: usize = 2000;

/// What is done on one mailbox, by one account.
#[derive(Debug, Clone)]
pub struct MailboxTrace {
    store: Store,
    clock: Clock,
    mailbox: String,
    who: String,
}

impl MailboxTrace {
    /// Traces of this mailbox.
    pub fn new(store: Store, clock: Clock, mailbox: &str, who: &str) -> Self {
        Self { store, clock, mailbox: mailbox.to_owned(), who: who.to_owned() }
    }

    /// The account logged in.
    pub async fn opened(&self) -> Result<(), StoreError> {
        self.keep(vec![self.one("connexion", &self.who, Ok::<_, String>("acceptée"))]).await
    }

    /// A session that could not be opened, or that broke.
    pub async fn failed(&self, cause: &impl Display) -> Result<(), StoreError> {
        self.keep(vec![self.one("connexion", &self.who, Err::<&str, _>(cause))]).await
    }

    pub(super) async fn fetched(&self, asked: &[&ListedMail], fetched: &[Fetched]) -> Result<(), StoreError> {
        let positions = asked.iter().map(|entry| entry.position.to_string()).collect::<Vec<_>>().join(" ");
        let bytes: usize = fetched.iter().map(|mail| mail.raw.len()).sum();
        let answer = format!("courriels : {}, octets : {bytes}", fetched.len());
        self.keep(vec![self.one("lecture", &positions, Ok::<_, String>(answer))]).await
    }

    pub(super) async fn header_fetched(&self, entry: &ListedMail, bytes: Option<usize>) -> Result<(), StoreError> {
        let asked = format!("{} (en-tête seul, {} octets en tout)", entry.position, entry.size);
        let answer = bytes.map(|bytes| format!("{bytes} octets")).ok_or("absent");
        self.keep(vec![self.one("lecture", &asked, answer)]).await
    }

    pub(super) async fn left(&self, mails: &[Left]) -> Result<(), StoreError> {
        let one = |mail: &Left| {
            let detail = if mail.detail.is_empty() { String::new() } else { format!(" ({})", mail.detail) };
            self.one("lecture", mail.position.as_str(), Err::<&str, _>(format!("{}{detail}", mail.cause)))
        };
        self.keep(mails.iter().map(one).collect()).await
    }

    /// One trace for each mail, but one for all that a folder refused: they may be asked for often.
    pub(super) async fn filed(
        &self,
        moves: &[(Position, Folder)],
        outcomes: &[Moved],
        refusals: &BTreeMap<Folder, String>,
    ) -> Result<(), StoreError> {
        let one = |((position, folder), moved): (&(Position, Folder), &Moved)| {
            Some(self.one("classement", &format!("{position} → {folder}"), answer_of(*moved)?))
        };
        let mut traces: Vec<NewTrace> = moves.iter().zip(outcomes).filter_map(one).collect();
        traces.extend(refusals.iter().filter_map(|(folder, said)| {
            let is_its = |((_, target), moved): &(&(Position, Folder), &Moved)| target == folder && moved.is_refused();
            let refused: Vec<&str> =
                moves.iter().zip(outcomes).filter(is_its).map(|((position, _), _)| position.as_str()).collect();
            let asked = format!("{} → {folder}", refused.join(" "));
            (!refused.is_empty()).then(|| self.one("classement", &asked, Err::<&str, _>(said)))
        }));
        self.keep(traces).await
    }

    pub(super) async fn posted(&self, reply: &ReplyToSend, sent: &Result<Sent, SendError>) -> Result<(), StoreError> {
        let recipients = reply.recipients.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
        let asked = format!("<{}> à {recipients}, {} octets", reply.message_id, reply.content.len());
        let trace = match sent {
            Ok(sent) if sent.left().next().is_none() => self.one("envoi", &asked, Ok::<_, String>("accepté")),
            Ok(sent) => self.one("envoi", &asked, Err::<&str, _>(in_part(sent))),
            Err(failure) => self.one("envoi", &asked, Err::<&str, _>(failure)),
        };
        let account = match reply.mail {
            Some(mail) => self.store.account_of(mail).await?,
            None => None,
        };
        let mailbox = account.unwrap_or_else(|| self.mailbox.clone());
        self.keep(vec![NewTrace { mailbox, ..trace }]).await
    }

    fn one<T: Display, E: Display>(&self, action: &'static str, asked: &str, answer: Result<T, E>) -> NewTrace {
        let failed = answer.is_err();
        let answer = answer.map_or_else(|cause| cause.to_string(), |answer| answer.to_string());
        let shorten = |text: &str| text.chars().take(LONGEST).collect::<String>();
        let (mailbox, who) = (self.mailbox.clone(), self.who.clone());
        NewTrace { mailbox, who, action, request: shorten(asked), answer: shorten(&answer), failed }
    }

    async fn keep(&self, traces: Vec<NewTrace>) -> Result<(), StoreError> {
        self.store.trace(&traces, self.clock.now()).await
    }
}

/// What the server answered for each recipient.
fn in_part(sent: &Sent) -> String {
    let told = |(address, handed): &(Address, Handed)| match handed {
        Handed::Taken => format!("{address} : accepté"),
        left => format!("{address} : {}", left.cause()),
    };
    sent.handed.iter().map(told).collect::<Vec<_>>().join(" ; ")
}

/// What is traced of one mail; nothing of one that was refused.
fn answer_of(moved: Moved) -> Option<Result<&'static str, &'static str>> {
    match moved {
        Moved::Done => Some(Ok("fait")),
        Moved::Gone => Some(Err("le courriel n’est plus à cette place")),
        Moved::Left => Some(Err("laissé à sa place : le serveur ne sait pas déplacer un courriel")),
        Moved::Refused | Moved::Stuck => None,
    }
}
