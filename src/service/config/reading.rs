//! Everything that the configuration names outside itself, read by this one function for `config check`, `doctor` and
//! `run`: what one of them refuses the others refuse, by the same key.
//!
//! Reading opens no connection and runs no command. The edges read certificates and secrets again at each connection, so
//! that renewed ones serve without a restart; what is read here only says beforehand whether that will work.

use std::fmt;

use super::files::{self, Loose};
use super::{Config, ConfigError};
use base::clock::Clock;
use base::config_values::whole;
use base::tls::revocation::Revocation;
use edges::mailbox;
use edges::mailbox::Mailbox;
use edges::ror;
use edges::smtp;
use edges::smtp::Smtp;
use judging::referential::{Refused, Watch};
use store::inspect;

/// What becomes of the revocation lists that are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Nothing is ever written: a check or a diagnosis.
    Look,
    /// The service: good lists are kept in their folder.
    Serve,
}

/// What is wrong under one key of the configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The key: `alerts.webhook.ca`.
    pub key: String,
    /// Why, in French.
    pub cause: String,
}

/// All that is wrong; never empty.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
pub struct Faults(pub Vec<Fault>);

/// What was read, part by part: a diagnosis goes on with what is right.
pub struct Reading {
    /// The referential of the files.
    pub referential: Result<Watch, Refused>,
    /// The revocation lists.
    pub revocation: Result<Revocation, ConfigError>,
    /// The client of the ROR.
    pub ror: Result<Box<ror::Client>, ror::RorSetupError>,
    /// The mailboxes, in the order of [`Config::all_mailboxes`].
    pub mailboxes: Vec<Result<Mailbox, MailboxFault>>,
    /// The submission server, if there is a section.
    pub smtp: Option<Result<Smtp, smtp::SmtpSetupError>>,
    /// The files of keys and secrets that others than the service may read.
    pub loose: Vec<Loose>,
    files: Vec<Fault>,
}

/// What a service works with: everything was read and is right.
pub struct Sources {
    /// The referential of the files; the last good one may take its place.
    pub referential: Result<Watch, Refused>,
    /// The revocation lists.
    pub revocation: Revocation,
    /// The client of the ROR.
    pub ror: Box<ror::Client>,
    /// The mailboxes, in the order of [`Config::all_mailboxes`].
    pub mailboxes: Vec<Mailbox>,
    /// The submission server.
    pub smtp: Option<Smtp>,
}

/// Why a mailbox cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum MailboxFault {
    /// Its section names no backend, or two.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// Its settings cannot work.
    #[error(transparent)]
    Setup(#[from] mailbox::MailboxSetupError),
}

impl Fault {
    pub(super) fn new(key: impl Into<String>, cause: impl Into<String>) -> Self {
        Self { key: key.into(), cause: cause.into() }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.cause.starts_with(&self.key) {
            f.write_str(&self.cause)
        } else {
            write!(f, "{} : {}", self.key, self.cause)
        }
    }
}

impl Config {
    /// Reads everything that the configuration names: files, certificates, keys, secrets, referential, lists.
    pub fn read(&self, clock: &Clock, purpose: Purpose) -> Reading {
        let take_up = match purpose {
            Purpose::Look => Revocation::look,
            Purpose::Serve => Revocation::new,
        };
        Reading {
            referential: Watch::load(self.referential.clone()),
            revocation: self.revocation(|settings, authorities| take_up(settings, authorities, clock.clone())),
            ror: ror::Client::new(&self.ror.api, clock.clone()).map(Box::new),
            mailboxes: self
                .all_mailboxes()
                .map(|named| Ok(Mailbox::new(&named.settings()?, &named.section.folders)?))
                .collect(),
            smtp: self.smtp.as_ref().map(Smtp::new),
            loose: files::loose(self),
            files: files::faults(self),
        }
    }
}

impl Reading {
    /// All that is wrong; nothing when the service can start.
    pub fn faults(&self, config: &Config) -> Vec<Fault> {
        let refused = self.referential.as_ref().err();
        let mut all: Vec<Fault> = refused.map(|error| of_referential(error, config)).into_iter().collect();
        all.extend(self.without_referential(config));
        all
    }

    /// The same but for the referential: a service may go on with the last good one that its store kept.
    pub fn without_referential(&self, config: &Config) -> Vec<Fault> {
        let mut all = self.files.clone();
        all.extend(inspect::check(&config.store).err().map(|error| Fault::new("store.url", whole(&error))));
        all.extend(config.check_certificates().err().map(|error| Fault::new("environnement", plain(&error))));
        all.extend(config.rules().err().map(|error| Fault::new("validation.indicateurs", plain(&error))));
        all.extend(of_revocation(&self.revocation));
        for (named, mailbox) in config.all_mailboxes().zip(&self.mailboxes) {
            beside(&mut all, &named.key(), mailbox.as_ref().err().map(|error| error as &dyn std::error::Error));
        }
        let smtp = self.smtp.as_ref().and_then(|smtp| smtp.as_ref().err());
        beside(&mut all, "smtp", smtp.map(|error| error as &dyn std::error::Error));
        beside(&mut all, "ror.api", self.ror.as_ref().err().map(|error| error as &dyn std::error::Error));
        all
    }
}

impl Sources {
    /// What was read, if nothing but the referential is wrong with it.
    pub fn of(reading: Reading, config: &Config) -> Result<Self, Faults> {
        let faults = reading.without_referential(config);
        let Reading { referential, revocation, ror, mailboxes, smtp, .. } = reading;
        let mailboxes: Result<Vec<_>, _> = mailboxes.into_iter().collect();
        match (faults.as_slice(), revocation, ror, mailboxes, smtp.transpose()) {
            ([], Ok(revocation), Ok(ror), Ok(mailboxes), Ok(smtp)) => {
                Ok(Self { referential, revocation, ror, mailboxes, smtp })
            }
            _ => Err(Faults(faults)),
        }
    }
}

/// Adds what is wrong with a section, unless one of its files is told already: that is the reason of both.
fn beside(all: &mut Vec<Fault>, section: &str, error: Option<&(dyn std::error::Error + 'static)>) {
    let is_told = all.iter().any(|fault| fault.key.starts_with(section));
    all.extend(error.filter(|_| !is_told).map(|error| Fault::new(section, whole(error))));
}

/// What is wrong with the referential, under the key of the file if one cannot be read.
pub fn of_referential(refused: &Refused, config: &Config) -> Fault {
    let files = &config.referential;
    let key = match refused {
        Refused::Unreadable { path, .. } if *path == files.etablissements => "referential.etablissements",
        Refused::Unreadable { .. } => "referential.services",
        Refused::Invalid(_) => "referential",
    };
    Fault::new(key, whole(refused))
}

/// A file that is no list now, and of which none was kept: whoever is to be checked would be refused.
fn of_revocation(revocation: &Result<Revocation, ConfigError>) -> Vec<Fault> {
    match revocation {
        Err(error) => vec![Fault::new("revocation", plain(error))],
        Ok(revocation) => {
            let lost = revocation.standing().into_iter().filter(|standing| standing.list.is_none());
            lost.filter_map(|one| Some(Fault::new("revocation.files", format!("{} : {}", one.source, one.failure?))))
                .collect()
        }
    }
}

/// Without the word that opens every such sentence.
fn plain(error: &ConfigError) -> String {
    match error {
        ConfigError::Contradiction(sentence) => sentence.clone(),
        other => whole(other),
    }
}
