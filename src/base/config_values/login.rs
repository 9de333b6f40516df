//! The keys by which an account identifies itself to a server: which of them a way to do so needs, and which it never
//! uses. A secret that lies about unused is a fault like one that is missing: nobody would notice it grow stale.

use std::fmt;

/// A key that says or proves who we are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LoginKey {
    /// The account.
    User,
    /// Its password.
    Password,
    /// Its OAuth 2.0 access token.
    Token,
    /// The client certificate. Servers may ask for one whatever the login.
    Identity,
}

/// What a way to log in makes of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// It cannot do without.
    Needed,
    /// It may be given.
    Optional,
    /// It would not be looked at.
    Useless,
}

impl fmt::Display for LoginKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::User => "user (le compte)",
            Self::Password => "password (le mot de passe)",
            Self::Token => "token (le jeton OAuth 2.0)",
            Self::Identity => "identity (le certificat client)",
        })
    }
}

/// What is missing and what is superfluous among keys, each with whether it is given: one French sentence that says
/// all of it; nothing if the keys are right.
pub fn login_fault(keys: &[(LoginKey, Need, bool)]) -> Option<String> {
    let faults: Vec<String> = keys.iter().filter_map(|(key, need, given)| fault(*key, *need, *given)).collect();
    (!faults.is_empty()).then(|| faults.join(" ; "))
}

fn fault(key: LoginKey, need: Need, given: bool) -> Option<String> {
    match (need, given) {
        (Need::Needed, false) => Some(format!("donnez {key}")),
        (Need::Useless, true) => Some(format!("retirez {key}{}", serves(key))),
        _ => None,
    }
}

/// Where a superfluous key would serve.
fn serves(key: LoginKey) -> &'static str {
    match key {
        LoginKey::Password => ", qui ne sert qu’avec auth = \"plain\"",
        LoginKey::Token => ", qui ne sert qu’avec auth = \"xoauth2\"",
        LoginKey::User | LoginKey::Identity => "",
    }
}
