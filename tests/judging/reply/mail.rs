//! The mail: its headers and parts, read back by a mail parser.

use domain::outcome::{MailOutcome, Verdict};
use judging::reply::{Rendered, ReplyEnvelope, ReplyKind, Returning, without_original};
use mail_parser::{MessageParser, MimeHeaders};

use super::{LARGEST, cases, envelope, receipt, rendered};

const ORIGINAL: &[u8] = b"From: lits@ch-exemple.mssante.test\r\nSubject: Disponibilites\r\n\
    Message-ID: <20261123.0755@ch-exemple.mssante.test>\r\n\r\nBonjour\r\n";

/// What every reply must be on the wire (RFC 5322, sections 2.1 and 2.3).
pub(super) fn check_wire(name: &str, bytes: &[u8]) {
    assert!(bytes.is_ascii(), "{name}: not ASCII");
    let text = std::str::from_utf8(bytes).unwrap();
    assert!(!text.replace("\r\n", "").contains(['\r', '\n', '\0']), "{name}: a line end that is no CRLF\n{text}");
    assert!(text.split("\r\n").all(|line| line.len() <= 998), "{name}: a line above 998");
    let (headers, _) = text.split_once("\r\n\r\n").unwrap();
    let known = [
        "From",
        "To",
        "Cc",
        "Subject",
        "Date",
        "Message-ID",
        "Auto-Submitted",
        "Reply-To",
        "X-MSS-NIL",
        "In-Reply-To",
        "References",
        "MIME-Version",
        "Content-Type",
    ];
    for line in headers.split("\r\n").filter(|line| !line.starts_with([' ', '\t'])) {
        let field = line.split_once(": ").unwrap_or_else(|| panic!("{name}: {line}")).0;
        assert!(known.contains(&field), "{name}: {line}");
        assert_eq!(headers.matches(&format!("\r\n{field}: ")).count().max(1), 1, "{name}: {field} twice");
    }
}

/// The content types of the parts of the mail, in order.
fn parts(mail: &Rendered) -> Vec<String> {
    let message = MessageParser::default().parse(&mail.bytes).unwrap();
    let root = message.content_type().unwrap();
    let mut names = vec![format!("{}/{}", root.ctype(), root.subtype().unwrap())];
    let kind_of = |id: &u32| {
        let part = message.part(*id).unwrap().content_type().unwrap().clone();
        format!("{}/{}", part.ctype(), part.subtype().unwrap())
    };
    names.extend(message.part(0).unwrap().sub_parts().unwrap().iter().map(kind_of));
    names
}

fn check_parts(name: &str, outcome: &MailOutcome, kind: ReplyKind, envelope: &ReplyEnvelope, expected: &[&str]) {
    let mail = rendered(outcome, kind, envelope);
    check_wire(name, &mail.bytes);
    assert_eq!(parts(&mail), expected, "{name}");
}

#[test]
fn each_mail_has_its_parts() {
    let partly = cases::partly();
    let with = |original: Option<&[u8]>, receipt| ReplyEnvelope {
        original: original.map(<[u8]>::to_vec),
        receipt,
        ..envelope()
    };
    let ordinary = ["multipart/mixed", "text/plain", "application/xml"];
    let returned = ["multipart/mixed", "text/plain", "application/xml", "message/rfc822"];
    let (plain, notice) = ("text/plain", "message/disposition-notification");
    let report = ["multipart/report", plain, notice, "message/rfc822"];
    let headers = ["multipart/report", plain, notice, "text/rfc822-headers"];
    let eight_bits = [ORIGINAL, "é".as_bytes()].concat();
    let long_line = [ORIGINAL, &[b'x'; 999]].concat();
    let too_long = [ORIGINAL, &b"0123456789\r\n".repeat(LARGEST / 12)].concat();
    for (name, original, due, kind, expected) in [
        ("ordinary", None, None, ReplyKind::Reponse, &ordinary[..]),
        ("with the mail", Some(ORIGINAL), None, ReplyKind::Reponse, &returned),
        ("receipt", Some(ORIGINAL), Some(receipt()), ReplyKind::Reponse, &report),
        ("receipt without the mail", None, Some(receipt()), ReplyKind::Reponse, &headers),
        ("receipt of an 8-bit mail", Some(&eight_bits), Some(receipt()), ReplyKind::Reponse, &headers),
        ("receipt of a long line", Some(&long_line), Some(receipt()), ReplyKind::Reponse, &headers),
        ("receipt of a long mail", Some(&too_long), Some(receipt()), ReplyKind::Reponse, &headers),
        ("complement", Some(ORIGINAL), Some(receipt()), ReplyKind::Complement, &returned),
    ] {
        check_parts(name, &partly, kind, &with(original, due), expected);
    }
    check_parts("patient", &cases::patient_document(), ReplyKind::Reponse, &with(Some(ORIGINAL), None), &ordinary);
    check_parts(
        "patient receipt",
        &cases::patient_document(),
        ReplyKind::Reponse,
        &with(Some(ORIGINAL), Some(receipt())),
        &headers,
    );
}

