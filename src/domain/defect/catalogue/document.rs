//! The articles on a document.

use crate::defect::article::Article;
use crate::defect::code::Actor::Etablissement;
use crate::defect::code::{Scope, Severity};

pub(in crate::defect) static D01: Article = Article {
    name: "XML_MAL_FORME",
    scope: Scope::Document,
    severity: Severity::Rejet,
    actors: &[Etablissement],
    sentence: "Le fichier n’est pas un document XML bien formé.",
    hint: "Corrigez le fichier à l’endroit indiqué ; s’il est produit par un logiciel, prévenez son éditeur.",
};

pub(in crate::defect) static D02: Article = Article {
    name: "XML_DTD_INTERDITE",
    scope: Scope::Document,
    severity: Severity::Rejet,
    actors: &[Etablissement],
    sentence: "Le fichier contient une déclaration DOCTYPE, interdite par mesure de sécurité.",
    hint: "Supprimez la ligne « <!DOCTYPE … > » du fichier.",
};

pub(in crate::defect) static D03: Article = Article {
    name: "XML_LIMITE_DEPASSEE",
    scope: Scope::Document,
    severity: Severity::Rejet,
    actors: &[Etablissement],
    sentence: "Le fichier dépasse une limite de lecture.",
    hint: "Répartissez les services dans plusieurs fichiers plus petits.",
};

pub(in crate::defect) static D04: Article = Article {
    name: "ENCODAGE_INVALIDE",
    scope: Scope::Document,
    severity: Severity::Rejet,
    actors: &[Etablissement],
    sentence: "Les caractères du fichier ne correspondent pas à l’encodage qu’il déclare, ou à UTF-8 s’il n’en déclare aucun.",
    hint: "Enregistrez le fichier en UTF-8 et déclarez encoding=\"UTF-8\" sur sa première ligne.",
};

pub(in crate::defect) static D05: Article = Article {
    name: "FORMAT_INCONNU",
    scope: Scope::Document,
    severity: Severity::Rejet,
    actors: &[Etablissement],
    sentence: "Le format de ce fichier XML n’est pas reconnu.",
    hint: "Utilisez le modèle « disponibilites » du guide de l’établissement, espace de noms compris.",
};

pub(in crate::defect) static D06: Article = Article {
    name: "SCHEMA_NON_RESPECTE",
    scope: Scope::Element,
    severity: Severity::Rejet,
    actors: &[Etablissement],
    sentence: "Un élément ou un attribut manque, est inconnu ou n’a pas la forme attendue.",
    hint: "Comparez le fichier au modèle du guide de l’établissement et corrigez l’endroit indiqué.",
};

pub(in crate::defect) static D07: Article = Article {
    name: "IDENTIFIANT_REUTILISE",
    scope: Scope::Document,
    severity: Severity::Avertissement,
    actors: &[Etablissement],
    sentence: "L’identifiant de ce document a déjà servi pour un autre contenu.",
    hint: "Donnez un identifiant nouveau à chaque envoi, par exemple la date et l’heure.",
};
