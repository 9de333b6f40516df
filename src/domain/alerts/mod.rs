//! What an operator must be told without asking: incidents that open once and close when they are over, and how fresh
//! what each establishment and service sends is.
//!
//! Values in, values out. What is observed ([`Sight`]) becomes changes of incidents ([`IncidentTracker`]): an incident opens
//! after its cause has held for a while, and closes after it has been away for a while, so that what flickers is told
//! once. Those that open together are told together ([`Digest`]). Nothing of a mail's content is in any of it, and each
//! address is masked.

mod baseline;
mod catalogue;
mod digest;
mod freshness;
mod freshness_board;
mod incident;
mod kind;
mod observation;
mod settings;
mod spike;
mod stale_values;
mod tracker;
mod weekly_hours;

pub use baseline::Baseline;
pub use digest::{Digest, Event, News};
pub use freshness::{Cadence, Freshness, FreshnessState};
pub use freshness_board::{Board, BoardRow, ExpectedSender};
pub use incident::{Incident, Severity, UnknownWord};
pub use kind::IncidentKind;
pub use observation::{Observation, Sight};
pub use settings::{AlertSettings, Webhook};
pub use spike::Excess;
pub use stale_values::{Stillness, Values};
pub use tracker::{Change, IncidentTracker};
