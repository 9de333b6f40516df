//! Who signed in.

use super::{Right, Rights, Role};

/// How somebody proved who they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Means {
    /// A local account: password and second factor.
    Local,
    /// OpenID Connect: Pro Santé Connect or the agency's own provider.
    OpenId,
    /// A machine's client certificate, passed by the reverse proxy; for the API only.
    Certificat,
}

impl Means {
    /// Every means.
    pub const ALL: [Self; 3] = [Self::Local, Self::OpenId, Self::Certificat];

    /// The word of the store.
    pub fn word(self) -> &'static str {
        match self {
            Self::Local => "local",
            Self::OpenId => "openid",
            Self::Certificat => "certificat",
        }
    }

    /// For people.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Local => "compte local",
            Self::OpenId => "OpenID Connect",
            Self::Certificat => "certificat",
        }
    }
}

/// Somebody, or a machine, who signed in, with what that gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    login: String,
    name: String,
    role: Role,
    rights: Rights,
    means: Means,
}

impl Person {
    /// `login` is the login of a local account, the subject at the OpenID provider or the DN of a certificate, unique
    /// with `means`; `name` is what they are called.
    pub fn new(login: impl Into<String>, name: impl Into<String>, role: Role, rights: Rights, means: Means) -> Self {
        Self { login: login.into(), name: name.into(), role, rights, means }
    }

    /// What identifies them, with [`means`](Self::means).
    pub fn login(&self) -> &str {
        &self.login
    }

    /// What they are called: by an administrator or by the provider, so escape it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Their role.
    pub fn role(&self) -> Role {
        self.role
    }

    /// How they showed who they are.
    pub fn means(&self) -> Means {
        self.means
    }

    /// Whether they may do this.
    pub fn may(&self, right: Right) -> bool {
        self.rights.allow(right)
    }

    /// As the audit log names them: `local:anne.martin`.
    pub fn in_audit(&self) -> String {
        format!("{}:{}", self.means.word(), self.login)
    }
}
