//! Why an attachment or a mail is refused, in words for the sender.

use crate::report::Foreign;
use domain::defect::{Code, Defect, Place, size_in_words};

use super::limits::MessageLimits;
use super::mime::Unreadable;

/// Why an archive is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    /// Compressed in a way that is not opened.
    Packed(&'static str),
    /// Not a zip archive, or a damaged one.
    Unreadable,
    /// A password protects an entry.
    Encrypted,
    /// The path of an entry climbs out of the archive.
    Traversal,
    /// Two entries of one name: which of them counts depends on the reader.
    SameName,
    /// An archive inside the archive.
    Nested,
    /// More entries than the limit.
    TooManyEntries,
    /// More documents than the limit.
    TooManyDocuments,
    /// Unpacks to more than the limit.
    TooBig,
    /// The archives of this sender unpack to more than is read within an hour.
    TooMuchThisHour {
        /// The bytes that are.
        most: u64,
    },
    /// Unpacks to suspiciously much for its size.
    Ratio,
}

impl Refusal {
    /// M04 on the archive of this name.
    pub(super) fn defect(self, archive: &str, limits: &MessageLimits) -> Defect {
        let defect = Defect::new(Code::M04, Place::piece(archive)).detail(self.sentence(limits));
        match self {
            Self::Packed(_) => defect.hint_instead("Joignez le fichier XML non compressé."),
            Self::TooMuchThisHour { .. } => {
                defect.hint_instead("Renvoyez-la dans une heure, ou joignez le fichier XML non compressé.")
            }
            _ => defect,
        }
    }

    fn sentence(self, limits: &MessageLimits) -> String {
        match self {
            Self::Packed(kind) => format!("C’est {kind}, que Dispolits n’ouvre pas."),
            Self::Unreadable => "Elle est endommagée ou utilise une compression inconnue.".to_owned(),
            Self::Encrypted => "Elle est protégée par un mot de passe.".to_owned(),
            Self::Traversal => {
                "Le chemin d’un fichier qu’elle contient remonte hors de l’archive, par « .. ».".to_owned()
            }
            Self::SameName => "Deux des fichiers qu’elle contient portent le même nom.".to_owned(),
            Self::Nested => "Elle contient une autre archive.".to_owned(),
            Self::TooManyEntries => format!("Elle contient plus de {} fichiers.", limits.archive_entries),
            Self::TooManyDocuments => format!("Elle contient plus de {} documents XML.", limits.candidates),
            Self::TooBig => format!("Décompressée, elle dépasse {}.", size_in_words(limits.archive_bytes as u64)),
            Self::TooMuchThisHour { most } => format!(
                "Décompressées, les archives reçues de votre adresse en une heure dépassent {} : celle-ci n’a pas été lue.",
                size_in_words(most)
            ),
            Self::Ratio => format!("Un fichier y est compressé plus de {} fois.", limits.archive_ratio),
        }
    }
}

/// M05 on a mail that cannot be taken apart.
pub(super) fn unreadable(reason: Unreadable, limits: &MessageLimits) -> Defect {
    let defect = Defect::new(Code::M05, Place::mail());
    match reason {
        Unreadable::NoHeader => defect.detail("Il n’a pas d’en-tête."),
        Unreadable::NoLineFeed => {
            defect.detail("Ses lignes finissent par un retour chariot seul (CR), sans saut de ligne (LF).")
        }
        Unreadable::LongHead => defect.detail("Un en-tête est démesurément long."),
        Unreadable::TooDeep => defect.detail("Ses parties sont imbriquées trop profondément."),
        Unreadable::TooManyParts => defect.detail(format!("Il a plus de {} parties.", limits.parts)),
    }
}

/// M05 on a mail whose parts cannot be told apart.
pub(super) fn unsplit() -> Defect {
    Defect::new(Code::M05, Place::mail()).detail("La ligne qui doit en séparer les parties est introuvable.")
}

