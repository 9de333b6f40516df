//! The articles on an establishment.

use crate::defect::article::Article;
use crate::defect::code::Actor::{Etablissement, Grades};
use crate::defect::code::{Scope, Severity};

pub(in crate::defect) static E01: Article = Article {
    name: "FINESS_FORMAT",
    scope: Scope::Etablissement,
    severity: Severity::Rejet,
    actors: &[Etablissement],
    sentence: "Le numéro FINESS n’a pas la forme attendue.",
    hint: "Écrivez les neuf caractères du numéro FINESS géographique : neuf chiffres, ou 2A ou 2B suivi de sept chiffres pour la Corse.",
};

pub(in crate::defect) static E02: Article = Article {
    name: "FINESS_CLE",
    scope: Scope::Etablissement,
    severity: Severity::Rejet,
    actors: &[Etablissement],
    sentence: "La clé de contrôle du numéro FINESS est fausse : un caractère au moins est erroné.",
    hint: "Recopiez le numéro FINESS géographique depuis le répertoire FINESS.",
};

pub(in crate::defect) static E03: Article = Article {
    name: "FINESS_INCONNU",
    scope: Scope::Etablissement,
    severity: Severity::Rejet,
    actors: &[Etablissement, Grades],
    sentence: "Cet établissement n’est pas connu du référentiel régional.",
    hint: "Vérifiez le numéro FINESS ; s’il est juste, demandez au GRADeS d’ajouter l’établissement.",
};

pub(in crate::defect) static E04: Article = Article {
    name: "EXPEDITEUR_NON_HABILITE",
    scope: Scope::Etablissement,
    severity: Severity::Rejet,
    actors: &[Etablissement, Grades],
    sentence: "Cette adresse d’expédition n’est pas habilitée à déclarer pour cet établissement.",
    hint: "Envoyez depuis la boîte habilitée, ou demandez l’habilitation au GRADeS.",
};

pub(in crate::defect) static E05: Article = Article {
    name: "FINESS_ENTITE_JURIDIQUE",
    scope: Scope::Etablissement,
    severity: Severity::Rejet,
    actors: &[Etablissement],
    sentence: "Ce numéro FINESS désigne une entité juridique, et non un établissement géographique.",
    hint: "Indiquez le numéro FINESS géographique du site où se trouvent les lits.",
};
