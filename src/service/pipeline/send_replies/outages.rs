//! Since when no reply leaves, of all or of one envelope sender, and until when none is tried.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::SignedDuration;

use base::config_values::signed;
use domain::address::Address;

/// Which replies an outage is of.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::pipeline) enum Scope {
    /// All.
    Server,
    /// Those of one envelope sender, `None` the null one.
    Sender(Option<Address>),
}

/// The outages that last. Envelope senders are our own addresses: there are few.
#[derive(Debug, Default)]
pub(in crate::pipeline) struct Outages(Mutex<BTreeMap<Scope, Outage>>);

#[derive(Debug)]
struct Outage {
    failures: u32,
    /// By the time that passes: no jump of the clock prolongs it.
    until: SignedDuration,
}

impl Outages {
    /// The senders whose replies are not tried once so much time has passed; `None` if none is to be tried at all.
    pub(in crate::pipeline) fn refused_senders(&self, passed: SignedDuration) -> Option<Vec<Option<Address>>> {
        let outages = self.lock();
        let mut senders = Vec::new();
        for scope in outages.iter().filter(|(_, outage)| passed < outage.until).map(|(scope, _)| scope) {
            match scope {
                Scope::Server => return None,
                Scope::Sender(sender) => senders.push(sender.clone()),
            }
        }
        Some(senders)
    }

    /// Whether nothing of it is to be tried now.
    pub(in crate::pipeline) fn holds(&self, scope: &Scope, passed: SignedDuration) -> bool {
        self.lock().get(scope).is_some_and(|outage| passed < outage.until)
    }

    /// Begins or goes on, for as long as `wait` says after so many failures. Returns that, and whether it begins.
    pub(in crate::pipeline) fn prolong(
        &self,
        scope: &Scope,
        passed: SignedDuration,
        wait: impl FnOnce(u32) -> Duration,
    ) -> (Duration, bool) {
        let mut outages = self.lock();
        let outage = outages.entry(scope.clone()).or_insert(Outage { failures: 0, until: passed });
        let wait = wait(outage.failures);
        outage.failures = outage.failures.saturating_add(1);
        outage.until = passed.saturating_add(signed(wait));
        (wait, outage.failures == 1)
    }

    /// Is over. Returns whether it had begun.
    pub(in crate::pipeline) fn end(&self, scope: &Scope) -> bool {
        self.lock().remove(scope).is_some()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<Scope, Outage>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Scope {
    /// What the traces say when it begins.
    pub(in crate::pipeline) fn begun(&self) -> String {
        match self {
            Self::Server => "les réponses attendent, le serveur d’envoi est indisponible".to_owned(),
            Self::Sender(from) => {
                format!("les réponses {} attendent, le serveur d’envoi refuse cet expéditeur", of(from.as_ref()))
            }
        }
    }

    /// What they say when it ends.
    pub(in crate::pipeline) fn ended(&self) -> String {
        match self {
            Self::Server => "le serveur d’envoi est de nouveau disponible".to_owned(),
            Self::Sender(from) => format!("le serveur d’envoi accepte de nouveau les réponses {}", of(from.as_ref())),
        }
    }
}

fn of(from: Option<&Address>) -> String {
    from.map_or("sans expéditeur d’enveloppe".to_owned(), |from| format!("de {}", from.masked()))
}
