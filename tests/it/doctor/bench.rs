//! A whole sandbox, whose configuration is spoilt one fault at a time.

use std::convert::Infallible;

use base::clock::Clock;
use dispolits::doctor::{Diagnosis, Outcome, Section, examine};
use dispolits::sandbox::{Inbox, Sandbox};
use domain::capacity::Location;
use service::config::{Config, MailboxSection};
use tempfile::TempDir;

/// A service of the sandbox's referential.
pub(super) const PLACE: (&str, &str) = ("299900100", "AUTO-F");

/// What runs, and the configuration that is right for it.
pub(super) struct Bench {
    pub(super) folder: TempDir,
    pub(super) sandbox: Sandbox,
    pub(super) config: Config,
}

/// Where the fault must be told, and with which words.
#[derive(Debug, Clone, Copy)]
pub(super) struct Expected {
    pub(super) section: &'static str,
    pub(super) step: &'static str,
    pub(super) cause: &'static str,
    pub(super) remedy: &'static str,
}

impl Bench {
    pub(super) async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let sandbox = Sandbox::start(folder.path(), Inbox::Maildir, Clock::System).await.unwrap();
        let config = Config::load(&sandbox.config_path).unwrap();
        Self { folder, sandbox, config }
    }

    /// The diagnosis of the configuration after a change.
    pub(super) async fn examine(&self, change: impl FnOnce(&mut Config)) -> Diagnosis {
        let mut config = self.config.clone();
        change(&mut config);
        Box::pin(diagnose(&config, Some(&place(PLACE)), &Clock::System)).await
    }

    /// The change must lead to this failure, and to no other.
    pub(super) async fn check(&self, change: impl FnOnce(&mut Config), expected: Expected) {
        let diagnosis = self.examine(change).await;
        expect(&diagnosis, expected);
        // The first section says of files what theirs say in detail.
        let failures: Vec<_> = diagnosis.failures().filter(|(_, step)| step.name != "fichiers").collect();
        assert_eq!(failures.len(), 1, "{failures:#?}");
    }
}

pub(super) fn place((finess, code): (&str, &str)) -> Location {
    Location::new(finess.parse().unwrap(), code.parse().unwrap())
}

/// The failure is told in these words, and whatever follows in its section was not tried.
pub(super) fn expect(diagnosis: &Diagnosis, expected: Expected) {
    let section = section(diagnosis, expected.section);
    let at = section.steps.iter().position(|step| step.name == expected.step);
    let at = at.unwrap_or_else(|| panic!("{expected:?}: no such step in {section:#?}"));
    match &section.steps[at].outcome {
        Outcome::Echec { cause, remede } => {
            assert!(cause.contains(expected.cause), "{expected:#?}: {cause}");
            assert!(remede.contains(expected.remedy), "{expected:#?}: {remede}");
        }
        other => panic!("{expected:#?}: {other:#?}"),
    }
}

/// The section of `[mailbox]`.
pub(super) fn main(config: &mut Config) -> &mut MailboxSection {
    config.mailbox.as_mut().unwrap()
}

/// The first section of this name that failed, or the first of this name.
pub(super) fn section<'a>(diagnosis: &'a Diagnosis, name: &str) -> &'a Section {
    let mut named = diagnosis.sections.iter().filter(|section| section.name == name);
    let failed = named.clone().find(|section| section.steps.iter().any(|step| step.outcome.is_failure()));
    failed.or_else(|| named.next()).unwrap_or_else(|| panic!("no section {name}: {diagnosis:#?}"))
}

/// The steps of a section that were not tried.
pub(super) fn skipped(diagnosis: &Diagnosis, name: &str) -> Vec<&'static str> {
    let steps = section(diagnosis, name).steps.iter();
    steps.filter(|step| matches!(step.outcome, Outcome::NonFait { .. })).map(|step| step.name).collect()
}

/// What a step that succeeded found.
pub(super) fn detail<'a>(diagnosis: &'a Diagnosis, name: &str, step: &str) -> &'a str {
    let step = section(diagnosis, name).steps.iter().find(|one| one.name == step);
    match step.map(|step| &step.outcome) {
        Some(Outcome::Reussi { detail }) => detail,
        other => panic!("{name}: {other:#?}"),
    }
}

/// What the doctor says when all is said.
pub(super) async fn diagnose(config: &Config, place: Option<&Location>, clock: &Clock) -> Diagnosis {
    let Ok(diagnosis) = examine(config, place, clock, |_| Ok::<(), Infallible>(())).await;
    diagnosis
}
