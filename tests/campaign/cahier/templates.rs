//! Templates: what each token becomes, and what is said of one that is wrong.

use std::io::{Cursor, Read};

use campaign::cahier::{Case, CaseError, Run, from_folder};
use mail_parser::{MessageParser, MimeHeaders};

use super::run;

const HEAD: &str = "id = \"essai\"\nfonctionnalite = \"F\"\nobjectif = \"O\"\n";
const SENDING: &str = "[[envoi]]\nfichier = \"r.xml\"\n[envoi.attendu]\nverdict = \"rejete\"\n";

/// A case in a folder of its own, with the manifest `HEAD` + `SENDING` + `rest` and these files.
fn case(rest: &str, files: &[(&str, &[u8])]) -> Result<Case, CaseError> {
    case_of(&format!("{HEAD}{SENDING}{rest}"), files)
}

fn case_of(manifest: &str, files: &[(&str, &[u8])]) -> Result<Case, CaseError> {
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join("essai");
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(folder.join("case.toml"), manifest).unwrap();
    for (name, bytes) in files {
        std::fs::write(folder.join(name), bytes).unwrap();
    }
    from_folder(&folder)
}

fn check_expanded(template: &str, rest: &str, expected: &[u8]) {
    let case = case(rest, &[("r.xml", template.as_bytes()), ("brut.bin", b"\x00\xFF{{serie}}")]).unwrap();
    let bytes = case.file("r.xml", &run()).unwrap();
    assert_eq!(bytes, expected, "{template} {}", String::from_utf8_lossy(&bytes));
}

#[test]
fn each_token_becomes_what_the_contract_says() {
    for (template, expected) in [
        ("{{now}}", "2026-11-23T08:00:00+01:00"),
        ("{{now-10m}}", "2026-11-23T07:50:00+01:00"),
        ("{{now+1h}}", "2026-11-23T09:00:00+01:00"),
        ("{{now-8d}}", "2026-11-15T08:00:00+01:00"),
        ("{{now-6d23h}}", "2026-11-16T09:00:00+01:00"),
        ("{{now-10m|z}}", "2026-11-23T06:50:00Z"),
        ("{{now-10m|local}}.5-04:00", "2026-11-23T07:50:00.5-04:00"),
        ("{{now|mail}}", "Mon, 23 Nov 2026 08:00:00 +0100"),
        ("a {{serie}} b", "a Essai1 b"),
        ("{{base64 brut.bin}}", "AP97e3NlcmllfX0="),
        ("{{quoted-printable brut.bin}}", "=00=FF{{serie}}"),
        ("{{repete 3 ab\\n}}", "ab\nab\nab\n"),
        ("{ {serie} }", "{ {serie} }"),
    ] {
        check_expanded(template, "", expected.as_bytes());
    }
    check_expanded("<{{texte brut.bin}}>", "", b"<\x00\xFF{{serie}}>");
}

#[test]
fn a_file_is_sent_in_the_form_asked_for() {
    let form = |lines: &str| format!("[fichiers.\"r.xml\"]\n{lines}\n");
    let cases: [(&str, &[u8]); 9] = [
        ("", b"\xC3\xA9\n"),
        ("fin_de_ligne = \"crlf\"", b"\xC3\xA9\r\n"),
        ("fin_de_ligne = \"cr-cr-lf\"", b"\xC3\xA9\r\r\n"),
        ("encodage = \"utf-8-bom\"", b"\xEF\xBB\xBF\xC3\xA9\n"),
        ("encodage = \"utf-16le\"", b"\xFF\xFE\xE9\x00\n\x00"),
        ("encodage = \"utf-16be\"\nfin_de_ligne = \"crlf\"", b"\xFE\xFF\x00\xE9\x00\r\x00\n"),
        ("encodage = \"iso-8859-1\"", b"\xE9\n"),
        ("encodage = \"iso-8859-15\"", b"\xE9\n"),
        ("encodage = \"windows-1252\"", b"\xE9\n"),
    ];
    for (lines, expected) in cases {
        check_expanded("é\n", &form(lines), expected);
    }
    for (encoding, text, byte) in [("iso-8859-15", "€", 0xA4), ("windows-1252", "€", 0x80), ("iso-8859-1", "¤", 0xA4)]
    {
        check_expanded(text, &form(&format!("encodage = \"{encoding}\"")), &[byte]);
    }
}

