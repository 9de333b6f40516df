//! Incidents and who is told of them: the rules as data, the store on both engines, the whole over real HTTP.

mod board;
mod digest;
mod disk;
mod freshness;
mod guide;
mod handled;
mod kinds;
mod ledger;
mod receiver;
mod run;
mod stage;
mod store;
mod telling;
