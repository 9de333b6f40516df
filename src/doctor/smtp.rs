//! The submission server: reached, and what it offers. No mail is sent: the sender is named, then
//! taken back (RFC 5321, section 4.1.1.5).

use std::fmt::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

use super::LONGEST;
use super::dialogue::{Answer, Dialogue};
use super::handshake::{Endpoint, Opening, STARTTLS, TLS};
use super::reach::{DNS, TCP, Target};
use super::refusal::Refusals;
use super::step::{Failure, Trial};
use super::words::whole;
use crate::address::Address;
use crate::smtp::{Security, Settings, Smtp};

const SETTINGS: &str = "réglages";
const EHLO: &str = "EHLO";
const LOGIN: &str = "identification";
const SENDER: &str = "expéditeur";
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
pub(super) async fn trial(settings: &Settings, from: &[&Address]) -> Trial {
    let planned = match settings.security {
        Security::Starttls => [SETTINGS, DNS, TCP, STARTTLS, TLS, EHLO, LOGIN, SENDER].as_slice(),
        Security::Tls => [SETTINGS, DNS, TCP, TLS, EHLO, LOGIN, SENDER].as_slice(),
    };
    let title = format!("Envoi des réponses ({}:{})", settings.host, settings.port);
    let mut trial = Trial::new("reponses", title, planned, settings.timeout.get().min(LONGEST));
    let endpoint = endpoint(settings);
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
    Ok(((), settings.user.as_deref().map_or("sans compte".to_owned(), |user| format!("compte {user}"))))
}

impl Talk<'_> {
    /// After STARTTLS the server does not greet again (RFC 3207, section 4.2).
    async fn hello(&mut self) -> Result<(Answer, String), Failure> {
        if self.settings.security == Security::Tls {
            let greeting = self.ask(None).await?;
            expect(&greeting, "220", "le serveur nous écarte dès l’accueil")?;
        }
        let offered = self.ask(Some(&format!("EHLO {}", self.settings.hello))).await?;
        expect(&offered, "250", "le serveur refuse EHLO")?;
        let detail = told(&offered)?;
        Ok((offered, detail))
    }

    async fn login(&mut self, offered: &Answer) -> Result<((), String), Failure> {
        let (Some(user), Some(password)) = (&self.settings.user, &self.settings.password) else {
            return Ok(((), "aucun compte configuré : le certificat ou l’adresse en tient lieu".to_owned()));
        };
        if !mechanisms(offered).any(|mechanism| mechanism.eq_ignore_ascii_case("PLAIN")) {
            return Err(Failure::new(
                "le serveur n’offre pas AUTH PLAIN",
                "demandez à l’opérateur comment ce compte s’identifie à l’envoi ; sans compte, retirez smtp.user et smtp.password",
            ));
        }
        let password =
            password.reveal().await.map_err(|error| Failure::new(whole(&error), "corrigez smtp.password"))?;
        let plain = STANDARD.encode(format!("\0{user}\0{password}"));
        let answer = self.ask(Some(&format!("AUTH PLAIN {plain}"))).await?;
        if answer.has_code("235") {
            return Ok(((), format!("compte {user} accepté")));
        }
        Err(Failure::new(
            format!("le serveur refuse l’identification (« {} »)", answer.told()),
            "vérifiez smtp.user et smtp.password ; un mot de passe changé ou un compte bloqué se montrent ainsi",
        ))
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

    async fn ask(&mut self, command: Option<&str>) -> Result<Answer, Failure> {
        self.dialogue.smtp(command).await.map_err(|error| self.refusals.of_connection(&error))
    }
}

fn expect(answer: &Answer, code: &str, otherwise: &str) -> Result<(), Failure> {
    if answer.has_code(code) {
        return Ok(());
    }
    Err(Failure::new(
        format!("{otherwise} (« {} »)", answer.told()),
        "vérifiez smtp.host, smtp.port et smtp.hello, puis montrez cette ligne à l’opérateur",
    ))
}

fn told(offered: &Answer) -> Result<String, Failure> {
    let mut detail = match size(offered) {
        Some(bytes) if bytes > 0 && bytes < SMALLEST_SIZE => {
            return Err(Failure::new(
                format!("le serveur n’accepte que {bytes} octets par courriel (SIZE)"),
                "demandez à l’opérateur une limite d’au moins 1 Mio, ou mettez reply.attach_original à false",
            ));
        }
        Some(bytes) if bytes > 0 => format!("SIZE {} Mio", bytes / 1024 / 1024),
        _ => "taille non limitée".to_owned(),
    };
    let has_dsn = keywords(offered).any(|line| line.eq_ignore_ascii_case("DSN"));
    detail.push_str(if has_dsn { ", DSN offert" } else { ", DSN non offert" });
    let offered: Vec<&str> = mechanisms(offered).collect();
    if !offered.is_empty() {
        // Writing to a string cannot fail.
        let _ = write!(detail, ", AUTH {}", crate::defect::excerpt(&offered.join(" ")));
    }
    Ok(detail)
}

fn keywords(offered: &Answer) -> impl Iterator<Item = &str> {
    offered.lines().filter_map(|line| line.get(4..)).map(str::trim)
}

fn mechanisms(offered: &Answer) -> impl Iterator<Item = &str> {
    let after = |line: &'_ str| line.get(..5).is_some_and(|word| word.eq_ignore_ascii_case("AUTH "));
    keywords(offered).filter(move |line| after(line)).flat_map(|line| line.split_whitespace().skip(1))
}

fn size(offered: &Answer) -> Option<u64> {
    keywords(offered).find_map(|line| {
        let mut words = line.split_whitespace();
        words.next().filter(|word| word.eq_ignore_ascii_case("SIZE"))?;
        words.next()?.parse().ok()
    })
}