fn check_refused(rest: &str, template: &str, expected: &str) {
    let files: [(&str, &[u8]); 1] = [("r.xml", template.as_bytes())];
    let said = match case(rest, &files).and_then(|case| case.mails(&run())) {
        Ok(_) => panic!("accepted: {rest} {template}"),
        Err(error) => error.to_string(),
    };
    assert!(said.contains(expected), "{said}");
}

#[test]
fn what_is_wrong_is_said_with_file_and_line() {
    for (template, expected) in [
        ("<a>\n<b>\n{{demain}}", "essai/r.xml », ligne 3 : « {{demain}} »"),
        ("<a>{{now", "essai/r.xml », ligne 1 : « {{ »"),
        ("{{now-10}}", "« {{now-10}} » n’est pas un jeton connu"),
        ("{{now-10y}}", "n’est pas un jeton connu"),
        ("{{now-99999999999999999999d}}", "n’est pas un jeton connu"),
        ("{{now|heure}}", "n’est pas un jeton connu"),
        ("{{now|}}", "n’est pas un jeton connu"),
        ("{{repete x y}}", "n’est pas un jeton connu"),
        ("{{repete 99999999999 y}}", "la répétition est trop longue"),
        ("{{base64 absent.xml}}", "n’a ni fichier ni archive « absent.xml »"),
        ("{{texte r.xml}}", "se contient lui-même"),
    ] {
        check_refused("", template, expected);
    }
    check_refused("[fichiers.\"r.xml\"]\nencodage = \"iso-8859-1\"", "œ", "« œ »");
    check_refused("[fichiers.\"autre.xml\"]\nencodage = \"utf-8\"", "x", "« autre.xml » manque");
    check_refused("inconnu = 1", "x", "essai/case.toml");
    check_refused("codes = [\"Z99\"]", "x", "essai/case.toml");
    check_refused("[archives.\"a.zip\"]\nentrees = [ { nom = \"a\" } ]", "x", "soit « zeros »");
    let line = "{ finess = \"350054680\", service = \"A\", indicateur = \"I\", nature = \"lit\", nombre = 1, etat = \"transmise\" }";
    check_refused(&format!("lignes = [ {line} ]"), "x", "« I » n’est pas un indicateur");
    check_refused(&format!("lignes = [ {} ]", line.replace("350054680", "350054681")), "x", "clé");
}

#[test]
fn a_manifest_must_agree_with_its_folder() {
    let files: [(&str, &[u8]); 1] = [("r.xml", b"x")];
    for (manifest, expected) in [
        (format!("{}{SENDING}", HEAD.replace("essai", "autre")), "n’est pas le nom du dossier"),
        (format!("{HEAD}{}", SENDING.replace("r.xml", "s.xml")), "« s.xml » manque"),
        (format!("{HEAD}{}", SENDING.replace("r.xml", "r.bin")), "n’est ni un .xml ni un .eml"),
        (format!("{HEAD}{}", SENDING.replace("rejete", "accepte")), "« accepte »"),
        (format!("{HEAD}{}", SENDING.replace("[envoi.", "memes_octets = true\n[envoi.")), "le premier envoi"),
        (format!("{HEAD}{}", SENDING.replace("r.xml\"", "m.eml\"\nsujet = \"S\"")), "porte lui-même ses en-têtes"),
        (format!("{HEAD}envoi = []"), "le premier envoi"),
    ] {
        let said = case_of(&manifest, &files).err().unwrap_or_else(|| panic!("accepted: {manifest}"));
        assert!(said.to_string().contains(expected), "{said}");
    }
}

