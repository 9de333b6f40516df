//! The shapes of the answers that are of the API alone; the others are those of the store.

use serde::Serialize;
use utoipa::ToSchema;

use domain::defect;
use domain::defect::{Actor, Severity};
use store::search::{FoundPage, JournalEntry, LastValue, ServicePlace};

/// Une page du journal.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Courriels {
    /// Les courriels, dans l’ordre demandé.
    #[serde(rename = "courriels")]
    lignes: Vec<JournalEntry>,
    /// Curseur de la page qui précède.
    precedent: Option<String>,
    /// Curseur de la page qui suit.
    suivant: Option<String>,
}

impl Courriels {
    pub(super) fn of(found: FoundPage, shown: impl FnMut(JournalEntry) -> JournalEntry) -> Self {
        Self {
            lignes: found.lines.into_iter().map(shown).collect(),
            precedent: found.previous.map(|cursor| cursor.to_string()),
            suivant: found.next.map(|cursor| cursor.to_string()),
        }
    }
}

/// Un défaut, comme il a été dit à l’expéditeur.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Defaut {
    /// Code stable : `C01`.
    code: String,
    /// Nom du code : `CAPACITE_NEGATIVE`.
    nom: String,
    /// Rejet ou avertissement.
    severite: Severity,
    /// Qui doit agir.
    agir: Vec<Actor>,
    /// Pièce jointe ; vide pour qui ne voit pas les contenus.
    piece: String,
    /// Ligne dans la pièce.
    ligne: Option<u32>,
    /// Colonne dans la pièce.
    colonne: Option<u32>,
    /// Chemin de l’élément ; absent pour qui ne voit pas les contenus.
    chemin: Option<String>,
    /// Valeur trouvée, abrégée ; absente pour qui ne voit pas les contenus, et une fois le contenu effacé.
    trouve: Option<String>,
    /// Ce qui était attendu ; absent pour qui ne voit pas les contenus.
    attendu: Option<String>,
    /// La phrase dite à l’expéditeur.
    message: String,
    /// Comment corriger.
    conseil: String,
}

impl From<&defect::Defect> for Defaut {
    fn from(defect: &defect::Defect) -> Self {
        let (code, place) = (defect.code(), defect.place());
        Self {
            code: code.to_string(),
            nom: code.name().to_owned(),
            severite: defect.severity(),
            agir: code.actors().to_vec(),
            piece: place.piece.clone(),
            ligne: place.line,
            colonne: place.column,
            chemin: place.path.as_ref().map(|path| path.as_str().to_owned()),
            trouve: defect.found_text().map(str::to_owned),
            attendu: defect.expected_text().map(str::to_owned),
            message: defect.message().to_owned(),
            conseil: defect.hint().to_owned(),
        }
    }
}

/// Un établissement : ses services, et les dernières valeurs connues de chacun.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Etablissement {
    /// Numéro FINESS.
    pub(super) finess: String,
    /// Nom dans le référentiel.
    pub(super) nom: Option<String>,
    /// Services dont une capacité a été acceptée, le plus anciennement relevé d’abord.
    pub(super) services: Vec<ServicePlace>,
    /// Dernière valeur de chaque indicateur.
    pub(super) valeurs: Vec<LastValue>,
}
