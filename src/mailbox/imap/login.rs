//! Telling the server who we are, once the connection is encrypted.

use async_imap::{Authenticator, Client};
use tokio::time::timeout;

use super::super::error::{MailboxError, SetupError, Step};
use super::super::settings::ImapSettings;
use super::command::{Connection, from_imap, is_for_now};
use super::dial::Stream;
use super::dialogue::Offered;

/// Refuses a user or a password that SASL PLAIN cannot carry (RFC 4616, section 2).
pub(super) fn check(settings: &ImapSettings) -> Result<(), SetupError> {
    let password = settings.password.stored()?;
    let known = std::iter::once(settings.user.as_str()).chain(password.as_deref());
    if known.into_iter().all(is_legal) { Ok(()) } else { Err(SetupError::Credential) }
}

/// By SASL PLAIN where it is offered, since LOGIN cannot carry every character; else by LOGIN,
/// unless the server has disabled it.
pub(super) async fn login(
    stream: Stream,
    offered: &Offered,
    settings: &ImapSettings,
) -> Result<Connection, MailboxError> {
    let password = settings.password.reveal().await.map_err(SetupError::Secret)?;
    if !is_legal(&password) {
        return Err(SetupError::Credential.into());
    }
    let (client, user) = (Client::new(stream), settings.user.as_str());
    let answer = async {
        if offered.has("AUTH=PLAIN") {
            let response = Some(format!("\0{user}\0{password}"));
            Ok(client.authenticate("PLAIN", Plain { response }).await)
        } else if offered.has("LOGINDISABLED") {
            Err(MailboxError::Unsupported("l’identification par mot de passe"))
        } else {
            Ok(client.login(user, &password).await)
        }
    };
    let limit = settings.timeout.get();
    let answer = timeout(limit, answer).await.map_err(|_| MailboxError::Timeout(Step::Login))??;
    let session = answer.map_err(|(error, _)| refusal(&error))?;
    Ok(Connection::new(session, limit))
}

fn is_legal(text: &str) -> bool {
    !text.is_empty() && !text.chars().any(char::is_control)
}

struct Plain {
    /// Given once: a server that asks again gets an empty answer.
    response: Option<String>,
}

impl Authenticator for Plain {
    type Response = String;

    fn process(&mut self, _challenge: &[u8]) -> String {
        self.response.take().unwrap_or_default()
    }
}

fn refusal(error: &async_imap::error::Error) -> MailboxError {
    match (error, from_imap(Step::Login, error)) {
        (async_imap::error::Error::No(_), MailboxError::Refused { text, .. }) if !is_for_now(&text) => {
            MailboxError::CredentialRefused(text)
        }
        (_, other) => other,
    }
}
