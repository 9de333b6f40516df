//! Transfer encodings and boundaries: what is lost on the way must be said.

use super::build::{REPORT, attached, base64, mail, mixed, multipart};
use super::{case, check, read_mail};

#[test]
fn damage_on_the_way_is_never_passed_over() {
    let quoted = |content: &str| {
        format!("Content-Type: text/xml; name=lits.xml\nContent-Transfer-Encoding: quoted-printable\n\n{content}")
    };
    let based = |content: &str| {
        format!("Content-Type: text/xml; name=lits.xml\nContent-Transfer-Encoding: base64\n\n{content}")
    };
    let unknown =
        |content: &str| format!("Content-Type: text/xml; name=lits.xml\nContent-Transfer-Encoding: 8bits\n\n{content}");
    let soft =
        REPORT.replace("=\"", "=3D\"").replace("<disponibilites ", "<disponi=\nbilites ").replace("?>\n", "?>  \n");
    let whole = base64(REPORT);
    for case in [
        case("sound quoted-printable", mixed(&[&quoted(&soft)]), "lits.xml"),
        case("equals signs not quoted", mixed(&[&quoted(REPORT)]), "M05"),
        case("cut in an escape", mixed(&[&quoted(&format!("{soft}=3"))]), "M05"),
        case("base64 with a foreign character", mixed(&[&based(&whole.replacen('w', "!", 1))]), "M05"),
        case("base64 with a lost character", mixed(&[&based(whole.trim_start_matches('P'))]), "M05"),
        case("base64 with a footer", mixed(&[&based(&format!("{whole}\n\n-- \nAntivirus : sain"))]), "M05"),
        case(
            "a character lost and no padding",
            mixed(&[&based(whole.trim_end_matches('=').trim_start_matches('P'))]),
            "M05",
        ),
        case("half of it and no padding", mixed(&[&based(whole.get(..whole.len() / 8 * 4 - 2).unwrap())]), "M05"),
        case("an encoding that cannot be undone", mixed(&[&unknown("begin 644 lits.xml\n#0V%T\n`\nend")]), "M05"),
        case("an encoding that does not exist", mixed(&[&unknown(REPORT)]), "lits.xml"),
    ] {
        check(case);
    }
}

#[test]
fn damage_matters_only_where_a_document_may_be() {
    let whole = base64(REPORT);
    let based = attached("text/xml", "lits.xml", REPORT);
    for case in [
        case("a damaged zip without a name", mixed(&["Content-Transfer-Encoding: base64\n\nUEsDBBQAAAA!"]), "M05"),
        case(
            "left-over bits",
            mixed(&["Content-Type: text/xml; name=a.xml\nContent-Transfer-Encoding: base64\n\nPGEvPh=="]),
            "a.xml",
        ),
        case(
            "a damaged zip",
            mixed(&["Content-Type: application/zip; name=lits.zip\nContent-Transfer-Encoding: base64\n\nUEsDBA!"]),
            "M05",
        ),
        case(
            "a damaged picture is nobody's business",
            mixed(&["Content-Type: image/png\nContent-Transfer-Encoding: base64\n\niVBORw!!", &based]),
            "lits.xml",
        ),
        case(
            "a badly quoted body is nobody's business",
            mixed(&[
                "Content-Type: text/html\nContent-Transfer-Encoding: quoted-printable\n\n<a href=http://a.test>x</a>",
                &based,
            ]),
            "lits.xml",
        ),
        case(
            "the misspelt field of the ANS example",
            mixed(&[&format!("Content-Type: text/xml; name=lits.xml\nContent-Transfert-Encoding: base64\n\n{whole}")]),
            "lits.xml",
        ),
        case("bare line feeds", mixed(&[&based]).into_iter().filter(|byte| *byte != b'\r').collect(), "lits.xml"),
    ] {
        check(case);
    }
}

/// One, two or three bytes more, so that every length of the last group is met.
#[test]
fn padding_is_not_needed_where_the_content_is_whole() {
    let based = |content: &str| {
        format!("Content-Type: application/octet-stream; name=lits.dat\nContent-Transfer-Encoding: base64\n\n{content}")
    };
    let archive = super::build::zip(&[("lits.xml", REPORT.as_bytes())]);
    for blanks in ["", "\n", "\n\n"] {
        let (report, bare) = (format!("{REPORT}{blanks}"), base64(format!("{REPORT}{blanks}")));
        let bare = bare.trim_end_matches('=');
        let half = report.len() / 6 * 3 + 1;
        let inside = format!("{}\n{}", base64(report.get(..half).unwrap()), base64(report.get(half..).unwrap()));
        check(case("without padding", mixed(&[&based(bare)]), "lits.dat"));
        check(case("too much padding", mixed(&[&based(&format!("{bare}====\n=="))]), "lits.dat"));
        check(case("padding inside", mixed(&[&based(&inside)]), "lits.dat"));
    }
    let zipped = based(base64(&archive).trim_end_matches('=')).replace("lits.dat", "lits.zip");
    check(case("a zip without padding", mixed(&[&zipped]), "lits.xml"));
    let cut = based(base64(&archive[..archive.len() - 40]).get(..200).unwrap()).replace("lits.dat", "lits.zip");
    check(case("a zip that is cut", mixed(&[&cut]), "M05"));
}

