//! A session with the submission server: encrypted, logged in, each exchange under its deadline.

use std::fmt::Display;
use std::time::Duration;

use lettre::transport::smtp;
use lettre::transport::smtp::client::AsyncSmtpConnection;
use lettre::transport::smtp::commands::Ehlo;
use lettre::transport::smtp::extension::ClientId;
use lettre::transport::smtp::response::Response;
use tokio::time::timeout;

use super::dial::dial;
use super::error::{LOGIN, SILENT, SendError, Step, within, words};
use super::login::Login;
use super::offers::Offers;
use super::settings::Settings;
use crate::defect::excerpt;
use crate::tls::revocation::Revocation;

/// The most challenges answered in one login: none of our mechanisms has more than two.
const MOST_CHALLENGES: usize = 2;

/// A session in which mails may be submitted.
pub(super) struct Connection {
    session: AsyncSmtpConnection,
    offers: Offers,
    limit: Duration,
    broken: bool,
}

impl Connection {
    /// Connects, encrypts, logs in. Every failure is [`SendError::Unavailable`].
    pub(super) async fn open(settings: &Settings, revocation: &Revocation) -> Result<Self, SendError> {
        Self::enter(settings, revocation).await.map_err(|error| error.naming(settings.identity.as_ref()))
    }

    async fn enter(settings: &Settings, revocation: &Revocation) -> Result<Self, SendError> {
        let (limit, hello) = (settings.timeout.get(), ClientId::Domain(settings.hello.clone()));
        let stream = Box::new(dial(settings, revocation).await?);
        let greeting = AsyncSmtpConnection::connect_with_transport(stream, &hello);
        let session = within(limit, "accueil", async { greeting.await.map_err(|error| words(&error)) }).await?;
        let mut connection = Self { session, offers: Offers::default(), limit, broken: false };
        connection.learn(hello).await?;
        connection.login(settings).await?;
        Ok(connection)
    }

    /// Whether the server takes what a mail may need.
    pub(super) fn offers(&self) -> &Offers {
        &self.offers
    }

    /// Whether nothing can be said any more: silence or a cut, as opposed to a refusal.
    pub(super) fn is_broken(&self) -> bool {
        self.broken
    }

    /// One command of a mail.
    pub(super) async fn command(&mut self, step: Step, command: impl Display) -> Result<(), SendError> {
        let answer = timeout(self.limit, self.session.command(command)).await;
        self.taken(step, answer.ok())
    }

    /// The content, with dots stuffed. The session ends it by a line end of its own, so the last one is left out:
    /// the mail arrives byte for byte.
    pub(super) async fn content(&mut self, mail: &[u8], patience: u32) -> Result<(), SendError> {
        let mail = mail.strip_suffix(b"\r\n").unwrap_or(mail);
        let answer = timeout(self.limit * patience, self.session.message(mail)).await;
        self.taken(Step::Content, answer.ok())
    }

    /// Takes leave; what the server thinks of it changes nothing.
    pub(super) async fn close(mut self) {
        if !self.broken {
            drop(timeout(self.limit, self.session.abort()).await);
        }
    }

    fn taken<T>(&mut self, step: Step, answer: Option<Result<T, smtp::Error>>) -> Result<(), SendError> {
        match answer {
            Some(Ok(_)) => Ok(()),
            Some(Err(error)) => {
                self.broken = error.status().is_none();
                Err(SendError::of_mail(step, &error))
            }
            None => {
                self.broken = true;
                Err(SendError::Deferred(format!("{step} : {SILENT}")))
            }
        }
    }

    /// EHLO again: the session keeps of its own only what its library knows.
    async fn learn(&mut self, hello: ClientId) -> Result<(), SendError> {
        let answer = self.ask("EHLO", Ehlo::new(hello)).await?;
        self.offers = Offers::read(answer.message().skip(1));
        Ok(())
    }

    async fn login(&mut self, settings: &Settings) -> Result<(), SendError> {
        let login = Login::of(settings).await.map_err(|error| SendError::Unavailable(error.to_string()))?;
        let Some(mut login) = login else { return Ok(()) };
        if !self.offers.mechanisms().iter().any(|offered| offered == login.mechanism()) {
            return Err(SendError::Unavailable(format!("le serveur ne propose pas AUTH {}", login.mechanism())));
        }
        let mut words = login.opening();
        for _ in 0..=MOST_CHALLENGES {
            let answer = self.ask(LOGIN, format!("{words}\r\n")).await.map_err(|error| explained(error, &login))?;
            if !answer.has_code(334) {
                return Ok(());
            }
            words = login.answer(answer.first_word().unwrap_or_default());
        }
        Err(SendError::Unavailable(format!("{LOGIN} : trop de questions du serveur")))
    }

    /// One command of the opening.
    async fn ask(&mut self, step: &str, command: impl Display) -> Result<Response, SendError> {
        let answer = self.session.command(command);
        within(self.limit, step, async { answer.await.map_err(|error| words(&error)) }).await
    }
}

/// A refused login with the reason that came in a challenge before it.
fn explained(error: SendError, login: &Login) -> SendError {
    match (error, login.reason()) {
        (SendError::Unavailable(words), Some(reason)) => {
            SendError::Unavailable(excerpt(&format!("{words} ({reason})")))
        }
        (error, _) => error,
    }
}
