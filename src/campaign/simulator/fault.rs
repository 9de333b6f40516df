//! Faults on demand: what goes wrong, for whom, how often.

use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use super::key::IndicatorKey;

/// The most faults that wait at a time; more are refused.
const FAULTS: usize = 1000;

/// A fault to come. As JSON: `{"defaut": "lent", "ms": 500, "identifiant": "…", "apres": 2, "fois": 1}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SimulatedFault {
    /// What goes wrong.
    #[serde(flatten)]
    pub effect: Effect,
    /// The location it is for; any if `None`.
    #[serde(default)]
    pub identifiant: Option<String>,
    /// The indicators it is for, those with these codes: `{"statut": "03"}`; any if `None`.
    #[serde(default)]
    pub indicateur: Option<IndicatorKey>,
    /// How many matching requests pass before the first is hit.
    #[serde(default)]
    pub apres: u32,
    /// How many requests it hits.
    #[serde(default = "once")]
    pub fois: u32,
}

/// What goes wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "defaut", rename_all = "kebab-case")]
pub enum Effect {
    /// Treated and answered after so many milliseconds, whether the client still waits or not.
    Lent {
        /// Milliseconds.
        ms: u64,
    },
    /// Not treated; this status with an HTML page.
    Statut {
        /// 429, 500, 502, 503, 504…
        statut: u16,
        /// A `Retry-After` header, in seconds or as an HTTP date, sent as it is.
        #[serde(default)]
        retry_after: Option<String>,
    },
    /// Not treated; the connection is cut.
    CoupureAvant,
    /// Treated; the connection is cut in the place of an answer.
    ReponsePerdue,
    /// Never answered; treated after so many milliseconds, or when the simulator is told to.
    Tardif {
        /// Milliseconds; `None` waits for [`super::Simulator::release`].
        #[serde(default)]
        ms: Option<u64>,
    },
    /// Not treated; a gateway's bare 403 or 404, an HTML page without an `OperationOutcome`.
    Passerelle {
        /// The status.
        statut: u16,
    },
    /// Not treated; the ROR's own 403: the client has no right on the establishment.
    Interdit,
    /// Not treated; the ROR's own `OperationOutcome` with this status.
    Refus {
        /// A 4xx, or whatever the ROR would send one with.
        statut: u16,
        /// The codes of its issues (ValueSet issue-type).
        codes: Vec<String>,
        /// What each issue says.
        #[serde(default)]
        texte: Option<String>,
        /// The expression of each issue.
        #[serde(default)]
        expression: Option<String>,
        /// A `Retry-After` header.
        #[serde(default)]
        retry_after: Option<String>,
    },
    /// Treated; the same value stands under the other code of the undifferentiated genre too, as another program may
    /// have left it.
    Jumeau,
    /// The read service answers this status, with an `OperationOutcome`.
    Lecture {
        /// The status.
        statut: u16,
        /// The codes of its issues.
        #[serde(default)]
        codes: Vec<String>,
    },
    /// Not treated; 200 with something that is not FHIR.
    Charabia,
    /// Treated; an `OperationOutcome` writes arrays of expressions as bare strings and the reverse.
    ExpressionInversee,
    /// Every token is forgotten at once.
    JetonExpire,
    /// The token endpoint answers this status; a 4xx is `invalid_client`.
    Jeton {
        /// The status.
        statut: u16,
    },
}

impl Effect {
    /// The fault hits the next request for any location, once.
    pub fn once(self) -> SimulatedFault {
        self.times(1)
    }

    /// The fault hits so many requests, for any location.
    pub fn times(self, fois: u32) -> SimulatedFault {
        SimulatedFault { effect: self, identifiant: None, indicateur: None, apres: 0, fois }
    }

    fn is_of_a_write(&self) -> bool {
        !matches!(self, Self::Jeton { .. } | Self::Lecture { .. })
    }
}

impl SimulatedFault {
    fn is_at(&self, identifier: &str) -> bool {
        self.identifiant.as_deref().is_none_or(|wanted| wanted == identifier)
    }
}

fn once() -> u32 {
    1
}

/// The faults to come, oldest first.
#[derive(Default)]
pub(super) struct Faults(Mutex<Vec<SimulatedFault>>);

impl Faults {
    /// Queues a fault; false if too many wait.
    pub(super) fn add(&self, fault: SimulatedFault) -> bool {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let room = waiting.len() < FAULTS;
        if room && fault.fois > 0 {
            waiting.push(fault);
        }
        room
    }

    pub(super) fn clear(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// The fault that hits a write of this indicator, if it names one, to this location.
    pub(super) fn hit_write(&self, identifier: &str, key: Option<&IndicatorKey>) -> Option<Effect> {
        let is_of = |wanted: &IndicatorKey| key.is_some_and(|key| key.has(wanted));
        let is_for = |fault: &SimulatedFault| fault.is_at(identifier) && fault.indicateur.as_ref().is_none_or(is_of);
        self.hit(|fault| fault.effect.is_of_a_write() && is_for(fault))
    }

    /// The fault that hits a reading of this location.
    pub(super) fn hit_read(&self, identifier: &str) -> Option<Effect> {
        self.hit(|fault| matches!(fault.effect, Effect::Lecture { .. }) && fault.is_at(identifier))
    }

    /// The fault that hits a demand for a token.
    pub(super) fn hit_token(&self) -> Option<Effect> {
        self.hit(|fault| matches!(fault.effect, Effect::Jeton { .. }))
    }

    /// The first matching fault whose turn has come; those whose turn has not come draw nearer.
    fn hit(&self, matches: impl Fn(&SimulatedFault) -> bool) -> Option<Effect> {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut effect = None;
        for fault in waiting.iter_mut().filter(|fault| matches(fault)) {
            if let Some(left) = fault.apres.checked_sub(1) {
                fault.apres = left;
                continue;
            }
            fault.fois = fault.fois.saturating_sub(1);
            effect = Some(fault.effect.clone());
            break;
        }
        waiting.retain(|fault| fault.fois > 0);
        effect
    }
}
