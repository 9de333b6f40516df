//! What the database says when it fails, in French: the engines say it in English.

use std::io::{self, ErrorKind};

/// The sentence; the engine's own, with its code, where nothing better is known.
pub(super) fn in_french(error: &sqlx::Error) -> String {
    match error {
        sqlx::Error::Io(cause) => unreachable(cause),
        sqlx::Error::PoolTimedOut => "elle est trop occupée pour répondre à temps".to_owned(),
        sqlx::Error::Database(cause) => {
            let code = cause.code().unwrap_or_default();
            let known = of_postgres(&code).or_else(|| of_sqlite(&code));
            known.map_or_else(
                || format!("« {} » (code {code})", cause.message()),
                |known| format!("{known} (code {code})"),
            )
        }
        other => other.to_string(),
    }
}

fn unreachable(cause: &io::Error) -> String {
    let known = match cause.kind() {
        ErrorKind::ConnectionRefused => "le serveur refuse la connexion : est-il démarré, à cette adresse ?",
        ErrorKind::NotFound => "le serveur est introuvable : vérifiez store.url",
        ErrorKind::TimedOut => "le serveur ne répond pas",
        _ => return format!("la connexion au serveur est rompue ou impossible ({cause})"),
    };
    known.to_owned()
}

/// SQLSTATE: five characters (<https://www.postgresql.org/docs/current/errcodes-appendix.html>).
fn of_postgres(code: &str) -> Option<&'static str> {
    if code.len() != 5 {
        return None;
    }
    match code {
        "3D000" => Some("cette base n’existe pas sur le serveur"),
        "42501" => Some("le compte n’a pas les droits nécessaires"),
        "53100" => Some("le serveur n’a plus de place sur son disque"),
        "53300" => Some("le serveur a déjà trop de connexions"),
        "57P03" => Some("le serveur démarre ou s’arrête"),
        _ if code.starts_with("28") => Some("le serveur refuse ce compte ou son mot de passe"),
        _ => None,
    }
}

/// The primary code, below the extended one, which is a number below 10 000 (<https://www.sqlite.org/rescode.html>).
fn of_sqlite(code: &str) -> Option<&'static str> {
    if code.len() >= 5 {
        return None;
    }
    match code.parse::<i32>().ok()? & 0xff {
        5 | 6 => Some("un autre programme occupe le fichier"),
        8 => Some("le fichier est en lecture seule"),
        10 => Some("le disque ne se laisse pas lire ou écrire"),
        11 | 26 => Some("le fichier n’est pas une base SQLite, ou il est abîmé"),
        13 => Some("il n’y a plus de place sur le disque"),
        14 => Some("le fichier ne se laisse pas ouvrir : vérifiez le dossier et les droits"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_of_both_engines_are_told_apart() {
        assert!(of_postgres("28P01").unwrap().contains("mot de passe"));
        assert_eq!((of_postgres("26"), of_postgres("XX000")), (None, None));
        assert!(of_sqlite("1032").unwrap().contains("lecture seule"), "SQLITE_READONLY_DBMOVED");
        assert_eq!((of_sqlite("22021"), of_sqlite("1")), (None, None));
    }
}
