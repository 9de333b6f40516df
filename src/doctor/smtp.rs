//! The submission server, by the very conversation of the service ([`SmtpSession`]), up to a recipient. No mail is sent: the
//! sender and the recipient are named, then taken back (RFC 5321, section 4.1.1.5).

use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

use super::LONGEST;
use super::handshake::{Endpoint, Opening, REVOCATION, STARTTLS, TLS};
use super::phrases::whole;
use super::step::{StepFailure, Trial};
use super::tcp::{DNS, TCP, Target};
use super::tls_failure::TlsRefusals;
use base::tls::revocation::Revocation;
use domain::address::Address;
use edges::smtp::{
    Auth, Offers, Problem, Security, Smtp, SmtpAnswer, SmtpFault, SmtpSession, SmtpSettings, SmtpSetupError, SmtpStep,
    Submission,
};

const SETTINGS: &str = "réglages";
const EHLO: &str = "EHLO";
const LOGIN: &str = "identification";
const SENDER: &str = "expéditeur";
const RECIPIENT: &str = "destinataire";
/// What must be offered, or a reply with its report may not pass, in bytes.
const SMALLEST_SIZE: u64 = 1024 * 1024;
/// The Message-ID of the mail that is never sent.
const MESSAGE_ID: &str = "essai@dispolits.localhost";

/// What replies name in their envelopes.
pub(super) struct Envelopes<'a> {
    /// Every address that they leave from.
    pub(super) from: Vec<&'a Address>,
    /// Whether some leave from the null sender.
    pub(super) null: bool,
    /// An address that they may go to: `postmaster`, which every domain has (RFC 5321, section 4.5.1), of one that is
    /// allowed.
    pub(super) to: Option<Address>,
}

/// A server being talked to, and how to tell its failures.
struct Talk<'a> {
    settings: &'a SmtpSettings,
    refusals: TlsRefusals<'a>,
    session: SmtpSession<TlsStream<TcpStream>>,
}

/// Every address that replies leave from must be taken, and one of those that they go to.
pub(super) async fn trial(
    settings: &SmtpSettings,
    read: Option<&Result<Smtp, SmtpSetupError>>,
    envelopes: &Envelopes<'_>,
    revocation: &Revocation,
) -> Trial {
    let planned = match settings.security {
        Security::Starttls => {
            [SETTINGS, DNS, TCP, STARTTLS, TLS, REVOCATION, EHLO, LOGIN, SENDER, RECIPIENT].as_slice()
        }
        Security::Tls => [SETTINGS, DNS, TCP, TLS, REVOCATION, EHLO, LOGIN, SENDER, RECIPIENT].as_slice(),
    };
    let title = format!("Envoi des réponses ({}:{})", settings.host, settings.port);
    let limit = settings.timeout.get().min(LONGEST);
    let mut trial = Trial::new("reponses", title, planned, limit);
    let endpoint = Endpoint { revocation: revocation.clone(), ..endpoint(settings) };
    if trial.step(SETTINGS, async { prepare(settings, read) }).await.is_some() {
        try_server(&mut trial, settings, &endpoint, envelopes).await;
    }
    trial
}

fn endpoint(settings: &SmtpSettings) -> Endpoint {
    Endpoint {
        target: Target::new(&settings.host, settings.port, "smtp.host"),
        opening: match settings.security {
            Security::Tls => Opening::Tls,
            Security::Starttls => Opening::Smtp(Box::new(settings.clone())),
        },
        ca: settings.ca.clone(),
        identity: settings.identity.clone(),
        revocation: Revocation::default(),
        section: "smtp".to_owned(),
    }
}

async fn try_server(
    trial: &mut Trial,
    settings: &SmtpSettings,
    endpoint: &Endpoint,
    envelopes: &Envelopes<'_>,
) -> Option<()> {
    let stream = endpoint.open(trial).await?;
    let mut talk = trial.step(EHLO, Talk::open(settings, endpoint, stream)).await?;
    trial.step(LOGIN, talk.login()).await?;
    trial.step(SENDER, talk.senders(envelopes)).await?;
    trial.step(RECIPIENT, talk.destination(envelopes)).await?;
    talk.session.close().await;
    Some(())
}

