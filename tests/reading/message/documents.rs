//! Reports in every shape that senders give them.

use super::build::{REPORT, attached, base64, mail, mixed, multipart};
use super::{case, check, read_mail};

/// One part of these header lines around the report.
fn part(head: &str) -> Vec<u8> {
    mixed(&[&format!("{head}\n\n{REPORT}")])
}

#[test]
fn any_shape_of_part_is_a_document() {
    let report = |media| mixed(&[&attached(media, "lits.xml", REPORT)]);
    for case in [
        case(
            "a byte order mark before the mail",
            [b"\xef\xbb\xbf".to_vec(), mail("Content-Type: text/xml", REPORT)].concat(),
            "(sans nom).xml",
        ),
        case("text/xml", report("text/xml"), "lits.xml"),
        case("application/xml", report("application/xml"), "lits.xml"),
        case("octet stream", report("application/octet-stream"), "lits.xml"),
        case("emergency+xml", report("application/emergency+xml"), "lits.xml"),
        case("a type that is a lie", report("image/png"), "lits.xml"),
        case(
            "beside the fork of macOS",
            mixed(&[
                &attached("application/applefile", "lits.xml", b"\x00\x05\x16\x07"),
                &attached("text/xml", "lits.xml", REPORT),
            ]),
            "lits.xml",
        ),
        case("a type that is none", report("n'importe quoi"), "lits.xml"),
        case("upper case", part("CONTENT-TYPE: TEXT/XML; NAME=\"LITS.XML\""), "LITS.XML"),
        case("no header at all", mixed(&[&format!("\n{REPORT}")]), "(sans nom).xml"),
        case("no disposition", part("Content-Type: text/xml; name=lits.xml"), "lits.xml"),
        case("inline", part("Content-Type: text/xml\nContent-Disposition: inline; filename=lits.xml"), "lits.xml"),
        case(
            "no name",
            part("Content-Type: application/octet-stream\nContent-Disposition: attachment"),
            "(sans nom).xml",
        ),
        case("a name that is a lie", part("Content-Type: text/plain; name=lits.txt"), "lits.txt"),
    ] {
        check(case);
    }
}

#[test]
fn a_report_may_be_the_body_or_stand_in_any_multipart() {
    for case in [
        case("root part", mail("Content-Type: text/xml", REPORT), "(sans nom).xml"),
        case("root part without type", mail("Subject: lits", REPORT), "(sans nom).xml"),
        case(
            "root part in base64",
            mail("Content-Type: text/xml\nContent-Transfer-Encoding: BASE64", base64(REPORT)),
            "(sans nom).xml",
        ),
        case(
            "body of a signed mail",
            mail(
                "Content-Type: multipart/signed; boundary=s; protocol=\"application/pkcs7-signature\"",
                multipart(
                    "s",
                    &[
                        &attached("text/xml", "lits.xml", REPORT),
                        &attached("application/pkcs7-signature", "smime.p7s", [0x30, 0x80]),
                    ],
                ),
            ),
            "lits.xml",
        ),
        case(
            "in an alternative",
            mail(
                "Content-Type: multipart/alternative; boundary=a",
                multipart("a", &["Content-Type: text/plain\n\nBonjour", &attached("text/xml", "lits.xml", REPORT)]),
            ),
            "lits.xml",
        ),
    ] {
        check(case);
    }
}

