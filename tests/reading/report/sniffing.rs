//! What a mail part is said to be from its first bytes.

use reading::report::{Sniff, letter_holds_patient_document, sniff};

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

/// Each in the middle of a window, however it is encoded or spoilt.
#[test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn documents_of_patients_are_seen() {
    let cda = "<?xml version='1.0'?><ClinicalDocument xmlns='urn:hl7-org:v3'><title>Été</title>";
    let utf32 = |order: fn(u32) -> [u8; 4]| cda.chars().flat_map(|one| order(u32::from(one))).collect::<Vec<u8>>();
    for bytes in [
        cda.encode_utf16().flat_map(u16::to_le_bytes).collect(),
        cda.encode_utf16().flat_map(u16::to_be_bytes).collect(),
        utf32(u32::to_le_bytes),
        utf32(u32::to_be_bytes),
        [vec![0; 128], b"DICM\x02\0\0\0UL".to_vec()].concat(),
        b"\x08\0\x05\0CS\x0a\0ISO_IR 100".to_vec(),
    ] {
        check(&bytes, &Sniff::PatientDocument);
    }
    for text in [
        cda,
        "<v3:ClinicalDocument xmlns:v3='urn:hl7-org:v3'>",
        "<ClinicalDocument>",
        "\r\n\r\n<?xml version='1.0'?><ClinicalDocument xmlns='urn:hl7-org:v3' xsi:schemaLocation='a b'>",
        "<!-- a --><!DOCTYPE a [<!ENTITY b 'c'>]><ClinicalDocument>",
        "<!-- never closed <ClinicalDocument>",
        "<?xml version='1.0' encoding='EBCDIC'?><ClinicalDocument>",
        "\u{1}\u{2}parasites<n1:ClinicalDocument>",
        "<s:Envelope><s:Body><![CDATA[<ClinicalDocument>]]>",
        "<depot>&lt;ClinicalDocument xmlns=&quot;urn:hl7-org:v3&quot;&gt;",
        "{\"contenu\": \"\\u003cClinicalDocument>\"}",
        "<ProvideAndRegisterDocumentSetRequest xmlns='urn:ihe:iti:xds-b:2007'>",
        "<disponibilites xmlns='urn:fr:dispolits:disponibilites:1'><ClinicalDocument xmlns='urn:hl7-org:v3'>",
        "1\rFICTIF\rANNE\r1 rue du Port\r\r29000 QUIMPER\r01/02/1970\r2700229000000\rtexte\r",
        "MSH|^~\\&|GAM|CH|",
        "\u{b}MSH|^~\\&|GAM",
        "\u{feff}FHS|^~\\&|LOT",
        "MSH#@~\\&#GAM#CH#",
        "H|^~\\&\rP|1|",
        "H!~^\\&!releve!!LABO",
        "\"MSH|^~\\&|GAM\",\"PID|1||FICTIF\"",
        "<depot><message>MSH|^~\\&amp;|GAM|CH</message></depot>",
        "<depot><![CDATA[MSH|^~\\&|GAM|CH]]></depot>",
        "{\"message\": \"MSH|^~\\\\&|GAM\\rPID|1||FICTIF\"}",
        "H|~^\\&#124;x\nP|1|FICTIF",
        "<!doctype html><html><pre>H|~^\\&amp;|LABO\nP|1|01|FICTIF\n</pre>",
        "<html><p>MSH|^~\\&amp;|GAM</p><p>PID|1||FICTIF</p>",
        "<html>&lt;ClinicalDocument&gt;&lt;recordTarget&gt;",
        "<html>{&quot;resourceType&quot;:&quot;Patient&quot;,&quot;name&quot;:[]}",
        "MSH|^~\\&|A|B|C|D|2026||MFN^M05|1\rPID|1||FICTIF",
        "MSH|^~\\&|A|B|C|D|2026||ACK|1\rMSH|^~\\&|A|B|C|D|2026||ADT^A01|1\r",
        "Envoi du jour\rMSH|^~\\&|GAM",
        "<ADT_A01 xmlns='urn:hl7-org:v2xml'>",
        "<ADT_A01><MSH><MSH.1>|</MSH.1>",
        "<Patient xmlns='http://hl7.org/fhir'/>",
        "<f:Bundle xmlns:f='http://hl7.org/fhir'><f:entry><f:Location/><f:Observation/>",
        "<Bundle xmlns='http://hl7.org/fhir'/>",
        "{\"resourceType\" : \"Patient\"}",
        "[{\"a\": 1, \"resourceType\":\"DocumentReference\"}]",
        "{'resourceType': 'Patient'}",
        "resourceType: Patient\nname: FICTIF",
        "{\"resourceType\":\"MeasureReport\",\"subject\":{\"reference\":\"Patient/1\"}}",
        "<MeasureReport xmlns='http://hl7.org/fhir'><subject><reference value='https://ch.test/Patient/1'/>",
        "H|~^\\&|releve||LABO",
        "H|\\^&|||analyseur",
        "DUPONT\r\n****FIN****\r\n",
        "1\nN\nP\na\nb\n22000 V\n01/01/1970\n2 70 01 2A 000 000 00\n",
        "1\r\nN\r\nP\r\na\r\n\r\n22000 V\r\n01/01/1970\r\n\r\n\r\n02/01/2026\r\n",
        "<evenementsPatients xmlns='http://www.hprim.org/hprimXML'>",
        "<NativeDicomModel xmlns='http://dicom.nema.org/PS3.19/models/NativeDICOM'>",
    ] {
        check(text.as_bytes(), &Sniff::PatientDocument);
        let late = format!("{}\n{text}", "Une ligne sans rien.\n".repeat(3000));
        // A head of twelve lines stands at the head, and so does a declaration.
        if !text.starts_with('1') {
            check(late.as_bytes(), &Sniff::PatientDocument);
        }
    }
}

