//! What a command could not do, told in French on standard error.

use std::error::Error;
use std::io::{self, ErrorKind, Write};

/// What keeps a command from doing its work.
pub(super) type CommandFailure = Box<dyn Error + Send + Sync>;

/// Tells the error and its causes.
pub(super) fn tell(error: &(dyn Error + 'static)) {
    // With standard error closed there is nobody left to tell.
    let _ = writeln!(io::stderr(), "erreur : {}", sentence(error));
}

/// Whether the reader of our output went away: `dispolits journal list | head` is no failure.
pub(super) fn is_closed_pipe(error: &(dyn Error + 'static)) -> bool {
    chain(error)
        .filter_map(|cause| cause.downcast_ref::<io::Error>())
        .any(|cause| cause.kind() == ErrorKind::BrokenPipe)
}

fn sentence(error: &(dyn Error + 'static)) -> String {
    let mut text = String::new();
    for cause in chain(error) {
        let said = cause.to_string();
        if text.is_empty() {
            text = said;
        } else if !text.contains(&said) {
            text = format!("{text}\n  cause : {said}");
        }
    }
    let systems = chain(error).filter_map(|cause| cause.downcast_ref::<io::Error>());
    systems.fold(text, |text, cause| match in_french(cause.kind()) {
        Some(french) => text.replace(&cause.to_string(), french),
        None => text,
    })
}

fn chain<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |error| <dyn Error>::source(*error))
}

/// What the system says in English; `None` for the rare ones.
fn in_french(kind: ErrorKind) -> Option<&'static str> {
    match kind {
        ErrorKind::NotFound => Some("fichier ou dossier introuvable"),
        ErrorKind::PermissionDenied => Some("accès refusé"),
        ErrorKind::IsADirectory => Some("c’est un dossier, non un fichier"),
        ErrorKind::NotADirectory => Some("un élément du chemin n’est pas un dossier"),
        ErrorKind::AddrInUse => Some("adresse déjà utilisée par un autre programme"),
        ErrorKind::AddrNotAvailable => Some("adresse inconnue de cette machine"),
        ErrorKind::StorageFull => Some("il n’y a plus de place sur le disque"),
        ErrorKind::ReadOnlyFilesystem => Some("ce disque est en lecture seule"),
        ErrorKind::InvalidData => Some("contenu illisible : du texte en UTF-8 est attendu"),
        _ => None,
    }
}
