//! TLS with a server, as the service does it, and what its failures mean.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use rustls::Error;
use rustls_pki_types::ServerName;
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::line_protocol::{Dialogue, ServerLine};
use super::phrases::{reason, told_chain, whole};
use super::presented_chain;
use super::step::{Outcome, StepFailure, Trial};
use super::tcp::Target;
use super::tls_failure::TlsRefusals;
use base::config_values::Identity;
use base::tls;
use base::tls::revocation::Revocation;
use base::tls::{TlsError, certificate_alert, day};
use edges::smtp;
use edges::smtp::SmtpFault;

pub(super) const STARTTLS: &str = "STARTTLS";
pub(super) const TLS: &str = "TLS";
pub(super) const REVOCATION: &str = "révocation";
/// How long a server that refuses our certificate gets to say so.
const VERDICT: Duration = Duration::from_secs(3);

/// How a connection becomes encrypted.
#[derive(Debug, Clone)]
pub(super) enum Opening {
    /// At once.
    Tls,
    /// By STARTTLS in IMAP (RFC 3501, section 6.2.1).
    Imap,
    /// By STARTTLS in SMTP (RFC 3207), as the service does it.
    Smtp(Box<smtp::SmtpSettings>),
}

/// A server, and what we know and show of certificates.
#[derive(Debug, Clone)]
pub(super) struct Endpoint {
    pub(super) target: Target,
    pub(super) opening: Opening,
    pub(super) ca: Option<PathBuf>,
    pub(super) identity: Option<Identity>,
    pub(super) revocation: Revocation,
    /// The section of the configuration, for remedies: `mailbox.imap`.
    pub(super) section: String,
}

impl Endpoint {
    /// From the name to the encrypted connection, step by step.
    pub(super) async fn open(&self, trial: &mut Trial) -> Option<TlsStream<TcpStream>> {
        let socket = self.target.reach(trial).await?;
        let socket = match self.opening {
            Opening::Tls => socket,
            Opening::Imap | Opening::Smtp(_) => trial.step(STARTTLS, self.starttls(socket)).await?,
        };
        let stream = trial.step(TLS, self.encrypt(socket)).await?;
        self.recheck(trial, &stream)?;
        Some(stream)
    }

    /// Whether the server's certificate is revoked: a step of its own, so that it is told apart.
    fn recheck(&self, trial: &mut Trial, stream: &TlsStream<TcpStream>) -> Option<()> {
        let Some(ca) = self.ca.as_deref().filter(|_| self.revocation.is_checked()) else {
            let raison = "non vérifiée : voyez la rubrique de la révocation".to_owned();
            trial.note(REVOCATION, Outcome::NonFait { raison });
            return Some(());
        };
        let chain = stream.get_ref().1.peer_certificates().unwrap_or_default();
        let name = ServerName::try_from(self.target.host.clone()).ok()?;
        let failure = match self.revocation.recheck(ca, chain, &name) {
            Ok(list) => {
                let detail = format!("absent de la liste de « {} » du {}", list.issuer, day(list.this_update));
                trial.note(REVOCATION, Outcome::Reussi { detail });
                return Some(());
            }
            Err(TlsError::Rustls(Error::InvalidCertificate(why))) => self.refusals().of_certificate(&why),
            Err(error) => StepFailure::new(whole(&error), "la rubrique de la révocation dit ce qui manque"),
        };
        trial.note(REVOCATION, failure.into());
        None
    }