#[test]
fn what_only_speaks_of_such_documents_is_none() {
    for text in [
        "les messages MSH|^~\\&| et ClinicalDocument sont arrêtés",
        "« MSH|^~\\&| »",
        "H|---|---|",
        "H|12|",
        "Le fichier ****FIN**** est complet",
        "Exemple :\n  H|~^\\&|\n  MSH|^~\\&|\n",
        "MSH|^~\\&|A|B|C|D|2026||MFN^M05^MFN_M05|1|P|2.5\rMFI|LOC\rLOC|1\r",
        "BHS|^~\\&|A\rMSH|^~\\&|A|B|C|D|2026||MFN^M02|1\rSTF|1\r",
        "{\"resourceType\":\"MeasureReport\",\"type\":\"summary\"}",
        "{\"resourceType\":\"Bundle\",\"entry\":[{\"resourceType\":\"MessageHeader\"},{\"resourceType\":\"Location\"}]}",
        "CH\nLits\n1 rue\n\nBP 1\n22000 VILLE\n23/11/2026\n\nMadame,\n",
        "{\"resourceType\": \"Location\"}",
        "{\"resourceType\": \"Bundle\", \"entry\": [{\"resourceType\": \"Organization\"}]}",
        "****",
    ] {
        check(text.as_bytes(), &Sniff::NotXml);
    }
    let stylesheet = "<xsl:stylesheet xmlns:xsl='http://www.w3.org/1999/XSL/Transform' xmlns:n1='urn:hl7-org:v3'>\
                      <xsl:template match='/n1:ClinicalDocument'/>";
    check(stylesheet.as_bytes(), &other("{http://www.w3.org/1999/XSL/Transform}stylesheet", false));
    check(b"<Location xmlns='http://hl7.org/fhir'/>", &other("{http://hl7.org/fhir}Location", false));
    check(b"<!-- <ClinicalDocument> --><a/>", &other("a", false));
    let comment = "<!-- au lieu de\nMSH|^~\\&|GAM\n<ClinicalDocument> ****FIN**** -->";
    check(GOOD.replace("<etablissement", &format!("{comment}<etablissement")).as_bytes(), &known());
    check(format!("\n{comment}{GOOD}").as_bytes(), &Sniff::Broken);
}

/// What a person writes may speak of them, as long as it tells of nobody.
#[test]
fn a_letter_must_begin_with_one_or_tell_of_somebody() {
    let says = |text: &str| letter_holds_patient_document(text.as_bytes());
    for text in [
        "MSH|^~\\&|GAM",
        "Bonjour,\nMSH|^~\\&|GAM\nPID|1||1",
        "Bonjour,\nH|~^\\&|x\nP|1|",
        "Bonjour,\n> H|~^\\&|x\n> P|1|",
        "Bonjour,\ntexte du compte rendu\n****FIN****\n",
        "<ClinicalDocument>",
        "Bonjour, voici : MSH|^~\\&|GAM|CH|\nPID|1||1||FICTIF",
        "Voici\n{\"resourceType\":\"Patient\",\"name\":[]}",
        "Voici {\"id\":1,\"resourceType\":\"Patient\"}",
        "Voici\n{\"resourceType\": \"Bundle\", \"entry\": [{\"resource\": {\"resourceType\": \"Patient\", \"id\": 1}}]}",
        "{\"resourceType\":\"Patient\"}",
        "<html><body><p>Voici</p><pre>H|~^\\&amp;|x\nP|1|\n</pre>",
        "<div>Voici :<br>MSH|^~\\&amp;|GAM|CH<br>PID|1||1||FICTIF<br></div>",
        "<html><p>Voici &lt;ClinicalDocument&gt;&lt;recordTarget&gt;&lt;patientRole&gt;",
        "Voici <v3:ClinicalDocument xmlns:v3='urn:hl7-org:v3'><v3:patientRole>",
        "<w:document><w:t>MSH|^~\\&amp;|GAM</w:t><w:t>PID|1||FICTIF</w:t>",
    ] {
        assert!(says(text), "{text}");
    }
    for text in [
        "Bonjour",
        "Le fichier commence par <ClinicalDocument> :\nMSH|^~\\&|GAM",
        "ni &lt;ClinicalDocument&gt;",
        "<html><body>Bonjour<br>\r\nMSH|^~\\&|X|\r\n</body></html>",
        "<html>un élément &lt;ClinicalDocument&gt; ou H|~^\\&amp;|</html>",
        "<?xml version='1.0'?><w:document><w:t>un élément &lt;ClinicalDocument&gt;</w:t>",
        "le champ \"resourceType\": \"Patient\" de FHIR",
        "un objet {\"resourceType\":\"Patient\", …}",
        "{\"resourceType\":\"Location\",\"name\":\"Lits\"}",
    ] {
        assert!(!says(text), "{text}");
    }
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
