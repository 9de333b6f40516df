//! The articles on a service.

use crate::defect::article::Article;
use crate::defect::code::Actor::{Etablissement, Grades};
use crate::defect::code::{Scope, Severity};

pub(in crate::defect) static S01: Article = Article {
    name: "SERVICE_INCONNU",
    scope: Scope::Service,
    severity: Severity::Rejet,
    actors: &[Etablissement, Grades],
    sentence: "Ce code service n’est pas connu pour cet établissement.",
    hint: "Vérifiez le code service ; s’il est juste, demandez au GRADeS de le rattacher au lieu correspondant du ROR.",
};

pub(in crate::defect) static S02: Article = Article {
    name: "SERVICE_FERME",
    scope: Scope::Capacite,
    severity: Severity::Rejet,
    actors: &[Etablissement],
    sentence: "Ce service est fermé dans le référentiel : il ne peut pas avoir de lits disponibles.",
    hint: "Déclarez 0 lit disponible ; si le service a rouvert, demandez au GRADeS de mettre le référentiel à jour.",
};

pub(in crate::defect) static S03: Article = Article {
    name: "SERVICE_EN_DOUBLE",
    scope: Scope::Service,
    severity: Severity::Rejet,
    actors: &[Etablissement],
    sentence: "Ce service figure plusieurs fois pour le même établissement dans le document : aucune de ses occurrences n’est retenue.",
    hint: "Ne laissez qu’un seul élément « service » par code service.",
};
