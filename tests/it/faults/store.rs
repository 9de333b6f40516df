//! The store cannot be written to for a while: told, waited for, and never a verdict on a mail.

use std::process::Command;

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions, Executor};

use super::table;
use crate::cli::service::Service;
use crate::crash::region::{Outbox, Plan, Post, Region};
use crate::crash::traffic::{Cast, Traffic};
use crate::crash::{REST, at_once, fail_on, oracle};
use crate::postgres::session;
use crate::store::engine::Engine;

const HEADER: [&str; 4] = ["panne", "base", "ce que dit la trace", "perdus"];
const TOLD: &str = "base de données : ";

/// Starts the program so that a file that may not grow is an error to it and not its end.
pub(crate) const HEEDLESS: [&str; 3] = ["-c", "trap '' XFSZ; exec \"$@\"", "sh"];

const READ_ONLY: &str = "DO $$ BEGIN
        EXECUTE format('ALTER DATABASE %I SET default_transaction_read_only = on', current_database());
        PERFORM pg_terminate_backend(pid) FROM pg_stat_activity
            WHERE datname = current_database() AND pid <> pg_backend_pid();
    END $$";
const WRITABLE: &str = "DO $$ BEGIN
        EXECUTE format('ALTER DATABASE %I RESET default_transaction_read_only', current_database());
    END $$";

/// What a server says whose disk is full. To fill a disk takes a file system of its own, which only root may make.
pub(crate) const FULL: &str = "
    CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = '53100';
    END $$;
    CREATE TRIGGER no_room BEFORE INSERT OR UPDATE ON mails EXECUTE FUNCTION no_room();
    CREATE TRIGGER no_room BEFORE INSERT OR UPDATE ON updates EXECUTE FUNCTION no_room();
    CREATE TRIGGER no_room BEFORE INSERT OR UPDATE ON replies EXECUTE FUNCTION no_room();
    CREATE TRIGGER no_room BEFORE INSERT OR UPDATE ON traces EXECUTE FUNCTION no_room()";
pub(crate) const ROOM_AGAIN: &str = "DROP FUNCTION no_room() CASCADE";

#[derive(Debug, Clone, Copy)]
enum Trouble {
    NoSpace,
    Locked,
    ReadOnly,
    NoSpaceOnTheServer,
}

#[test]
fn a_store_that_cannot_be_written_to_is_waited_for_and_loses_nothing() {
    let rows = at_once([Trouble::NoSpace, Trouble::NoSpaceOnTheServer, Trouble::Locked, Trouble::ReadOnly], suffer);
    table::check("base", HEADER, &rows);
}

fn suffer(trouble: Trouble) -> [String; 4] {
    let (name, engine) = match trouble {
        Trouble::NoSpace => ("plus de place : les fichiers ne peuvent plus grandir", Engine::Sqlite),
        Trouble::Locked => ("base verrouillée par un autre programme", Engine::Sqlite),
        Trouble::ReadOnly => ("base passée en lecture seule", Engine::Postgres),
        Trouble::NoSpaceOnTheServer => ("plus de place : le serveur refuse d’écrire (53100)", Engine::Postgres),
    };
    let region = Region::start(Plan { engine, post: Post::Maildir, outbox: Outbox::Maildir, places: 3 });
    let mut traffic = Traffic::new(20_261_123, 3, Cast::All);
    let service = start(&region);
    region.settle(REST);
    region.endure();
    let mails = traffic.batch(12);
    trouble.last(&region, &service, || {
        region.deliver(&traffic, &mails);
        region.wait(TOLD, REST, || service.log().contains(TOLD));
    });
    region.settle(REST);
    assert!(service.stop().0.success());
    fail_on(name, &oracle::at_the_end(&traffic.letters, &region.evidence()));
    [name, engine.name(), &format!("`{}`", TOLD.trim_end_matches(" : ")), "0"].map(str::to_owned)
}

fn start(region: &Region) -> Service {
    let mut shell = Command::new("sh");
    shell.args(HEEDLESS);
    region.endure();
    let service = Service::spawn(&mut region.under(shell), &region.path(""));
    service.wait_for("Dispolits est en service", 1);
    service
}

impl Trouble {
    /// It lasts as long as that takes.
    fn last(self, region: &Region, service: &Service, that: impl FnOnce()) {
        match self {
            Self::NoSpace => {
                let log = region.home.file().with_extension("db-wal");
                limit(service, &std::fs::metadata(log).unwrap().len().to_string());
                that();
                limit(service, "unlimited");
            }
            Self::Locked => {
                let run = |sql, on: &mut SqliteConnection| {
                    region.runtime.block_on(on.execute(sql)).unwrap();
                };
                let options = SqliteConnectOptions::new().filename(region.home.file());
                let mut other = region.runtime.block_on(options.connect()).unwrap();
                run("BEGIN IMMEDIATE", &mut other);
                that();
                run("ROLLBACK", &mut other);
            }
            Self::ReadOnly => between(region, READ_ONLY, WRITABLE, that),
            Self::NoSpaceOnTheServer => between(region, FULL, ROOM_AGAIN, that),
        }
    }
}

/// Has the server's owner do one thing before and another after.
fn between(region: &Region, before: &'static str, after: &'static str, that: impl FnOnce()) {
    let url = &region.home.settings().url;
    let mut owner = region.runtime.block_on(session(url));
    region.runtime.block_on(owner.execute(sqlx::raw_sql(before))).unwrap();
    that();
    region.runtime.block_on(owner.execute(sqlx::raw_sql(after))).unwrap();
}

/// The size that no file of the process may pass.
pub(crate) fn limit(service: &Service, bytes: &str) {
    let pid = service.id().to_string();
    let set = Command::new("prlimit").args(["--pid", &pid, &format!("--fsize={bytes}:unlimited")]).status();
    assert!(set.expect("prlimit is missing: it comes with util-linux").success());
}
