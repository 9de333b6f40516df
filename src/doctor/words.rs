//! Small sentences that several steps share.

use std::error::Error;
use std::io;

use crate::tls::Certificate;

/// Why the system refused, in French where it is common.
pub(super) fn reason(error: &io::Error) -> String {
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
        _ => return error.to_string(),
    };
    sentence.to_owned()
}

/// An error and its causes on one line.
pub(super) fn whole(error: &(dyn Error + 'static)) -> String {
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

/// `1 courriel`, `3 courriels`.
pub(super) fn counted(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number < 2 { one } else { many })
}

/// The chain that a server presents, its own certificate first.
pub(super) fn told_chain<'a>(chain: impl IntoIterator<Item = &'a [u8]>) -> String {
    let read: Vec<Certificate> = chain.into_iter().filter_map(Certificate::read).collect();
    match read.split_first() {
        None => "aucun certificat lisible".to_owned(),
        Some((own, [])) => own.told(),
        Some((own, above)) => {
            let subjects: Vec<String> = above.iter().map(|one| format!("« {} »", one.subject)).collect();
            format!("{}, chaîne : {}", own.told(), subjects.join(" ← "))
        }
    }
}