#[test]
fn any_encoding_of_xml_is_a_document() {
    let encoded = |bytes: Vec<u8>| mixed(&[&attached("text/xml", "lits.xml", bytes)]);
    let text16 = REPORT.replace("UTF-8", "UTF-16");
    let big: Vec<u8> = [0xfe, 0xff].into_iter().chain(text16.encode_utf16().flat_map(u16::to_be_bytes)).collect();
    let little: Vec<u8> = [0xff, 0xfe].into_iter().chain(text16.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    let latin = REPORT.replace("UTF-8", "windows-1252").into_bytes();
    for case in [
        case("byte order mark", mixed(&[&attached("text/xml", "lits.xml", format!("\u{feff}{REPORT}"))]), "lits.xml"),
        case("UTF-16, big-endian", encoded(big), "lits.xml"),
        case("UTF-16, little-endian", encoded(little), "lits.xml"),
        case("windows-1252", encoded(latin), "lits.xml"),
    ] {
        check(case);
    }
}

#[test]
fn names_are_decoded_and_harmless() {
    let named =
        |disposition: &str| part(&format!("Content-Type: text/xml\nContent-Disposition: attachment; {disposition}"));
    for case in [
        case("RFC 2231", named("filename*=UTF-8''lits%20d%27%C3%A9t%C3%A9.xml"), "lits d'été.xml"),
        case("RFC 2231, quoted", named("filename*=\"UTF-8''%C3%A9t%C3%A9.xml\""), "été.xml"),
        case("RFC 2231, no charset", named("filename*=''lits.xml"), "lits.xml"),
        case(
            "RFC 2231, in pieces",
            named("filename*0*=UTF-8''lits%20;\n filename*1*=%C3%A9t%C3%A9;\n filename*2=.xml"),
            "lits été.xml",
        ),
        case("RFC 2047, in quotes", named("filename=\"=?utf-8?Q?=C3=A9t=C3=A9=2Exml?=\""), "été.xml"),
        case(
            "RFC 2047, two words",
            named("filename=\"=?utf-8?B?bGl0cyA=?=\n =?utf-8?B?w6l0w6kueG1s?=\""),
            "lits été.xml",
        ),
        case("a stray blank", named("filename= \"lits.xml\""), "lits.xml"),
        case("a path of Unix", named("filename=\"../../etc/lits.xml\""), "lits.xml"),
        case("a path of Windows", named("filename=\"C:\\\\Temp\\\\lits.xml\""), "lits.xml"),
        case("only a path", named("filename=\"../\""), "(sans nom).xml"),
        case("control characters", named("filename*=UTF-8''li%0D%0Ats%00%1B.xml"), "lits.xml"),
        case("reversed reading", named("filename*=UTF-8''lits%E2%80%AElmx.exe"), "lits·lmx.exe"),
        case(
            "the same name twice",
            mixed(&[
                &attached("text/xml", "a.xml", REPORT),
                &attached("text/xml", "a.xml", REPORT),
                &attached("text/xml", "a (2).xml", REPORT),
            ]),
            "a.xml, a (2).xml, a (2) (2).xml",
        ),
    ] {
        check(case);
    }
    let long = read_mail(&named(&format!("filename=\"{}.xml\"", "é".repeat(5000))));
    assert!(long.candidates()[0].name.chars().count() < 130);
}

#[test]
fn forwarded_mails_are_read_to_depth_two() {
    let forward = |inner: &str| format!("Content-Type: message/rfc822\n\nSubject: tr\n{inner}");
    let report = format!("Content-Type: text/xml; name=lits.xml\n\n{REPORT}");
    let encoded = format!(
        "Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\n{}",
        base64(format!("Subject: tr\n{report}"))
    );
    let digest = format!(
        "Content-Type: multipart/digest; boundary=d\n\n{}",
        multipart("d", &[&format!("\nSubject: tr\n{report}")]).replace("\r\n", "\n")
    );
    for case in [
        case("once", mixed(&[&forward(&report)]), "lits.xml"),
        case("twice", mixed(&[&forward(&forward(&report))]), "lits.xml"),
        case("three times", mixed(&[&forward(&forward(&forward(&report)))]), "M02"),
        case("encoded, though it must not be", mixed(&[&encoded]), "lits.xml"),
        case("a digest", mixed(&[&digest]), "lits.xml"),
    ] {
        check(case);
    }
}

#[test]
fn a_mail_is_one_whatever_it_is_called() {
    let mail = format!("From: a@b.test\nSubject: tr\nContent-Type: text/xml; name=lits.xml\n\n{REPORT}");
    let file = |media: &str, name: &str, content: &str| mixed(&[&attached(media, name, content)]);
    let within = format!(
        "From: c@d.test\nTo: e@f.test\nContent-Type: application/octet-stream; name=b.eml\n\
         Content-Transfer-Encoding: base64\n\n{}",
        base64(&mail)
    );
    for case in [
        case("octets", file("application/octet-stream", "tr.eml", &mail), "lits.xml"),
        case("a text file", file("text/plain", "tr.txt", &mail), "lits.xml"),
        case("without a name", file("application/x-unknown", "", &mail), "lits.xml"),
        case(
            "after the line of a mailbox file",
            file("application/mbox", "m", &format!("From a Mon Nov 23\n{mail}")),
            "lits.xml",
        ),
        case("after blank lines", file("application/octet-stream", "tr.eml", &format!("\r\n\r\n{mail}")), "lits.xml"),
        case("one in another", file("application/octet-stream", "a.eml", &within), "lits.xml"),
        case(
            "without a sender",
            file("application/octet-stream", "tr.eml", mail.split_once('\n').unwrap().1),
            "lits.xml",
        ),
        case("quoted in the text", mixed(&[&format!("Content-Type: text/plain\n\n{mail}")]), "M02"),
        case(
            "notes that begin with words and colons",
            file("application/octet-stream", "notes.txt", "Subject: lits\nDate: hier\n\nrien"),
            "M02",
        ),
        case("no mail at all", file("application/octet-stream", "notes.txt", "De : moi\nObjet : lits\n"), "M02"),
    ] {
        check(case);
    }
}
