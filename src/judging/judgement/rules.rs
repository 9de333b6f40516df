//! The thresholds and severities an agency may set.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Indicators;
use base::config_values::Span;
use domain::defect::Severity;

/// What a defect costs the rest of its document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Policy {
    /// Les capacités valides d’un document en partie faux sont transmises.
    #[default]
    CountByCount,
    /// Un seul rejet écarte tout le document.
    AllOrNothing,
}

/// Les règles de validation réglables.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Rules {
    /// Que faire d’un document en partie faux.
    pub policy: Policy,
    /// Nombre au-delà duquel une capacité est signalée (C03).
    pub plafond: i32,
    /// Gravité de C03.
    pub gravite_c03: Severity,
    /// Gravité de C04.
    pub gravite_c04: Severity,
    /// Avance tolérée de la date du relevé (H02).
    pub avance_maximale: Span,
    /// Âge à partir duquel un relevé est refusé (H03).
    pub age_maximal: Span,
    /// Octets que les archives d’un même expéditeur peuvent occuper en une heure, une fois décompressées ; celle qui
    /// les dépasse est refusée (M04) et l’expéditeur en est averti.
    pub archives_par_heure: u64,
    /// Table des indicateurs autorisés ; par défaut celle livrée avec Dispolits.
    pub indicateurs: Option<PathBuf>,
    /// La table elle-même, lue à part.
    #[serde(skip)]
    pub indicators: Indicators,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            policy: Policy::default(),
            plafond: 2000,
            gravite_c03: Severity::Avertissement,
            gravite_c04: Severity::Avertissement,
            avance_maximale: Span::seconds(5 * 60),
            age_maximal: Span::seconds(7 * 24 * 3600),
            archives_par_heure: 256 * 1024 * 1024,
            indicateurs: None,
            indicators: Indicators::default(),
        }
    }
}
