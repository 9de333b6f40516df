//! The fictitious world the cases live in: the referential and what the simulated ROR knows.

use serde::Deserialize;

use super::error::CaseError;
use super::manifest;
use super::source::{FIXTURES, WORLD};
use domain::capacity::Nature;

/// The world of the cahier: establishments, services and places of the ROR.
#[derive(Debug, Clone)]
pub struct World {
    /// The referential's `etablissements.csv`.
    pub etablissements_csv: &'static str,
    /// The referential's `services.csv`.
    pub services_csv: &'static str,
    /// What the simulated ROR knows; a service of the referential that is not here answers 404.
    pub lieux: Vec<Lieu>,
}

/// One lieu of the simulated ROR.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lieu {
    /// The identifier it is searched by: `1350054680/SSR38888`.
    pub identifiant: String,
    /// How it answers.
    pub comportement: Comportement,
    /// The only nature its indicators admit; `None` for both.
    pub nature: Option<Nature>,
}

/// How a lieu of the simulated ROR answers a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Comportement {
    /// Accepts what is legal.
    #[default]
    Normal,
    /// 412: several lieux share the identifier.
    EnDouble,
    /// 403 with an OperationOutcome.
    Interdit,
    /// 400 business-rule.
    RegleMetier,
    /// 422 with an OperationOutcome.
    RefusAutre,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WireRor {
    lieu: Vec<WireLieu>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WireLieu {
    identifiant: String,
    #[serde(default)]
    comportement: Comportement,
    nature: Option<String>,
}

/// The world compiled in. An error means that `fixtures/monde/` was left broken.
pub fn world() -> Result<World, CaseError> {
    Ok(World {
        etablissements_csv: text("etablissements.csv")?,
        services_csv: text("services.csv")?,
        lieux: lieux(text("ror.toml")?)?,
    })
}

fn text(name: &str) -> Result<&'static str, CaseError> {
    let path = format!("{WORLD}/{name}");
    let file = FIXTURES.get_file(&path).and_then(|file| file.contents_utf8());
    file.ok_or_else(|| CaseError::NoFile { case: WORLD.to_owned(), file: name.to_owned() })
}

fn lieux(text: &str) -> Result<Vec<Lieu>, CaseError> {
    let refuse = |reason: String| CaseError::Manifest { file: format!("{WORLD}/ror.toml"), reason };
    let ror: WireRor = toml::from_str(text).map_err(|fault| refuse(fault.to_string()))?;
    ror.lieu.into_iter().map(WireLieu::read).collect::<Result<_, _>>().map_err(refuse)
}

impl WireLieu {
    fn read(self) -> Result<Lieu, String> {
        let nature = self.nature.as_deref().map(manifest::nature).transpose()?;
        Ok(Lieu { identifiant: self.identifiant, comportement: self.comportement, nature })
    }
}
