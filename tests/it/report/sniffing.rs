//! What a mail part is said to be from its first bytes.

use dispolits::report::{Sniff, sniff};

use super::GOOD;

fn check(bytes: &[u8], expected: &Sniff) {
    assert_eq!(&sniff(bytes), expected, "{}", String::from_utf8_lossy(bytes));
}

fn known() -> Sniff {
    Sniff::Known("disponibilites-1")
}

fn other(root: &str, ignorable: bool) -> Sniff {
    Sniff::OtherXml { root: root.to_owned(), ignorable }
}

#[test]
fn a_known_root_is_seen_whatever_follows() {
    let wide: Vec<u8> =
        [0xfeff].into_iter().chain(GOOD.replace("UTF-8", "UTF-16").encode_utf16()).flat_map(u16::to_be_bytes).collect();
    check(GOOD.as_bytes(), &known());
    check(&wide, &known());
    check(format!("\u{feff}{GOOD}").as_bytes(), &known());
    let latin1: Vec<u8> = GOOD.chars().map(|character| u8::try_from(u32::from(character)).unwrap()).collect();
    check(&latin1, &known());
    check(b"\r\n<p:disponibilites xmlns:p='urn:fr:dispolits:disponibilites:1'><a", &known());
    let long = format!("<!-- {} -->{GOOD}", "licence ".repeat(1000))
        .replace("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n", "");
    check(long.as_bytes(), &known());
}

#[test]
fn documents_of_patients_are_seen() {
    check(b"<?xml version='1.0'?><ClinicalDocument xmlns='urn:hl7-org:v3'>", &Sniff::PatientDocument);
    check(b"<v3:ClinicalDocument xmlns:v3='urn:hl7-org:v3'>", &Sniff::PatientDocument);
    check(b"MSH|^~\\&|GAM|CH|", &Sniff::PatientDocument);
    check(b"\x0bMSH|^~\\&|", &Sniff::PatientDocument);
    check(b"\xef\xbb\xbfFHS|^~\\&|", &Sniff::PatientDocument);
    check(b"<ClinicalDocument>", &other("ClinicalDocument", false));
}

#[test]
fn other_xml_is_named() {
    check(b"<br />\n<b>Warning</b>", &other("br", false));
    check(b"<disponibilites>", &other("disponibilites", false));
    check(b"<html xmlns='http://www.w3.org/1999/xhtml'>", &other("{http://www.w3.org/1999/xhtml}html", true));
    check(b"<HTML><body>", &other("HTML", true));
    check(b"<!DOCTYPE html PUBLIC '-//W3C//DTD XHTML 1.0 Strict//EN' 'x'><html>", &other("html", true));
    check(b"\n<!doctype HTML>\n<html>", &other("html", true));
    let metadata = "urn:oasis:names:tc:ebxml-regrep:xsd:lcm:3.0";
    let text = format!("<lcm:SubmitObjectsRequest xmlns:lcm='{metadata}'/>");
    check(text.as_bytes(), &other(&format!("{{{metadata}}}SubmitObjectsRequest"), true));
}

#[test]
fn what_begins_like_xml_but_cannot_be_read_is_broken() {
    for broken in
        ["<disponibilites", "<a b=1>", "<?xml version='1.0'?>", "<!DOCTYPE d><d/>", " <?xml version='1.0'?><a/>"]
    {
        check(broken.as_bytes(), &Sniff::Broken);
    }
    check(b"<?xml version='1.0' encoding='EBCDIC'?><a/>", &Sniff::Broken);
    check(format!("<!--{}--><a/>", " ".repeat(70_000)).as_bytes(), &Sniff::Broken);
    check(format!("<a b='{}'/>", "x".repeat(5_000)).as_bytes(), &Sniff::Broken);
}

#[test]
fn what_is_no_xml_is_seen() {
    for text in [
        "",
        " ",
        "Bonjour",
        "< 5 lits",
        "<3",
        "-----",
        "%PDF-1.7",
        "PK\u{3}\u{4}",
        "<",
        "<service@hopital.test> a écrit :",
        "<https://hopital.test>",
    ] {
        check(text.as_bytes(), &Sniff::NotXml);
    }
    check(b"\xff\xd8\xff\xe0", &Sniff::NotXml);
    check(b"\x78\x9f\x3e\x22", &Sniff::NotXml);
}