fn prepare(settings: &SmtpSettings, read: Option<&Result<Smtp, SmtpSetupError>>) -> Result<((), String), StepFailure> {
    if let Some(Err(error)) = read {
        return Err(StepFailure::new(whole(error), "corrigez la section [smtp]"));
    }
    let account = settings.user.as_deref().map_or("sans compte".to_owned(), |user| format!("compte {user}"));
    Ok(((), format!("auth = \"{}\", {account}", settings.auth())))
}

impl<'a> Talk<'a> {
    async fn open(
        settings: &'a SmtpSettings,
        endpoint: &'a Endpoint,
        stream: TlsStream<TcpStream>,
    ) -> Result<(Self, String), StepFailure> {
        let refusals = endpoint.refusals();
        let opened = SmtpSession::open(stream, settings).await;
        let session = opened.map_err(|problem| unopened(&refusals, &problem))?;
        let detail = told(session.offers())?;
        Ok((Self { settings, refusals, session }, detail))
    }

    async fn login(&mut self) -> Result<((), String), StepFailure> {
        match self.session.login(self.settings).await {
            Ok(Some(mechanism)) => Ok(((), format!("AUTH {mechanism} accepté"))),
            Ok(None) => Ok(((), "aucun compte configuré : le certificat ou l’adresse en tient lieu".to_owned())),
            Err(problem) => Err(self.not_admitted(&problem)),
        }
    }

