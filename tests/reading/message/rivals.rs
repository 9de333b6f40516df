//! What else a mail holds: other XML, patient documents, wrappings that hide the report.

use std::io::Read as _;

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

/// Wherever a patient's document lies, and whatever else is wrong with what holds it.
#[test]
fn a_patient_document_is_seen_in_what_is_not_opened() {
    let cda = CDA.as_bytes();
    let many: Vec<(String, &[u8])> = (0..700).map(|rank| (format!("{rank}.txt"), &b"note"[..])).collect();
    let many: Vec<(&str, &[u8])> = many.iter().map(|(name, bytes)| (name.as_str(), *bytes)).collect();
    let inner = zip(&[("lettre.xml", cda)]);
    let letter = mixed(&[&attached("application/octet-stream", "a.bin", cda)]);
    let deep = (0..4).fold(letter.clone(), |mail, _| {
        let body =
            format!("Content-Type: message/rfc822\n\n{}", String::from_utf8(mail).unwrap().replace("\r\n", "\n"));
        mixed(&[&body])
    });
    let truncated = inner.get(..inner.len() - 30).unwrap().to_vec();
    let file = |bytes: &[u8]| mixed(&[&attached("application/octet-stream", "x.bin", bytes)]);
    for (about, mail, expected) in [
        ("a zip in a zip", file(&zip(&[("b.zip", &inner)])), "M06"),
        ("a mail in a zip", file(&zip(&[("b.eml", &letter)])), "M06"),
        ("a zip in a mail in a zip", file(&zip(&[("b.eml", &file(&inner))])), "M06"),
        ("behind hundreds of entries", file(&zip(&[many.as_slice(), &[("lettre.xml", cda)]].concat())), "M06"),
        ("a damaged zip", file(&truncated), "M06"),
        ("an office document", file(&zip(&[("[Content_Types].xml", b"<Types/>"), ("customXml/a.xml", cda)])), "M06"),
        ("a mail of any type", file(&letter), "M06"),
        (
            "an opaque signature",
            file(&[b"\x30\x82\x10\x00\x06\x09\n\n", attached("text/xml", "lettre.xml", CDA).as_bytes()].concat()),
            "M06",
        ),
        ("mails forwarded too often", deep, "M06"),
        ("behind a report of delivery", mixed(&[&late_report(CDA)]), "M06"),
        ("an opaque file that holds it in clear", file(&[b"\x78\x9f\x3e\x22\0\0", cda].concat()), "M06"),
    ] {
        let message = read_mail(&mail);
        assert_eq!(outcome(&message), expected, "{about}");
        assert!(!message.holds_only_reports(), "{about}");
    }
}

const HPRIM: &str = "H|~^\\&|releve||LABO||ORU\nP|1|01|02|03|PATIENTE-FICTIVE~ANNE||19700101|F\n";

/// What stands in no part, or in parts that nobody could take apart.
#[test]
fn a_patient_document_is_seen_outside_the_parts() {
    let report = attached("text/xml", "lits.xml", REPORT);
    let parts = |before: &str, behind: &str| {
        let body = multipart("b", &["Content-Type: text/plain\n\nBonjour", &report]);
        mail("Content-Type: multipart/mixed; boundary=b", format!("{before}\r\n{body}{behind}"))
    };
    let forgotten = format!("--b\r\n{}\r\n--b--\r\n", attached("text/xml", "x.xml", CDA).replace('\n', "\r\n"));
    let crammed = mixed(&vec!["Content-Type: text/plain\n\na"; 250]);
    let unsplit = |declared: &str| mail(&format!("Content-Type: multipart/mixed{declared}"), HPRIM);
    let wrapped = mixed(&[&format!("Content-Type: message/rfc822\n\nSubject: a\n{}", late_report(HPRIM))]);
    for (about, mail) in [
        ("before the first boundary", parts(HPRIM, "")),
        ("behind the last boundary", parts("", HPRIM)),
        ("a part behind the last boundary", parts("", &forgotten)),
        ("without a boundary", unsplit("")),
        ("with another boundary", unsplit("; boundary=autre")),
        ("parts with another boundary", mail_of_parts("autre", &attached("text/xml", "x.xml", CDA))),
        ("behind the limit of parts", [crammed, HPRIM.into()].concat()),
        ("in a report of delivery in a forwarded mail", wrapped),
        ("without a header", HPRIM.into()),
        ("lines that end in CR alone", lines_of_cr(&format!("Content-Type: text/plain; name=a.hpr\n\n{HPRIM}"))),
        ("lines of the text that end in CR alone", lines_of_cr(&format!("Content-Type: text/plain\n\n{HPRIM}"))),
    ] {
        let message = read_mail(&mail);
        assert!(
            message.defects().iter().any(|defect| defect.code().as_str() == "M06"),
            "{about}: {}",
            outcome(&message)
        );
        assert!(message.candidates().is_empty() && !message.holds_only_reports(), "{about}");
    }
    let (innocent, footer) =
        (parts("This is a multi-part message in MIME format.", ""), parts("", "-- \r\nAntivirus : sain"));
    assert_eq!(outcome(&read_mail(&innocent)), "lits.xml");
    assert!(read_mail(&innocent).holds_only_reports());
    assert_eq!(outcome(&read_mail(&footer)), "lits.xml");
}

