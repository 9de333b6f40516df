//! What an operator must be told without asking: incidents that open once and close when they are over, and how fresh
//! what each establishment and service sends is.
//!
//! Values in, values out. What is observed ([`Sight`]) becomes changes of incidents ([`Ledger`]): an incident opens
//! after its cause has held for a while, and closes after it has been away for a while, so that what flickers is told
//! once. Those that open together are told together ([`Digest`]). Nothing of a mail's content is in any of it, and each
//! address is masked.

mod board;
mod catalogue;
mod digest;
mod excess;
mod freshness;
mod habit;
mod hours;
mod incident;
mod kind;
mod ledger;
mod observation;
mod settings;
mod stillness;

pub use board::{Board, Expected, Row};
pub use digest::{Digest, Event, News};
pub use excess::Excess;
pub use freshness::{Cadence, Freshness, State};
pub use habit::Habit;
pub use incident::{Incident, Severity, UnknownWord};
pub use kind::Kind;
pub use ledger::{Change, Ledger};
pub use observation::{Observation, Sight};
pub use settings::{Settings, Webhook};
pub use stillness::{Stillness, Values};
