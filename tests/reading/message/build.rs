//! Builds mails and archives for the tests.

use std::io::{Cursor, Write};

use base64::Engine as _;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

/// A report whose root is known; its content is of no interest here.
pub(super) const REPORT: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<disponibilites xmlns=\"urn:fr:dispolits:disponibilites:1\" identifiant=\"T-1\"/>";
/// XML that nobody reads.
pub(super) const OTHER: &str = "<facture xmlns=\"urn:example:factures\"><total>3</total></facture>";
/// A patient document.
pub(super) const CDA: &str = "<ClinicalDocument xmlns=\"urn:hl7-org:v3\"><title>Lettre</title></ClinicalDocument>";
/// The metadata of an IHE XDM package.
pub(super) const METADATA: &str =
    "<lcm:SubmitObjectsRequest xmlns:lcm=\"urn:oasis:names:tc:ebxml-regrep:xsd:lcm:3.0\"/>";
/// What a web server says instead of a report.
pub(super) const PAGE: &str = "<!DOCTYPE html PUBLIC \"-//W3C//DTD HTML 4.01//EN\">\n<html><body>Bonjour</body></html>";

/// A mail of these header lines and this body.
pub(super) fn mail(head: &str, body: impl AsRef<[u8]>) -> Vec<u8> {
    let head = head.replace('\n', "\r\n");
    [format!("From: Lits <lits@ch.test>\r\nMessage-ID: <1@ch.test>\r\n{head}\r\n\r\n").as_bytes(), body.as_ref()]
        .concat()
}

/// A mail with a text for people and these parts, each a header and a body apart by a blank line.
pub(super) fn mixed(parts: &[&str]) -> Vec<u8> {
    let mut all = vec!["Content-Type: text/plain; charset=utf-8\n\nBonjour, ci-joint les lits."];
    all.extend(parts);
    mail("Content-Type: multipart/mixed; boundary=limite", multipart("limite", &all))
}

/// The body of a multipart.
pub(super) fn multipart(boundary: &str, parts: &[&str]) -> String {
    let delimiter = format!("--{boundary}");
    let parts = parts.join(&format!("\n{delimiter}\n"));
    format!("Préambule\n{delimiter}\n{parts}\n{delimiter}--\n").replace('\n', "\r\n")
}

/// An attachment in base64.
pub(super) fn attached(media: &str, name: &str, content: impl AsRef<[u8]>) -> String {
    format!(
        "Content-Type: {media}\nContent-Disposition: attachment; filename=\"{name}\"\nContent-Transfer-Encoding: base64\n\n{}",
        base64(content)
    )
}

/// Base64 in lines of 76 characters.
pub(super) fn base64(content: impl AsRef<[u8]>) -> String {
    let text = base64::engine::general_purpose::STANDARD.encode(content);
    text.as_bytes().chunks(76).map(|line| std::str::from_utf8(line).unwrap()).collect::<Vec<_>>().join("\n")
}

/// A zip archive of these entries, compressed.
pub(super) fn zip(entries: &[(&str, &[u8])]) -> Vec<u8> {
    zip_with(CompressionMethod::Deflated, entries)
}

/// A zip archive of these entries.
pub(super) fn zip_with(method: CompressionMethod, entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in entries {
        writer.start_file(*name, SimpleFileOptions::default().compression_method(method)).unwrap();
        writer.write_all(content).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// The same bytes with every occurrence of one sequence replaced by another of the same length.
pub(super) fn patched(bytes: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    assert_eq!(from.len(), to.len());
    let mut patched = bytes.to_vec();
    let places: Vec<usize> = (0..bytes.len()).filter(|at| bytes[*at..].starts_with(from)).collect();
    assert!(!places.is_empty(), "nothing to patch");
    for at in places {
        patched[at..at + to.len()].copy_from_slice(to);
    }
    patched
}
