//! What is wrong with a key, in French: figment says it in English.

use figment::error::{Actual, Kind};

/// Every fault, separated by semicolons.
pub(super) fn in_french(error: &figment::Error) -> String {
    error.clone().into_iter().map(|fault| one(&fault)).collect::<Vec<_>>().join(" ; ")
}

fn one(fault: &figment::Error) -> String {
    let key = fault.path.join(".");
    let sentence = sentence(&fault.kind);
    if key.is_empty() { sentence } else { format!("{key} : {sentence}") }
}

fn sentence(kind: &Kind) -> String {
    match kind {
        Kind::MissingField(name) => format!("la clé « {name} » manque"),
        Kind::UnknownField(_, known) => format!("clé inconnue ; clés admises : {}", known.join(", ")),
        Kind::UnknownVariant(found, known) => {
            format!("« {found} » n’est pas admis ; valeurs admises : {}", known.join(", "))
        }
        Kind::DuplicateField(name) => format!("la clé « {name} » est donnée deux fois"),
        Kind::InvalidType(found, wanted) | Kind::InvalidValue(found, wanted) => {
            format!("trouvé {}, attendu {}", found_in_words(found), wanted_in_words(wanted))
        }
        Kind::ISizeOutOfRange(number) => format!("le nombre {number} est hors limites"),
        Kind::USizeOutOfRange(number) => format!("le nombre {number} est hors limites"),
        Kind::Message(text) => message_in_words(text).to_owned(),
        Kind::InvalidLength(..) | Kind::Unsupported(_) | Kind::UnsupportedKey(..) => kind.to_string(),
    }
}

/// What the standard library says of an address; all else is ours, and French.
fn message_in_words(text: &str) -> &str {
    match text {
        "invalid socket address syntax" => "attendu une adresse IP et un port : 127.0.0.1:8080, [::1]:8080",
        "invalid IP address syntax" => "attendu une adresse IP : 127.0.0.1, ::1",
        other => other,
    }
}

/// Where a text is not TOML: its reader says why in English, and shows the line, in which a password may be.
pub(super) fn not_toml(text: &str, error: &toml::de::Error) -> String {
    let at = error.span().map_or(text.len(), |span| span.start);
    let before = text.get(..at).unwrap_or(text);
    let (line, column) = (before.matches('\n').count(), before.chars().rev().take_while(|one| *one != '\n').count());
    let is_twice = error.message().contains("duplicate key");
    let why = if is_twice { "cette clé est donnée deux fois" } else { "ce qui est écrit là ne se lit pas" };
    format!("ligne {}, colonne {} : {why}", line + 1, column + 1)
}

fn found_in_words(found: &Actual) -> String {
    match found {
        Actual::Bool(value) => format!("{value}"),
        Actual::Unsigned(number) => format!("le nombre {number}"),
        Actual::Signed(number) => format!("le nombre {number}"),
        Actual::Float(number) => format!("le nombre {number}"),
        Actual::Str(text) => format!("le texte « {text} »"),
        Actual::Seq => "une liste".to_owned(),
        Actual::Map => "une section".to_owned(),
        other => other.to_string(),
    }
}

/// What serde expects, of the few kinds that a configuration is made of.
fn wanted_in_words(wanted: &str) -> &str {
    match wanted {
        "a string" | "string" | "path string" => "un texte",
        "a boolean" | "bool" => "true ou false",
        "a sequence" => "une liste",
        wanted if wanted.starts_with("struct ") || wanted.starts_with("internally") => "une section",
        wanted if wanted.starts_with(['i', 'u']) && wanted.ends_with(|last: char| last.is_ascii_digit()) => {
            "un nombre entier"
        }
        wanted => wanted,
    }
}
