//! Archives that strangers made.

use reading::message::{Allowance, MessageLimits, candidates_of_archive, read};
use zip::CompressionMethod;

use super::build::{METADATA, OTHER, REPORT, attached, mixed, patched, zip, zip_with};
use super::{outcome, read_mail};

struct Case {
    about: &'static str,
    bytes: Vec<u8>,
    expected: &'static str,
    /// A word that the answer must say.
    says: &'static str,
}

/// The same in a mail and on the command line.
fn check(Case { about, bytes, expected, says }: Case) {
    let message = read_mail(&mixed(&[&attached("application/octet-stream", "lits.zip", &bytes)]));
    assert_eq!(outcome(&message), expected, "{about}");
    assert!(message.defects().iter().all(|defect| defect.message().contains(says)), "{about}: {:?}", message.defects());
    let (candidates, defects) = candidates_of_archive("envoi/lits.zip", &bytes, &MessageLimits::default());
    assert_eq!((candidates.as_slice(), defects.as_slice()), (message.candidates(), message.defects()), "{about}");
}

fn case(about: &'static str, bytes: Vec<u8>, expected: &'static str, says: &'static str) -> Case {
    Case { about, bytes, expected, says }
}

/// An archive whose only entry has this name, written over a harmless one.
fn named(name: &str) -> Vec<u8> {
    let harmless = "x".repeat(name.len());
    patched(&zip(&[(&harmless, REPORT.as_bytes())]), harmless.as_bytes(), name.as_bytes())
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn good_archives_are_opened() {
    let report = REPORT.as_bytes();
    for case in [
        case("tight but small", zip(&[("lits.xml", &[report, &vec![b' '; 50_000]].concat())]), "lits.xml", ""),
        case("one report", zip(&[("lits.xml", report)]), "lits.xml", ""),
        case("stored", zip_with(CompressionMethod::Stored, &[("lits.xml", report)]), "lits.xml", ""),
        case(
            "in order, paths stripped",
            zip(&[("b/lits.xml", report), ("a/lits.xml", report)]),
            "lits.xml, lits (2).xml",
            "",
        ),
        case("a directory", zip(&[("b/", b""), ("b/lits.dat", report)]), "lits.dat", ""),
        case("a name in CP437", patched(&zip(&[("@t@.xml", report)]), b"@t@.xml", b"\x82t\x82.xml"), "été.xml", ""),
        case(
            "other files",
            zip(&[("LISEZMOI.TXT", b"Bonjour"), ("guide.pdf", b"%PDF"), ("lits.xml", report)]),
            "lits.xml",
            "",
        ),
        case(
            "an office document beside it",
            zip(&[("guide.docx", &zip(&[("[Content_Types].xml", b"<Types/>")])), ("lits.xml", report)]),
            "lits.xml",
            "",
        ),
        case(
            "the forks of macOS",
            zip(&[("lits.xml", report), ("__MACOSX/._lits.xml", b"\x00\x05\x16\x07\x00")]),
            "lits.xml",
            "",
        ),
        case("made on Windows", zip(&[("releves\\lits.xml", report), ("releves\\notes.txt", b"x")]), "lits.xml", ""),
        case(
            "beside what Java adds",
            zip(&[
                ("META-INF/MANIFEST.MF", b"Manifest-Version: 1.0"),
                ("META-INF/x.xml", OTHER.as_bytes()),
                ("lits.xml", report),
            ]),
            "lits.xml",
            "",
        ),
        case(
            "beside an entry of the name mimetype",
            zip(&[("mimetype", b"application/zip"), ("lits.xml", report)]),
            "lits.xml",
            "",
        ),
        case("absolute", named("/etc/lits.xml"), "lits.xml", ""),
        case("a drive", named("C:lits.xml"), "lits.xml", ""),
        case("absolute the way of Windows", named("\\lits.xml"), "lits.xml", ""),
        case("a share", named("\\\\hote\\lits.xml"), "lits.xml", ""),
        case("a drive the way of Windows", named("C:\\lits.xml"), "lits.xml", ""),
        case("down and up again", named("a/../lits.xml"), "lits.xml", ""),
        case("down and up again the way of Windows", named(".\\a\\..\\lits.xml"), "lits.xml", ""),
        case(
            "marked as an office document",
            zip(&[("[Content_Types].xml", b"<Types/>"), ("_rels/.rels", b"<Relationships/>"), ("lits.xml", report)]),
            "lits.xml",
            "",
        ),
        case(
            "marked so behind the report",
            zip(&[("lits.xml", report), ("[Content_Types].xml", b"<Types/>")]),
            "lits.xml",
            "",
        ),
        case(
            "marked as a document of LibreOffice",
            zip(&[("mimetype", b"application/vnd.oasis.opendocument.text"), ("lits.xml", report)]),
            "lits.xml",
            "",
        ),
        case("marked so and nothing else", zip(&[("[Content_Types].xml", b"<Types/>")]), "M02", "Office"),
        case("a mail", zip(&[("tr.eml", b"From: a@b.test\nSubject: tr\n\nx")]), "M02", ".eml"),
        case("a PDF", zip(&[("lits.pdf", b"%PDF-1.7")]), "M02", ".pdf"),
        case(
            "a sheet inside",
            zip(&[("lits.xlsx", &zip(&[("[Content_Types].xml", b"<T/>"), ("xl/a.xml", b"<a/>")]))]),
            "M02",
            ".xlsx",
        ),
        case("other XML", zip(&[("facture.xml", OTHER.as_bytes())]), "facture.xml", ""),
        case("metadata ignored", zip(&[("M.XML", METADATA.as_bytes()), ("lits.xml", report)]), "lits.xml", ""),
        case("empty file named XML", zip(&[("lits.xml", b"")]), "lits.xml", ""),
        case("nothing of interest", zip(&[("a.txt", b"Bonjour")]), "M02", "Aucun"),
        case("no entry", zip(&[]), "M02", "Aucun"),
        case(
            "a spreadsheet",
            zip(&[("[Content_Types].xml", b"<Types/>"), ("xl/workbook.xml", OTHER.as_bytes())]),
            "M02",
            "Aucun",
        ),
        case(
            "a text document",
            zip(&[("mimetype", b"application/vnd.oasis.opendocument.text"), ("content.xml", OTHER.as_bytes())]),
            "M02",
            "Aucun",
        ),
    ] {
        check(case);
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn bad_archives_are_refused() {
    let report = REPORT.as_bytes();
    let good = zip(&[("lits.xml", report)]);
    let central_only = |bytes: &[u8], field: usize, value: u8| {
        let mut bytes = bytes.to_vec();
        let at = bytes.windows(4).position(|window| window == b"PK\x01\x02").unwrap();
        bytes[at + field] = value;
        bytes
    };
    let many: Vec<String> = (0..51).map(|number| format!("{number}.txt")).collect();
    let many: Vec<(&str, &[u8])> = many.iter().map(|name| (name.as_str(), b"x".as_slice())).collect();
    let reports: Vec<String> = (0..21).map(|number| format!("{number}.xml")).collect();
    let reports: Vec<(&str, &[u8])> = reports.iter().map(|name| (name.as_str(), report)).collect();
    let blanks = [report, &vec![b' '; 2 << 20]].concat();
    let noise = noise(9 << 20);
    for case in [
        case("climbs", named("../lits.xml"), "M04", "chemin"),
        case("climbs inside", named("a/../../l.xml"), "M04", "remonte hors de l’archive, par « .. »"),
        case("climbs from a drive", named("C:\\..\\l.xml"), "M04", "chemin"),
        case("climbs the way of Windows", named("..\\lits.xml"), "M04", "chemin"),
        case("climbs inside the way of Windows", named("a\\..\\..\\l.xml"), "M04", "chemin"),
        case("climbs both ways", named("a/..\\../l.xml"), "M04", "chemin"),
        case("climbs behind a blank", named("a/.. /.. /l.xml"), "M04", "chemin"),
        case(
            "one path in two ways",
            patched(&zip(&[("d/a.xml", report), ("d/b.xml", report)]), b"d/b.xml", b"d\\a.xml"),
            "M04",
            "même nom",
        ),
        case(
            "a Java archive inside",
            zip(&[("a.jar", &zip(&[("META-INF/MANIFEST.MF", b"x")])), ("lits.xml", report)]),
            "M04",
            "autre archive",
        ),
        case("bzip2", b"BZh91AY&SY\0".to_vec(), "M04", "bzip2"),
        case("xz", b"\xfd7zXZ\0\0".to_vec(), "M04", "xz"),
        case("tar", [vec![b'a'; 257], b"ustar".to_vec()].concat(), "M04", "tar"),
        case("a password", central_only(&good, 8, 1), "M04", "mot de passe"),
        case("a foreign compression", central_only(&good, 10, 12), "M04", "compression"),
        case(
            "one path, absolute and not",
            patched(&zip(&[("d/a.xml", report), ("d/bb.xml", report)]), b"d/bb.xml", b"/d/a.xml"),
            "M04",
            "même nom",
        ),
        case(
            "two entries of one name",
            patched(&zip(&[("a.xml", report), ("b.xml", report)]), b"b.xml", b"a.xml"),
            "M04",
            "même nom",
        ),
        case("an archive inside", zip(&[("a.zip", &good), ("lits.xml", report)]), "M04", "autre archive"),
        case("gzip inside", zip(&[("a.gz", b"\x1f\x8b\x08")]), "M04", "autre archive"),
        case("too many entries", zip(&many), "M04", "50 fichiers"),
        case("too many documents", zip(&reports), "M04", "20 documents"),
        case("a bomb", zip(&[("lits.xml", &blanks)]), "M04", "compressé plus de 100 fois"),
        case("too big", zip_with(CompressionMethod::Stored, &[("a.bin", &noise)]), "M04", "dépasse"),
        case("a bomb that lies about its size", central_size(&zip(&[("lits.xml", &blanks)]), 100), "M04", "endommagée"),
        case("cut off", good[..good.len() / 2].to_vec(), "M04", "endommagée"),
        case("a wrong checksum", central_only(&good, 16, good[good.len() / 2] ^ 0x55), "M04", "endommagée"),
        case("gzip", b"\x1f\x8b\x08\x00".to_vec(), "M04", "gzip"),
        case("7z", b"7z\xbc\xaf\x27\x1c\x00".to_vec(), "M04", "7z"),
        case("RAR", b"Rar!\x1a\x07\x00".to_vec(), "M04", "RAR"),
        case("no archive at all", b"Bonjour".to_vec(), "M04", "endommagée"),
    ] {
        check(case);
    }
}

/// The limits are those of the mail, not of each archive.
#[test]
fn archives_share_one_budget() {
    let half = zip_with(CompressionMethod::Stored, &[("a.xml", &[REPORT.as_bytes(), &vec![b' '; 5 << 20]].concat())]);
    let one = attached("application/zip", "a.zip", &half);
    assert_eq!(outcome(&read_mail(&mixed(&[&one]))), "a.xml");
    assert_eq!(outcome(&read_mail(&mixed(&[&one, &one]))), "M04");
    let names: Vec<String> = (0..30).map(|number| format!("{number}.txt")).collect();
    let thirty: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), b"x".as_slice())).collect();
    let thirty = attached("application/zip", "a.zip", zip(&thirty));
    assert_eq!(outcome(&read_mail(&mixed(&[&thirty]))), "M02");
    assert_eq!(outcome(&read_mail(&mixed(&[&thirty, &thirty]))), "M04");
}

