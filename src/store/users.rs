//! Local accounts. What changes one is recorded in the audit log, in the same transaction.

use jiff::Timestamp;
use sqlx::FromRow;

use crate::audit::append;
use crate::engine::{Tx, query, query_as};
use crate::{Result, Store, instant, millis, parse};
use domain::access::audit::AuditEntry;
use domain::access::{Login, PasswordHash, Role, Totp};

/// A local account.
#[derive(Debug, Clone)]
pub struct User {
    /// Its login.
    pub login: Login,
    /// What its owner is called.
    pub name: String,
    /// Its role.
    pub role: Role,
    /// Its password, once there is one.
    pub password: Option<PasswordHash>,
    /// The secret of its second factor, once it is enrolled: sealed, or in base 32 ([`FactorKey`](domain::access::FactorKey)).
    pub totp: Option<String>,
    /// The last step of the second factor that was used.
    pub totp_step: Option<i64>,
    /// When an administrator locked it.
    pub locked_at: Option<Timestamp>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last signed in to.
    pub seen_at: Option<Timestamp>,
}

/// An account to be made.
#[derive(Debug, Clone)]
pub struct NewUser {
    /// Its login.
    pub login: Login,
    /// What its owner is called.
    pub name: String,
    /// Its role.
    pub role: Role,
    /// Its password.
    pub password: PasswordHash,
    /// The secret of its second factor, sealed or in base 32; without one its owner enrols at the first sign-in.
    pub totp: Option<String>,
}

/// What becomes of an account. All but [`Unlock`](Self::Unlock) ends its sessions.
#[derive(Debug, Clone)]
pub enum UserChange {
    /// Another role.
    Role(Role),
    /// Nobody signs in to it any more.
    Lock,
    /// It is signed in to again, at once.
    Unlock,
    /// Another password.
    Password(PasswordHash),
    /// Another second factor; `None` to enrol at the next sign-in.
    Totp(Option<String>),
    /// It is gone; its records of the audit log stay.
    Remove,
}

#[derive(FromRow)]
struct UserColumns {
    login: String,
    name: String,
    role: String,
    password: Option<String>,
    totp: Option<String>,
    totp_step: Option<i64>,
    locked_at: Option<i64>,
    created_at: i64,
    seen_at: Option<i64>,
}

impl Store {
    /// Every local account, by login.
    pub async fn users(&self) -> Result<Vec<User>> {
        let rows: Vec<UserColumns> = query_as(
            "SELECT login, name, role, password, totp, totp_step, locked_at, created_at, seen_at
             FROM users ORDER BY login",
        )
        .fetch_all(self.read())
        .await?;
        rows.into_iter().map(user).collect()
    }

    /// One local account.
    pub async fn user(&self, login: &Login) -> Result<Option<User>> {
        let row: Option<UserColumns> = query_as(
            "SELECT login, name, role, password, totp, totp_step, locked_at, created_at, seen_at
             FROM users WHERE login = $1",
        )
        .bind(login.as_str())
        .fetch_optional(self.read())
        .await?;
        row.map(user).transpose()
    }

    /// Makes an account; false, and nothing changes, if its login is taken.
    pub async fn add_user(&self, new: &NewUser, entry: &AuditEntry, now: Timestamp) -> Result<bool> {
        let mut tx = self.write().await?;
        let added = query(
            "INSERT INTO users (login, name, role, password, password_at, totp, created_at)
             VALUES ($1, $2, $3, $4, $5, $6, $5) ON CONFLICT (login) DO NOTHING",
        )
        .bind(new.login.as_str())
        .bind(&new.name)
        .bind(new.role.word())
        .bind(new.password.as_str())
        .bind(millis(now))
        .bind(&new.totp)
        .execute(&mut tx)
        .await?;
        recorded(tx, added, entry, now).await
    }

