//! The articles on the mail as a whole.

use crate::defect::article::Article;
use crate::defect::code::Actor::{Etablissement, Exploitant, Grades};
use crate::defect::code::{Scope, Severity};

pub(in crate::defect) static M01: Article = Article {
    name: "EXPEDITEUR_INCONNU",
    scope: Scope::Courriel,
    severity: Severity::Rejet,
    actors: &[Etablissement, Grades],
    sentence: "L’adresse d’expédition n’est déclarée pour aucun établissement.",
    hint: "Envoyez depuis la boîte MSSanté déclarée au GRADeS, ou demandez au GRADeS d’ajouter cette adresse à votre établissement.",
};

pub(in crate::defect) static M02: Article = Article {
    name: "PIECE_JOINTE_ABSENTE",
    scope: Scope::Courriel,
    severity: Severity::Rejet,
    actors: &[Etablissement],
    sentence: "Aucun fichier XML de disponibilités n’a été trouvé dans le courriel.",
    hint: "Joignez le fichier XML tel que votre logiciel le produit, puis renvoyez le courriel.",
};

pub(in crate::defect) static M03: Article = Article {
    name: "PIECE_JOINTE_TROP_VOLUMINEUSE",
    scope: Scope::Courriel,
    severity: Severity::Rejet,
    actors: &[Etablissement],
    sentence: "Le courriel est trop volumineux et n’a pas été lu.",
    hint: "Ne joignez que le fichier XML des disponibilités, sans autre pièce.",
};

pub(in crate::defect) static M04: Article = Article {
    name: "ARCHIVE_REFUSEE",
    scope: Scope::Courriel,
    severity: Severity::Rejet,
    actors: &[Etablissement],
    sentence: "L’archive jointe a été refusée par mesure de sécurité.",
    hint: "Joignez le fichier XML directement, ou une archive zip simple, sans mot de passe, qui ne contient que lui.",
};

pub(in crate::defect) static M05: Article = Article {
    name: "MESSAGE_ILLISIBLE",
    scope: Scope::Courriel,
    severity: Severity::Rejet,
    actors: &[Etablissement],
    sentence: "La structure du courriel est illisible.",
    hint: "Composez un nouveau courriel et joignez-y le fichier XML ; si le défaut persiste, prévenez l’éditeur de votre logiciel.",
};

pub(in crate::defect) static M06: Article = Article {
    name: "MESSAGE_HORS_OBJET",
    scope: Scope::Courriel,
    severity: Severity::Rejet,
    actors: &[Etablissement, Exploitant],
    sentence: "Le courriel contient un document de santé relatif à un patient, qui n’est pas destiné à cette boîte.",
    hint: "N’adressez ici que les disponibilités en lits et prévenez votre délégué à la protection des données. Le document n’est pas conservé au-delà de 24 heures.",
};
