//! The sessions that are open, of every means, and their end.

use std::io::{self, Write};

use super::{Disconnect, UsersStore, say};
use crate::cli::{CommandFailure, ExitOutcome, SUCCESS};
use base::clock::Clock;
use domain::access::Lifetimes;
use domain::access::audit::{AuditEntry, Deed};
use domain::outcome::in_paris;
use service::config::Config;
use store::{OpenSession, Stage, Store};

pub(super) async fn list(place: &UsersStore) -> ExitOutcome {
    let (_, open) = open(place).await?;
    let mut out = io::stdout().lock();
    if open.is_empty() {
        writeln!(out, "Aucune session ouverte.")?;
    }
    open.iter().try_for_each(|one| tell(&mut out, one))?;
    Ok(SUCCESS)
}

fn tell(out: &mut impl Write, one: &OpenSession) -> io::Result<()> {
    let session = &one.session;
    let stage = if session.stage == Stage::Ouverte { "" } else { ", en cours de connexion" };
    let (means, role) = (session.means.in_words(), session.role.in_words());
    let (opened, seen) = (in_paris(session.opened_at), in_paris(session.seen_at));
    writeln!(out, "{}  {}  {role}  {means} (ouverte le {opened}, vue le {seen}{stage})", one.name(), one.owner())
}

/// Ends those that are named; that there is none of that name is a failure.
pub(super) async fn end(arguments: &Disconnect) -> ExitOutcome {
    let (store, open) = open(&arguments.place).await?;
    let is_meant = |one: &&OpenSession| match (&arguments.qui, &arguments.session) {
        (Some(login), _) => one.session.login.eq_ignore_ascii_case(login),
        // A whole name: the beginning of one could be that of two.
        (None, Some(name)) => one.name() == name,
        (None, None) => arguments.toutes,
    };
    let meant: Vec<&OpenSession> = open.iter().filter(is_meant).collect();
    if meant.is_empty() && !arguments.toutes {
        return Err("aucune session ouverte de ce nom ; « dispolits user sessions » les donne toutes".into());
    }
    let digests: Vec<String> = meant.iter().map(|one| one.digest.clone()).collect();
    let ended = store.end_sessions(&digests, &entry(&meant), Clock::System.now()).await?;
    say(&format!("Sessions fermées : {ended}."))
}

fn entry(meant: &[&OpenSession]) -> AuditEntry {
    let named: Vec<String> = meant.iter().map(|one| format!("{} {}", one.session.login, one.name())).collect();
    let object = match meant {
        [one] => format!("compte {}", one.session.login),
        _ => format!("sessions {}", meant.len()),
    };
    AuditEntry::new(crate::cli::who(), Deed::SessionsFermees, object).changing(named.join(", "), "")
}

async fn open(place: &UsersStore) -> Result<(Store, Vec<OpenSession>), CommandFailure> {
    let config = Config::load(&place.config)?;
    let store = Store::open_existing(&config.store).await?;
    let lifetimes = config.web.map_or_else(Lifetimes::default, |web| web.sessions);
    let open = store.sessions(&lifetimes, Clock::System.now()).await?;
    Ok((store, open))
}