#[test]
fn a_run_is_named_by_letters_and_digits() {
    let case = case("", &[("r.xml", b"x")]).unwrap();
    for serie in ["", "a b", "a\r\nBcc: x", "é", "12345678901234567"] {
        let run = Run { serie: serie.to_owned(), ..run() };
        assert!(matches!(case.mails(&run), Err(CaseError::Serie(_))), "{serie}");
    }
}

#[test]
fn a_report_is_wrapped_in_the_mail_of_its_sender() {
    let manifest = format!("{HEAD}{SENDING}").replace(
        "[envoi.",
        "expediteur = \"sih@ch-armor.test\"\nsujet = \"Relevé de midi\"\ndemande_accuse = true\n[envoi.",
    );
    let case = case_of(&manifest, &[("r.xml", b"<a>{{serie}}</a>")]).unwrap();
    let raw = case.mails(&run()).unwrap().remove(0);
    let mail = MessageParser::default().parse(&raw).unwrap();
    assert_eq!(mail.subject(), Some("Relevé de midi"));
    assert_eq!(mail.message_id(), Some("essai.1.Essai1@ch-armor.test"));
    assert_eq!(mail.from().and_then(|from| from.first()).and_then(|from| from.address()), Some("sih@ch-armor.test"));
    assert_eq!(mail.header_raw("Disposition-Notification-To").map(str::trim), Some("<sih@ch-armor.test>"));
    assert_eq!(mail.header_raw("Return-Path").map(str::trim), Some("<sih@ch-armor.test>"));
    let attachment = mail.attachment(0).unwrap();
    assert_eq!(attachment.attachment_name(), Some("r.xml"));
    assert_eq!(attachment.contents(), b"<a>Essai1</a>");
}

#[test]
fn a_repeated_mail_is_repeated_byte_for_byte() {
    let again = format!("{HEAD}{SENDING}{SENDING}{}", SENDING.replace("[envoi.", "memes_octets = true\n[envoi."));
    let mails = case_of(&again, &[("r.xml", b"x")]).unwrap().mails(&run()).unwrap();
    assert_ne!(mails[0], mails[1], "another mail has another Message-ID");
    assert_eq!(mails[1], mails[2]);
}

#[test]
fn archives_hold_what_they_should_and_say_they_are_encrypted() {
    let archives = "[archives.\"a.zip\"]\nentrees = [ { nom = \"../r.xml\", fichier = \"r.xml\" }, { nom = \"z\", zeros = 1000 } ]\n\
        [archives.\"b.zip\"]\nchiffree = true\nentrees = [ { nom = \"a.zip\", fichier = \"a.zip\" } ]\n\
        [archives.\"c.zip\"]\nentrees = [ { nom = \"z\", zeros = 99000000000 } ]";
    let case = case(archives, &[("r.xml", b"<a>{{serie}}</a>")]).unwrap();
    let plain = case.file("a.zip", &run()).unwrap();
    let mut archive = zip::ZipArchive::new(Cursor::new(&plain)).unwrap();
    let mut contents = Vec::new();
    archive.by_name("../r.xml").unwrap().read_to_end(&mut contents).unwrap();
    assert_eq!(contents, b"<a>Essai1</a>");
    assert_eq!(archive.by_name("z").unwrap().size(), 1000);
    let locked = case.file("b.zip", &run()).unwrap();
    assert!(zip::ZipArchive::new(Cursor::new(&locked)).unwrap().by_index_raw(0).unwrap().encrypted());
    assert!(!zip::ZipArchive::new(Cursor::new(&plain)).unwrap().by_index_raw(0).unwrap().encrypted());
    assert!(matches!(case.file("c.zip", &run()), Err(CaseError::Archive { .. })));
}