#[test]
fn what_the_sender_had_unpacked_within_the_hour_is_a_limit_of_its_own() {
    let bytes = zip_with(CompressionMethod::Stored, &[("a.xml", REPORT.as_bytes())]);
    let raw = mixed(&[&attached("application/zip", "a.zip", &bytes)]);
    let size = REPORT.len() as u64;
    let within = |left: u64| {
        read(&raw, &MessageLimits { allowance: Some(Allowance { left, most: 1 << 20 }), ..MessageLimits::default() })
    };
    let whole = within(size);
    assert_eq!((outcome(&whole).as_str(), whole.unpacked()), ("a.xml", size));
    let refused = within(size - 1);
    assert_eq!((outcome(&refused).as_str(), refused.unpacked()), ("M04", 0));
    assert!(refused.defects()[0].message().contains("en une heure dépassent 1,0 Mo"), "{:?}", refused.defects());
    let plain = read(&mixed(&[&attached("text/xml", "a.xml", REPORT)]), &MessageLimits::default());
    assert_eq!(plain.unpacked(), 0);
}

#[test]
fn a_directory_too_large_is_not_even_listed() {
    let records =
        [b"PK\x03\x04".as_slice(), &b"PK\x01\x02".repeat(100_000), &zip(&[("a.xml", REPORT.as_bytes())])].concat();
    let (candidates, defects) = candidates_of_archive("a.zip", &records, &MessageLimits::default());
    assert!(candidates.is_empty());
    assert!(defects[0].message().contains("50 fichiers"));
}

/// The unpacked size that the directory claims.
fn central_size(bytes: &[u8], size: u32) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    let at = bytes.windows(4).position(|window| window == b"PK\x01\x02").unwrap();
    bytes[at + 24..at + 28].copy_from_slice(&size.to_le_bytes());
    bytes
}

/// Bytes that do not compress and are no XML.
fn noise(length: usize) -> Vec<u8> {
    let mut state = 1_u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state.to_be_bytes()[0]
    };
    std::iter::once(0).chain((0..length).map(|_| next())).collect()
}
