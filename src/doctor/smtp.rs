//! The submission server: reached, and what it offers. No mail is sent: the sender is named, then
//! taken back (RFC 5321, section 4.1.1.5).

use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

use super::LONGEST;
use super::dialogue::{Answer, Dialogue};
use super::handshake::{Endpoint, Opening, REVOCATION, STARTTLS, TLS};
use super::reach::{DNS, TCP, Target};
use super::refusal::Refusals;
use super::step::{Failure, Trial};
use super::words::whole;
use crate::address::Address;
use crate::smtp::{Auth, Login, Offers, Security, Settings, Smtp};
use crate::tls;
use crate::tls::revocation::Revocation;

const SETTINGS: &str = "réglages";
const EHLO: &str = "EHLO";
const LOGIN: &str = "identification";
const SENDER: &str = "expéditeur";
/// The most challenges answered in one login.
const MOST_CHALLENGES: usize = 2;
/// What must be offered, or a reply with its report may not pass, in bytes.
const SMALLEST_SIZE: u64 = 1024 * 1024;

type Encrypted = Dialogue<TlsStream<TcpStream>>;

/// A server being talked to, and how to tell its failures.
struct Talk<'a> {
    settings: &'a Settings,
    refusals: Refusals<'a>,
    dialogue: Encrypted,
}

/// Every address that replies leave from must be taken.
pub(super) async fn trial(settings: &Settings, from: &[&Address], revocation: &Revocation) -> Trial {
    let planned = match settings.security {
        Security::Starttls => [SETTINGS, DNS, TCP, STARTTLS, TLS, REVOCATION, EHLO, LOGIN, SENDER].as_slice(),
        Security::Tls => [SETTINGS, DNS, TCP, TLS, REVOCATION, EHLO, LOGIN, SENDER].as_slice(),
    };
    let title = format!("Envoi des réponses ({}:{})", settings.host, settings.port);
    let mut trial = Trial::new("reponses", title, planned, settings.timeout.get().min(LONGEST));
    let endpoint = Endpoint { revocation: revocation.clone(), ..endpoint(settings) };
    try_server(&mut trial, settings, &endpoint, from).await;
    trial
}

fn endpoint(settings: &Settings) -> Endpoint {
    Endpoint {
        target: Target::new(&settings.host, settings.port, "smtp.host"),
        opening: match settings.security {
            Security::Tls => Opening::Tls,
            Security::Starttls => Opening::Smtp(settings.hello.clone()),
        },
        ca: settings.ca.clone(),
        identity: settings.identity.clone(),
        revocation: Revocation::default(),
        section: "smtp".to_owned(),
    }
}

async fn try_server(trial: &mut Trial, settings: &Settings, endpoint: &Endpoint, from: &[&Address]) -> Option<()> {
    trial.step(SETTINGS, async { prepare(settings) }).await?;
    let stream = endpoint.open(trial).await?;
    let refusals = endpoint.refusals();
    let mut talk = Talk { settings, refusals, dialogue: Dialogue::new(stream) };
    let offered = trial.step(EHLO, talk.hello()).await?;
    trial.step(LOGIN, talk.login(&offered)).await?;
    trial.step(SENDER, talk.senders(from)).await
}

fn prepare(settings: &Settings) -> Result<((), String), Failure> {
    Smtp::new(settings).map_err(|error| Failure::new(whole(&error), "corrigez la section [smtp]"))?;
    let account = settings.user.as_deref().map_or("sans compte".to_owned(), |user| format!("compte {user}"));
    Ok(((), format!("auth = \"{}\", {account}", settings.auth())))
}