#[test]
fn a_mail_inside_that_lost_bytes_is_told() {
    let mail = base64(format!("Subject: tr\nContent-Type: text/xml\n\n{REPORT}"));
    let head = "Content-Type: message/rfc822\nContent-Transfer-Encoding: base64";
    check(case("whole", mixed(&[&format!("{head}\n\n{mail}")]), "(sans nom).xml"));
    check(case("damaged", mixed(&[&format!("{head}\n\n{}", mail.replacen('w', "!", 1))]), "M05"));
}

#[test]
fn boundaries_are_found_or_missed_aloud() {
    for case in [
        case(
            "a boundary that never comes",
            mail("Content-Type: multipart/mixed; boundary=absente", format!("--autre\r\n\r\n{REPORT}")),
            "M05",
        ),
        case(
            "a boundary that is not declared",
            mail("Content-Type: multipart/mixed", format!("--b\r\n\r\n{REPORT}")),
            "M05",
        ),
        case(
            "a last boundary that is missing",
            mail("Content-Type: multipart/mixed; boundary=b", format!("--b\r\n\r\n{REPORT}\r\n")),
            "(sans nom).xml",
        ),
        case(
            "one boundary that begins like the other",
            mail(
                "Content-Type: multipart/mixed; boundary=b",
                multipart(
                    "b",
                    &[
                        &format!(
                            "Content-Type: multipart/mixed; boundary=b1\n\n{}",
                            multipart("b1", &["\nBonjour", &attached("text/xml", "a.xml", REPORT)])
                                .replace("\r\n", "\n")
                        ),
                        &attached("text/xml", "c.xml", REPORT),
                    ],
                ),
            ),
            "a.xml, c.xml",
        ),
    ] {
        check(case);
    }
}

#[test]
fn the_bytes_are_those_of_the_sender() {
    let latin = b"<?xml version=\"1.0\" encoding=\"windows-1252\"?><disponibilites xmlns=\"urn:fr:dispolits:disponibilites:1\" identifiant=\"\xe9t\xe9 \x80\"/>\r\r\n\n".to_vec();
    let quoted = latin.iter().map(|byte| format!("={byte:02X}")).collect::<Vec<_>>().concat();
    let head = "Content-Type: text/xml; charset=utf-8; name=a.xml";
    let mails = [
        mail(&format!("{head}\nContent-Transfer-Encoding: 8bit"), &latin),
        mail(&format!("{head}\nContent-Transfer-Encoding: base64"), base64(&latin)),
        mail(&format!("{head}\nContent-Transfer-Encoding: quoted-printable"), quoted),
        mixed(&[&attached("text/xml; charset=utf-16", "a.xml", &latin)]),
    ];
    for raw in mails {
        let message = read_mail(&raw);
        assert_eq!(message.candidates()[0].bytes, latin);
    }
}

#[test]
fn only_what_the_mail_added_is_taken_away() {
    let head = "Content-Type: text/xml; name=a.xml";
    let quoted = REPORT.replace('=', "=3D");
    let cases = [
        (
            "a line that begins like a boundary",
            mixed(&[&format!("{head}\n\n{REPORT}\n--limite suite\n--limites")]),
            format!("{REPORT}\n--limite suite\n--limites"),
        ),
        ("an empty line before the boundary", mixed(&[&format!("{head}\n\n{REPORT}\n")]), format!("{REPORT}\n")),
        (
            "blanks added at the end of a line",
            mixed(&[&format!("{head}\nContent-Transfer-Encoding: quoted-printable\n\n{quoted} \t\n=20=\n")]),
            format!("{REPORT}\n "),
        ),
    ];
    for (about, raw, expected) in cases {
        let message = read_mail(&raw);
        assert_eq!(String::from_utf8_lossy(&message.candidates()[0].bytes), expected.replace('\n', "\r\n"), "{about}");
    }
}

#[test]
fn lines_that_end_with_carriage_returns_alone_are_told_to_a_known_sender() {
    let whole = mixed(&[&attached("text/xml", "lits.xml", REPORT)]);
    let bare: Vec<u8> = whole.into_iter().filter(|byte| *byte != b'\n').collect();
    check(case("CR alone", bare.clone(), "M05"));
    assert_eq!(read_mail(&bare).sender().map(ToString::to_string).as_deref(), Some("lits@ch.test"));
}
