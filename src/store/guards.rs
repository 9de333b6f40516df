//! The triggers that the migrations made: what keeps the audit log from being changed must be there, and at work.

use std::collections::BTreeSet;

use sqlx::migrate::Migrator;

use crate::engine::{Engine, postgres, query_scalar, sqlite};
use crate::{Result, Store};

impl Store {
    /// The triggers that should be there and are not, or do not work. The schema must be current.
    pub(super) async fn missing_guards(&self) -> Result<Vec<String>> {
        let (made, at_work) = match &self.engine {
            Engine::Sqlite { .. } => {
                (made(&sqlite::MIGRATIONS), "SELECT name FROM sqlite_master WHERE type = 'trigger'")
            }
            Engine::Postgres { .. } => (
                made(&postgres::MIGRATIONS),
                "SELECT tgname::text FROM pg_trigger WHERE NOT tgisinternal AND tgenabled IN ('O', 'A')
                 AND tgrelid IN (SELECT oid FROM pg_class WHERE relnamespace = current_schema()::regnamespace)",
            ),
        };
        let there: Vec<String> = query_scalar(at_work).fetch_all(self.read()).await?;
        Ok(made.into_iter().filter(|name| !there.contains(name)).collect())
    }
}

/// The names that the migrations leave.
fn made(migrations: &Migrator) -> BTreeSet<String> {
    let mut made = BTreeSet::new();
    for migration in migrations.iter() {
        let words: Vec<&str> = migration.sql.as_str().split_whitespace().collect();
        for three in words.windows(3) {
            let [verb, what, name] = three else { continue };
            match (*verb, *what) {
                ("CREATE", "TRIGGER") => drop(made.insert((*name).to_owned())),
                ("DROP", "TRIGGER") => drop(made.remove(name.trim_end_matches(';'))),
                _ => {}
            }
        }
    }
    made
}

#[test]
fn the_migrations_make_the_guards_of_the_audit_log() {
    let names = |migrations: &Migrator| made(migrations).into_iter().collect::<Vec<_>>();
    assert!(names(&sqlite::MIGRATIONS).contains(&"audit_unchanged".to_owned()));
    assert!(names(&postgres::MIGRATIONS).contains(&"audit_whole".to_owned()));
}
