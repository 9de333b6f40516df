//! Sending a rendered mail through the operator's submission server: TLS always, the login inside it (PLAIN, XOAUTH2,
//! or EXTERNAL with the client certificate).
//!
//! What a failure means for the mail depends on how far the submission came (RFC 5321, section 4.2.1,
//! says what a code means for a command, not for the mail):
//!
//! | until | failure | class |
//! |---|---|---|
//! | `AUTH` included | network, certificate, no STARTTLS, any answer | [`SendError::Unavailable`]: no mail can leave, none is to blame |
//! | `MAIL FROM` | any: our address or account is refused | [`SendError::Deferred`]: an operator can mend it |
//! | `RCPT TO`, `DATA` | 4xx, silence, a cut connection | [`SendError::Deferred`] |
//! | `RCPT TO` | 530 or 5.7.x: a login or a right is missing (RFC 3463, section 3.8) | [`SendError::Deferred`] |
//! | `MAIL FROM`, `DATA` | 552, 5.3.4, or more bytes than SIZE allows (RFC 1870, section 6) | [`SendError::TooLarge`] |
//! | `RCPT TO` of the first recipient | 5.2.3: more than its mailbox takes | [`SendError::TooLarge`] |
//! | `RCPT TO` of every recipient, `DATA` | 5xx | [`SendError::Refused`] |
//!
//! The first recipient is whom the mail is for, the others get a copy. A copy never holds the mail back: where
//! only some recipients are refused, it leaves to the others, and [`Sent`] tells of the refused ones. It waits as a
//! whole while the first recipient is refused for now, so that nobody gets it twice.

mod connection;
mod dial;
mod envelope;
mod error;
mod login;
mod offers;
mod settings;
mod stream;

use lettre::transport::smtp::commands::Data;

use connection::Connection;
pub use envelope::Submission;
pub use error::SendError;
use error::Step;
pub use login::Login;
pub use offers::Offers;
pub use settings::{Auth, Security, Settings, SetupError};

use crate::address::Address;
use crate::tls::revocation::Revocation;

/// How many times the deadline of an exchange a server has to take the content over: it may look for viruses
/// before it answers (RFC 5321, section 4.5.3.2.6).
const CONTENT_PATIENCE: u32 = 10;

/// A submission server.
#[derive(Debug, Clone)]
pub struct Smtp {
    settings: Settings,
    revocation: Revocation,
}

/// A mail that left.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub struct Sent {
    /// The recipients the server refused, each with its answer; at least one other was accepted.
    pub refused: Vec<(Address, String)>,
}

impl Smtp {
    /// Checks host name, certificates and password; opens no connection. The files are read again for each connection, so that
    /// renewed ones serve without a restart.
    pub fn new(settings: &Settings) -> Result<Self, SetupError> {
        dial::server_name(settings)?;
        settings.check_credentials()?;
        let revocation = Revocation::default();
        crate::tls::client_config(settings.ca.as_deref(), settings.identity.as_ref(), &revocation)?;
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
        let mut connection = Connection::open(&self.settings, &self.revocation).await?;
        let submitted = submit(&mut connection, submission).await;
        connection.close().await;
        submitted
    }
}

async fn submit(connection: &mut Connection, submission: &Submission<'_>) -> Result<Sent, SendError> {
    let sender = submission.sender(connection.offers())?;
    connection.command(Step::Sender, sender).await?;
    let refused = offer(connection, submission).await?;
    connection.command(Step::Content, Data).await?;
    connection.content(submission.mail, CONTENT_PATIENCE).await?;
    Ok(Sent { refused })
}

/// Offers the mail to each recipient. Returns the refused ones; an error if nobody is left, or if the first one is
/// refused for now or for the size of the mail, which can both be helped.
async fn offer(connection: &mut Connection, submission: &Submission<'_>) -> Result<Vec<(Address, String)>, SendError> {
    let mut refused: Vec<(Address, SendError)> = Vec::new();
    for (rank, address) in submission.to.iter().enumerate() {
        let recipient = submission.recipient(address, connection.offers())?;
        let Err(error) = connection.command(Step::Recipient, recipient).await else { continue };
        if connection.is_broken() || rank == 0 && !matches!(error, SendError::Refused(_)) {
            return Err(error);
        }
        refused.push((address.clone(), error));
    }
    if refused.len() < submission.to.len() {
        return Ok(refused.into_iter().map(|(address, error)| (address, error.to_string())).collect());
    }
    // A recipient that may be accepted later is worth waiting for.
    let (waiting, gone): (Vec<_>, Vec<_>) =
        refused.into_iter().map(|(_, error)| error).partition(SendError::is_transient);
    let error = waiting.into_iter().chain(gone).next();
    Err(error.unwrap_or_else(|| SendError::Refused("aucun destinataire".to_owned())))
}
