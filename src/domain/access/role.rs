//! Roles and the rights they give.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What somebody is for Dispolits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Consulte le journal : métadonnées seulement, sauf réglage contraire.
    Lecteur,
    /// Consulte les contenus et agit : rejouer, relancer, marquer comme traité.
    Operateur,
    /// Fait tout, gère les comptes, voit aussi les contenus de patients reçus par erreur.
    Administrateur,
}

/// A text that names no role.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("« {0} » n’est pas un rôle ; rôles : lecteur, operateur, administrateur")]
pub struct RoleError(String);

impl Role {
    /// Every role, the least first.
    pub const ALL: [Self; 3] = [Self::Lecteur, Self::Operateur, Self::Administrateur];

    /// The word of configuration, command line and store.
    pub fn word(self) -> &'static str {
        match self {
            Self::Lecteur => "lecteur",
            Self::Operateur => "operateur",
            Self::Administrateur => "administrateur",
        }
    }

    /// What it allows where the configuration says nothing else.
    pub fn rights(self) -> Rights {
        Rights::of(self, &Policy::default())
    }

    /// For people.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Lecteur => "lecteur",
            Self::Operateur => "opérateur",
            Self::Administrateur => "administrateur",
        }
    }
}

impl FromStr for Role {
    type Err = RoleError;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|role| role.word() == word).ok_or_else(|| RoleError(word.to_owned()))
    }
}

/// What may be seen or done; none of them contains another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Right {
    /// Seeing who wrote when, verdicts, defects without their values, requests, audit.
    Metadonnees,
    /// Seeing XML, values, replies, raw mails.
    Contenu,
    /// Seeing the content of patient documents that were sent by mistake (M06).
    Patient,
    /// Replaying, releasing, resending, reminding, marking, muting.
    Action,
    /// Managing accounts and sessions of others.
    Administration,
}

impl Right {
    /// Every right.
    pub const ALL: [Self; 5] = [Self::Metadonnees, Self::Contenu, Self::Patient, Self::Action, Self::Administration];
}

impl fmt::Display for Right {
    /// What is refused without it: « il faut le droit de … ».
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Metadonnees => "consulter le journal",
            Self::Contenu => "voir les contenus",
            Self::Patient => "voir les contenus de patients",
            Self::Action => "agir sur les courriels et les établissements",
            Self::Administration => "gérer les comptes",
        })
    }
}

/// A set of rights.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Rights(u8);

impl Rights {
    /// No right at all.
    pub const NONE: Self = Self(0);

    /// Those of a role under a policy. Contents of patients are for administrators, and never without contents.
    pub fn of(role: Role, policy: &Policy) -> Self {
        let contents = if policy.contenu.contains(&role) { &[Right::Contenu][..] } else { &[] };
        let others = match role {
            Role::Lecteur => &[Right::Metadonnees][..],
            Role::Operateur => &[Right::Metadonnees, Right::Action],
            Role::Administrateur => &Right::ALL,
        };
        others.iter().chain(contents).copied().collect()
    }

    /// Whether this is allowed.
    pub fn allow(self, right: Right) -> bool {
        self.0 & Self::bit(right) != 0
    }

    fn bit(right: Right) -> u8 {
        1 << right as u8
    }
}

impl FromIterator<Right> for Rights {
    fn from_iter<I: IntoIterator<Item = Right>>(rights: I) -> Self {
        Self(rights.into_iter().fold(0, |bits, right| bits | Self::bit(right)))
    }
}

/// Ce que les rôles permettent de voir.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// Rôles qui voient les contenus : XML, valeurs, réponses, courriels bruts. Un administrateur les voit toujours ; les
    /// contenus de patients (M06) ne sont jamais montrés qu’à lui.
    #[serde(default = "default_contents")]
    pub contenu: Vec<Role>,
}

fn default_contents() -> Vec<Role> {
    vec![Role::Operateur, Role::Administrateur]
}

impl Default for Policy {
    fn default() -> Self {
        Self { contenu: default_contents() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rights(role: Role, policy: &Policy) -> Vec<Right> {
        Right::ALL.into_iter().filter(|right| Rights::of(role, policy).allow(*right)).collect()
    }

    #[test]
    fn a_role_gives_its_rights_and_the_policy_moves_contents_alone() {
        use Right::{Action, Contenu, Metadonnees};
        let (usual, none) = (Policy::default(), Policy { contenu: vec![] });
        let all = Policy { contenu: Role::ALL.to_vec() };
        assert_eq!(rights(Role::Lecteur, &usual), [Metadonnees]);
        assert_eq!(rights(Role::Lecteur, &all), [Metadonnees, Contenu]);
        assert_eq!(rights(Role::Operateur, &usual), [Metadonnees, Contenu, Action]);
        assert_eq!(rights(Role::Operateur, &none), [Metadonnees, Action]);
        for policy in [usual, none, all] {
            assert_eq!(rights(Role::Administrateur, &policy), Right::ALL);
        }
        assert!(!Rights::NONE.allow(Metadonnees));
    }

    #[test]
    fn words_are_read_back() {
        for role in Role::ALL {
            assert_eq!(role.word().parse(), Ok(role));
            assert_eq!(serde_json::to_string(&role).unwrap(), format!("\"{}\"", role.word()));
        }
        assert!("admin".parse::<Role>().is_err());
    }
}
