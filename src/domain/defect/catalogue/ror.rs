//! The articles on the refusals of the ROR.

use crate::defect::article::Article;
use crate::defect::code::Actor::{Etablissement, Exploitant, Grades};
use crate::defect::code::{Scope, Severity};

pub(in crate::defect) static R01: Article = Article {
    name: "ROR_LIEU_INCONNU",
    scope: Scope::Ligne,
    severity: Severity::Rejet,
    actors: &[Grades],
    sentence: "Le ROR ne connaît aucun lieu pour ce code service.",
    hint: "Le GRADeS doit attribuer ce code au lieu correspondant dans le ROR ; vos envois suivants seront alors transmis.",
};

pub(in crate::defect) static R02: Article = Article {
    name: "ROR_LIEU_EN_DOUBLE",
    scope: Scope::Ligne,
    severity: Severity::Rejet,
    actors: &[Grades, Etablissement],
    sentence: "Le ROR connaît plusieurs lieux pour ce code service.",
    hint: "Le GRADeS et l’établissement doivent supprimer le doublon dans le ROR.",
};

pub(in crate::defect) static R03: Article = Article {
    name: "ROR_REGLE_METIER",
    scope: Scope::Ligne,
    severity: Severity::Rejet,
    actors: &[Grades, Etablissement],
    sentence: "Le ROR refuse cette capacité au titre d’une de ses règles de gestion.",
    hint: "Le GRADeS et l’établissement doivent vérifier que cette capacité existe pour ce service dans le ROR.",
};

pub(in crate::defect) static R04: Article = Article {
    name: "ROR_DROITS_INSUFFISANTS",
    scope: Scope::Ligne,
    severity: Severity::Rejet,
    actors: &[Exploitant, Grades],
    sentence: "Le ROR n’a pas encore ouvert à Dispolits les droits d’écriture pour cet établissement.",
    hint: "Vous n’avez rien à faire : la transmission reprendra d’elle-même dès l’ouverture des droits.",
};

pub(in crate::defect) static R05: Article = Article {
    name: "ROR_REFUS_AUTRE",
    scope: Scope::Ligne,
    severity: Severity::Rejet,
    actors: &[Grades, Exploitant],
    sentence: "Le ROR a refusé cette capacité pour une raison non prévue.",
    hint: "Le GRADeS et l’exploitant analysent la réponse du ROR ; ne renvoyez pas le fichier sans leur avis.",
};
