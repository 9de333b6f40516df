//! How our account identifies itself (RFC 4954): the words to say, whoever carries them.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::settings::{Auth, SmtpSettings, SmtpSetupError};
use base::config_values::Veil;
use domain::defect::excerpt;

/// The longest command in bytes, with its line end (RFC 5321, section 4.5.3.1.4). AUTH is no exception (RFC 4954,
/// section 4): a longer first response, such as a token, waits until it is asked for.
const LONGEST_COMMAND: usize = 512;

/// One try to log in. It holds the secret, so that nothing can print it.
pub struct Login {
    auth: Auth,
    response: String,
    /// Whether the response was said.
    said: bool,
    reason: Option<String>,
    veil: Veil,
}

impl Login {
    /// The try that these settings ask for, the secret as it is now; `None` without any.
    pub async fn of(settings: &SmtpSettings) -> Result<Option<Self>, SmtpSetupError> {
        settings.check_credentials()?;
        let user = settings.user.as_deref().unwrap_or_default();
        let secret = match settings.secret() {
            Some(secret) => secret.reveal().await?,
            None => String::new(),
        };
        let response = match settings.auth() {
            Auth::Plain => format!("\0{user}\0{secret}"),
            Auth::Xoauth2 => format!("user={user}\x01auth=Bearer {secret}\x01\x01"),
            Auth::External => user.to_owned(),
            Auth::None => return Ok(None),
        };
        // A certificate says who we are; an account is no secret.
        let veil = if secret.is_empty() { Veil::default() } else { Veil::of(&secret, &response) };
        Ok(Some(Self { auth: settings.auth(), response: STANDARD.encode(response), said: false, reason: None, veil }))
    }

    /// What is never to be shown of what the server says from now on.
    pub fn veil(&self) -> &Veil {
        &self.veil
    }

    /// The name of the mechanism, as servers offer it.
    pub fn mechanism(&self) -> &'static str {
        match self.auth {
            Auth::Xoauth2 => "XOAUTH2",
            Auth::External => "EXTERNAL",
            Auth::Plain | Auth::None => "PLAIN",
        }
    }

    /// The command to begin with, without line end.
    pub fn opening(&mut self) -> String {
        let first = if self.response.is_empty() { "=" } else { &self.response };
        let command = format!("AUTH {} {first}", self.mechanism());
        self.said = command.len() + "\r\n".len() <= LONGEST_COMMAND;
        if self.said { command } else { format!("AUTH {}", self.mechanism()) }
    }

    /// What to answer to a challenge (code 334), without line end. After our response it can only be a refusal to
    /// come: XOAUTH2 tells its reason so, and wants an empty line; any other exchange is given up.
    pub fn answer(&mut self, challenge: &str) -> String {
        if !self.said {
            self.said = true;
            return self.response.clone();
        }
        let told = STANDARD.decode(challenge.trim()).ok();
        self.reason = told.map(|bytes| excerpt(&self.veil.over(&String::from_utf8_lossy(&bytes))));
        if self.auth == Auth::Xoauth2 { String::new() } else { "*".to_owned() }
    }

    /// The reason that a challenge gave, safe to show.
    pub fn reason(&self) -> Option<&str> {
        self.reason.as_deref().filter(|reason| !reason.is_empty())
    }
}
