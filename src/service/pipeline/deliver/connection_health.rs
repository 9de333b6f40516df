//! What the failures of requests to the ROR say of the connection to it.

use crate::health::{Concern, Heartbeat};
use edges::ror::PushFailure;

/// A request failed; `is_suspended` if the others are kept back for it.
pub(in crate::pipeline) fn tell(pulse: &Heartbeat, failure: &PushFailure, is_suspended: bool) {
    if is_suspended {
        pulse.ails(Concern::Ror, &failure.to_string());
    }
    if failure.is_refused_login() {
        pulse.ails(Concern::RorLogin, &failure.to_string());
    }
}

/// The ROR answered as it should.
pub(in crate::pipeline) fn over(pulse: &Heartbeat) {
    pulse.well(&Concern::Ror);
    pulse.well(&Concern::RorLogin);
}
