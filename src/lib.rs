//! Dispolits carries hospital bed availability from secure mail (MSSanté) to the ROR, the French directory that tells
//! emergency doctors which hospital has a free bed.
//!
//! # The way of one mail
//!
//! ```text
//! mailbox ─▶ store ─▶ message ─▶ report ─▶ judgement ─┬─▶ updates ─▶ store ─▶ ror ──┐
//!    ▲     (durable)  (MIME)     (XML)                └─▶ defects ──────────────────┤
//!    └─────────────── moved once, when judged            store ◀─ reply ◀─ settled ─┘
//! ```
//!
//! *Intake* ([`pipeline`]) takes what lies in the [`mailbox`], makes it durable in the [`store`], reads it ([`message`],
//! then [`report`]), judges it ([`judgement`]) and moves the mail once. *Delivery* pushes the accepted counts to the
//! [`ror`], settles the mail when every count has its answer, and sends the [`reply`]. The two halves are joined by the
//! store, never by a channel in memory: either can stop, crash or be restarted alone. The [`worker`] runs both as
//! supervised tasks, one intake for each mailbox, so that none stops another, and [`health`]
//! watches them from outside; operators see it all on the [`web`]. The [`sandbox`] runs the whole system on one machine
//! and plays the [`cahier`] de tests through it.
//!
//! The sender's fault is a [`defect`]: an answer, never an error. Our own fault is an error enum at each edge, with
//! `is_transient()`; it is never a verdict on a mail.
//!
//! # Invariants
//!
//! 1. Nothing is lost: a mail is durable in the store before anything changes in the mailbox.
//! 2. One verdict per mail: its identity is the SHA-256 of its bytes, its position the mailbox's own.
//! 3. One document, one effect: the same sender, identifiant and content again is a duplicate.
//! 4. The newest observation wins: order is (dateReleve, receipt number), per indicator key without nature.
//! 5. At most one reply and one complement per mail, stored before they are sent and resent unchanged: each cut while one
//!    is being sent may repeat it once more, the very same mail.
//! 6. Conservation: every mail received has one outcome or is in progress, at every instant.
//! 7. One bad mail never blocks the mailbox: only readings in which it was alone count towards quarantine.
//! 8. No mail loop, no secret and no content in the traces.
//!
//! Deliberately absent: an OpenSSL binding, a switch that turns the verification of a server off, a queue in memory
//! between the two halves, IMAP sequence numbers and flags as a memory, a tree of the XML, a DTD.
//!
//! # Who may use whom
//!
//! In reading order. The base is common vocabulary. Pure modules turn values into values: they neither wait, nor read
//! the clock, nor touch the outside world. Edges touch it, each its own part, and none knows another. Only those at the
//! top know the edges. A test holds every `crate::` path against this table, and the table against the code.
//!
//! | module | may use |
//! |---|---|
//! | **base** | |
//! | [`chance`] | |
//! | [`clock`] | |
//! | [`fail_point`] | |
//! | [`http_server`] | |
//! | [`setting`] | |
//! | [`tls`] | `clock` `setting` |
//! | [`unread`] | |
//! | **pure** | |
//! | [`defect`] | |
//! | [`finess`] | `defect` |
//! | [`access`] | `setting` |
//! | [`address`] | `defect` |
//! | [`capacity`] | `finess` |
//! | [`outcome`] | `capacity` `defect` |
//! | [`sheet`] | |
//! | [`words`] | `capacity` `defect` `outcome` |
//! | [`message`] | `address` `defect` `report` |
//! | [`report`] | `capacity` `defect` `finess` |
//! | [`judgement`] | `address` `capacity` `defect` `finess` `outcome` `referential` `report` `setting` |
//! | [`checking`] | `address` `capacity` `defect` `judgement` `message` `outcome` `referential` `report` |
//! | [`reply`] | `address` `capacity` `defect` `outcome` |
//! | [`retry`] | `setting` |
//! | [`alerts`] | `address` `capacity` `finess` `outcome` `retry` `setting` |
//! | **edges** | |
//! | [`mailbox`] | `defect` `fail_point` `setting` `tls` `unread` |
//! | [`store`] | `access` `address` `alerts` `capacity` `defect` `fail_point` `finess` `outcome` `report` `setting` `unread` |
//! | [`referential`] | `address` `capacity` `finess` `setting` |
//! | [`ror`] | `capacity` `clock` `defect` `outcome` `setting` `tls` |
//! | [`smtp`] | `address` `defect` `setting` `tls` |
//! | **top** | |
//! | [`health`] | `address` `alerts` `clock` `defect` `http_server` `setting` `store` |
//! | [`config`] | `access` `address` `alerts` `clock` `health` `judgement` `mailbox` `referential` `retry` `ror` `setting` `smtp` `store` `tls` |
//! | [`pipeline`] | `access` `address` `capacity` `clock` `config` `defect` `fail_point` `finess` `health` `judgement` `mailbox` `message` `outcome` `referential` `reply` `report` `ror` `setting` `smtp` `store` `unread` |
//! | [`alarm`] | `address` `alerts` `capacity` `clock` `config` `finess` `health` `pipeline` `referential` `setting` `smtp` `store` `tls` |
//! | [`web`] | `access` `address` `alarm` `alerts` `capacity` `chance` `checking` `clock` `config` `defect` `finess` `health` `http_server` `judgement` `message` `outcome` `pipeline` `referential` `reply` `report` `setting` `sheet` `store` `tls` `words` |
//! | [`worker`] | `access` `alarm` `chance` `clock` `config` `fail_point` `health` `mailbox` `pipeline` `referential` `setting` `smtp` `store` `tls` `web` |
//! | [`cahier`] | `address` `capacity` `defect` `finess` `outcome` |
//! | [`sandbox`] | `access` `address` `cahier` `capacity` `chance` `clock` `config` `defect` `mailbox` `message` `outcome` `pipeline` `ror` `setting` `smtp` `store` `tls` `worker` |
//! | [`doctor`] | `access` `address` `alerts` `capacity` `clock` `config` `defect` `health` `mailbox` `outcome` `referential` `ror` `setting` `smtp` `store` `tls` `web` |
//! | [`cli`] | `access` `address` `alarm` `alerts` `cahier` `capacity` `chance` `checking` `clock` `config` `defect` `doctor` `finess` `health` `judgement` `message` `outcome` `pipeline` `referential` `ror` `sandbox` `setting` `sheet` `store` `unread` `words` `worker` |
//! | `main` | `cli` |

pub mod access;
pub mod address;
pub mod alarm;
pub mod alerts;
pub mod cahier;
pub mod capacity;
pub mod chance;
pub mod checking;
pub mod cli;
pub mod clock;
pub mod config;
pub mod defect;
pub mod doctor;
pub mod fail_point;
pub mod finess;
pub mod health;
pub mod http_server;
pub mod judgement;
pub mod mailbox;
pub mod message;
pub mod outcome;
pub mod pipeline;
pub mod referential;
pub mod reply;
pub mod report;
pub mod retry;
pub mod ror;
pub mod sandbox;
pub mod setting;
pub mod sheet;
pub mod smtp;
pub mod store;
pub mod tls;
pub mod unread;
pub mod web;
pub mod words;
pub mod worker;
