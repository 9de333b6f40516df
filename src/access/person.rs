//! Who is signed in.

use super::{Right, Rights, Role};

/// How a person or a machine showed who they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Means {
    /// An account of Dispolits itself.
    Local,
    /// OpenID Connect.
    OpenId,
    /// A client certificate: a machine.
    Certificat,
}

/// Someone who is signed in, with what they may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    login: String,
    name: String,
    role: Role,
    rights: Rights,
    means: Means,
}

impl Person {
    /// `login` identifies them in the audit log, `name` is what they are called.
    pub fn new(login: impl Into<String>, name: impl Into<String>, role: Role, rights: Rights, means: Means) -> Self {
        Self { login: login.into(), name: name.into(), role, rights, means }
    }

    /// What identifies them.
    pub fn login(&self) -> &str {
        &self.login
    }

    /// What they are called.
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
}