/// A mail whose parts have another boundary than it declares.
fn mail_of_parts(boundary: &str, part: &str) -> Vec<u8> {
    mail(&format!("Content-Type: multipart/mixed; boundary={boundary}"), multipart("vraie", &[part]))
}

fn lines_of_cr(part: &str) -> Vec<u8> {
    mixed(&[part]).into_iter().filter(|byte| *byte != b'\n').collect()
}

/// Base64 and uuencode that nobody declared, and declarations that nobody knows.
#[test]
fn a_patient_document_is_seen_in_text_that_encodes_it() {
    let encoded = base64(HPRIM);
    let url: String = base64(CDA).chars().map(|one| if one == '+' { '-' } else { one }).collect();
    let based =
        |head: &str| mixed(&[&format!("Content-Type: application/octet-stream; name=a.bin\n{head}\n{encoded}")]);
    let uuencoded = "begin 644 a.hpr\n:2'Q^7EPF?')E;&5V97Q\\3$%\"3PI0?#%\\,0H \n`\nend\n";
    for (about, mail) in [
        ("a body", mail("Content-Type: text/plain", &encoded)),
        ("a body without a type", mail("Subject: lits", &encoded)),
        (
            "behind words, quoted",
            mail("Content-Type: text/plain", format!("Voici :\n> {}", encoded.replace('\n', "\n> "))),
        ),
        ("a file", based("")),
        ("of an old name", based("Content-Transfer-Encoding: x-base64\n")),
        ("of no known name", based("Content-Transfer-Encoding: x-propre\n")),
        ("twice", mixed(&[&attached("application/octet-stream", "a.bin", &encoded)])),
        ("damaged at its start", based("Content-Transfer-Encoding: base64\n\n!")),
        (
            "in JSON, the alphabet of URLs",
            mixed(&[&attached("application/json", "a.json", format!("{{\"a\":\"{url}\"}}"))]),
        ),
        ("in XML", mixed(&[&attached("text/xml", "a.xml", format!("<a><b>{encoded}</b></a>"))])),
        ("in a page", mixed(&[&format!("Content-Type: text/html\n\n<p>{encoded}</p>")])),
        ("uuencode", mail("Content-Type: text/plain", uuencoded)),
        ("a declared uuencode", mixed(&[&format!("Content-Transfer-Encoding: x-uuencode\n\n{uuencoded}")])),
    ] {
        assert_eq!(outcome(&read_mail(&mail)), "M06", "{about}");
    }
}

/// An attribute of TNEF ([MS-OXTNEF], section 2.1.3.3).
fn attribute(level: u8, name: u32, data: &[u8]) -> Vec<u8> {
    let length = u32::try_from(data.len()).unwrap().to_le_bytes();
    let sum = data.iter().fold(0_u16, |sum, byte| sum.wrapping_add(u16::from(*byte))).to_le_bytes();
    [[level].as_slice(), &name.to_le_bytes(), &length, data, &sum].concat()
}