#[test]
fn a_mail_is_made_lighter_by_leaving_the_original_out() {
    let long = [ORIGINAL, &b"0123456789\r\n".repeat(1000)].concat();
    let (plain, notice) = ("text/plain", "message/disposition-notification");
    for (due, expected) in [
        (None, vec!["multipart/mixed", plain, "application/xml", "text/rfc822-headers"]),
        (Some(receipt()), vec!["multipart/report", plain, notice, "text/rfc822-headers"]),
    ] {
        let envelope = ReplyEnvelope {
            original: Some(long.clone()),
            receipt: due,
            original_subject: Some("boundary=\"x\"".to_owned()),
            ..envelope()
        };
        let whole = rendered(&cases::partly(), ReplyKind::Reponse, &envelope);
        let bytes = without_original(&whole.bytes).unwrap();
        check_wire("lighter", &bytes);
        let lighter = Rendered { bytes, ..whole.clone() };
        assert_eq!(parts(&lighter), expected);
        let text = String::from_utf8(lighter.bytes.clone()).unwrap();
        assert!(text.contains("\r\n\r\nFrom: lits@ch-exemple.mssante.test\r\nSubject: Disponibilites\r\n"), "{text}");
        assert!(!text.contains("0123456789\r\n"), "{text}");
        let message = MessageParser::default().parse(&lighter.bytes).unwrap();
        assert_eq!(message.body_text(0).unwrap().replace("\r\n", "\n"), whole.text);
        let xml = message.attachments().find(|part| part.attachment_name() == Some("compte-rendu.xml"));
        let expected = envelope.receipt.is_none().then_some(whole.compte_rendu.as_bytes());
        assert_eq!(xml.map(mail_parser::MessagePart::contents), expected);
        assert_eq!(without_original(&lighter.bytes), None);
    }
    assert_eq!(without_original(&rendered(&cases::partly(), ReplyKind::Reponse, &envelope()).bytes), None);
    assert_eq!(without_original(b"n\xe9"), None);
}

/// Where the submission server takes 8 bits, nothing of the mail is lost on its way back (RFC 2046, section 5.2.1).
#[test]
fn a_mail_of_eight_bits_goes_back_as_it_is() {
    let mail = [ORIGINAL, b"capacit\xe9s, capacit\xc3\xa9s\r\n"].concat();
    let returning = Returning { eight_bit: true, ..envelope().returning };
    for due in [None, Some(receipt())] {
        let envelope = ReplyEnvelope { original: Some(mail.clone()), returning, receipt: due, ..envelope() };
        let bytes = rendered(&cases::partly(), ReplyKind::Reponse, &envelope).bytes;
        let holds = |part: &[u8]| bytes.windows(part.len()).any(|window| window == part);
        assert!(holds(&mail), "byte for byte");
        assert!(holds(b"Content-Disposition: attachment; filename=\"courriel-d-origine.eml\"\r\n"));
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let (head, _) = text.split_once("\r\n\r\n").unwrap();
        assert!(head.contains("Content-Transfer-Encoding: 8bit"), "{head}");
        let message = MessageParser::default().parse(&bytes).unwrap();
        let returned = message.attachments().find_map(|part| part.message()).unwrap();
        assert_eq!(returned.raw_message(), mail);
    }
    let long = [mail.as_slice(), &[b'x'; 999]].concat();
    for (original, returning) in [
        (long, returning),
        (mail.clone(), envelope().returning),
        (mail.clone(), Returning { largest: mail.len() - 1, ..returning }),
        ([mail.as_slice(), b"a\rb\r\n"].concat(), returning),
    ] {
        let envelope = ReplyEnvelope { original: Some(original), returning, ..envelope() };
        check_parts(
            "by its header",
            &cases::partly(),
            ReplyKind::Reponse,
            &envelope,
            &["multipart/mixed", "text/plain", "application/xml", "text/rfc822-headers"],
        );
    }
}

#[test]
fn nothing_of_a_patient_document_goes_back() {
    let mut envelope = envelope();
    envelope.original_subject = Some("XDM/1.0/DDM+CR NOMPATIENT".to_owned());
    envelope.original = Some(b"Subject: NOMPATIENT\r\n\r\nNOMPATIENT\r\n".to_vec());
    for receipt in [None, Some(receipt())] {
        envelope.receipt = receipt;
        let rendered = rendered(&cases::patient_document(), ReplyKind::Reponse, &envelope);
        let mail = String::from_utf8(rendered.bytes).unwrap();
        for text in [&rendered.subject, &rendered.text, &rendered.compte_rendu, &mail] {
            assert!(!text.contains("NOMPATIENT"), "{text}");
        }
    }
}

