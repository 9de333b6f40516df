//! The articles on a count.

use crate::defect::article::Article;
use crate::defect::code::Actor::Etablissement;
use crate::defect::code::{Scope, Severity};

pub(in crate::defect) static C01: Article = Article {
    name: "CAPACITE_NEGATIVE",
    scope: Scope::Capacite,
    severity: Severity::Rejet,
    actors: &[Etablissement],
    sentence: "Le nombre est négatif.",
    hint: "Une suroccupation se déclare par 0 lit disponible et le surplus en capacité « supplementaire ».",
};

pub(in crate::defect) static C02: Article = Article {
    name: "CAPACITE_NON_ENTIERE",
    scope: Scope::Capacite,
    severity: Severity::Rejet,
    actors: &[Etablissement],
    sentence: "Le nombre n’est pas un entier admis.",
    hint: "Écrivez le nombre en chiffres, sans virgule, espace ni unité.",
};

pub(in crate::defect) static C03: Article = Article {
    name: "CAPACITE_HORS_PLAFOND",
    scope: Scope::Capacite,
    severity: Severity::Avertissement,
    actors: &[Etablissement],
    sentence: "Le nombre est anormalement élevé.",
    hint: "Vérifiez le nombre : une faute de frappe est probable.",
};

pub(in crate::defect) static C04: Article = Article {
    name: "CAPACITE_INCOHERENTE",
    scope: Scope::Service,
    severity: Severity::Avertissement,
    actors: &[Etablissement],
    sentence: "Les capacités de ce service ne sont pas cohérentes : celles qui sont occupées, réservées, disponibles ou fermées dépassent les installées.",
    hint: "Vérifiez les nombres de ce service. Les patients en surnombre se comptent en capacité « supplementaire ».",
};

pub(in crate::defect) static C05: Article = Article {
    name: "INDICATEUR_NON_AUTORISE",
    scope: Scope::Capacite,
    severity: Severity::Rejet,
    actors: &[Etablissement],
    sentence: "Ces attributs ne vont pas ensemble.",
    hint: "Corrigez la combinaison d’après le tableau du guide de l’établissement.",
};

pub(in crate::defect) static C06: Article = Article {
    name: "CODE_INCONNU",
    scope: Scope::Capacite,
    severity: Severity::Rejet,
    actors: &[Etablissement],
    sentence: "Cette valeur ne fait pas partie de la nomenclature.",
    hint: "Choisissez une des valeurs admises, en minuscules et sans accent.",
};

pub(in crate::defect) static C07: Article = Article {
    name: "CAPACITE_EN_DOUBLE",
    scope: Scope::Capacite,
    severity: Severity::Rejet,
    actors: &[Etablissement],
    sentence: "La même capacité figure plusieurs fois dans le service : aucune de ses occurrences n’est retenue.",
    hint: "Ne laissez qu’une seule ligne pour cette capacité ; des lits et des places par ailleurs identiques sont la même capacité.",
};