/// M05 on a mail with more documents than are read.
pub(super) fn too_many_documents(limits: &MessageLimits) -> Defect {
    let sentence = format!("Le courriel contient plus de {} documents XML : aucun n’a été lu.", limits.candidates);
    Defect::new(Code::M05, Place::mail())
        .sentence_instead(sentence)
        .hint_instead("Répartissez les documents entre plusieurs courriels.")
}

/// M05 on a part whose transfer encoding is damaged.
pub(super) fn damaged(part: &str) -> Defect {
    let sentence =
        "L’encodage de transport de cette pièce est endommagé ou inconnu : elle ne peut pas être lue entièrement.";
    Defect::new(Code::M05, Place::piece(part)).detail(sentence)
}

/// M06. Neither a name nor a word of the content is repeated: they may name a patient.
pub(super) fn off_topic() -> Defect {
    Defect::new(Code::M06, Place::mail())
}

/// M04 beside M06, on a file that was not opened: unnamed too, and nobody is asked to send it in another form.
pub(super) fn beside_off_topic(reason: Refusal, limits: &MessageLimits) -> Defect {
    reason
        .defect("", limits)
        .hint_instead("Un relevé de lits se joint sans compression ; un document de patient ne s’envoie pas ici.")
}

/// M02, with what was seen in place of a report: the first wrapping that may hide one, else the files of other kinds.
pub(super) fn absent(seen: &[Foreign]) -> Defect {
    let defect = Defect::new(Code::M02, Place::mail());
    let wrapping = seen.iter().find_map(|kind| Some((wrapped(*kind)?, unwrapping(*kind)?)));
    match (wrapping, seen) {
        (Some((sentence, hint)), _) => defect.detail(sentence).hint_instead(hint),
        (None, []) => defect,
        (None, kinds) => {
            let defect = defect.detail(format!("À sa place se trouve {}, que Dispolits n’ouvre pas.", listed(kinds)));
            match kinds.iter().find_map(|kind| unwrapping(*kind)) {
                Some(hint) => defect.hint_instead(hint),
                None => defect,
            }
        }
    }
}

/// « un document PDF (.pdf), une image et un courriel (.eml) ».
fn listed(kinds: &[Foreign]) -> String {
    let names: Vec<&str> = kinds.iter().map(|kind| kind.name()).collect();
    match names.as_slice() {
        [before @ .., last] if !before.is_empty() => format!("{} et {last}", before.join(", ")),
        names => names.concat(),
    }
}

/// What is said of a wrapping that hides the attachments.
fn wrapped(kind: Foreign) -> Option<&'static str> {
    match kind {
        Foreign::Tnef => {
            Some("Les pièces jointes sont enfermées dans « winmail.dat », le format de texte enrichi d’Outlook.")
        }
        Foreign::Encrypted => Some("Le courriel est chiffré : son contenu ne peut pas être lu."),
        Foreign::OpaqueSignature => {
            Some("Le courriel est enfermé dans sa signature électronique (.p7m) : son contenu ne peut pas être lu.")
        }
        Foreign::Smime => {
            Some("Le courriel est enfermé dans une enveloppe S/MIME (.p7m), qui ne peut pas être ouverte.")
        }
        _ => None,
    }
}

/// How to send what is inside, where the catalogue's hint does not say it.
fn unwrapping(kind: Foreign) -> Option<&'static str> {
    match kind {
        Foreign::Tnef => Some(
            "Dans Outlook, choisissez le format « HTML » ou « Texte brut », puis renvoyez le courriel avec le fichier XML.",
        ),
        Foreign::Encrypted => Some("Renvoyez le courriel sans le chiffrer : MSSanté protège déjà l’acheminement."),
        Foreign::OpaqueSignature => Some("Renvoyez le courriel sans signature, ou signé en clair."),
        Foreign::Smime => Some("Renvoyez le courriel tel quel, sans enveloppe S/MIME."),
        Foreign::OutlookMessage | Foreign::Mail => {
            Some("Joignez le fichier XML lui-même, et non le courriel qui le contient.")
        }
        Foreign::Uuencode => Some("Joignez le fichier XML comme une pièce jointe ordinaire (MIME)."),
        _ => None,
    }
}
