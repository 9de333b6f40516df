//! From the files of a case to the bytes that are sent.

use jiff::Timestamp;

use super::archive::{Archive, ZipEntry};
use super::case::{Case, Run};
use super::encoding::{Form, base64_lines, quoted_printable};
use super::error::CaseError;
use super::file_kind::FileKind;
use super::template::{TemplateToken, tokens};

/// The most bytes a repetition may make.
const MOST_REPEATED: usize = 32 * 1024 * 1024;

/// How deep files may hold one another; deeper is a file that holds itself.
const DEEPEST: usize = 8;

/// The files of one case in one run.
pub(super) struct Expansion<'c> {
    case: &'c Case,
    run: &'c Run,
}

impl<'c> Expansion<'c> {
    /// Fails if the run's identifier could not stand in a Message-ID or an `identifiant`.
    pub(super) fn new(case: &'c Case, run: &'c Run) -> Result<Self, CaseError> {
        let legal = (1..=16).contains(&run.serie.len()) && run.serie.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if legal { Ok(Self { case, run }) } else { Err(CaseError::Serie(run.serie.clone())) }
    }

    /// The identifier of the run.
    pub(super) fn serie(&self) -> &str {
        &self.run.serie
    }

    /// The instant of the run.
    pub(super) fn now(&self) -> Timestamp {
        self.run.now
    }

    /// A file or archive of the case as it is sent.
    pub(super) fn file(&self, name: &str) -> Result<Vec<u8>, CaseError> {
        self.file_within(name, 0)
    }

    fn file_within(&self, name: &str, depth: usize) -> Result<Vec<u8>, CaseError> {
        if depth > DEEPEST {
            let reason = "le fichier se contient lui-même".to_owned();
            return Err(CaseError::Template { file: self.full_name(name), line: 1, reason });
        }
        if let Some(archive) = self.case.archives.get(name) {
            return self.archive(name, archive, depth);
        }
        let missing = || CaseError::NoFile { case: self.case.id().to_owned(), file: name.to_owned() };
        let bytes = self.case.files.get(name).ok_or_else(missing)?;
        if FileKind::of(name) == FileKind::Raw { Ok(bytes.clone()) } else { self.template(name, bytes, depth) }
    }

    fn template(&self, name: &str, bytes: &[u8], depth: usize) -> Result<Vec<u8>, CaseError> {
        let not_text = |_| self.cannot_encode(name, "le fichier source doit être en UTF-8");
        let template = std::str::from_utf8(bytes).map_err(not_text)?;
        let form = self.case.forms.get(name).copied().unwrap_or_else(|| Form::of(name));
        let stretches = tokens(template).map_err(|fault| CaseError::Template {
            file: self.full_name(name),
            line: fault.line,
            reason: fault.reason,
        })?;
        let mut expanded = form.encoding.mark().to_vec();
        for token in stretches {
            expanded.extend(self.token(name, &token, form, depth)?);
        }
        Ok(expanded)
    }

    fn token(&self, name: &str, token: &TemplateToken<'_>, form: Form, depth: usize) -> Result<Vec<u8>, CaseError> {
        let sibling = |file: &str| self.file_within(file, depth + 1);
        let text = match token {
            TemplateToken::Texte(file) => return sibling(file),
            TemplateToken::Text(text) => (*text).to_owned(),
            TemplateToken::Instant(instant) => instant.write(self.run.now),
            TemplateToken::Serie => self.run.serie.clone(),
            TemplateToken::Base64(file) => base64_lines(&sibling(file)?),
            TemplateToken::QuotedPrintable(file) => quoted_printable(&sibling(file)?),
            TemplateToken::Repete(count, text) => self.repeat(name, *count, text)?,
        };
        let unwritable = |character| self.cannot_encode(name, &format!("le caractère « {character} » n’y existe pas"));
        form.bytes(&text).map_err(unwritable)
    }

    fn repeat(&self, name: &str, count: usize, text: &str) -> Result<String, CaseError> {
        let text = text.replace("\\n", "\n");
        match text.len().checked_mul(count) {
            Some(size) if size <= MOST_REPEATED => Ok(text.repeat(count)),
            _ => Err(self.cannot_encode(name, "la répétition est trop longue")),
        }
    }

    fn archive(&self, name: &str, archive: &Archive, depth: usize) -> Result<Vec<u8>, CaseError> {
        let fault = |reason: String| CaseError::Archive { file: self.full_name(name), reason };
        let contents = archive.entries.iter().map(|(_, entry)| match entry {
            ZipEntry::File(file) => self.file_within(file, depth + 1),
            ZipEntry::Zeros(count) => ZipEntry::zeros(*count).ok_or_else(|| fault("trop de zéros".to_owned())),
        });
        let contents = contents.collect::<Result<Vec<_>, _>>()?;
        archive.build(&contents).map_err(|cause| fault(cause.to_string()))
    }

    fn cannot_encode(&self, name: &str, reason: &str) -> CaseError {
        CaseError::Encoding { file: self.full_name(name), reason: reason.to_owned() }
    }

    fn full_name(&self, name: &str) -> String {
        format!("{}/{name}", self.case.id())
    }
}
