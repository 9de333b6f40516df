//! The articles on dates.

use crate::defect::article::Article;
use crate::defect::code::Actor::Etablissement;
use crate::defect::code::{Scope, Severity};

pub(in crate::defect) static H01: Article = Article {
    name: "DATE_INVALIDE",
    scope: Scope::Element,
    severity: Severity::Rejet,
    actors: &[Etablissement],
    sentence: "La date est illisible ou ne précise pas le fuseau horaire.",
    hint: "Écrivez la date comme 2026-11-23T07:50:00+01:00.",
};

pub(in crate::defect) static H02: Article = Article {
    name: "RELEVE_FUTUR",
    scope: Scope::Service,
    severity: Severity::Rejet,
    actors: &[Etablissement],
    sentence: "La date du relevé est dans le futur, au-delà de l’avance admise.",
    hint: "Vérifiez l’horloge et le fuseau horaire du logiciel qui produit le fichier.",
};

pub(in crate::defect) static H03: Article = Article {
    name: "RELEVE_PERIME",
    scope: Scope::Service,
    severity: Severity::Rejet,
    actors: &[Etablissement],
    sentence: "Le relevé est trop ancien pour être transmis.",
    hint: "Envoyez un relevé récent.",
};
