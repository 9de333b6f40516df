//! Sending a rendered mail through the operator's submission server: TLS always, the login inside it (PLAIN, XOAUTH2,
//! or EXTERNAL with the client certificate).
//!
//! The whole conversation is one [`SmtpSession`], which `doctor` uses as well: what it finds is what the service meets. EHLO is
//! said once, and once more after STARTTLS.
//!
//! What a failure means depends on how far the submission came (RFC 5321, section 4.2.1, says what a code means for a
//! command, not for the mail), on codes and on the status codes of RFC 3463, never on words:
//!
//! | at | failure | what follows |
//! |---|---|---|
//! | until `AUTH` included | network, certificate, no STARTTLS, any answer | [`SendError`]: no mail can leave, none is to blame; [`Obstacle::Login`] if it is the account or our certificate |
//! | `MAIL FROM` | 5.3.4, 5.2.3, 5.6.x, a bare 552, more bytes than SIZE allows, 8-bit content without 8BITMIME | [`Handed::Unwanted`] for each recipient |
//! | `MAIL FROM` | any other answer, 4xx and 421 4.7.x included | [`SendError`], [`Obstacle::Sender`]: our address or our rate is refused |
//! | `MAIL FROM` | any other 421, silence, a cut connection | [`SendError`] |
//! | `RCPT TO` | 530, 534, 535, 538 | [`SendError`], [`Obstacle::Login`] |
//! | `RCPT TO` | 4xx, silence, a cut connection; 454 and 5.7.x: a right is missing | [`Handed::Later`] for this recipient |
//! | `RCPT TO` | 5.2.3, 5.3.4: more than its mailbox takes | [`Handed::Unwanted`] for this recipient |
//! | `RCPT TO` | any other 5xx | [`Handed::Refused`] for this recipient |
//! | `DATA` and after the content | 5xx but 5.1.x and 5.2.x, which are of a mailbox (5.2.3 is of the size) | [`Handed::Unwanted`] for each recipient offered |
//! | `DATA` and after the content | 5.1.x, 5.2.x | [`Handed::Refused`] for each recipient offered |
//! | `DATA` and after the content | 4xx, silence, a cut connection | [`Handed::Later`] for each recipient offered |
//!
//! No recipient holds another back: the mail leaves to those who are accepted, and [`Sent`] says of each what came of it.

mod answer;
mod connect;
mod ehlo;
mod envelope;
mod error;
mod fault;
mod login;
mod session;
mod settings;

pub use answer::SmtpAnswer;
use connect::{Encrypted, dial};
pub use ehlo::Offers;
pub use envelope::Submission;
pub use error::{Handed, Obstacle, SendError};
pub use fault::{Problem, SmtpFault, SmtpStep};
pub use login::Login;
pub use session::{SmtpSession, starttls};
pub use settings::{Auth, Security, SmtpSettings, SmtpSetupError};

use base::tls::revocation::Revocation;
use domain::address::Address;

/// A submission server.
#[derive(Debug, Clone)]
pub struct Smtp {
    settings: SmtpSettings,
    revocation: Revocation,
}

/// What came of a mail.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub struct Sent {
    /// Each recipient with what came of it, in the order of the submission.
    pub handed: Vec<(Address, Handed)>,
}

impl Sent {
    /// The same for every recipient.
    pub fn all(to: &[Address], handed: &Handed) -> Self {
        Self { handed: to.iter().map(|address| (address.clone(), handed.clone())).collect() }
    }

    /// The same after another try for some of them.
    pub fn with(mut self, again: Self) -> Self {
        for (address, handed) in again.handed {
            if let Some((_, known)) = self.handed.iter_mut().find(|(one, _)| *one == address) {
                *known = handed;
            }
        }
        self
    }

    /// Whom the server took the mail over for.
    pub fn taken(&self) -> impl Iterator<Item = &Address> {
        self.handed.iter().filter(|(_, handed)| handed.is_taken()).map(|(address, _)| address)
    }

    /// The others, each with why not.
    pub fn left(&self) -> impl Iterator<Item = (&Address, &Handed)> {
        self.handed.iter().filter(|(_, handed)| !handed.is_taken()).map(|(address, handed)| (address, handed))
    }
}

impl Smtp {
    /// Checks host name, certificates and password; opens no connection. The files are read again for each connection, so that
    /// renewed ones serve without a restart.
    pub fn new(settings: &SmtpSettings) -> Result<Self, SmtpSetupError> {
        connect::server_name(settings)?;
        settings.check_credentials()?;
        let revocation = Revocation::default();
        base::tls::client_config(settings.ca.as_deref(), settings.identity.as_ref(), &revocation)?;
        Ok(Self { settings: settings.clone(), revocation })
    }

    /// Checks the server's certificate against these lists too, from the next mail on.
    #[must_use]
    pub fn checking(mut self, revocation: Revocation) -> Self {
        self.revocation = revocation;
        self
    }

    /// Hands a mail over to the server, on a connection of its own. Ends within a bounded number of `timeout`s.
    pub async fn send(&self, submission: &Submission<'_>) -> Result<Sent, SendError> {
        let dialled = dial(&self.settings, &self.revocation).await;
        let mut session = dialled.map_err(|problem| SendError::of_opening(&problem, &self.settings))?;
        let submitted = self.submit(&mut session, submission).await;
        session.close().await;
        submitted
    }

    async fn submit(&self, session: &mut Encrypted, submission: &Submission<'_>) -> Result<Sent, SendError> {
        if let Err(problem) = session.sender(submission).await {
            let unwanted = || Sent::all(submission.to, &Handed::of_content(&problem));
            return SendError::of_sender(&problem).map_or_else(|| Ok(unwanted()), Err);
        }
        let mut sent = self.offer(session, submission).await?;
        if sent.taken().next().is_some()
            && let Err(problem) = session.content(submission.mail).await
        {
            sent.take_back(&Handed::of_content(&problem));
        }
        Ok(sent)
    }

    /// Offers the mail to each recipient. Those who come after the end of a connection have to wait with it.
    async fn offer(&self, session: &mut Encrypted, submission: &Submission<'_>) -> Result<Sent, SendError> {
        let mut sent = Sent { handed: Vec::new() };
        for address in submission.to {
            let handed = match session.recipient(submission, address).await {
                Ok(()) => Handed::Taken,
                Err(problem) => match SendError::of_recipient(&problem) {
                    Some(error) => return Err(error),
                    None => Handed::of_recipient(&problem, &self.settings),
                },
            };
            if session.is_broken() {
                let rest = submission.to.iter().skip(sent.handed.len());
                sent.take_back(&handed);
                sent.handed.extend(rest.map(|address| (address.clone(), handed.clone())));
                return Ok(sent);
            }
            sent.handed.push((address.clone(), handed));
        }
        Ok(sent)
    }
}

impl Sent {
    /// The content was not taken after all, or could not be sent.
    fn take_back(&mut self, why: &Handed) {
        for (_, handed) in self.handed.iter_mut().filter(|(_, handed)| handed.is_taken()) {
            handed.clone_from(why);
        }
    }
}
