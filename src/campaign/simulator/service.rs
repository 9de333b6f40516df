//! What the simulated ROR does with a write, faults included.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::http::HeaderMap;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE};
use jiff::fmt::rfc2822::DateTimePrinter;
use serde_json::json;
use tokio::sync::watch;

use base::clock::Clock;

use super::directory::Directory;
use super::fault::{Effect, Faults, SimulatedFault};
use super::journal::{Journal, Recorded};
use super::patch::Patch;
use super::refusal::SimulatedRefusal;
use super::reply::Reply;
use super::tokens::Issued;
use super::{ReadingClient, SimulatorSettings};

/// All that the listeners share.
pub(super) struct SimulatedService {
    pub(super) tokens: Issued,
    pub(super) faults: Faults,
    pub(super) journal: Journal,
    /// The client that reads, if it has to be another than those that write.
    pub(super) reader: Option<ReadingClient>,
    clock: Clock,
    directory: Mutex<Directory>,
    /// Counts the orders to treat what is held back.
    releases: watch::Sender<u64>,
    /// How many requests are held back.
    held: watch::Sender<usize>,
}

/// A write as it came.
pub(super) struct Write {
    /// The values of `identifier`, decoded.
    pub(super) identifiers: Vec<String>,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
}

impl SimulatedService {
    pub(super) fn new(settings: &SimulatorSettings) -> Self {
        Self {
            tokens: Issued::new(settings.clock.clone(), settings.token_lifetime.signed()),
            faults: Faults::default(),
            journal: Journal::default(),
            reader: settings.reader.clone(),
            clock: settings.clock.clone(),
            directory: Mutex::new(Directory::new(settings.lieux.clone(), settings.genre_accepted)),
            releases: watch::Sender::new(0),
            held: watch::Sender::new(0),
        }
    }

    pub(super) fn directory(&self) -> MutexGuard<'_, Directory> {
        self.directory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Queues a fault, or has it at once if it is of that kind; false if too many wait.
    pub(super) fn inject(&self, fault: SimulatedFault) -> bool {
        if fault.effect == Effect::JetonExpire {
            self.tokens.forget();
            return true;
        }
        self.faults.add(fault)
    }

    /// Treats a write; `None` if the connection must be cut in the place of an answer.
    pub(super) async fn write(&self, write: Write) -> Option<Reply> {
        let parsed = Patch::parse(&write.body);
        let client = self.tokens.client_of(authorization(&write.headers));
        let rank = self.journal.open(Recorded { client, ..record(&write, parsed.as_ref().ok()) });
        let identifier = write.identifiers.first().map(String::as_str).unwrap_or_default();
        let effect = self.faults.hit_write(identifier, parsed.as_ref().ok().map(Patch::key));
        let twin = effect == Some(Effect::Jumeau);
        let key = parsed.as_ref().ok().map(Patch::key).cloned();
        let place = key.map(|key| (identifier.to_owned(), key));
        let reply = self.under(effect, rank, || self.treat(&write, parsed)).await;
        if let (Some(place), true) = (place, twin) {
            self.directory().hold_twin(&place);
        }
        self.journal.note(rank, |entry| entry.statut = reply.as_ref().map(|reply| reply.status));
        reply
    }

    /// Lets the requests that are held back be treated, and waits until they are.
    pub(super) async fn release(&self) {
        self.releases.send_modify(|count| *count += 1);
        // The sender is ours, so the wait cannot fail.
        let _ = self.held.subscribe().wait_for(|held| *held == 0).await;
    }

    async fn under(
        &self,
        effect: Option<Effect>,
        rank: u64,
        treat: impl FnOnce() -> (Reply, bool) + Send,
    ) -> Option<Reply> {
        let treat = || {
            let (reply, applied) = treat();
            self.journal.note(rank, |entry| entry.applique = applied);
            reply
        };
        match effect {
            None | Some(Effect::JetonExpire | Effect::Jeton { .. } | Effect::Lecture { .. } | Effect::Jumeau) => {
                Some(treat())
            }
            Some(Effect::Refus { statut, codes, texte, expression, retry_after }) => {
                let refusal = SimulatedRefusal::of(statut, &codes, texte.as_deref(), expression.as_deref());
                Some(Reply::refusal(refusal).retry_after(retry_after))
            }
            Some(Effect::ExpressionInversee) => Some(treat().swapped()),
            Some(Effect::Lent { ms }) => {
                tokio::time::sleep(Duration::from_millis(ms)).await;
                Some(treat())
            }
            Some(Effect::Statut { statut, retry_after }) => Some(Reply::page(statut).retry_after(retry_after)),
            Some(Effect::Passerelle { statut }) => Some(Reply::page(statut)),
            Some(Effect::Interdit) => Some(Reply::refusal(SimulatedRefusal::forbidden())),
            Some(Effect::Charabia) => Some(Reply::gibberish()),
            Some(Effect::CoupureAvant) => None,
            Some(Effect::ReponsePerdue) => {
                treat();
                None
            }
            Some(Effect::Tardif { ms }) => {
                self.hold(ms).await;
                treat();
                self.held.send_modify(|held| *held = held.saturating_sub(1));
                None
            }
        }
    }

