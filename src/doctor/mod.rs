//! The diagnosis: each connection and certificate of a configuration is tried step by step, and told
//! in French, with how to mend what is wrong.
//!
//! Nothing it does changes anything: no mail is read, moved or sent, no folder made, no value written
//! in the ROR or in the store. A failed step ends its section; the others go on. It may run beside
//! the service.
//!
//! Reading order: `step`, then the sections in their order: `store`, `referential`,
//! `certificates`, `revocation`, `mailbox` (with `maildir`), `replies` (with `smtp`), `ror` (with `ror_permissions`), `alerts`,
//! `openid`. What the configuration names is read once, by [`Config::read`], as `config check` and `run` read it.
//! Connections share `tcp` (with DNS), `handshake` (STARTTLS, TLS), `tls_failure` (why not) and `presented_chain` (what an
//! untrusted server showed).

mod alerts;
mod certificates;
mod disk;
mod factors;
mod handshake;
mod line_protocol;
mod mailbox;
mod maildir;
mod openid;
mod phrases;
mod presented_chain;
mod referential;
mod replies;
mod revocation;
mod ror;
mod ror_failure;
mod ror_permissions;
mod smtp;
mod step;
mod store;
mod tcp;
mod tls_failure;

use std::time::Duration;

use serde::Serialize;

pub use step::{DoctorStep, Outcome, Section};

use base::clock::Clock;
use base::tls::revocation::ListConnection;
use domain::capacity::Location;
use service::config::{Config, Environnement, Purpose, Reading, ReplyTransport};

/// The longest a step with a server may take, whatever the service's own deadlines.
const LONGEST: Duration = Duration::from_secs(30);

/// All that was tried.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Diagnosis {
    /// The sections, in the order of trial.
    #[serde(rename = "rubriques")]
    pub sections: Vec<Section>,
}

impl Diagnosis {
    /// The steps that failed, each with the title of its section.
    pub fn failures(&self) -> impl Iterator<Item = (&str, &DoctorStep)> {
        let failed = |section: &'_ Section| {
            let steps: Vec<_> = section.steps.iter().filter(|step| step.outcome.is_failure()).collect();
            steps.len()
        };
        self.sections
            .iter()
            .filter(move |section| failed(section) > 0)
            .flat_map(|section| section.steps.iter().map(|step| (section.title.as_str(), step)))
            .filter(|(_, step)| step.outcome.is_failure())
    }
}

/// Tries everything, and tells each section to `ended` as it ends. The rights on the ROR are tried only for the
/// establishment of `place`, by a write that no location can take.
pub async fn examine<E>(
    config: &Config,
    place: Option<&Location>,
    clock: &Clock,
    ended: impl FnMut(&Section) -> Result<(), E>,
) -> Result<Diagnosis, E> {
    let mut told = DoctorOutput { sections: Vec::new(), ended };
    let reading = config.read(clock, Purpose::Look);
    told.end(summary(config, &reading))?;
    told.end(store::section(config).await)?;
    let (section, referential) = referential::section(&reading.referential).await;
    told.end(section)?;
    certificates::sections(config, clock.now()).into_iter().try_for_each(|section| told.end(section))?;
    let Reading { revocation, ror, mailboxes, smtp, .. } = reading;
    let (section, revocation) = revocation::section(config, revocation).await;
    told.end(section)?;
    for (named, read) in config.all_mailboxes().zip(mailboxes) {
        told.end(mailbox::section(named, read, &revocation.of(ListConnection::Imap), clock).await)?;
    }
    told.end(replies::section(config, smtp.as_ref(), &revocation.of(ListConnection::Smtp)).await)?;
    let checked = &revocation.of(ListConnection::Ror);
    let tried = ror::sections(&config.ror, ror, place, referential.as_deref(), checked, clock);
    let sections = Box::pin(tried).await;
    sections.into_iter().try_for_each(|section| told.end(section))?;
    alerts::section(config).await.map_or(Ok(()), |section| told.end(section))?;
    openid::section(config, clock).await.map_or(Ok(()), |section| told.end(section))?;
    Ok(Diagnosis { sections: told.sections })
}

/// The sections that have ended, each told at once.
struct DoctorOutput<F> {
    sections: Vec<Section>,
    ended: F,
}

impl<E, F: FnMut(&Section) -> Result<(), E>> DoctorOutput<F> {
    fn end(&mut self, section: Section) -> Result<(), E> {
        (self.ended)(&section)?;
        self.sections.push(section);
        Ok(())
    }
}

fn summary(config: &Config, reading: &Reading) -> Section {
    let environment = match config.environnement {
        Environnement::Qualification => "qualification",
        Environnement::Production => "production",
    };
    let servers = config.all_mailboxes().filter(|named| named.section.imap.is_some()).count();
    let mailboxes = match (servers, config.all_mailboxes().count() - servers) {
        (1, 0) => "boîte IMAP".to_owned(),
        (0, 1) => "boîte Maildir".to_owned(),
        (servers, 0) => format!("{servers} boîtes IMAP"),
        (0, folders) => format!("{folders} boîtes Maildir"),
        (servers, folders) => format!("{} boîtes, dont {servers} IMAP", servers + folders),
    };
    let replies = match config.reply.transport {
        ReplyTransport::Smtp => "réponses par SMTP",
        ReplyTransport::Maildir => "réponses en Maildir",
    };
    let mut trial = step::Trial::new("configuration", "Configuration", &[], LONGEST);
    trial.note_result("lecture", Ok(format!("{environment}, {mailboxes}, {replies}")));
    trial.note_result("fichiers", files(config, reading));
    for (name, warned) in [("droits des fichiers", loose(reading)), ("avertissements", warnings(config))] {
        trial.note(name, warned);
    }
    trial.note_result("environnement", hierarchies(config));
    trial.end()
}

/// What `config check` and `run` refuse as well, by the same keys.
fn files(config: &Config, reading: &Reading) -> Result<String, step::StepFailure> {
    let faults: Vec<String> = reading.faults(config).iter().map(ToString::to_string).collect();
    if faults.is_empty() {
        return Ok("tout ce que nomme la configuration se lit".to_owned());
    }
    Err(step::StepFailure::new(
        faults.join(" ; "),
        "corrigez chaque clé nommée : « dispolits run » refuserait de démarrer ; les rubriques suivantes détaillent",
    ))
}

/// A warning, not a failure: the service works so.
fn loose(reading: &Reading) -> Outcome {
    let told: Vec<String> = reading.loose.iter().map(ToString::to_string).collect();
    match told.as_slice() {
        [] => Outcome::Reussi { detail: "clés et secrets ne sont lisibles que du service".to_owned() },
        told => Outcome::NonFait { raison: format!("avertissement : {}", told.join(" ; ")) },
    }
}

fn warnings(config: &Config) -> Outcome {
    match config.warnings().as_slice() {
        [] => Outcome::Reussi { detail: "aucun".to_owned() },
        told => Outcome::NonFait { raison: format!("avertissement : {}", told.join(" ; ")) },
    }
}

/// Test certificates and real ones never stand beside each other.
fn hierarchies(config: &Config) -> Result<String, step::StepFailure> {
    match config.check_certificates() {
        Ok(()) => Ok("les certificats conviennent à cet environnement".to_owned()),
        Err(error) => Err(step::StepFailure::new(
            error.to_string(),
            "mettez à la place nommée des certificats de l’IGC-Santé de cet environnement : ceux de test ont un nom qui commence par « TEST » ou « OU=IGC-SANTE TEST »",
        )),
    }
}
