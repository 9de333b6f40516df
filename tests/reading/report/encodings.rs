//! Encodings: what is decoded, what is refused and where.

use domain::defect::Code;
use reading::report::{DocumentLimits, decode, read};
use sha2::{Digest, Sha256};

use super::{GOOD, codes, mutated};

fn utf16(text: &str, to_bytes: fn(u16) -> [u8; 2], bom: bool) -> Vec<u8> {
    let mark = bom.then_some(0xfeff);
    mark.into_iter().chain(text.encode_utf16()).flat_map(to_bytes).collect()
}

/// One byte per character.
fn narrow(text: &str) -> Vec<u8> {
    text.chars().map(|character| u8::try_from(u32::from(character)).unwrap()).collect()
}

fn declared(encoding: &str) -> String {
    mutated(r#"encoding="UTF-8""#, &format!("encoding=\"{encoding}\""))
}

fn check_read(what: &str, bytes: &[u8], encoding: &str, text: &str) {
    let reading = read("a.xml", bytes, &DocumentLimits::default());
    assert_eq!(codes(&reading), "", "{what}");
    let decoded = decode(bytes).unwrap();
    assert_eq!((decoded.encoding(), decoded.text()), (encoding, text), "{what}");
    let hash = base16ct::lower::encode_string(&Sha256::digest(text.as_bytes()));
    assert_eq!(reading.head.sha256, hash, "{what}");
}

#[test]
fn accepted_encodings_are_decoded() {
    let bare = GOOD.strip_prefix("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n").unwrap();
    check_read("UTF-8", GOOD.as_bytes(), "UTF-8", GOOD);
    check_read("UTF-8 with mark", format!("\u{feff}{GOOD}").as_bytes(), "UTF-8", GOOD);
    check_read("undeclared", bare.as_bytes(), "UTF-8", bare);
    check_read("undeclared with mark", format!("\u{feff}{bare}").as_bytes(), "UTF-8", bare);
    let wide = declared("UTF-16");
    check_read("UTF-16LE with mark", &utf16(&wide, u16::to_le_bytes, true), "UTF-16LE", &wide);
    check_read("UTF-16BE with mark", &utf16(&wide, u16::to_be_bytes, true), "UTF-16BE", &wide);
    check_read("UTF-16LE by its shape", &utf16(&wide, u16::to_le_bytes, false), "UTF-16LE", &wide);
    check_read("UTF-16BE by its shape", &utf16(&wide, u16::to_be_bytes, false), "UTF-16BE", &wide);
    check_read("UTF-16 undeclared", &utf16(bare, u16::to_be_bytes, true), "UTF-16BE", bare);
    for (label, name) in [
        ("ISO-8859-1", "ISO-8859-1"),
        ("latin1", "ISO-8859-1"),
        ("Windows-1252", "windows-1252"),
        ("iso-8859-15", "ISO-8859-15"),
        ("ISO8859_1", "ISO-8859-1"),
        ("ISO8859-1", "ISO-8859-1"),
        ("ISO_8859_1", "ISO-8859-1"),
        ("ISO8859_15", "ISO-8859-15"),
        ("Cp1252", "windows-1252"),
        ("cp-1252", "windows-1252"),
    ] {
        let text = declared(label);
        check_read(label, &narrow(&text), name, &text);
    }
    let named = declared("UTF8");
    check_read("UTF8", named.as_bytes(), "UTF-8", &named);
    let plain = declared("US-ASCII").replace('é', "e");
    check_read("US-ASCII", plain.as_bytes(), "US-ASCII", &plain);
}

#[test]
fn the_one_byte_encodings_differ_where_they_should() {
    let decoded = |label: &str, byte: u8| {
        let head = format!("<?xml version='1.0' encoding='{label}'?><a>");
        decode(&[head.as_bytes(), &[byte]].concat()).unwrap().text().chars().next_back()
    };
    assert_eq!(decoded("iso-8859-1", 0xa4), Some('¤'));
    assert_eq!(decoded("iso-8859-15", 0xa4), Some('€'));
    assert_eq!(decoded("windows-1252", 0x80), Some('€'));
    assert_eq!(decoded("iso-8859-1", 0x80), Some('\u{80}'));
}

/// Bytes refused with D04: line, column, value found.
fn check_refused(what: &str, bytes: &[u8], line: u32, column: u32, found: &str) {
    let reading = read("a.xml", bytes, &DocumentLimits::default());
    let [defect] = reading.defects.as_slice() else { panic!("{what}: {:?}", reading.defects) };
    let place = defect.place();
    let actual = (defect.code(), place.line.unwrap(), place.column.unwrap(), defect.found_text().unwrap());
    assert_eq!(actual, (Code::D04, line, column, found), "{what}");
    assert_eq!((place.piece.as_str(), reading.head.name.as_str()), ("a.xml", "a.xml"));
    assert_eq!(reading.head.sha256, base16ct::lower::encode_string(&Sha256::digest(bytes)), "{what}");
    assert!(reading.etablissements.is_empty());
}

#[test]
fn a_wrong_byte_is_told_where_it_is() {
    check_refused("Latin-1 said UTF-8", &narrow(GOOD), 2, 11, "octet 0xE9");
    check_refused("Latin-1 undeclared", b"<a>\r\n\xe9</a>", 2, 1, "octet 0xE9");
    check_refused("truncated UTF-8", b"<a>\xc3", 1, 4, "octet 0xC3");
    check_refused("UTF-8 said US-ASCII", declared("US-ASCII").as_bytes(), 2, 11, "octet 0xC3");
    check_refused("unassigned", b"<?xml version='1.0' encoding='cp1252'?>\n<a>\x81", 2, 4, "octet 0x81");
    let mut odd = utf16(&declared("UTF-16"), u16::to_le_bytes, true);
    odd.push(b'<');
    check_refused("odd UTF-16", &odd, 22, 1, "octet 0x3C");
    let lone: Vec<u8> =
        [0xfeff, u16::from(b'<'), 0xd800, u16::from(b'>')].into_iter().flat_map(u16::to_be_bytes).collect();
    check_refused("lone surrogate", &lone, 1, 2, "octet 0xD8");
}

#[test]
fn a_declaration_must_be_known_and_true() {
    check_refused("unknown", declared("EBCDIC-FR").as_bytes(), 1, 31, "EBCDIC-FR");
    check_refused("UTF-16 in one byte", declared("UTF-16").as_bytes(), 1, 31, "UTF-16");
    check_refused(
        "mark against declaration",
        &[b"\xef\xbb\xbf".to_vec(), narrow(&declared("iso-8859-1"))].concat(),
        1,
        31,
        "iso-8859-1",
    );
    check_refused("UTF-16 said UTF-8", &utf16(GOOD, u16::to_le_bytes, true), 1, 31, "UTF-8");
    check_refused("wrong order", &utf16(&declared("UTF-16BE"), u16::to_le_bytes, true), 1, 31, "UTF-16BE");
    check_refused("UTF-32", b"\xff\xfe\0\0<\0\0\0", 1, 1, "UTF-32");
    check_refused("UTF-32 without mark", b"<\0\0\0a\0\0\0", 1, 1, "UTF-32");
    let bare = "<a/>";
    for text in [bare, "\r\n<a/>", " <a/>"] {
        let little = utf16(text, u16::to_le_bytes, false);
        check_refused("UTF-16LE unannounced", &little, 1, 1, "UTF-16LE sans marque ni déclaration");
        let big = utf16(text, u16::to_be_bytes, false);
        check_refused("UTF-16BE unannounced", &big, 1, 1, "UTF-16BE sans marque ni déclaration");
    }
}

#[test]
fn an_unknown_encoding_is_told_which_are_known() {
    let fault = decode(declared("EBCDIC-FR").as_bytes()).unwrap_err().into_defect("a.xml");
    assert_eq!(fault.expected_text(), Some("UTF-8, UTF-16, ISO-8859-1, ISO-8859-15, windows-1252, US-ASCII"));
}