    /// What failures of this server's connections mean.
    pub(super) fn refusals(&self) -> TlsRefusals<'_> {
        TlsRefusals { endpoint: self, presented: self.identity.as_ref().and_then(tls::presented) }
    }

    async fn starttls(&self, socket: TcpStream) -> Result<(TcpStream, String), StepFailure> {
        let socket = match &self.opening {
            Opening::Smtp(settings) => {
                smtp::starttls(socket, settings).await.map_err(|problem| self.not_granted(&problem.fault))?
            }
            Opening::Imap | Opening::Tls => self.imap_starttls(socket).await?,
        };
        Ok((socket, "offert et accepté".to_owned()))
    }

    fn not_granted(&self, fault: &SmtpFault) -> StepFailure {
        match fault {
            SmtpFault::Cut(error) => self.mute(&reason(error)),
            SmtpFault::Meddled => meddled(),
            SmtpFault::Refused(answer) => self.no_starttls(&answer.to_string()),
            fault @ SmtpFault::NoStarttls => self.no_starttls(&fault.to_string()),
            other => self.mute(&other.to_string()),
        }
    }

    async fn imap_starttls(&self, socket: TcpStream) -> Result<TcpStream, StepFailure> {
        let mut dialogue = Dialogue::new(socket);
        match imap_starttls(&mut dialogue).await {
            Err(error) => Err(self.mute(&reason(&error))),
            Ok(Err(answer)) => Err(self.no_starttls(&answer.told())),
            Ok(Ok(())) => dialogue.into_stream().ok_or_else(meddled),
        }
    }

    async fn encrypt(&self, socket: TcpStream) -> Result<(TlsStream<TcpStream>, String), StepFailure> {
        let name = ServerName::try_from(self.target.host.clone()).map_err(|_| self.no_name())?;
        // Without the lists, which the next step applies to the same certificate; nothing is said before.
        let unchecked = Revocation::default();
        let config = tls::client_config(self.ca.as_deref(), self.identity.as_ref(), &unchecked).map_err(|error| {
            StepFailure::new(
                whole(&error),
                format!("corrigez les fichiers de {}.ca et {}.identity", self.section, self.section),
            )
        })?;
        match TlsConnector::from(Arc::new(config)).connect(name.clone(), socket).await {
            Ok(stream) => {
                let detail = trusted(&stream);
                Ok((stream, detail))
            }
            Err(error) => {
                let seen = self.look_again(name).await;
                Err(self.refusals().of_handshake(&error, &seen))
            }
        }
    }

    /// Whether the server refuses our certificate, asked by a connection on which nothing is said.
    ///
    /// In TLS 1.3 it says so once our side of the handshake is done (RFC 8446, section 2): a request sent
    /// at that moment may end without its words. Silence is no refusal.
    pub(super) async fn verdict(&self) -> Option<StepFailure> {
        let socket = self.target.again().await.ok()?;
        let (mut stream, _) = self.encrypt(socket).await.ok()?;
        let said = tokio::time::timeout(VERDICT, stream.read_u8()).await.ok()?;
        let alert = certificate_alert(&said.err()?)?;
        Some(self.refusals().of_our_certificate(&format!("alerte TLS {alert:?}")))
    }

    /// The chain of the server that was not trusted, by a second connection.
    async fn look_again(&self, name: ServerName<'static>) -> Vec<Vec<u8>> {
        let Ok(socket) = self.target.again().await else { return Vec::new() };
        let socket = match self.opening {
            Opening::Tls => socket,
            _ => match self.starttls(socket).await {
                Ok((socket, _)) => socket,
                Err(_) => return Vec::new(),
            },
        };
        presented_chain::chain(socket, name).await
    }

    fn no_name(&self) -> StepFailure {
        StepFailure::new(
            format!("« {} » n’est pas un nom de serveur", domain::defect::excerpt(&self.target.host)),
            format!("corrigez {}", self.target.key),
        )
    }

    fn no_starttls(&self, said: &str) -> StepFailure {
        StepFailure::new(
            format!("le serveur n’offre pas STARTTLS (« {said} ») : rien ne sera dit en clair"),
            format!(
                "si ce port est chiffré dès l’ouverture (993 ou 465), écrivez {}.security = \"tls\" ; sinon demandez à l’opérateur le port qui offre STARTTLS",
                self.section
            ),
        )
    }

    fn mute(&self, why: &str) -> StepFailure {
        StepFailure::new(
            format!("le serveur n’a pas mené la conversation jusqu’à STARTTLS ({why})"),
            format!(
                "si ce port est chiffré dès l’ouverture (993 ou 465), écrivez {}.security = \"tls\" ; sinon vérifiez qu’un serveur de messagerie écoute sur ce port",
                self.section
            ),
        )
    }
}

fn trusted(stream: &TlsStream<TcpStream>) -> String {
    let (_, session) = stream.get_ref();
    let version = match session.protocol_version() {
        Some(rustls::ProtocolVersion::TLSv1_3) => "TLS 1.3",
        _ => "TLS 1.2",
    };
    let chain = session.peer_certificates().unwrap_or_default();
    format!("{version}, certificat {}", told_chain(chain.iter().map(AsRef::as_ref)))
}

type Offer = io::Result<Result<(), ServerLine>>;

async fn imap_starttls(dialogue: &mut Dialogue<TcpStream>) -> Offer {
    let greeting = dialogue.imap_greeting().await?;
    if !greeting.is_ok() {
        return Ok(Err(greeting));
    }
    let offered = dialogue.imap("CAPABILITY").await?;
    let has = |line: &str| line.split(' ').any(|word| word.eq_ignore_ascii_case(STARTTLS));
    if !offered.lines().any(has) {
        return Ok(Err(offered));
    }
    let answer = dialogue.imap(STARTTLS).await?;
    Ok(if answer.is_ok() { Ok(()) } else { Err(answer) })
}

fn meddled() -> StepFailure {
    StepFailure::new(
        "le serveur, ou quelqu’un sur le chemin, a parlé avant le chiffrement",
        "ne confiez rien à cette connexion ; demandez à l’opérateur de vérifier son relais",
    )
}
