//! The operators' journal of a sandbox: where it is, and who may sign in.

use std::io;
use std::net::{SocketAddr, TcpListener};

use base::clock::Clock;
use base::random;
use base::random::NoRandom;
use domain::access::audit::{AuditEntry, Deed};
use domain::access::{Login, LoginError, Password, PasswordError, PasswordHash, Role};
use store::{NewUser, Store, StoreError, UserChange};

/// The accounts, one of each role; their logins are the words of the roles.
const ROLES: [Role; 3] = [Role::Lecteur, Role::Operateur, Role::Administrateur];

/// Where the journal of a sandbox is, and what opens it.
#[derive(Debug, Clone)]
pub struct Front {
    /// Its address.
    pub address: SocketAddr,
    /// The password of its accounts, made anew at each start.
    pub password: String,
}

/// Accounts that cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum FrontError {
    /// No random bytes.
    #[error(transparent)]
    Chance(#[from] NoRandom),
    /// A login that is none.
    #[error(transparent)]
    Login(#[from] LoginError),
    /// The password cannot be kept.
    #[error(transparent)]
    Password(#[from] PasswordError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// An address of this machine where nobody listens.
pub(super) fn free_address() -> io::Result<SocketAddr> {
    TcpListener::bind(("127.0.0.1", 0))?.local_addr()
}

/// The section of the configuration. Nobody enrols a telephone for a sandbox.
pub(super) fn section(address: SocketAddr) -> String {
    format!("[web]\nlisten = \"{address}\"\ncheck_page = true\nlocal = {{ second_factor = false }}\n")
}

/// Makes the accounts, or gives those of an earlier start their new password.
pub(super) async fn open(address: SocketAddr, store: &Store, clock: &Clock) -> Result<Front, FrontError> {
    let password = base16ct::lower::encode_string(&random::bytes::<8>()?);
    let hash = Password::new(&password, "")?.hash(&random::bytes()?)?;
    for role in ROLES {
        account(role, &hash, store, clock).await?;
    }
    Ok(Front { address, password })
}

async fn account(role: Role, password: &PasswordHash, store: &Store, clock: &Clock) -> Result<(), FrontError> {
    let login: Login = role.word().parse()?;
    let entry = |deed| AuditEntry::new("sandbox", deed, format!("compte {login}"));
    let name = format!("Compte {}", role.in_words());
    let new = NewUser { login: login.clone(), name, role, password: password.clone(), totp: None };
    if !store.add_user(&new, &entry(Deed::CompteCree), clock.now()).await? {
        let change = UserChange::Password(password.clone());
        store.change_user(&login, &change, &entry(Deed::CompteReinitialise), clock.now()).await?;
    }
    Ok(())
}
