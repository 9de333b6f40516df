//! What `check` prints for people: byte for byte, for the defects that tell most.

use std::fs;

use campaign::cahier;

use super::{AT, REPORT, program, ran, report};

/// What `check` prints of a file of this name and content, with or without the fictitious referential.
fn printed(name: &str, bytes: &[u8], with_referential: bool) -> String {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, bytes: &[u8]| fs::write(folder.path().join(name), bytes).unwrap();
    let world = cahier::world().unwrap();
    write(name, bytes);
    write("etablissements.csv", world.etablissements_csv.as_bytes());
    write("services.csv", world.services_csv.as_bytes());
    let mut command = program();
    command.current_dir(folder.path()).args(["check", "--at", AT, name]);
    if with_referential {
        command.args(["--referentiel", "."]);
    }
    ran(&command.output().unwrap()).out
}

fn check(case: &str, bytes: &[u8], with_referential: bool) {
    insta::assert_snapshot!(case, printed("rapport.xml", bytes, with_referential));
}

#[test]
fn the_telling_defects() {
    check("juste", REPORT.as_bytes(), true);
    check("c01-negatif", report("nombre=\"3\"", "nombre=\"-3\"").as_bytes(), false);
    check("c03-avertissement", report("nombre=\"3\"", "nombre=\"3000\"").as_bytes(), false);
    check("c06-statut", report("statut=\"disponible\"", "statut=\"libre\"").as_bytes(), true);
    check("d01-balise-non-fermee", report("</service>", "").as_bytes(), false);
    check("d04-latin1", &latin1(), false);
    check("d05-format", b"<HAVE xmlns=\"urn:oasis:names:tc:emergency:EDXL:HAVE:1.0\"/>", false);
    check("d06-nombre-absent", report(" nombre=\"3\"", "").as_bytes(), false);
    check("e02-cle", report("350054680", "350054681").as_bytes(), true);
    check("e03-inconnu", report("350054680", "359900016").as_bytes(), true);
    check("s01-service", report("C01-A", "C01-Z").as_bytes(), true);
    check("h01-sans-fuseau", report("07:50:00+01:00", "07:50:00").as_bytes(), true);
    check("h03-perime", report("2026-11-23T07:50", "2026-11-02T07:50").as_bytes(), true);
    check("ligne-longue", REPORT.replace('\n', " ").replace("nombre=\"3\"", "nombre=\"-3\"").as_bytes(), false);
    check("fichier-vide", b"", false);
}

/// The report in another encoding than it declares.
fn latin1() -> Vec<u8> {
    REPORT.chars().map(|letter| u8::try_from(u32::from(letter)).unwrap()).collect()
}

#[test]
fn a_mail_as_a_whole() {
    let mail = b"From: lits@ch-armor.test\r\nTo: dispolits@eai.test\r\nSubject: lits\r\n\r\nBonjour.\r\n";
    insta::assert_snapshot!("m02-sans-piece", printed("courriel.eml", mail, true));
}

/// Ten counts of the same fault, one a line, from line 8 on.
#[test]
fn a_fault_that_repeats_is_told_once() {
    let wrong = "<capacite statut=\"libre\" nombre=\"3\"/>\n".repeat(10);
    let (before, after) = REPORT.split_once("<capacite").unwrap();
    let page = printed("rapport.xml", format!("{before}{wrong}<capacite{after}").as_bytes(), true);
    assert_eq!(page.matches("rejet C06").count(), 1, "{page}");
    assert!(page.contains("à 9 autres endroits : lignes "), "{page}");
    assert!(page.contains("10 rejets"), "{page}");
}

#[test]
fn a_file_of_another_program_is_told_as_what_it_is() {
    let check = |name: &str, bytes: &[u8], code: &str, words: &str| {
        let page = printed(name, bytes, false);
        assert!(page.contains(&format!("rejet {code} ")) && page.contains(words), "{page}");
    };
    check("rapport.xml", b"\x1f\x8b\x08\x00", "M04", "gzip");
    check("courriel.msg", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\x00", "M02", "un message Outlook (.msg)");
    check("lits.pdf", b"%PDF-1.7", "M02", "un document PDF (.pdf)");
    check("rapport.xml", b"%PDF-1.7", "D01", "un document PDF (.pdf)");
}