impl Talk<'_> {
    /// After STARTTLS the server does not greet again (RFC 3207, section 4.2).
    async fn hello(&mut self) -> Result<(Offers, String), Failure> {
        if self.settings.security == Security::Tls {
            let greeting = self.ask(None).await?;
            self.expect(&greeting, "220", "le serveur nous écarte dès l’accueil")?;
        }
        let answer = self.ask(Some(&format!("EHLO {}", self.settings.hello))).await?;
        self.expect(&answer, "250", "le serveur refuse EHLO")?;
        let offers = Offers::read(answer.lines().skip(1).filter_map(|line| line.get(4..)));
        let detail = told(&offers)?;
        Ok((offers, detail))
    }

    async fn login(&mut self, offers: &Offers) -> Result<((), String), Failure> {
        let login = Login::of(self.settings).await;
        let login = login.map_err(|error| Failure::new(whole(&error), "corrigez smtp.password"))?;
        let Some(mut login) = login else {
            return Ok(((), "aucun compte configuré : le certificat ou l’adresse en tient lieu".to_owned()));
        };
        let mechanism = login.mechanism();
        if !offers.mechanisms().iter().any(|offered| offered == mechanism) {
            return Err(not_offered(mechanism, offers));
        }
        let mut answer = self.ask(Some(&login.opening())).await?;
        for _ in 0..MOST_CHALLENGES {
            if !answer.has_code("334") {
                break;
            }
            let words = login.answer(answer.text());
            answer = self.ask(Some(&words)).await?;
        }
        if answer.has_code("235") {
            return Ok(((), format!("AUTH {mechanism} accepté")));
        }
        Err(self.refused(&answer, &login))
    }

    /// What to look at depends on what identifies us.
    fn refused(&self, answer: &Answer, login: &Login) -> Failure {
        let reason = login.reason().map(|reason| format!(" ; motif : {reason}")).unwrap_or_default();
        let said = format!("{}{reason}", answer.told());
        match self.settings.auth() {
            Auth::External => self.refusals.of_our_certificate(&said),
            Auth::Xoauth2 => Failure::new(
                format!("le serveur refuse le jeton (« {said} »)"),
                "vérifiez smtp.user, et que smtp.token donne un jeton encore valable, demandé pour ce serveur",
            ),
            Auth::Plain | Auth::None => self.refusals.of_login(
                &said,
                format!("le serveur refuse l’identification (« {said} »)"),
                "vérifiez smtp.user et smtp.password ; un mot de passe changé ou un compte bloqué se montrent ainsi",
            ),
        }
    }

    async fn senders(&mut self, all: &[&Address]) -> Result<((), String), Failure> {
        for from in all {
            self.sender(from).await?;
        }
        let _ = self.dialogue.smtp(Some("QUIT")).await;
        let all: Vec<&str> = all.iter().map(|from| from.as_str()).collect();
        let verb = if all.len() > 1 { "acceptés" } else { "accepté" };
        Ok(((), format!("{} {verb} ; rien n’a été envoyé", all.join(", "))))
    }

    async fn sender(&mut self, from: &Address) -> Result<(), Failure> {
        let answer = self.ask(Some(&format!("MAIL FROM:<{}>", from.as_str()))).await?;
        if !answer.has_code("250") {
            return Err(Failure::new(
                format!("le serveur refuse l’expéditeur {} (« {} »)", from.as_str(), answer.told()),
                "reply.from, et la clé from d’une boîte, doivent être des adresses que ce compte a le droit d’employer",
            ));
        }
        // Taken back, so that no mail begins; what the server thinks of it changes nothing.
        let _ = self.dialogue.smtp(Some("RSET")).await;
        Ok(())
    }

    /// Postfix and proxies refuse a client without a certificate by such an answer.
    fn expect(&self, answer: &Answer, code: &str, otherwise: &str) -> Result<(), Failure> {
        if answer.has_code(code) {
            return Ok(());
        }
        let told = answer.told();
        if tls::blames_our_certificate(&told) {
            return Err(self.refusals.of_our_certificate(&told));
        }
        Err(Failure::new(
            format!("{otherwise} (« {told} »)"),
            "vérifiez smtp.host, smtp.port et smtp.hello, puis montrez cette ligne à l’opérateur",
        ))
    }

    async fn ask(&mut self, command: Option<&str>) -> Result<Answer, Failure> {
        self.dialogue.smtp(command).await.map_err(|error| self.refusals.of_connection(&error))
    }
}

fn not_offered(mechanism: &str, offers: &Offers) -> Failure {
    let offered = match offers.mechanisms() {
        [] => "rien".to_owned(),
        mechanisms => crate::defect::excerpt(&mechanisms.join(", ")),
    };
    Failure::new(
        format!("le serveur n’offre pas AUTH {mechanism} (il offre : {offered})"),
        "demandez à l’opérateur comment ce compte s’identifie à l’envoi, et écrivez-le dans smtp.auth (« plain », « xoauth2 », « external » ou « none ») ; un serveur n’offre souvent EXTERNAL qu’au client dont il accepte le certificat (smtp.identity)",
    )
}

fn told(offers: &Offers) -> Result<String, Failure> {
    let size = match offers.size() {
        Some(bytes) if bytes < SMALLEST_SIZE => {
            return Err(Failure::new(
                format!("le serveur n’accepte que {bytes} octets par courriel (SIZE)"),
                "demandez à l’opérateur une limite d’au moins 1 Mio : les réponses plus grandes partent sans le courriel d’origine, ou pas du tout",
            ));
        }
        Some(bytes) => format!("SIZE {} Mio", bytes / 1024 / 1024),
        None => "taille non limitée".to_owned(),
    };
    let notices = if offers.dsn() { "avis de non-remise demandés (DSN)" } else { "DSN non offert" };
    let mechanisms = match offers.mechanisms() {
        [] => "aucune identification offerte".to_owned(),
        mechanisms => format!("AUTH {}", crate::defect::excerpt(&mechanisms.join(" "))),
    };
    Ok(format!("{size}, {notices}, {mechanisms}"))
}