#[test]
fn a_patient_document_is_seen_in_what_outlook_wraps() {
    let wrapped = |data: &[u8]| {
        let attributes = [attribute(1, 0x0008_9006, &[0, 0, 1, 0]), attribute(2, 0x0006_800f, data)];
        let bytes = [b"\x78\x9f\x3e\x22\x01\x00".to_vec(), attributes.concat()].concat();
        mixed(&[&attached("application/ms-tnef", "winmail.dat", bytes)])
    };
    for data in [HPRIM.as_bytes(), &zip(&[("a.xml", CDA.as_bytes())]), base64(CDA).as_bytes(), &[b'A'; 300]] {
        let expected = if data == [b'A'; 300] { "M02" } else { "M06" };
        assert_eq!(outcome(&read_mail(&wrapped(data))), expected, "{}", String::from_utf8_lossy(data));
        assert!(read_mail(&wrapped(data)).candidates().is_empty());
    }
}

/// An innocent document beside a report: the report is read.
#[test]
fn what_only_speaks_of_documents_of_patients_disturbs_no_report() {
    let report = attached("text/xml", "lits.xml", REPORT);
    let talk: &[u8] =
        "<?xml version=\"1.0\"?><w:document xmlns:w=\"w\"><w:t>la balise &lt;ClinicalDocument&gt;</w:t></w:document>"
            .as_bytes();
    let guide = zip(&[("[Content_Types].xml", b"<Types/>"), ("word/document.xml", talk)]);
    let pasted = zip(&[
        ("[Content_Types].xml", b"<Types/>"),
        ("word/document.xml", b"<w:t>MSH|^~\\&amp;|GAM</w:t><w:t>PID|1||FICTIF</w:t>"),
    ]);
    let beside = |name: &str, bytes: &[u8]| mixed(&[&report, &attached("application/octet-stream", name, bytes)]);
    for (about, mail, expected) in [
        ("a document of Word", beside("guide.docx", &guide), "lits.xml"),
        (
            "in a zip with the report",
            mixed(&[&attached(
                "application/zip",
                "a.zip",
                zip(&[("guide.docx", &guide), ("lits.xml", REPORT.as_bytes())]),
            )]),
            "lits.xml",
        ),
        (
            "its parts in a zip with the report",
            mixed(&[&attached(
                "application/zip",
                "a.zip",
                zip(&[("word/document.xml", talk), ("lits.xml", REPORT.as_bytes())]),
            )]),
            "lits.xml",
        ),
        ("a page", beside("guide.html", "<html>la balise &lt;ClinicalDocument&gt;</html>".as_bytes()), "lits.xml"),
        (
            "a text in HTML",
            mixed(&["Content-Type: text/html\n\n<html><body>Bonjour<br>\nMSH|^~\\&amp;|X|\n</body></html>", &report]),
            "lits.xml",
        ),
        ("places of the hospital", beside("lieux.hl7", b"MSH|^~\\&|A|B|C|D|2026||MFN^M05|1\rLOC|1\r"), "lits.xml"),
        (
            "counts in FHIR",
            beside("lits.json", b"{\"resourceType\":\"MeasureReport\",\"type\":\"summary\"}"),
            "lits.xml",
        ),
        ("a message pasted into a document of Word", beside("guide.docx", &pasted), "M06"),
    ] {
        assert_eq!(outcome(&read_mail(&mail)), expected, "{about}");
    }
}

#[test]
fn a_mail_has_attachments_or_not() {
    let wrapped = |attributes: &[u8]| [b"\x78\x9f\x3e\x22\x01\x00", attributes].concat();
    let file = attribute(2, 0x0006_800f, b"x");
    for (about, mail, expected) in [
        ("a text", mixed(&[]), false),
        ("two texts", mixed(&["Content-Type: text/html\n\n<p>a</p>"]), false),
        ("signed", mixed(&[&attached("application/pkcs7-signature", "smime.p7s", "0")]), false),
        (
            "a logo",
            mixed(&[
                "Content-Type: image/png; name=logo.png\n\n\u{89}PNG",
                "Content-Type: image/gif; name=a.gif\nContent-Disposition: inline\n\nGIF89a",
            ]),
            false,
        ),
        (
            "the text of Outlook",
            mixed(&[&attached("application/ms-tnef", "winmail.dat", wrapped(&attribute(1, 0x0008_9006, b"x")))]),
            false,
        ),
        (
            "a file in Outlook’s wrapping",
            mixed(&[&attached("application/ms-tnef", "winmail.dat", wrapped(&file))]),
            true,
        ),
        ("a picture", mixed(&[&attached("image/jpeg", "lits.jpg", b"\xff\xd8\xff")]), true),
        (
            "a sheet",
            mixed(&[&attached("application/octet-stream", "lits.xlsx", zip(&[("[Content_Types].xml", b"<T/>")]))]),
            true,
        ),
        ("a PDF", mixed(&["Content-Type: application/pdf; name=lits.pdf\n\n%PDF-1.4"]), true),
        ("a report", mixed(&[&attached("text/xml", "lits.xml", REPORT)]), true),
    ] {
        assert_eq!(read_mail(&mail).has_attachments(), expected, "{about}");
    }
}

