//! Names of folders: what the configuration writes, and what travels to a server or a disk.

use base64::Engine;
use base64::alphabet;
use base64::engine::general_purpose::{GeneralPurpose, NO_PAD};

use super::error::MailboxSetupError;
use super::mail::Folder;
use super::settings::Folders;

const MAX_CHARS: usize = 100;

/// The name of a folder that cannot break out of its quotes, its directory or its line.
///
/// Guarantees: 1 to 100 characters, no control character, no `"`, `\`, `*` or `%`, no blank at
/// either end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Name {
    shown: String,
    wire: String,
}

/// Where each kind of mail is filed: five different folders.
#[derive(Debug, Clone)]
pub(super) struct Destinations([(Folder, Name); 5]);

impl Name {
    pub(super) fn new(text: &str) -> Result<Self, MailboxSetupError> {
        let legal = |character: char| !character.is_control() && !matches!(character, '"' | '\\' | '*' | '%');
        let length = text.chars().count();
        if (1..=MAX_CHARS).contains(&length) && text.trim() == text && text.chars().all(legal) {
            Ok(Self { shown: text.to_owned(), wire: modified_utf7(text) })
        } else {
            Err(MailboxSetupError::FolderName(domain::defect::excerpt(text)))
        }
    }

    /// As people write it.
    pub(super) fn shown(&self) -> &str {
        &self.shown
    }

    /// In modified UTF-7 (RFC 3501, section 5.1.3), plain ASCII; Maildir++ writes it so as well.
    pub(super) fn wire(&self) -> &str {
        &self.wire
    }
}

impl Destinations {
    /// Refuses names used twice, and `source`, the folder that is read.
    pub(super) fn new(folders: &Folders, source: &str) -> Result<Self, MailboxSetupError> {
        let destinations = Self([
            (Folder::Traites, Name::new(&folders.traites)?),
            (Folder::Rejets, Name::new(&folders.rejets)?),
            (Folder::Ignores, Name::new(&folders.ignores)?),
            (Folder::Doublons, Name::new(&folders.doublons)?),
            (Folder::Quarantaine, Name::new(&folders.quarantaine)?),
        ]);
        let mut taken = vec![source.to_lowercase()];
        for (_, name) in &destinations.0 {
            if taken.contains(&name.shown.to_lowercase()) {
                return Err(MailboxSetupError::FolderTwice(name.shown.clone()));
            }
            taken.push(name.shown.to_lowercase());
        }
        Ok(destinations)
    }

    /// The same, each name also fit to be a directory of a Maildir.
    pub(super) fn in_maildir(folders: &Folders) -> Result<Self, MailboxSetupError> {
        let destinations = Self::new(folders, "INBOX")?;
        let unfit = destinations.names().find(|name| !is_file_name(&name.wire)).map(|name| name.shown.clone());
        unfit.map_or(Ok(destinations), |shown| Err(MailboxSetupError::FolderName(shown)))
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &Name> {
        self.0.iter().map(|(_, name)| name)
    }

    /// Each kind of mail with its folder.
    pub(super) fn all(&self) -> impl Iterator<Item = (Folder, &Name)> {
        self.0.iter().map(|(folder, name)| (*folder, name))
    }

    pub(super) fn of(&self, folder: Folder) -> &Name {
        let [(_, first), ..] = &self.0;
        self.0.iter().find(|(kind, _)| *kind == folder).map_or(first, |(_, name)| name)
    }
}

/// A dot separates levels in Maildir++, so that none may stand at an end or beside another.
fn is_file_name(wire: &str) -> bool {
    !wire.contains('/') && wire.split('.').all(|level| !level.is_empty())
}

fn modified_utf7(text: &str) -> String {
    let engine = GeneralPurpose::new(&alphabet::IMAP_MUTF7, NO_PAD);
    let mut wire = String::new();
    let mut shifted = Vec::new();
    for character in text.chars() {
        if matches!(character, ' '..='~') {
            unshift(&engine, &mut wire, &mut shifted);
            wire.push(character);
            if character == '&' {
                wire.push('-');
            }
        } else {
            let mut units = [0; 2];
            shifted.extend(character.encode_utf16(&mut units).iter().flat_map(|unit| unit.to_be_bytes()));
        }
    }
    unshift(&engine, &mut wire, &mut shifted);
    wire
}

fn unshift(engine: &GeneralPurpose, wire: &mut String, shifted: &mut Vec<u8>) {
    if !shifted.is_empty() {
        wire.push('&');
        wire.push_str(&engine.encode(&*shifted));
        wire.push('-');
        shifted.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(shown: &str, wire: &str) {
        assert_eq!(Name::new(shown).unwrap().wire(), wire, "{shown}");
    }

    #[test]
    fn names_travel_in_modified_utf7() {
        check("Traites", "Traites");
        check("Traités", "Trait&AOk-s");
        check("À&É", "&AMA-&-&AMk-");
        // The examples of RFC 3501, section 5.1.3.
        check("~peter/mail/台北/日本語", "~peter/mail/&U,BTFw-/&ZeVnLIqe-");
    }
}
