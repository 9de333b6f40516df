//! One case of the cahier: what is sent, in which order, and what must come of each mail.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::archive::Archive;
use super::encoding::Form;
use super::error::CaseError;
use super::expand::Expansion;
use super::expected::ExpectedCase;
use super::file_kind::FileKind;
use super::mail_template;
use super::manifest::{Manifest, WireSending};
use domain::address::Address;

/// The file of a folder that makes it a case.
const MANIFEST: &str = "case.toml";

/// One case. Its folder has the name of its id; every file it names exists.
#[derive(Debug, Clone)]
pub struct Case {
    id: String,
    fonctionnalite: String,
    objectif: String,
    preconditions: Vec<String>,
    sendings: Vec<Sending>,
    pub(super) forms: BTreeMap<String, Form>,
    pub(super) archives: BTreeMap<String, Archive>,
    pub(super) files: BTreeMap<String, Vec<u8>>,
}

/// One mail of a case, and what must come of it.
#[derive(Debug, Clone)]
pub struct Sending {
    file: String,
    pub(super) sender: Option<Address>,
    pub(super) subject: Option<String>,
    pub(super) wants_receipt: bool,
    same_bytes: bool,
    expected: ExpectedCase,
}

/// One play of the cahier.
///
/// `now` should be taken anew for each case just before it is sent: some cases state dates within
/// minutes of a limit. `serie` stays the same for all.
#[derive(Debug, Clone)]
pub struct Run {
    /// The instant `{{now}}` stands for, in whole seconds.
    pub now: Timestamp,
    /// The identifier of this run, `[A-Za-z0-9]{1,16}`: makes its identifiers differ from every other run's.
    pub serie: String,
}

impl Case {
    /// The case of a folder named `folder` that holds these files.
    pub(super) fn new(folder: &str, mut files: BTreeMap<String, Vec<u8>>) -> Result<Self, CaseError> {
        let manifest = files.remove(MANIFEST).ok_or_else(|| CaseError::NoManifest(folder.to_owned()))?;
        let refuse = |reason: String| CaseError::Manifest { file: format!("{folder}/{MANIFEST}"), reason };
        let text = String::from_utf8(manifest).map_err(|fault| refuse(fault.to_string()))?;
        let manifest: Manifest = toml::from_str(&text).map_err(|fault| refuse(fault.to_string()))?;
        let case = Self::of_manifest(manifest, files).map_err(&refuse)?;
        case.check(folder).map_err(&refuse)?;
        Ok(case)
    }

    fn of_manifest(manifest: Manifest, files: BTreeMap<String, Vec<u8>>) -> Result<Self, String> {
        let archives = manifest.archives.into_iter();
        let forms = manifest.fichiers.into_iter();
        Ok(Self {
            sendings: manifest.envoi.into_iter().map(Sending::read).collect::<Result<_, _>>()?,
            archives: archives.map(|(name, archive)| Ok((name, archive.read()?))).collect::<Result<_, String>>()?,
            forms: forms.map(|(name, form)| (name.clone(), form.read(&name))).collect(),
            id: manifest.id,
            fonctionnalite: manifest.fonctionnalite,
            objectif: manifest.objectif,
            preconditions: manifest.preconditions,
            files,
        })
    }

    fn check(&self, folder: &str) -> Result<(), String> {
        if self.id != folder {
            return Err(format!("l’identifiant « {} » n’est pas le nom du dossier", self.id));
        }
        if self.sendings.first().is_none_or(|first| first.same_bytes) {
            return Err("le premier envoi doit exister et ne peut pas répéter un autre".to_owned());
        }
        let named = self.sendings.iter().map(|sending| &sending.file).chain(self.forms.keys());
        let mut missing = named.filter(|file| !self.files.contains_key(*file));
        missing.next().map_or(Ok(()), |file| Err(format!("« {file} » manque")))
    }

    /// The name of its folder: unique, kebab-case, stable.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The functionality it belongs to, in French.
    pub fn fonctionnalite(&self) -> &str {
        &self.fonctionnalite
    }

    /// What it proves, one French sentence.
    pub fn objectif(&self) -> &str {
        &self.objectif
    }

    /// What must hold before it is played, French sentences.
    pub fn preconditions(&self) -> &[String] {
        &self.preconditions
    }

    /// The mails, in order: each is sent when the one before is settled.
    pub fn sendings(&self) -> &[Sending] {
        &self.sendings
    }

    /// One raw RFC 5322 mail per sending, in their order. The same run gives the same bytes.
    pub fn mails(&self, run: &Run) -> Result<Vec<Vec<u8>>, CaseError> {
        let expansion = Expansion::new(self, run)?;
        let mut mails: Vec<Vec<u8>> = Vec::with_capacity(self.sendings.len());
        for (rank, sending) in self.sendings.iter().enumerate() {
            let mail = match mails.last() {
                Some(previous) if sending.same_bytes => previous.clone(),
                _ => self.mail(sending, rank, &expansion)?,
            };
            mails.push(mail);
        }
        Ok(mails)
    }

    fn mail(&self, sending: &Sending, rank: usize, expansion: &Expansion<'_>) -> Result<Vec<u8>, CaseError> {
        let bytes = expansion.file(&sending.file)?;
        if FileKind::of(&sending.file) == FileKind::Mail {
            return Ok(bytes);
        }
        let message_id = format!("{}.{}.{}", self.id, rank + 1, expansion.serie());
        mail_template::wrap(&self.id, sending, &bytes, &message_id, expansion.now())
            .map_err(|source| CaseError::Mail { case: self.id.clone(), source })
    }

    /// A file or archive of the case, expanded and encoded, as `dispolits check` would be given it.
    pub fn file(&self, name: &str, run: &Run) -> Result<Vec<u8>, CaseError> {
        Expansion::new(self, run)?.file(name)
    }
}

impl Sending {
    fn read(wire: WireSending) -> Result<Self, String> {
        let own_headers = wire.expediteur.is_some() || wire.sujet.is_some() || wire.demande_accuse;
        match FileKind::of(&wire.fichier) {
            FileKind::Mail if own_headers => return Err(format!("« {} » porte lui-même ses en-têtes", wire.fichier)),
            FileKind::Mail | FileKind::Document => {}
            FileKind::Text | FileKind::Raw => return Err(format!("« {} » n’est ni un .xml ni un .eml", wire.fichier)),
        }
        Ok(Self {
            file: wire.fichier,
            sender: wire.expediteur,
            subject: wire.sujet,
            wants_receipt: wire.demande_accuse,
            same_bytes: wire.memes_octets,
            expected: wire.attendu.read()?,
        })
    }

    /// The file that is sent: a report (`.xml`), wrapped in a standard mail, or a whole mail (`.eml`).
    pub fn file(&self) -> &str {
        &self.file
    }

    /// Whether it is the very bytes of the mail before it.
    pub fn repeats_the_one_before(&self) -> bool {
        self.same_bytes
    }

    /// What must come of it.
    pub fn expected(&self) -> &ExpectedCase {
        &self.expected
    }
}
