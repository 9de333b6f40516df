//! The steps of a diagnosis as data: what was tried, what came of it, what to do.

use std::time::Duration;

use serde::Serialize;
use tokio::time::timeout;

/// One thing tried.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DoctorStep {
    /// Its name, stable: programs may look for it.
    #[serde(rename = "etape")]
    pub name: &'static str,
    /// What came of it.
    #[serde(flatten)]
    pub outcome: Outcome,
}

/// What came of a step. The texts are French sentences for an operator and may change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "etat", rename_all = "snake_case")]
pub enum Outcome {
    /// As it should be.
    Reussi {
        /// What was found.
        detail: String,
    },
    /// Something an operator must mend.
    Echec {
        /// What is wrong.
        cause: String,
        /// How to mend it.
        remede: String,
    },
    /// Not tried.
    NonFait {
        /// Why not.
        raison: String,
    },
}

/// The steps towards one aim, in order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Section {
    /// Its name, stable: programs may look for it.
    #[serde(rename = "rubrique")]
    pub name: &'static str,
    /// The further mailbox it is about, by its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub boite: Option<String>,
    /// What people read.
    #[serde(rename = "titre")]
    pub title: String,
    /// What was tried.
    #[serde(rename = "etapes")]
    pub steps: Vec<DoctorStep>,
}

/// Why a step failed, and how to mend it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct StepFailure {
    pub(super) cause: String,
    pub(super) remedy: String,
}

/// A section being tried. The first failure ends it: the steps planned after it are told as not done.
#[derive(Debug)]
pub(super) struct Trial {
    section: Section,
    planned: Vec<&'static str>,
    limit: Duration,
}

impl Outcome {
    /// Whether an operator must act.
    pub fn is_failure(&self) -> bool {
        matches!(self, Self::Echec { .. })
    }
}

impl StepFailure {
    pub(super) fn new(cause: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { cause: cause.into(), remedy: remedy.into() }
    }
}

impl From<StepFailure> for Outcome {
    fn from(failure: StepFailure) -> Self {
        Self::Echec { cause: failure.cause, remede: failure.remedy }
    }
}

impl Trial {
    /// Each step gets `limit` at most.
    pub(super) fn new(name: &'static str, title: impl Into<String>, planned: &[&'static str], limit: Duration) -> Self {
        let section = Section { name, boite: None, title: title.into(), steps: Vec::new() };
        Self { section, planned: planned.to_vec(), limit }
    }

    /// The section is about this mailbox.
    pub(super) fn of(mut self, mailbox: Option<&str>) -> Self {
        self.section.boite = mailbox.map(str::to_owned);
        self
    }

    /// Tries a step that gives a value and what was found; `None` when it failed.
    pub(super) async fn step<T>(
        &mut self,
        name: &'static str,
        work: impl Future<Output = Result<(T, String), StepFailure>>,
    ) -> Option<T> {
        let done = timeout(self.limit, work).await.unwrap_or_else(|_| Err(self.silence()));
        match done {
            Ok((value, detail)) => {
                self.note(name, Outcome::Reussi { detail });
                Some(value)
            }
            Err(failure) => {
                self.note(name, failure.into());
                None
            }
        }
    }

    /// Tells of a step that the others do not depend on.
    pub(super) fn note(&mut self, name: &'static str, outcome: Outcome) {
        self.section.steps.push(DoctorStep { name, outcome });
    }

    /// The same, of a result.
    pub(super) fn note_result(&mut self, name: &'static str, result: Result<String, StepFailure>) {
        let outcome = result.map_or_else(Outcome::from, |detail| Outcome::Reussi { detail });
        self.note(name, outcome);
    }

    /// The section, every planned step in it.
    pub(super) fn end(mut self) -> Section {
        let failed = self.section.steps.iter().rev().find(|step| step.outcome.is_failure()).map(|step| step.name);
        let reason = failed.map_or_else(String::new, |name| format!("l’étape « {name} » a échoué"));
        for name in std::mem::take(&mut self.planned) {
            if !self.section.steps.iter().any(|step| step.name == name) {
                self.note(name, Outcome::NonFait { raison: reason.clone() });
            }
        }
        self.section
    }

    fn silence(&self) -> StepFailure {
        StepFailure::new(
            format!("rien n’a abouti en {} s", self.limit.as_secs()),
            "un pare-feu qui avale les paquets, un mauvais port ou un serveur arrêté se montrent ainsi ; vérifiez l’adresse et le port, puis le réseau",
        )
    }
}
