//! Who may see and do what, and the rules of signing in and of the audit log; pure: the time and what nobody can guess
//! are parameters.
//!
//! Metadata (who wrote when, which verdict), contents (XML, replies, raw mails), contents of patients (M06), acting and
//! administration are separate [`Right`]s. A [`Role`] grants a set of them, which the configuration may narrow or widen
//! for contents ([`Policy`]). A [`Person`] is who signed in, with what that gave.

pub mod audit;
mod factor_key;
mod lockout;
mod login;
mod password;
mod person;
mod role;
mod session;
mod totp;

pub use factor_key::{FactorKey, KeyError, SealError, is_sealed};
pub use lockout::Lockout;
pub use login::{Login, LoginError};
pub use password::{Password, PasswordError, PasswordHash, matches};
pub use person::{Means, Person};
pub use role::{Policy, Right, Rights, Role, RoleError};
pub use session::{Lifetimes, SessionToken};
pub use totp::{Totp, TotpError};
