//! The shape of `case.toml`, a public contract, kept apart from the types it is read into.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::archive::{Archive, ZipEntry};
use super::encoding::{Form, LineEnd, TextEncoding};
use super::expected::{ExpectedCase, ExpectedLine, ExpectedReply};
use domain::address::Address;
use domain::capacity::{Indicator, Location, Nature, Nombre, Nomenclature, ServiceCode};
use domain::defect::Code;
use domain::finess::Finess;
use domain::outcome::{Etat, Verdict};

/// The verdict word of a mail whose rows stay held.
pub(super) const EN_COURS: &str = "en-cours";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Manifest {
    pub(super) id: String,
    pub(super) fonctionnalite: String,
    pub(super) objectif: String,
    #[serde(default)]
    pub(super) preconditions: Vec<String>,
    pub(super) envoi: Vec<WireSending>,
    #[serde(default)]
    pub(super) fichiers: BTreeMap<String, WireForm>,
    #[serde(default)]
    pub(super) archives: BTreeMap<String, WireArchive>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WireSending {
    pub(super) fichier: String,
    pub(super) expediteur: Option<Address>,
    pub(super) sujet: Option<String>,
    #[serde(default)]
    pub(super) demande_accuse: bool,
    #[serde(default)]
    pub(super) memes_octets: bool,
    pub(super) attendu: WireExpected,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WireExpected {
    verdict: String,
    #[serde(default)]
    codes: Vec<Code>,
    #[serde(default)]
    lignes: Vec<WireLine>,
    reponse: Option<WireReply>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WireLine {
    finess: Finess,
    service: ServiceCode,
    indicateur: String,
    nature: String,
    nombre: i64,
    etat: Etat,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WireReply {
    #[serde(default)]
    contient: Vec<String>,
    #[serde(default)]
    ne_contient_pas: Vec<String>,
    objet: Option<String>,
    #[serde(default)]
    avis: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WireForm {
    #[serde(default)]
    encodage: TextEncoding,
    fin_de_ligne: Option<LineEnd>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WireArchive {
    entrees: Vec<WireEntry>,
    #[serde(default)]
    chiffree: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WireEntry {
    nom: String,
    fichier: Option<String>,
    zeros: Option<u64>,
}

impl WireExpected {
    pub(super) fn read(self) -> Result<ExpectedCase, String> {
        let verdict = match self.verdict.as_str() {
            EN_COURS => None,
            word => Some(word.parse::<Verdict>().map_err(|unknown| unknown.to_string())?),
        };
        let lines = self.lignes.into_iter().map(WireLine::read).collect::<Result<_, _>>()?;
        let mut codes = self.codes;
        codes.sort_unstable();
        Ok(ExpectedCase { verdict, codes, lines, reply: self.reponse.map(WireReply::read) })
    }
}

impl WireLine {
    fn read(self) -> Result<ExpectedLine, String> {
        let indicator = self.indicateur.parse::<Indicator>();
        Ok(ExpectedLine {
            indicator: indicator.map_err(|_| format!("« {} » n’est pas un indicateur", self.indicateur))?,
            nature: nature(&self.nature)?,
            nombre: Nombre::new(self.nombre).ok_or_else(|| format!("{} n’est pas un nombre admis", self.nombre))?,
            etat: self.etat,
            location: Location::new(self.finess, self.service),
        })
    }
}

/// The nature written `word`.
pub(super) fn nature(word: &str) -> Result<Nature, String> {
    Nature::from_word(word).ok_or_else(|| format!("« {word} » n’est pas une nature : {}", Nature::words()))
}

impl WireReply {
    fn read(self) -> ExpectedReply {
        ExpectedReply { contains: self.contient, omits: self.ne_contient_pas, subject: self.objet, receipt: self.avis }
    }
}

impl WireForm {
    pub(super) fn read(self, file: &str) -> Form {
        let default = Form::of(file);
        Form { encoding: self.encodage, line_end: self.fin_de_ligne.unwrap_or(default.line_end) }
    }
}

impl WireArchive {
    pub(super) fn read(self) -> Result<Archive, String> {
        let entries = self.entrees.into_iter().map(WireEntry::read).collect::<Result<_, _>>()?;
        Ok(Archive { entries, encrypted: self.chiffree })
    }
}

impl WireEntry {
    fn read(self) -> Result<(String, ZipEntry), String> {
        match (self.fichier, self.zeros) {
            (Some(file), None) => Ok((self.nom, ZipEntry::File(file))),
            (None, Some(count)) => Ok((self.nom, ZipEntry::Zeros(count))),
            _ => Err(format!("l’entrée « {} » doit avoir soit « fichier », soit « zeros »", self.nom)),
        }
    }
}