#[test]
fn the_mail_read_back_says_the_same() {
    let mut envelope = envelope();
    envelope.cc = vec!["cadre@ch-exemple.mssante.test".parse().unwrap()];
    envelope.references = (0..30).map(|rank| format!("{rank}@ch-exemple.mssante.test")).collect();
    envelope.nil = Some("NIL-0000".to_owned());
    envelope.contact = Some("equipe@gcs-exemple.mssante.test".parse().unwrap());
    for case in cases::all() {
        let rendered = rendered(&case.outcome, case.kind, &envelope);
        check_wire(case.name, &rendered.bytes);
        let message = MessageParser::default().parse(&rendered.bytes).unwrap();
        assert_eq!(message.subject(), Some(rendered.subject.as_str()), "{}", case.name);
        assert_eq!(message.body_text(0).unwrap().replace("\r\n", "\n"), rendered.text, "{}", case.name);
        let xml = message.attachments().find(|part| part.attachment_name() == Some("compte-rendu.xml")).unwrap();
        assert_eq!(xml.contents(), rendered.compte_rendu.as_bytes(), "{}", case.name);
        assert_eq!(message.from().unwrap().first().unwrap().name(), Some("Dispolits – GCS Exemple"));
        assert_eq!(message.cc().unwrap().first().unwrap().address(), Some("cadre@ch-exemple.mssante.test"));
        assert_eq!(message.message_id(), Some("reponse.6f1d@gcs-exemple.mssante.test"));
        assert_eq!(message.in_reply_to().as_text(), Some("20261123.0755@ch-exemple.mssante.test"));
        let references = message.references().as_text_list().unwrap();
        assert_eq!(references.len(), 11, "the ten newest and the mail itself");
        assert_eq!(references.last().unwrap(), "20261123.0755@ch-exemple.mssante.test");
        assert_eq!(message.header_raw("Auto-Submitted").unwrap().trim(), "auto-replied");
        assert_eq!(message.header_raw("X-MSS-INS"), None, "only beside a CDA");
        assert_eq!(message.reply_to().unwrap().first().unwrap().address(), Some("equipe@gcs-exemple.mssante.test"));
        assert_eq!(message.header_raw("X-MSS-NIL").unwrap().trim(), "NIL-0000");
    }
}

#[test]
fn the_subject_tells_failure_from_success() {
    let subject =
        |outcome: &MailOutcome, envelope: &ReplyEnvelope| rendered(outcome, ReplyKind::Reponse, envelope).subject;
    let due = ReplyEnvelope { receipt: Some(receipt()), ..envelope() };
    let unrecognised = ReplyEnvelope { original_subject: None, ..envelope() };
    let qualification = ReplyEnvelope { qualification: true, ..envelope() };
    let good = "Compte rendu : intégré – CHX-20261123-0755";
    let bad = "[KO Intégration système !][906] Disponibilités du 23/11";
    for (name, actual, expected) in [
        ("success", subject(&cases::integrated(), &envelope()), good),
        ("success, receipt", subject(&cases::integrated(), &due), "Disponibilités du 23/11"),
        ("partly", subject(&cases::partly(), &envelope()), bad),
        ("partly, receipt", subject(&cases::partly(), &due), bad),
        (
            "unrecognised",
            subject(&cases::partly(), &unrecognised),
            "[KO Intégration système !][906] votre courriel du 23/11/2026 à 07:55",
        ),
        ("qualification", subject(&cases::integrated(), &qualification), &format!("[QUALIFICATION] {good}")),
        ("duplicate of a rejected file", subject(&cases::duplicate(Verdict::Rejete), &envelope()), bad),
        (
            "duplicate of a good file",
            subject(&cases::duplicate(Verdict::Integre), &envelope()),
            "Compte rendu : doublon – CHX-20261123-0755",
        ),
    ] {
        assert_eq!(actual, expected, "{name}");
    }
}

#[test]
fn the_bytes_are_always_the_same() {
    let envelope = ReplyEnvelope { original: Some(ORIGINAL.to_vec()), receipt: Some(receipt()), ..envelope() };
    for case in cases::all() {
        assert_eq!(rendered(&case.outcome, case.kind, &envelope), rendered(&case.outcome, case.kind, &envelope));
    }
}

#[test]
fn whole_mails() {
    let due = ReplyEnvelope { original: Some(ORIGINAL.to_vec()), receipt: Some(receipt()), ..envelope() };
    let plain = ReplyEnvelope { original: Some(ORIGINAL.to_vec()), ..envelope() };
    for (name, outcome, envelope) in [
        ("courriel_ordinaire", cases::partly(), &plain),
        ("accuse_integre", cases::integrated(), &due),
        ("accuse_rejete", cases::partly(), &due),
        ("accuse_sans_original", cases::integrated(), &ReplyEnvelope { receipt: Some(receipt()), ..super::envelope() }),
    ] {
        let bytes = rendered(&outcome, ReplyKind::Reponse, envelope).bytes;
        insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
            insta::assert_snapshot!(name, String::from_utf8(bytes).unwrap().replace("\r\n", "\n"));
        });
    }
}
