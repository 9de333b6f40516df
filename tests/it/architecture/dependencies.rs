//! The direct dependencies, each with the reason why it is better than code of our own: it is code that we answer for.

use super::{fail_on, tidy::manifest};

const DEPENDENCIES: &[(&str, &str)] = &[
    ("annotate-snippets", "`check` shows a defect at its place in the file, as compilers do"),
    ("argon2", "password hashes (RFC 9106)"),
    ("async-imap", "the parser of IMAP answers"),
    ("axum", "routes, forms and multipart of the pages and of the API"),
    ("backon", "waits between tries, with jitter"),
    ("base16ct", "hexadecimal digests and secrets, in constant time"),
    ("base64", "transfer encoding, SASL, basic authentication"),
    ("clap", "the command line and its help"),
    ("clap_complete", "completion scripts"),
    ("comfy-table", "tables on a terminal"),
    ("csv", "the referential, and the journal for spreadsheets"),
    ("encoding_rs", "the encodings in which hospitals write XML"),
    ("fastrand", "jitter; nothing secret"),
    ("figment", "the configuration from a file and the environment, with the place of each key"),
    ("flate2", "a bounded look into compressed files for a patient’s document; that of `zip`"),
    ("futures-util", "catching a panic, streams of an export"),
    ("governor", "rates of requests and of attempts"),
    ("hmac", "signed webhooks"),
    ("hyper-util", "HTTP/1 with a time limit on the head of a request, which axum's own server has not"),
    ("include_dir", "the fixtures that the sandbox plays, in the program"),
    ("indicatif", "progress of the sandbox"),
    ("insta", "the texts of replies, as they were agreed; in tests"),
    ("jiff", "instants, zones and civil dates"),
    ("lettre", "the commands and the answers of SMTP"),
    ("mail-builder", "replies"),
    ("mail-parser", "MIME"),
    ("maud", "pages, escaped by construction"),
    ("p12-keystore", "the PKCS#12 files of the operator's portal"),
    ("percent-encoding", "addresses of pages and of the ROR"),
    ("prometheus-client", "metrics"),
    ("proptest", "made-up inputs of any form; in tests"),
    ("qrcode", "the second factor, to be scanned"),
    ("quick-xml", "XML"),
    ("rcgen", "certificates of the sandbox"),
    ("reqwest", "HTTP to the ROR, webhooks, OpenID, lists of revocation"),
    ("ring", "signatures, random bytes, digests of TLS"),
    ("rpassword", "a password asked for without showing it"),
    ("rustls", "TLS"),
    ("rustls-pki-types", "certificates and keys from PEM"),
    ("rustls-platform-verifier", "the authorities of the machine"),
    ("schemars", "the JSON schema of the configuration"),
    ("secrecy", "secrets that no trace shows"),
    ("serde", "configuration, JSON"),
    ("serde_json", "JSON"),
    ("sha2", "the identity of a mail, the chain of the audit log"),
    ("sqlx", "SQLite and PostgreSQL"),
    ("strsim", "the name that was meant"),
    ("tempfile", "files written whole or not at all"),
    ("thiserror", "errors as enums"),
    ("tokio", "the runtime"),
    ("tokio-io-timeout", "a limit on the silence of a connection"),
    ("tokio-rustls", "TLS on the runtime's connections"),
    ("tokio-util", "cancellation"),
    ("toml", "the configuration, the cases"),
    ("totp-rs", "the second factor (RFC 6238)"),
    ("tracing", "traces"),
    ("tracing-subscriber", "traces as text or JSON"),
    ("utoipa", "the description of the API"),
    ("x509-parser", "certificates and revocation lists, read"),
    ("zip", "archives"),
];

#[test]
fn each_dependency_has_its_reason() {
    let manifest = manifest();
    let named = manifest["workspace"]["dependencies"].as_table().unwrap();
    let mut faults: Vec<String> = named
        .iter()
        .filter(|(_, how)| how.get("path").is_none())
        .map(|(name, _)| name)
        .filter(|name| !DEPENDENCIES.iter().any(|(known, _)| known == name))
        .map(|name| format!("{name}: why is it needed?"))
        .collect();
    let gone = DEPENDENCIES.iter().filter(|(known, _)| !named.contains_key(*known));
    faults.extend(gone.map(|(known, _)| format!("{known}: no longer in Cargo.toml")));
    faults
        .extend(DEPENDENCIES.iter().filter(|(_, why)| why.is_empty()).map(|(known, _)| format!("{known}: no reason")));
    fail_on(&faults);
}
