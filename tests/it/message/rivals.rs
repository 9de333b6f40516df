//! What else a mail holds: other XML, patient documents, wrappings that hide the report.

use super::build::{CDA, METADATA, OTHER, PAGE, REPORT, attached, base64, mail, mixed, multipart, zip};
use super::{case, check, outcome, read_mail};

#[test]
fn other_xml_never_hides_or_disturbs_a_report() {
    let html = format!("Content-Type: text/html\n\n{PAGE}");
    let report = attached("text/xml", "lits.xml", REPORT);
    let other = attached("text/xml", "facture.xml", OTHER);
    let doctype = format!("<!DOCTYPE disponibilites [<!ENTITY a \"b\">]>\n{}", REPORT.lines().last().unwrap());
    let logo = "<?xml version=\"1.0\"?><!DOCTYPE svg PUBLIC \"-//W3C//DTD SVG 1.1//EN\" \"x\"><svg xmlns=\"http://www.w3.org/2000/svg\"/>";
    for case in [
        case("an empty drawing", mixed(&[&attached("image/svg+xml", "logo.svg", "")]), "M02"),
        case("beside a report", mixed(&[&other, &report]), "lits.xml"),
        case("alone", mixed(&[&other]), "facture.xml"),
        case("several alone: the first", mixed(&[&other, &attached("text/xml", "b.xml", OTHER)]), "facture.xml"),
        case(
            "XHTML is text",
            mixed(&["Content-Type: application/xhtml+xml\n\n<html xmlns=\"http://www.w3.org/1999/xhtml\"/>"]),
            "M02",
        ),
        case("HTML without DOCTYPE is text", mixed(&["Content-Type: text/html\n\n<div>Bonjour</div>"]), "M02"),
        case("HTML with DOCTYPE is text", mixed(&[&html]), "M02"),
        case("HTML beside a report", mixed(&[&html, &report]), "lits.xml"),
        case("the logo of a signature", mixed(&[&attached("image/svg+xml", "logo.svg", logo)]), "M02"),
        case("metadata alone", mixed(&[&attached("text/xml", "x.xml", METADATA)]), "M02"),
        case("broken XML", mixed(&[&attached("text/xml", "lits.xml", "<?xml version=\"1.0\"?><disponi")]), "lits.xml"),
        case(
            "broken XML in a text file",
            mixed(&[&attached("text/plain", "lits.txt", "<?xml version=\"1.0\"?><disponi")]),
            "lits.txt",
        ),
        case(
            "an error page in good order named XML",
            mixed(&[&attached("text/html", "lits.xml", "<html><body/></html>")]),
            "lits.xml",
        ),
        case("broken XML in the text", mixed(&["Content-Type: text/plain\n\n<?xml version=\"1.0\"?><disponi"]), "M02"),
        case("a DOCTYPE", mixed(&[&attached("application/octet-stream", "lits.dat", &doctype)]), "lits.dat"),
        case(
            "broken XML beside a report",
            mixed(&[&attached("text/xml", "b.xml", "<disponi"), &report]),
            "b.xml, lits.xml",
        ),
        case("an error page named XML", mixed(&[&attached("text/html", "lits.xml", PAGE)]), "lits.xml"),
        case(
            "a warning of PHP named XML",
            mixed(&[&attached("text/plain", "lits.xml", "Warning: mysql_connect()")]),
            "lits.xml",
        ),
        case("a warning typed XML", mixed(&["Content-Type: text/xml\n\nWarning: mysql_connect()"]), "(sans nom).xml"),
        case("an empty file named XML", mixed(&[&attached("application/octet-stream", "lits.XML", "")]), "lits.XML"),
        case("a picture", mixed(&[&attached("image/png", "logo.png", b"\x89PNG\r\n\x1a\n")]), "M02"),
        case("text alone", mail("Content-Type: text/plain", "Bonjour"), "M02"),
        case("no body", mail("Subject: lits", ""), "M02"),
    ] {
        check(case);
    }
}

#[test]
fn patient_documents_reject_the_whole_mail() {
    let report = attached("text/xml", "lits.xml", REPORT);
    let cda = attached("text/xml", "dupont_marie.xml", CDA);
    let xdm = zip(&[
        ("README.TXT", b"XDM"),
        ("IHE_XDM/SUBSET01/METADATA.XML", METADATA.as_bytes()),
        ("IHE_XDM/SUBSET01/DOC0001.PDF", b"%PDF-1.7"),
    ]);
    let carrier = zip(&[
        ("IHE_XDM/SUBSET01/METADATA.XML", METADATA.as_bytes()),
        ("IHE_XDM/SUBSET01/LITS.XML", REPORT.as_bytes()),
    ]);
    let late = format!("<!-- {} -->{CDA}", "é".repeat(5000));
    let refused = zip(&[("dupont.xml", CDA.as_bytes()), ("a.zip", b"PK\x03\x04")]);
    for case in [
        case(
            "CDA after a long comment in a zip",
            mixed(&[&attached("application/zip", "dupont.zip", zip(&[("d.xml", late.as_bytes())]))]),
            "M06",
        ),
        case("CDA", mixed(&[&cda]), "M06"),
        case("CDA beside a report", mixed(&[&report, &cda]), "M06"),
        case("HL7 v2", mixed(&["Content-Type: text/plain; name=oru.hl7\n\nMSH|^~\\&|LABO|CH|"]), "M06"),
        case(
            "CDA in a zip",
            mixed(&[&attached("application/zip", "dupont.zip", zip(&[("d.xml", CDA.as_bytes())]))]),
            "M06",
        ),
        case("CDA in a zip that is refused", mixed(&[&attached("application/zip", "dupont.zip", refused)]), "M06"),
        case("XDM without CDA", mixed(&[&attached("application/zip", "IHE_XDM.zip", &xdm)]), "M06"),
        case("XDM beside a report", mixed(&[&report, &attached("application/zip", "IHE_XDM.zip", &xdm)]), "M06"),
        case("XDM that carries a report", mixed(&[&attached("application/zip", "ihe_xdm.ZIP", carrier)]), "LITS.XML"),
        case(
            "CDA in a forwarded mail",
            mixed(&[&format!("Content-Type: message/rfc822\n\nSubject: a\nContent-Type: text/xml\n\n{CDA}")]),
            "M06",
        ),
        case(
            "damaged CDA",
            mixed(&[&format!(
                "Content-Type: text/xml; name=dupont.xml\nContent-Transfer-Encoding: base64\n\n{}!",
                base64(CDA)
            )]),
            "M06",
        ),
    ] {
        let message = read_mail(&case.raw);
        assert!(!format!("{:?}", message.defects()).contains("dupont"), "{}", case.about);
        check(case);
    }
}