    /// What to look at depends on what identifies us.
    fn not_admitted(&self, problem: &Problem) -> StepFailure {
        let answer = match &problem.fault {
            SmtpFault::NoMechanism(mechanism) => return not_offered(mechanism, self.session.offers()),
            SmtpFault::Settings(error) => return StepFailure::new(whole(error), "corrigez smtp.password"),
            SmtpFault::Refused(answer) => answer,
            _ => return self.lost(problem),
        };
        let reason = problem.reason.as_ref().map(|reason| format!(" ; motif : {reason}")).unwrap_or_default();
        let said = format!("{answer}{reason}");
        match self.settings.auth() {
            Auth::External => self.refusals.of_our_certificate(&said),
            Auth::Xoauth2 => StepFailure::new(
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

    /// Each as the service names it, and taken back, so that no mail begins.
    async fn senders(&mut self, envelopes: &Envelopes<'_>) -> Result<((), String), StepFailure> {
        for from in &envelopes.from {
            self.sender(Some(*from)).await?;
        }
        if envelopes.null {
            self.sender(None).await?;
        }
        let mut all: Vec<&str> = envelopes.from.iter().map(|from| from.as_str()).collect();
        all.extend(envelopes.null.then_some("expéditeur vide"));
        let verb = if all.len() > 1 { "acceptés" } else { "accepté" };
        Ok(((), format!("{} {verb} ; rien n’a été envoyé", all.join(", "))))
    }

    async fn sender(&mut self, from: Option<&Address>) -> Result<(), StepFailure> {
        let named = self.session.sender(&nothing(from)).await;
        named.map_err(|problem| self.unwelcome(from, &problem))?;
        self.session.forget().await;
        Ok(())
    }

    fn unwelcome(&self, from: Option<&Address>, problem: &Problem) -> StepFailure {
        let said = match &problem.fault {
            SmtpFault::Refused(answer) if answer.wants_login() => return self.forbidden(answer),
            SmtpFault::Refused(answer) => answer.to_string(),
            SmtpFault::Unwritable => problem.fault.to_string(),
            _ => return self.lost(problem),
        };
        match from {
            Some(from) => StepFailure::new(
                format!("le serveur refuse l’expéditeur {from} (« {said} »)"),
                "reply.from, et la clé from d’une boîte, doivent être des adresses que ce compte a le droit d’employer ; un code en 4 peut dire que trop de courriels sont partis : les réponses attendent, aucune n’est abandonnée pour cela",
            ),
            None => StepFailure::new(
                format!("le serveur refuse l’expéditeur d’enveloppe vide, MAIL FROM:<> (« {said} »)"),
                "les avis de traitement (MDN) n’en partiront pas : écrivez reply.null_return_path = false, ou demandez à l’opérateur de l’admettre (RFC 8098)",
            ),
        }
    }

    /// Some servers say only here that they do not know us. What they think of this very address does not matter.
    async fn destination(&mut self, envelopes: &Envelopes<'_>) -> Result<((), String), StepFailure> {
        let (Some(from), Some(to)) = (envelopes.from.first(), &envelopes.to) else {
            return Ok(((), "aucun domaine permis : rien à essayer".to_owned()));
        };
        let mail = nothing(Some(*from));
        self.session.sender(&mail).await.map_err(|problem| self.unwelcome(Some(*from), &problem))?;
        let offered = self.session.recipient(&mail, to).await;
        let detail = match offered {
            Ok(()) => format!("un courriel pour {to} serait accepté ; rien n’a été envoyé"),
            Err(Problem { fault: SmtpFault::Refused(answer), .. }) if answer.forbids() => {
                return Err(self.forbidden(&answer));
            }
            Err(Problem { fault: SmtpFault::Refused(answer), .. }) => {
                format!("le serveur nous laisse écrire hors de chez lui ; pour {to} : « {answer} »")
            }
            Err(problem) => return Err(self.lost(&problem)),
        };
        self.session.forget().await;
        Ok(((), detail))
    }

    /// Who has no account is known by the certificate.
    fn forbidden(&self, answer: &SmtpAnswer) -> StepFailure {
        if self.settings.auth() == Auth::None {
            return self.refusals.of_our_certificate(&answer.to_string());
        }
        self.refusals.of_login(
            &answer.to_string(),
            format!("le serveur n’accepte pas que ce compte envoie (« {answer} »)"),
            "demandez à l’opérateur le droit d’envoyer aux domaines de reply.allowed_domains avec ce compte ; vérifiez smtp.auth, smtp.user et smtp.port",
        )
    }

    fn lost(&self, problem: &Problem) -> StepFailure {
        unopened(&self.refusals, problem)
    }
}

/// A conversation that did not come so far.
fn unopened(refusals: &TlsRefusals<'_>, problem: &Problem) -> StepFailure {
    match &problem.fault {
        SmtpFault::CutAtFirstWord(error) => refusals.of_a_silent_cut(error),
        SmtpFault::Cut(error) => refusals.of_connection(error),
        SmtpFault::Refused(answer) if problem.is_of_our_certificate() => {
            refusals.of_our_certificate(&answer.to_string())
        }
        fault => StepFailure::new(
            match problem.step {
                SmtpStep::Greeting => format!("le serveur nous écarte dès l’accueil (« {fault} »)"),
                SmtpStep::Hello => format!("le serveur refuse EHLO (« {fault} »)"),
                step => format!("le serveur refuse {step} (« {fault} »)"),
            },
            "vérifiez smtp.host, smtp.port et smtp.hello, puis montrez cette ligne à l’opérateur",
        ),
    }
}

/// The mail that is never sent.
fn nothing(from: Option<&Address>) -> Submission<'_> {
    Submission { from, to: &[], message_id: MESSAGE_ID, mail: b"" }
}

fn not_offered(mechanism: &str, offers: &Offers) -> StepFailure {
    let offered = match offers.mechanisms() {
        [] => "rien".to_owned(),
        mechanisms => domain::defect::excerpt(&mechanisms.join(", ")),
    };
    StepFailure::new(
        format!("le serveur n’offre pas AUTH {mechanism} (il offre : {offered})"),
        "demandez à l’opérateur comment ce compte s’identifie à l’envoi, et écrivez-le dans smtp.auth (« plain », « xoauth2 », « external » ou « none ») ; un serveur n’offre souvent EXTERNAL qu’au client dont il accepte le certificat (smtp.identity)",
    )
}

fn told(offers: &Offers) -> Result<String, StepFailure> {
    let size = match offers.size() {
        Some(bytes) if bytes < SMALLEST_SIZE => {
            return Err(StepFailure::new(
                format!("le serveur n’accepte que {bytes} octets par courriel (SIZE)"),
                "demandez à l’opérateur une limite d’au moins 1 Mio : les réponses plus grandes partent sans le courriel d’origine, ou pas du tout",
            ));
        }
        Some(bytes) => format!("SIZE {} Mio", bytes / 1024 / 1024),
        None => "taille non limitée".to_owned(),
    };
    let notices = if offers.dsn() { "avis de non-remise demandés (DSN)" } else { "DSN non offert" };
    let coding = if offers.eight_bit() {
        "contenus à 8 bits acceptés (8BITMIME)"
    } else {
        "8BITMIME non offert : un courriel d’origine accentué n’est pas joint, son en-tête seul"
    };
    let mechanisms = match offers.mechanisms() {
        [] => "aucune identification offerte".to_owned(),
        mechanisms => format!("AUTH {}", domain::defect::excerpt(&mechanisms.join(" "))),
    };
    Ok(format!("{size}, {notices}, {coding}, {mechanisms}"))
}
