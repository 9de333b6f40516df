//! What proves who we are: SASL PLAIN (RFC 4616), EXTERNAL (RFC 4422, appendix A) and XOAUTH2, which
//! no RFC describes (<https://developers.google.com/workspace/gmail/imap/xoauth2-protocol>).

use super::super::error::MailboxSetupError;
use super::super::settings::{Auth, ImapSettings};
use base::config_values::{LoginKey, Need, Secret, Veil, login_fault};

/// A credential as it is now.
pub(super) enum Credential {
    Password(String),
    /// The client certificate of the connection.
    Certificate,
    Token(String),
}

/// Refuses keys that are missing or superfluous, without looking into any file.
pub(super) fn check_keys(settings: &ImapSettings) -> Result<(), MailboxSetupError> {
    let ImapSettings { auth, password, token, identity, .. } = settings;
    let (of_password, of_token, of_identity) = match auth {
        Auth::Plain => (Need::Needed, Need::Useless, Need::Optional),
        Auth::Xoauth2 => (Need::Useless, Need::Needed, Need::Optional),
        Auth::External => (Need::Useless, Need::Useless, Need::Needed),
    };
    let fault = login_fault(&[
        (LoginKey::Password, of_password, password.is_some()),
        (LoginKey::Token, of_token, token.is_some()),
        (LoginKey::Identity, of_identity, identity.is_some()),
    ]);
    fault.map_or(Ok(()), |fault| Err(MailboxSetupError::Login { auth: *auth, fault }))
}

/// Refuses what no login can carry, as far as it is known without running a command.
pub(super) fn check(settings: &ImapSettings) -> Result<(), MailboxSetupError> {
    check_keys(settings)?;
    let secret = match settings.auth {
        Auth::Plain => settings.password.as_ref(),
        Auth::External => None,
        Auth::Xoauth2 => settings.token.as_ref(),
    };
    let stored = secret.map(Secret::stored).transpose()?.flatten();
    [Some(settings.user.as_str()), stored.as_deref()].into_iter().flatten().try_for_each(legal)
}

impl Credential {
    /// Read anew, so that a renewed one needs no restart.
    pub(super) async fn of(settings: &ImapSettings) -> Result<Self, MailboxSetupError> {
        check_keys(settings)?;
        legal(&settings.user)?;
        match (settings.auth, &settings.password, &settings.token) {
            (Auth::Plain, Some(password), _) => Ok(Self::Password(revealed(password).await?)),
            (Auth::Xoauth2, _, Some(token)) => Ok(Self::Token(revealed(token).await?)),
            _ => Ok(Self::Certificate),
        }
    }

    /// What is never to be shown of what the server says from now on.
    pub(super) fn veil(&self, user: &str) -> Veil {
        match self {
            Self::Password(secret) | Self::Token(secret) => Veil::of(secret, &self.response(user)),
            Self::Certificate => Veil::default(),
        }
    }

    pub(super) fn mechanism(&self) -> &'static str {
        match self {
            Self::Password(_) => "PLAIN",
            Self::Certificate => "EXTERNAL",
            Self::Token(_) => "XOAUTH2",
        }
    }

    /// The first and only response of the exchange.
    pub(super) fn response(&self, user: &str) -> String {
        match self {
            Self::Password(password) => format!("\0{user}\0{password}"),
            Self::Certificate => user.to_owned(),
            Self::Token(token) => format!("user={user}\u{1}auth=Bearer {token}\u{1}\u{1}"),
        }
    }
}

async fn revealed(secret: &Secret) -> Result<String, MailboxSetupError> {
    let revealed = secret.reveal().await?;
    legal(&revealed)?;
    Ok(revealed)
}

fn legal(text: &str) -> Result<(), MailboxSetupError> {
    if text.is_empty() || text.chars().any(char::is_control) { Err(MailboxSetupError::Credential) } else { Ok(()) }
}
