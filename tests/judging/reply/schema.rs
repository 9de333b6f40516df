//! `compte-rendu.xml` follows its schema, judged by xmllint.

use std::io::Write as _;
use std::process::{Command, Stdio};

use domain::outcome::{MailOutcome, Verdict};
use judging::reply::{DEFAUTS_LIMIT, LIGNES_LIMIT, compte_rendu};

use super::{cases, document, line, mail, negative};
use domain::capacity::Statut;
use domain::outcome::Etat;

const SCHEMA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../schemas/compte-rendu-1.xsd");

/// Runs xmllint; a machine without it fails the test.
pub(super) fn xmllint(arguments: &[&str], xml: &str) -> Result<(), String> {
    let mut child = Command::new("xmllint")
        .args(arguments)
        .arg("-")
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("xmllint (package libxml2-utils) must be installed");
    child.stdin.take().unwrap().write_all(xml.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    if output.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&output.stderr).into_owned()) }
}

pub(super) fn check(name: &str, outcome: &MailOutcome) {
    let xml = compte_rendu(outcome);
    if let Err(reason) = xmllint(&["--noout", "--schema", SCHEMA], &xml) {
        panic!("{name}: {reason}\n{xml}");
    }
}

#[test]
fn every_outcome_follows_the_schema() {
    for case in cases::all() {
        check(case.name, &case.outcome);
    }
}

#[test]
fn the_schema_refuses_what_it_must() {
    let xml = compte_rendu(&cases::partly());
    for (from, to) in [
        ("verdict=\"partiellement-integre\"", "verdict=\"bien\""),
        ("agir=\"etablissement\"", "agir=\"\""),
        ("Z\"", "+01:00\""),
        ("nombre=\"24\"", "nombre=\"-1\""),
        ("compte-rendu:1", "compte-rendu:2"),
    ] {
        let broken = xml.replace(from, to);
        assert_ne!(broken, xml, "{from}");
        assert!(xmllint(&["--noout", "--schema", SCHEMA], &broken).is_err(), "{to}");
    }
}

#[test]
fn the_xml_of_each_kind_of_content() {
    insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
        insta::assert_snapshot!("compte_rendu_partiel", compte_rendu(&cases::partly()));
        insta::assert_snapshot!("compte_rendu_doublon", compte_rendu(&cases::duplicate(Verdict::Integre)));
        insta::assert_snapshot!("compte_rendu_patient", compte_rendu(&cases::patient_document()));
    });
}

#[test]
fn what_is_left_out_is_counted() {
    let lines = vec![line("SSR38888", Statut::Occupe, 1, Etat::Transmise); LIGNES_LIMIT + 3];
    let defects = vec![negative("SSR38888", 2); DEFAUTS_LIMIT + 2];
    let verdict = Some(Verdict::PartiellementIntegre);
    let outcome = mail(verdict, vec![document(verdict, lines, defects)]);
    let xml = compte_rendu(&outcome);
    assert!(xml.contains("lignesOmises=\"3\" defautsOmis=\"2\""), "the counts of what is left out");
    assert_eq!(xml.matches("<ligne ").count(), LIGNES_LIMIT);
    assert_eq!(xml.matches("<defaut ").count(), DEFAUTS_LIMIT);
    check("omitted", &outcome);
}