/// A multipart/report that comes after a text.
fn late_report(inside: &str) -> String {
    let parts = multipart("fin", &["Content-Type: text/plain\n\navis", &format!("Content-Type: text/xml\n\n{inside}")]);
    format!("Content-Type: multipart/report; boundary=fin\n\n{}", parts.replace("\r\n", "\n"))
}

/// What may go back to its sender: a report and what a person writes with it, and nothing else.
#[test]
fn a_mail_is_known_to_hold_only_reports_or_not() {
    let report = attached("text/xml", "lits.xml", REPORT);
    let zipped = |entries: &[(&str, &[u8])]| mixed(&[&attached("application/zip", "a.zip", zip(entries))]);
    let known = REPORT.as_bytes();
    for (about, mail, expected) in [
        ("a report", mixed(&[&report]), true),
        ("with a text in HTML", mixed(&[&report, "Content-Type: text/html\n\n<p>Bonjour</p>"]), true),
        ("signed", mixed(&[&report, &attached("application/pkcs7-signature", "smime.p7s", "0")]), true),
        ("zipped", zipped(&[("releves/", b""), ("releves/lits.xml", known)]), true),
        ("zipped with a note", zipped(&[("lits.xml", known), ("note.txt", b"a")]), false),
        ("with a PDF", mixed(&[&report, &attached("application/pdf", "a.pdf", "%PDF-1.4")]), false),
        ("with a picture", mixed(&[&report, "Content-Type: image/png\n\npng"]), false),
        ("with a text file", mixed(&[&report, &attached("text/plain", "a.txt", "a")]), false),
        ("with other XML", mixed(&[&report, &attached("text/xml", "a.xml", OTHER)]), false),
        ("broken", mixed(&[&attached("text/xml", "a.xml", "<disponi")]), false),
        ("nothing", mixed(&[]), false),
    ] {
        assert_eq!(read_mail(&mail).holds_only_reports(), expected, "{about}");
    }
}

#[test]
fn a_compressed_patient_document_is_refused_as_such_and_as_compressed() {
    let mut packed = Vec::new();
    flate2::read::GzEncoder::new(CDA.as_bytes(), flate2::Compression::fast()).read_to_end(&mut packed).unwrap();
    let message = read_mail(&mixed(&[&attached("application/gzip", "lettre-de-Mme-X.xml.gz", &packed)]));
    let told: Vec<(&str, &str)> =
        message.defects().iter().map(|one| (one.code().as_str(), one.place().piece.as_str())).collect();
    assert_eq!(told, [("M06", ""), ("M04", "")], "{:?}", message.defects());
    assert!(!message.defects()[1].hint().contains("non compressé"), "nobody is asked to send it again");
}

/// A patient's document that a machine sends is one all the same.
#[test]
fn an_automatic_patient_document_is_not_ignored() {
    let automatic = |content: &str| {
        let parts = multipart("b", &[&attached("text/xml", "a.xml", content)]);
        read_mail(&mail("Auto-Submitted: auto-generated\nContent-Type: multipart/mixed; boundary=b", parts))
    };
    assert!(!automatic(CDA).is_ignorable());
    assert!(automatic("Bonjour").candidates().len() == 1 && !automatic("Bonjour").is_ignorable());
    assert!(read_mail(&mail("Auto-Submitted: auto-replied", "Bonjour")).is_ignorable());
}