    /// Changes an account; false, and nothing changes, if there is none of this login.
    pub async fn change_user(
        &self,
        login: &Login,
        change: &UserChange,
        entry: &AuditEntry,
        now: Timestamp,
    ) -> Result<bool> {
        let mut tx = self.write().await?;
        let changed = apply(&mut tx, login, change, now).await?;
        if matches!(change, UserChange::Unlock) {
            forget_failures(&mut tx, login).await?;
        } else {
            end_sessions(&mut tx, login).await?;
            forget_devices(&mut tx, login).await?;
        }
        recorded(tx, changed, entry, now).await
    }

    /// Puts a sealed second factor in the place of the same one in clear; false if it is no longer that.
    pub async fn seal_totp(&self, login: &Login, clear: &str, sealed: &str) -> Result<bool> {
        let changed = query("UPDATE users SET totp = $3 WHERE login = $1 AND totp = $2")
            .bind(login.as_str())
            .bind(clear)
            .bind(sealed)
            .execute(self.write_one())
            .await?;
        Ok(changed > 0)
    }

    /// Uses a step of the second factor; false if it, or a later one, was used before, unless by a clock that was set back
    /// since.
    pub async fn use_totp_step(&self, login: &Login, step: i64) -> Result<bool> {
        let used = query("UPDATE users SET totp_step = $2 WHERE login = $1 AND (totp_step IS NULL OR totp_step < $2 OR totp_step > $2 + $3)")
            .bind(login.as_str())
            .bind(step)
            .bind(Totp::AHEAD)
            .execute(self.write_one())
            .await?;
        Ok(used > 0)
    }
}

async fn apply(tx: &mut Tx, login: &Login, change: &UserChange, now: Timestamp) -> Result<u64> {
    let on = login.as_str();
    let statement = match change {
        UserChange::Role(role) => query("UPDATE users SET role = $2 WHERE login = $1").bind(on).bind(role.word()),
        UserChange::Lock => query("UPDATE users SET locked_at = $2 WHERE login = $1").bind(on).bind(millis(now)),
        UserChange::Unlock => query("UPDATE users SET locked_at = NULL WHERE login = $1").bind(on),
        UserChange::Password(hash) => query("UPDATE users SET password = $2, password_at = $3 WHERE login = $1")
            .bind(on)
            .bind(hash.as_str())
            .bind(millis(now)),
        UserChange::Totp(secret) => {
            query("UPDATE users SET totp = $2, totp_step = NULL WHERE login = $1").bind(on).bind(secret)
        }
        UserChange::Remove => query("DELETE FROM users WHERE login = $1").bind(on),
    };
    statement.execute(tx).await
}

async fn recorded(mut tx: Tx, changed: u64, entry: &AuditEntry, now: Timestamp) -> Result<bool> {
    if changed == 0 {
        tx.rollback().await?;
        return Ok(false);
    }
    append(&mut tx, entry, now).await?;
    tx.commit().await?;
    Ok(true)
}

async fn end_sessions(tx: &mut Tx, login: &Login) -> Result<()> {
    query("DELETE FROM sessions WHERE login = $1 AND means = 'local'").bind(login.as_str()).execute(tx).await.map(drop)
}

/// Whoever knew the old password knows no device any more.
async fn forget_devices(tx: &mut Tx, login: &Login) -> Result<()> {
    query("DELETE FROM devices WHERE login = $1").bind(login.as_str()).execute(tx).await.map(drop)
}

async fn forget_failures(tx: &mut Tx, login: &Login) -> Result<()> {
    query("DELETE FROM failures WHERE login = $1").bind(login.as_str()).execute(tx).await.map(drop)
}

fn user(columns: UserColumns) -> Result<User> {
    Ok(User {
        login: parse(&columns.login)?,
        name: columns.name,
        role: parse(&columns.role)?,
        password: columns.password.map(PasswordHash::stored),
        totp: columns.totp,
        totp_step: columns.totp_step,
        locked_at: columns.locked_at.map(instant),
        created_at: instant(columns.created_at),
        seen_at: columns.seen_at.map(instant),
    })
}
