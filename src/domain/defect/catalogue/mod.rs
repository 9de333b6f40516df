//! What each code says: the text of the public contract, one article per code, named by it.

mod count;
mod document;
mod establishment;
mod mail;
mod ror;
mod service;
mod time;

pub(super) use count::{C01, C02, C03, C04, C05, C06, C07};
pub(super) use document::{D01, D02, D03, D04, D05, D06, D07};
pub(super) use establishment::{E01, E02, E03, E04, E05};
pub(super) use mail::{M01, M02, M03, M04, M05, M06};
pub(super) use ror::{R01, R02, R03, R04, R05};
pub(super) use service::{S01, S02, S03};
pub(super) use time::{H01, H02, H03};
