//! The cahier de tests: its cases, read from `fixtures/`, and the mails they make.
//!
//! A case is a folder: `case.toml` says what is sent and what must come of it, beside the files
//! that are sent. Those are templates, so that a date of « ten minutes ago » stays one for ever
//! and a second run in the same store sends new identifiers. Nothing here judges anything: the
//! sandbox and the campaign play the mails against an EAI and compare.

mod archive;
mod case;
mod encoding;
mod error;
mod expand;
mod expected;
mod file_kind;
mod instant;
mod mail_template;
mod manifest;
mod readme;
mod reference_data;
mod source;
mod template;

pub use case::{Case, Run, Sending};
pub use error::CaseError;
pub use expected::{ExpectedCase, ExpectedLine, ExpectedReply};
pub use readme::readme;
pub use reference_data::{Comportement, Lieu, World, world};
pub use source::{all_in, embedded, from_folder};

/// The address of the EAI in the fictitious world.
pub const EAI_ADDRESS: &str = "dispolits@eai.test";
