//! One function reads what the configuration names, for `config check`, `doctor` and `run`: nobody else calls the readers.

use super::{fail_on, tree};

/// Where they may be called: where it is read once, the edges that read again at each connection, the sandbox for the
/// servers that it starts itself, and the commands that need a referential alone.
const CALLERS: &[(&str, &[&str])] = &[
    ("Watch::load(", &["src/service/config/reading.rs", "src/cli/check.rs", "src/cli/journal/replay.rs"]),
    ("Mailbox::new(", &["src/service/config/reading.rs"]),
    ("ror::Client::new(", &["src/service/config/reading.rs"]),
    ("Smtp::new", &["src/service/config/reading.rs", "src/sandbox/setup.rs"]),
    ("Revocation::new", &["src/service/config/reading.rs"]),
    ("Revocation::look", &["src/service/config/reading.rs"]),
    (".stored()", &["src/service/config/files.rs", "src/base/config_values/secret.rs", "src/base/tls/identity.rs"]),
    (".check_certificates()", &["src/service/config/reading.rs", "src/doctor/mod.rs"]),
    ("tls::usable(", &["src/service/config/files.rs"]),
    (
        "config.read(",
        &["src/cli/alerts.rs", "src/cli/config.rs", "src/cli/run.rs", "src/doctor/mod.rs", "src/worker/mod.rs"],
    ),
];

/// The code before the tests of the file itself, comments left out.
fn code(text: &str) -> String {
    let before = text.split("#[cfg(test)]").next().unwrap_or_default();
    let lines = before.lines().filter(|line| !line.trim_start().starts_with("//"));
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn what_the_configuration_names_is_read_in_one_place() {
    let mut faults = Vec::new();
    let files = tree::rust("src/");
    for (reader, allowed) in CALLERS {
        let is_called = |path: &str, text: &str| code(text).contains(reader) && path != "src/lib.rs";
        let callers: Vec<&str> =
            files.iter().filter(|file| is_called(&file.path, &file.text)).map(|file| file.path.as_str()).collect();
        faults
            .extend(callers.iter().filter(|path| !allowed.contains(path)).map(|path| format!("{path} calls {reader}")));
        faults.extend(allowed.iter().filter(|path| !callers.contains(path)).map(|path| format!("{path}: no {reader}")));
    }
    fail_on(&faults);
}
