//! A session with the submission server: encrypted, logged in, each exchange under its deadline.

use std::fmt::Display;
use std::time::Duration;

use lettre::transport::smtp;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::AsyncSmtpConnection;
use lettre::transport::smtp::extension::{ClientId, Extension};
use tokio::time::timeout;

use super::dial::dial;
use super::error::{SILENT, SendError, Step, within, words};
use super::settings::Settings;

/// A session in which mails may be submitted.
pub(super) struct Connection {
    session: AsyncSmtpConnection,
    limit: Duration,
    broken: bool,
}

impl Connection {
    /// Connects, encrypts, logs in. Every failure is [`SendError::Unavailable`].
    pub(super) async fn open(settings: &Settings) -> Result<Self, SendError> {
        let (limit, hello) = (settings.timeout.get(), ClientId::Domain(settings.hello.clone()));
        let stream = Box::new(dial(settings).await?);
        let greeting = AsyncSmtpConnection::connect_with_transport(stream, &hello);
        let session = within(limit, "accueil", async { greeting.await.map_err(|error| words(&error)) }).await?;
        let mut connection = Self { session, limit, broken: false };
        connection.login(settings).await?;
        Ok(connection)
    }

    pub(super) fn offers(&self, extension: Extension) -> bool {
        self.session.server_info().supports_feature(extension)
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

    async fn login(&mut self, settings: &Settings) -> Result<(), SendError> {
        let credentials = settings.credentials().await.map_err(|error| SendError::Unavailable(error.to_string()))?;
        let Some((user, password)) = credentials else { return Ok(()) };
        if !self.session.server_info().supports_auth_mechanism(Mechanism::Plain) {
            return Err(SendError::Unavailable("le serveur ne propose pas AUTH PLAIN".to_owned()));
        }
        let credentials = Credentials::new(user, password);
        let login = self.session.auth(&[Mechanism::Plain], &credentials);
        within(self.limit, "authentification", async { login.await.map_err(|error| words(&error)) }).await.map(drop)
    }
}
