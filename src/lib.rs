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
//! | [`random`] | |
//! | [`clock`] | |
//! | [`fail_point`] | |
//! | [`http_server`] | |
//! | [`config_values`] | |
//! | [`tls`] | `clock` `config_values` |
//! | [`unread`] | |
//! | **pure** | |
//! | [`defect`] | |
//! | [`finess`] | `defect` |
//! | [`access`] | `config_values` |
//! | [`address`] | `defect` |
//! | [`capacity`] | `finess` |
//! | [`outcome`] | `capacity` `defect` |
//! | [`csv`] | |
//! | [`labels`] | `capacity` `defect` `outcome` |
//! | [`message`] | `address` `defect` `report` |
//! | [`report`] | `capacity` `defect` `finess` |
//! | [`judgement`] | `address` `capacity` `config_values` `defect` `finess` `outcome` `referential` `report` |
//! | [`dry_run`] | `address` `capacity` `defect` `judgement` `message` `outcome` `referential` `report` |
//! | [`reply`] | `address` `capacity` `defect` `outcome` |
//! | [`retry`] | `config_values` |
//! | [`alerts`] | `address` `capacity` `config_values` `finess` `outcome` `retry` |
//! | **edges** | |
//! | [`mailbox`] | `config_values` `defect` `fail_point` `tls` `unread` |
//! | [`store`] | `access` `address` `alerts` `capacity` `config_values` `defect` `fail_point` `finess` `outcome` `report` `unread` |
//! | [`referential`] | `address` `capacity` `config_values` `finess` |
//! | [`ror`] | `capacity` `clock` `config_values` `defect` `outcome` `tls` |
//! | [`smtp`] | `address` `config_values` `defect` `tls` |
//! | **top** | |
//! | [`health`] | `address` `alerts` `clock` `config_values` `defect` `http_server` `store` |
//! | [`config`] | `access` `address` `alerts` `clock` `config_values` `health` `judgement` `mailbox` `referential` `retry` `ror` `smtp` `store` `tls` |
//! | [`pipeline`] | `access` `address` `capacity` `clock` `config` `config_values` `defect` `fail_point` `finess` `health` `judgement` `mailbox` `message` `outcome` `referential` `reply` `report` `ror` `smtp` `store` `unread` |
//! | [`alerting`] | `address` `alerts` `capacity` `clock` `config` `config_values` `finess` `health` `pipeline` `referential` `smtp` `store` `tls` |
//! | [`web`] | `access` `address` `alerting` `alerts` `capacity` `clock` `config` `config_values` `csv` `defect` `dry_run` `finess` `health` `http_server` `judgement` `labels` `message` `outcome` `pipeline` `random` `referential` `reply` `report` `store` `tls` |
//! | [`worker`] | `access` `alerting` `clock` `config` `config_values` `fail_point` `health` `mailbox` `pipeline` `random` `referential` `smtp` `store` `tls` `web` |
//! | [`cahier`] | `address` `capacity` `defect` `finess` `outcome` |
//! | [`sandbox`] | `access` `address` `cahier` `capacity` `clock` `config` `config_values` `defect` `mailbox` `message` `outcome` `pipeline` `random` `ror` `smtp` `store` `tls` `worker` |
//! | [`doctor`] | `access` `address` `alerts` `capacity` `clock` `config` `config_values` `defect` `health` `mailbox` `outcome` `referential` `ror` `smtp` `store` `tls` `web` |
//! | [`cli`] | `access` `address` `alerting` `alerts` `cahier` `capacity` `clock` `config` `config_values` `csv` `defect` `doctor` `dry_run` `finess` `health` `judgement` `labels` `message` `outcome` `pipeline` `random` `referential` `ror` `sandbox` `store` `unread` `worker` |
//! | `main` | `cli` |

pub mod cli;
pub mod doctor;
pub mod sandbox;
pub mod worker;
