//! libxml2's `xmllint`, the judge of what is well-formed and what the schema allows.

use std::process::Command;

/// Whether xmllint accepts each document: as XML, and by the schema of the native format if `schema`.
pub(crate) fn accepts(documents: &[Vec<u8>], schema: bool) -> Vec<bool> {
    let folder = tempfile::tempdir().unwrap();
    let names: Vec<String> = (0..documents.len()).map(|rank| format!("{rank:04}.xml")).collect();
    for (name, document) in names.iter().zip(documents) {
        std::fs::write(folder.path().join(name), document).unwrap();
    }
    let mut command = Command::new("xmllint");
    command.current_dir(folder.path()).args(["--noout", "--nonet"]).args(&names);
    if schema {
        command.arg("--schema").arg(concat!(env!("CARGO_MANIFEST_DIR"), "/../../schemas/disponibilites-1.xsd"));
    }
    let output = command.output().expect("xmllint is needed (Debian package libxml2-utils)");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!said.contains("Schemas parser error"), "{said}");
    names.iter().map(|name| if schema { validates(&said, name) } else { is_silent(&said, name) }).collect()
}

fn validates(said: &str, name: &str) -> bool {
    let (yes, no) = (format!("{name} validates"), format!("{name} fails to validate"));
    let verdict = said.lines().any(|line| line == yes);
    let complaint = said.lines().any(|line| line == no || is_complaint(line, name));
    assert!(verdict || complaint, "no verdict on {name}: {said}");
    verdict && !complaint
}

fn is_silent(said: &str, name: &str) -> bool {
    !said.lines().any(|line| is_complaint(line, name))
}

fn is_complaint(line: &str, name: &str) -> bool {
    line.starts_with(&format!("{name}:")) && !line.contains("warning :")
}
