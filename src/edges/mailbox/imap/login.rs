//! Telling the server who we are, once the connection is encrypted.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use tokio::time::timeout;

use super::super::error::{MailboxError, MailboxStep};
use super::super::settings::ImapSettings;
use super::connect::Stream;
use super::exchange::is_for_now;
use super::prelogin::{Dialogue, Offered, PreloginAnswer, Respond};
use super::sasl::Credential;
use base::config_values::Veil;

/// The longest response that is put on the line of its command: some servers take no longer lines.
const LONGEST_AT_ONCE: usize = 4096;

/// By the configured mechanism. A password may also go by LOGIN, where SASL PLAIN is not offered and
/// LOGIN not disabled; PLAIN is better, since LOGIN cannot carry every character.
pub(super) async fn login(
    dialogue: &mut Dialogue<Stream>,
    offered: &Offered,
    settings: &ImapSettings,
) -> Result<(), MailboxError> {
    let credential = Credential::of(settings).await.map_err(MailboxError::Setup)?;
    dialogue.cover(credential.veil(&settings.user));
    let limit = settings.timeout.get();
    let said = timeout(limit, say(dialogue, offered, &settings.user, &credential)).await;
    said.map_err(|_| MailboxError::Timeout(MailboxStep::Login))?
}

async fn say(
    dialogue: &mut Dialogue<Stream>,
    offered: &Offered,
    user: &str,
    credential: &Credential,
) -> Result<(), MailboxError> {
    match credential {
        _ if offered.has(&format!("AUTH={}", credential.mechanism())) => {
            authenticate(dialogue, offered, credential.mechanism(), &credential.response(user)).await
        }
        Credential::Password(_) if offered.has("LOGINDISABLED") => {
            Err(MailboxError::Unsupported("l’identification par mot de passe"))
        }
        Credential::Password(password) => {
            let command = format!("LOGIN {} {}", quoted(user), quoted(password));
            let (answer, _) = dialogue.exchange(MailboxStep::Login, &command, &mut |_| None).await?;
            judge(answer, None)
        }
        Credential::Certificate => Err(MailboxError::Unsupported("l’identification par certificat (AUTH=EXTERNAL)")),
        Credential::Token(_) => Err(MailboxError::Unsupported("l’identification par jeton (AUTH=XOAUTH2)")),
    }
}

/// One response, which goes with the command where the server takes it there (RFC 4959), else
/// when it asks. Asked for more, we have nothing to say: XOAUTH2 tells in such a challenge why it refuses, and
/// waits for an empty line before its NO.
async fn authenticate(
    dialogue: &mut Dialogue<Stream>,
    offered: &Offered,
    mechanism: &str,
    response: &str,
) -> Result<(), MailboxError> {
    let encoded = STANDARD.encode(response);
    let (command, mut waiting) = if offered.has("SASL-IR") && encoded.len() <= LONGEST_AT_ONCE {
        (format!("AUTHENTICATE {mechanism} {encoded}"), None)
    } else {
        (format!("AUTHENTICATE {mechanism}"), Some(encoded))
    };
    let (mut told, veil) = (None, dialogue.veil().clone());
    let respond: Respond<'_> = &mut |challenge| {
        let response = waiting.take();
        if response.is_none() {
            told = Some(decoded(challenge, &veil));
        }
        Some(response.unwrap_or_default())
    };
    let (answer, _) = dialogue.exchange(MailboxStep::Login, &command, respond).await?;
    judge(answer, told)
}

fn decoded(challenge: &str, veil: &Veil) -> String {
    let bytes = STANDARD.decode(challenge).unwrap_or_default();
    domain::defect::excerpt(&veil.over(&String::from_utf8_lossy(&bytes)))
}

/// What the server made of the login. `told` is what it said of it in a challenge.
fn judge(answer: PreloginAnswer, told: Option<String>) -> Result<(), MailboxError> {
    match answer {
        PreloginAnswer::Ok => Ok(()),
        PreloginAnswer::No(text) if !is_for_now(&text) => {
            let told = told.filter(|told| !told.is_empty()).map_or_else(String::new, |told| format!(" ({told})"));
            Err(MailboxError::CredentialRefused(format!("{text}{told}")))
        }
        PreloginAnswer::No(text) | PreloginAnswer::Bad(text) => {
            Err(MailboxError::Refused { step: MailboxStep::Login, text })
        }
    }
}

/// A quoted string (RFC 3501, section 4.3).
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}
