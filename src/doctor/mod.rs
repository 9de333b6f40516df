//! The diagnosis: each connection and certificate of a configuration is tried step by step, and told
//! in French, with how to mend what is wrong.
//!
//! Nothing it does changes anything: no mail is read, moved or sent, no folder made, no value written
//! in the ROR or in the store. A failed step ends its section; the others go on. It may run beside
//! the service.
//!
//! Reading order: `step`, then the sections in their order: `store`, `referential`,
//! `certificates`, `revocation`, `mailbox` (with `maildir`), `replies` (with `smtp`), `ror` (with `rights`).
//! Connections share `reach` (DNS, TCP), `handshake` (STARTTLS, TLS), `refusal` (why not), `witness`
//! (whom we saw instead).

mod certificates;
mod dialogue;
mod disk;
mod handshake;
mod mailbox;
mod maildir;
mod pushing;
mod reach;
mod referential;
mod refusal;
mod replies;
mod revocation;
mod rights;
mod ror;
mod smtp;
mod step;
mod store;
mod witness;
mod words;

use std::time::Duration;

use serde::Serialize;

pub use step::{Outcome, Section, Step};

use crate::capacity::Location;
use crate::clock::Clock;
use crate::config::{Config, Environnement, ReplyTransport};
use crate::tls::revocation::Connection;

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
    pub fn failures(&self) -> impl Iterator<Item = (&str, &Step)> {
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

/// Tries everything. The rights on the ROR are tried only for the establishment of `place`, by a
/// write that no location can take.
pub async fn examine(config: &Config, place: Option<&Location>, clock: &Clock) -> Diagnosis {
    let (referential_section, referential) = referential::section(&config.referential).await;
    let mut sections = vec![summary(config), store::section(&config.store).await, referential_section];
    sections.extend(certificates::sections(config, clock.now()));
    let (revocation_section, revocation) = revocation::section(config, clock).await;
    sections.push(revocation_section);
    for named in config.all_mailboxes() {
        sections.push(mailbox::section(named, &revocation.of(Connection::Imap), clock).await);
    }
    sections.push(replies::section(config, &revocation.of(Connection::Smtp)).await);
    let ror = &revocation.of(Connection::Ror);
    sections.extend(ror::sections(&config.ror.api, place, referential.as_deref(), ror, clock).await);
    Diagnosis { sections }
}

fn summary(config: &Config) -> Section {
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
    trial.note_result("environnement", hierarchies(config));
    trial.end()
}

/// Test certificates and real ones never stand beside each other.
fn hierarchies(config: &Config) -> Result<String, step::Failure> {
    match config.check_certificates() {
        Ok(()) => Ok("les certificats conviennent à cet environnement".to_owned()),
        Err(error) => Err(step::Failure::new(
            error.to_string(),
            "mettez à la place nommée des certificats de l’IGC-Santé de cet environnement : ceux de test ont un nom qui commence par « TEST » ou « OU=IGC-SANTE TEST »",
        )),
    }
}
