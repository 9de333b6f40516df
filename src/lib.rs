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
//! *Intake* ([`service::pipeline`]) takes what lies in the [`edges::mailbox`], makes it durable in the [`store`], reads it
//! ([`reading::message`], then [`reading::report`]), judges it ([`judging::judgement`]) and moves the mail once. *Delivery*
//! pushes the accepted counts to the [`edges::ror`], settles the mail when every count has its answer, and sends the
//! [`judging::reply`]. The two halves are joined by the store, never by a channel in memory: either can stop, crash or be
//! restarted alone. The [`worker`] runs both as supervised tasks, one intake for each mailbox, so that none stops another,
//! and [`service::health`] watches them from outside; operators see it all on the [`web`]. The [`sandbox`] runs the whole
//! system on one machine and plays the [`campaign::cahier`] de tests through it.
//!
//! The sender's fault is a [`domain::defect`]: an answer, never an error. Our own fault is an error enum at each edge,
//! with `is_transient()`; it is never a verdict on a mail.
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
//! # Members, in reading order
//!
//! Each is a package of its own under `src/`, so that the compiler holds what it may use; a test holds this table against
//! their manifests. The members of values turn values into values: they neither wait, nor read the clock, nor touch the
//! outside world. Edges touch it, each its own part, and none knows another.
//!
//! | member | holds | may use |
//! |---|---|---|
//! | [`base`] | clock, random numbers, values of the configuration, retries, TLS, the HTTP server | |
//! | [`domain`] | values: FINESS numbers, addresses, capacities, defects, verdicts, roles, alerts | `base` |
//! | [`reading`] | values: from the bytes of a mail to its documents, from those of a document to its counts | `domain` |
//! | [`edges`] | the mailbox, the submission server, the ROR | `base` `domain` |
//! | [`judging`] | values: the referential, the verdict on a mail, the reply | `base` `domain` `reading` |
//! | [`store`] | the durable state, the only SQL | `base` `domain` `reading` |
//! | [`service`] | the configuration, the way of a mail through the store, the health, the alerts | `base` `domain` `edges` `judging` `reading` `store` |
//! | [`campaign`] | the cahier de tests, the simulated ROR: an EAI seen from outside | `base` `domain` |
//! | [`web`] | the pages and the API | `base` `domain` `judging` `reading` `service` `store` |
//!
//! What is here stands on all of them: [`worker`], the process; [`doctor`], the diagnosis; [`sandbox`], the whole on one
//! machine; [`cli`], the command line.

pub mod cli;
pub mod doctor;
pub mod sandbox;
pub mod worker;
