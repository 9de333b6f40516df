//! An error and its causes as one French line.

use std::error::Error;
use std::io;

/// Why the system refused, in French where it is common.
pub fn reason(error: &io::Error) -> String {
    let sentence = match error.kind() {
        io::ErrorKind::NotFound => "introuvable",
        io::ErrorKind::PermissionDenied => "permission refusée",
        io::ErrorKind::ConnectionRefused => "connexion refusée",
        io::ErrorKind::ConnectionReset => "connexion coupée",
        io::ErrorKind::UnexpectedEof => "connexion fermée par le serveur",
        io::ErrorKind::TimedOut => "délai dépassé",
        io::ErrorKind::NetworkUnreachable => "réseau inaccessible",
        io::ErrorKind::HostUnreachable => "machine inaccessible",
        io::ErrorKind::ReadOnlyFilesystem => "système de fichiers en lecture seule",
        io::ErrorKind::StorageFull => "disque plein",
        io::ErrorKind::NotADirectory => "ce n’est pas un dossier",
        io::ErrorKind::IsADirectory => "c’est un dossier, non un fichier",
        io::ErrorKind::InvalidData => "contenu illisible : du texte en UTF-8 est attendu",
        _ => return error.to_string(),
    };
    sentence.to_owned()
}

/// An error and its causes on one line.
pub fn whole(error: &(dyn Error + 'static)) -> String {
    let mut sentence = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let said = cause.downcast_ref::<io::Error>().map_or_else(|| cause.to_string(), reason);
        if !sentence.contains(&said) {
            sentence = format!("{sentence} : {said}");
        }
        next = cause.source();
    }
    sentence
}