#[test]
fn what_hides_the_attachment_is_named() {
    let tnef = b"\x78\x9f\x3e\x22\x01\x00";
    let with = |media: &str, name: &str, content: &[u8]| mixed(&[&attached(media, name, content)]);
    let cases = [
        (with("application/ms-tnef", "winmail.dat", tnef), "winmail.dat"),
        (with("application/octet-stream", "ATT0001.dat", tnef), "winmail.dat"),
        (with("application/octet-stream", "Winmail.dat", b"?"), "winmail.dat"),
        (with("application/pkcs7-mime; smime-type=enveloped-data", "smime.p7m", b"0"), "chiffré"),
        (with("application/x-pkcs7-mime; smime-type=signed-data", "smime.p7m", b"0"), "signature"),
        (
            mail(
                "Content-Type: multipart/encrypted; boundary=e",
                multipart(
                    "e",
                    &[
                        "Content-Type: application/pgp-encrypted\n\nVersion: 1",
                        "Content-Type: application/octet-stream\n\nx",
                    ],
                ),
            ),
            "chiffré",
        ),
    ];
    let [signed, detached, enveloped] = [(2, [0xa0, 0x80]), (2, [0, 0]), (3, [0xa0, 0x80])].map(cms);
    let outlook = [OLE, &wide("__substg1.0_0037001F")].concat();
    let more = [
        (with("application/x-pkcs7-mime", "smime.p7m", &signed), "signature"),
        (with("application/octet-stream", "smime.p7m", &signed), "signature"),
        (with("application/octet-stream", "piece", &enveloped), "chiffré"),
        (with("application/pkcs7-mime", "smime.p7m", b"0"), "S/MIME"),
        (with("text/plain", "m.asc", b"-----BEGIN PGP MESSAGE-----\n"), "chiffré"),
        (with("application/vnd.ms-outlook", "lits.msg", OLE), ".msg"),
        (with("application/octet-stream", "piece", &outlook), ".msg"),
        (with("application/msword", "lits.doc", OLE), "Word"),
        (with("application/octet-stream", "piece", &[OLE, &wide("Workbook")].concat()), "Excel"),
        (with("application/octet-stream", "lits.pdf", b"%PDF-1.7"), ".pdf"),
        (with("application/octet-stream", "x", &zip(&[("[Content_Types].xml", b"<T/>"), ("xl/a", b"")])), ".xlsx"),
        (with("application/octet-stream", "x", &zip(&[("[Content_Types].xml", b"<T/>"), ("word/a", b"")])), ".docx"),
        (with("image/png", "lits.png", b"\x89PNG\r\n\x1a\n"), "image"),
        (mail("Content-Type: text/plain", "Bonjour\n\nbegin 644 lits.xml\n#0V%T\n`\nend\n"), "uuencode"),
        (
            mixed(&[&attached("application/pdf", "a.pdf", b"%PDF-1.7"), &attached("text/rtf", "a.rtf", b"{\\rtf1")]),
            "un document PDF (.pdf) et un document RTF (.rtf)",
        ),
    ];
    let beside_text = with("application/pkcs7-signature", "smime.p7s", &detached);
    assert!(!read_mail(&beside_text).defects()[0].message().contains("signature"));
    for (raw, word) in cases.into_iter().chain(more) {
        let message = read_mail(&raw);
        assert_eq!(outcome(&message), "M02");
        assert!(word == "chiffré" || !message.defects()[0].message().contains("chiffré"));
        assert!(message.defects()[0].message().contains(word), "{}", message.defects()[0].message());
    }
    let beside =
        mixed(&[&attached("application/ms-tnef", "winmail.dat", tnef), &attached("text/xml", "lits.xml", REPORT)]);
    assert_eq!(outcome(&read_mail(&beside)), "lits.xml");
}

/// What begins a compound file of Microsoft.
const OLE: &[u8] = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1";

fn wide(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

/// The beginning of an S/MIME envelope of this kind, in BER, whose content of type data is followed by these bytes.
fn cms((kind, after): (u8, [u8; 2])) -> Vec<u8> {
    let pkcs7 = |last: u8| [b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07".as_slice(), &[last]].concat();
    [b"\x30\x80".as_slice(), &pkcs7(kind), b"\xa0\x80\x30\x80\x02\x01\x01\x31\x00\x30\x80", &pkcs7(1), &after].concat()
}