    /// Waits for so many milliseconds or for the next release, whichever comes first.
    async fn hold(&self, ms: Option<u64>) {
        let mut releases = self.releases.subscribe();
        self.held.send_modify(|held| *held += 1);
        match ms {
            Some(ms) => drop(tokio::time::timeout(Duration::from_millis(ms), releases.changed()).await),
            None => drop(releases.changed().await),
        }
    }

    /// The answer without any fault, and whether it changed what is held.
    fn treat(&self, write: &Write, parsed: Result<Patch, SimulatedRefusal>) -> (Reply, bool) {
        match self.admit(write).and_then(|identifier| self.directory().apply(identifier, &parsed?)) {
            Ok(version) => (self.acknowledgement(version), true),
            Err(refusal) => (Reply::refusal(refusal), false),
        }
    }

    /// The location named, if the request is one for this service at all.
    fn admit<'a>(&self, write: &'a Write) -> Result<&'a str, SimulatedRefusal> {
        let header = |name| write.headers.get(name).and_then(|value| value.to_str().ok());
        let Some(client) = self.tokens.client_of(authorization(&write.headers)) else {
            return Err(SimulatedRefusal::invalid(401, "Jeton absent, inconnu ou expiré"));
        };
        if self.reader.as_ref().is_some_and(|reader| reader.client_id == client) {
            return Err(SimulatedRefusal::forbidden());
        }
        if write.headers.keys().any(|name| name.as_str().starts_with("ror-")) {
            return Err(SimulatedRefusal::invalid(400, "Les en-têtes Ror-* ne sont pas admis en écriture"));
        }
        let media_type = header(CONTENT_TYPE).and_then(|value| value.split(';').next());
        if media_type.is_none_or(|media_type| !media_type.trim().eq_ignore_ascii_case("application/fhir+json")) {
            return Err(SimulatedRefusal::invalid(415, "Content-Type attendu : application/fhir+json"));
        }
        match write.identifiers.as_slice() {
            // A comma means « or » in a FHIR search.
            [identifier] if !identifier.is_empty() && !identifier.contains(',') => Ok(identifier),
            _ => Err(SimulatedRefusal::invalid(400, "Un paramètre identifier et un seul est attendu")),
        }
    }

    fn acknowledgement(&self, version: u64) -> Reply {
        let modified = DateTimePrinter::new().timestamp_to_rfc9110_string(&self.clock.now()).ok();
        Reply::json(200, json!({"resourceType": "Location"})).version(version, modified)
    }
}

fn record(write: &Write, patch: Option<&Patch>) -> Recorded {
    let value = patch.and_then(Patch::value);
    Recorded {
        methode: "PATCH".to_owned(),
        identifiant: write.identifiers.first().cloned(),
        operation: patch.map(|patch| patch.operation().to_owned()),
        indicateur: patch.map(|patch| patch.key().clone()),
        nombre: value.map(|value| value.nombre),
        date: value.map(|value| value.date.clone()),
        en_tetes: names(&write.headers),
        ror: ror_headers(&write.headers),
        ..Recorded::default()
    }
}

/// The value of the `Authorization` header.
pub(super) fn authorization(headers: &HeaderMap) -> Option<&str> {
    headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok())
}

/// The `Ror-*` headers.
pub(super) fn ror_headers(headers: &HeaderMap) -> BTreeMap<String, String> {
    let own = headers.iter().filter(|(name, _)| name.as_str().starts_with("ror-"));
    own.map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned())).collect()
}

/// The names of the headers, in lower case.
pub(super) fn names(headers: &HeaderMap) -> Vec<String> {
    headers.keys().map(ToString::to_string).collect()
}
