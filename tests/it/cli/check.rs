//! `dispolits check`: exit codes, files that cannot be read, several files.

use std::fs;

use campaign::cahier;
use campaign::cahier::Run;
use tempfile::TempDir;

use super::{AT, REPORT, Ran, program, ran, report};

/// A folder of files to check, and the referential of the fictitious world.
fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, bytes: &[u8]| fs::write(folder.path().join(name), bytes).unwrap();
    write("juste.xml", REPORT.as_bytes());
    write("negatif.xml", report("nombre=\"3\"", "nombre=\"-3\"").as_bytes());
    write("avertissement.xml", report("nombre=\"3\"", "nombre=\"3000\"").as_bytes());
    write("vide.xml", b"");
    write("illisible.eml", b"\xff\xfe\x00");
    let run = Run { now: AT.parse().unwrap(), serie: "Essai1".to_owned() };
    let cases = cahier::embedded().unwrap();
    let case = |id: &str| cases.iter().find(|case| case.id() == id).unwrap();
    write("juste.eml", &case("archive-zip").mails(&run).unwrap()[0]);
    write("inconnu.eml", &case("m01-expediteur-inconnu").mails(&run).unwrap()[0]);
    write("avis.eml", &case("automatique-absence-du-bureau").mails(&run).unwrap()[0]);
    write("juste.zip", &case("archive-zip").file("envoi.zip", &run).unwrap());
    write("bombe.zip", &case("m04-bombe-de-decompression").file("envoi.zip", &run).unwrap());
    fs::create_dir(folder.path().join("dossier.xml")).unwrap();
    let world = cahier::world().unwrap();
    fs::create_dir(folder.path().join("referentiel")).unwrap();
    write("referentiel/etablissements.csv", world.etablissements_csv.as_bytes());
    write("referentiel/services.csv", world.services_csv.as_bytes());
    folder
}

fn judge(folder: &TempDir, arguments: &[&str]) -> Ran {
    let command = &mut program();
    ran(&command.current_dir(folder.path()).args(["check", "--at", AT]).args(arguments).output().unwrap())
}

#[test]
fn files_are_told_apart() {
    let folder = folder();
    let out = judge(&folder, &["juste.xml", "negatif.xml", "juste.zip"]).out;
    let whole = |name: &str| judge(&folder, &[name]).out;
    assert_eq!(out, [whole("juste.xml"), whole("negatif.xml"), whole("juste.zip")].join("\n"));
    let lines = judge(&folder, &["--format", "json", "juste.xml", "negatif.xml"]).out;
    assert_eq!(lines.lines().count(), 2);
}

#[test]
fn the_exit_code_is_that_of_the_worst_file() {
    let folder = folder();
    let check = |arguments: &[&str], code: i32| {
        let ran = judge(&folder, arguments);
        assert_eq!(ran.code, code, "{arguments:?}: {}{}", ran.out, ran.err);
        assert_eq!(ran.err.is_empty(), code < 2, "{arguments:?}: {}", ran.err);
    };
    check(&["juste.xml"], 0);
    check(&["juste.eml"], 0);
    check(&["juste.zip"], 0);
    check(&["avis.eml"], 0);
    check(&["avertissement.xml"], 0);
    check(&["negatif.xml"], 1);
    check(&["vide.xml"], 1);
    check(&["illisible.eml"], 1);
    check(&["bombe.zip"], 1);
    check(&["inconnu.eml"], 0);
    check(&["--referentiel", "referentiel", "inconnu.eml"], 1);
    check(&["--referentiel", "referentiel", "juste.eml", "juste.xml"], 0);
    check(&["juste.xml", "negatif.xml", "juste.zip"], 1);
    check(&["absent.xml"], 2);
    check(&["dossier.xml"], 2);
    check(&["juste.xml", "absent.xml", "negatif.xml"], 2);
    check(&["--referentiel", "absent", "juste.xml"], 2);
    check(&["--format", "json", "juste.xml", "negatif.xml"], 1);
}

#[test]
fn a_file_that_cannot_be_read_is_told_in_french_and_stops_no_other() {
    let ran = judge(&folder(), &["absent.xml", "dossier.xml", "negatif.xml"]);
    insta::assert_snapshot!(ran.err, @"
    erreur : absent.xml : fichier ou dossier introuvable
    erreur : dossier.xml : c’est un dossier, non un fichier
    ");
    assert!(ran.out.contains("negatif.xml : partiellement intégré"), "{}", ran.out);
}

#[test]
fn a_referential_that_cannot_be_used_is_told_in_french() {
    let folder = folder();
    let absent = judge(&folder, &["--referentiel", "absent", "juste.xml"]).err;
    insta::assert_snapshot!(absent, @"
    erreur : le fichier absent/etablissements.csv est illisible
      cause : fichier ou dossier introuvable
    ");
    fs::write(folder.path().join("referentiel/services.csv"), "finess;code\n1;2\n").unwrap();
    let wrong = judge(&folder, &["--referentiel", "referentiel", "juste.xml"]);
    assert!(wrong.code == 2 && wrong.err.starts_with("erreur : référentiel refusé"), "{}", wrong.err);
}

/// A folder of the repository is expanded as the runners of the cahier do.
#[test]
fn a_case_of_the_cahier_can_be_checked_where_it_lies() {
    let case = super::fixture("c01-capacite-negative/rapport.xml");
    let ran = super::dispolits(&["check", case.to_str().unwrap()]);
    assert_eq!((ran.code, ran.out.matches("rejet C01").count()), (1, 1), "{}", ran.out);
}
