//! What is XML and what is not: xmllint judges, the reader must agree and point at the spot.

use domain::defect::Code;
use reading::report::ReportReading;

use super::{read_text, xmllint};

/// A document in which `<d` opens the root of the native format and `</d>` closes it.
fn document(short: &str) -> String {
    let open = r#"<disponibilites xmlns="urn:fr:dispolits:disponibilites:1""#;
    short.replace("</d>", "</disponibilites>").replace("<d>", &format!("{open}>")).replace("<d ", &format!("{open} "))
}

/// Whether the reader reads to the end, whatever it thinks of the content.
fn is_well_formed(reading: &ReportReading) -> bool {
    reading.defects.iter().all(|defect| !matches!(defect.code(), Code::D01 | Code::D02 | Code::D03 | Code::D04))
}

#[test]
fn xmllint_and_the_reader_agree() {
    let documents: Vec<String> = WELL_FORMED.iter().chain(ILL_FORMED).map(|short| document(short)).collect();
    let bytes: Vec<Vec<u8>> = documents.iter().map(|text| text.clone().into_bytes()).collect();
    for ((text, accepted), rank) in documents.iter().zip(xmllint::accepts(&bytes, false)).zip(0..) {
        assert_eq!(accepted, rank < WELL_FORMED.len(), "xmllint on {text}");
        assert_eq!(is_well_formed(&read_text(text)), accepted, "the reader on {text}");
    }
}

const WELL_FORMED: &[&str] = &[
    "<d></d>",
    "<d />",
    "<d\n\t\r></d\n >",
    "<?xml version=\"1.0\"?><d></d>",
    "<?xml version='1.0' encoding='utf-8' standalone='yes' ?>\n<d></d>\n",
    "<?xml\n version = \"1.0\"\tencoding = \"UTF-8\"?>\r\n<d></d>",
    "<!-- a - b --><?x?><?x y?><d></d><!-- --><?xml-stylesheet a?> \n",
    "<d><!----><!-- <a> & ]]> --></d>",
    "<d><?x <a> & -- ?></d>",
    "<d><![CDATA[<a> & ]] > <![CDATA[ ]]></d>",
    "<d>a &lt;&gt;&amp;&quot;&apos; &#65; &#x41; &#x1F600; ]] > ></d>",
    "<d a='\"' b=\"'\" c='>' e=\"]]>\" f='&#10;&lt;'></d>",
    "<d a = '1'\nb='2'></d>",
    "<d été='1' _.-1='2'><ünï·/></d>",
    "<d xmlns:p='urn:p' p:a='1' a='2'><p:b p:c=''/></d>",
    "<d xmlns:p='urn:p'><a xmlns:p='urn:q' xmlns:r='urn:p' p:x='1' r:x='2'/></d>",
    "<d xmlns:xml='http://www.w3.org/XML/1998/namespace' xml:lang='fr'></d>",
    "<d><a xmlns=''/></d>",
    "<d>\u{85}\u{2028}\u{7f}\u{9f}\u{fffd}\u{10ffff}</d>",
];

const ILL_FORMED: &[&str] = &[
    "",
    " \n",
    "bonjour",
    "\u{feff}\u{feff}<d></d>",
    "\n<?xml version=\"1.0\"?><d></d>",
    "<!-- --><?xml version=\"1.0\"?><d></d>",
    "<d><?xml version=\"1.0\"?></d>",
    "<?xml?><d></d>",
    "<?xml encoding=\"UTF-8\"?><d></d>",
    "<?xml version=\"1.0\" standalone=\"yes\" encoding=\"UTF-8\"?><d></d>",
    "<?xml version=\"1.0\" standalone=\"oui\"?><d></d>",
    "<?xml version=\"1.0\"encoding=\"UTF-8\"?><d></d>",
    "<?xml version=\"1.0\" autre=\"1\"?><d></d>",
    "<?xml version=1.0?><d></d>",
    "<?XML version=\"1.0\"?><d></d>",
    "<?xml version=\"1.0\" encoding=\"\"?><d></d>",
    "<d>",
    "<d><a></d>",
    "<d></a></d>",
    "<d><a></A></d>",
    "<d></d></d>",
    "<d></d><d></d>",
    "<d></d>fin",
    "debut<d></d>",
    "<d></d>&#32;",
    "<d></d><![CDATA[]]>",
    "<![CDATA[ ]]><d></d>",
    "<d a='1' a='2'></d>",
    "<d xmlns:p='u' xmlns:q='u' p:a='1' q:a='2'></d>",
    "<d xmlns='u'></d>",
    "<d a=1></d>",
    "<d a></d>",
    "<d a=></d>",
    "<d a='1'b='2'></d>",
    "<d a='<'></d>",
    "<d a='1></d>",
    "<d a=\"1></d>",
    "<d a='&'></d>",
    "<d a='&amp'></d>",
    "<d a='&autre;'></d>",
    "<d a='&#0;'></d>",
    "<d 1a='1'></d>",
    "<d a:b:c='1'></d>",
    "<d / ></d>",
    "<d ></d a='1'>",
    "<d></ d>",
    "<d>< a/></d>",
    "<d><1/></d>",
    "<d><a:/></d>",
    "<d><:a/></d>",
    "<d><p:a/></d>",
    "<d p:a='1'></d>",
    "<d><a xmlns:p='u'><b/></a><p:c/></d>",
    "<d xmlns:p=''></d>",
    "<d xmlns:xmlns='u'></d>",
    "<d xmlns:p='http://www.w3.org/2000/xmlns/'></d>",
    "<d xmlns:p='http://www.w3.org/XML/1998/namespace'></d>",
    "<d xmlns:xml='u'></d>",
    "<d><a xmlns='http://www.w3.org/XML/1998/namespace'/></d>",
    "<d><a\u{d7}/></d>",
    "<d>&</d>",
    "<d>& </d>",
    "<d>&amp</d>",
    "<d>&eacute;</d>",
    "<d>&;</d>",
    "<d>&#;</d>",
    "<d>&#x;</d>",
    "<d>&#+65;</d>",
    "<d>&#X41;</d>",
    "<d>&#1;</d>",
    "<d>&#xFFFE;</d>",
    "<d>&#xD800;</d>",
    "<d>&#x110000;</d>",
    "<d>&#99999999999999999999;</d>",
    "<d>]]></d>",
    "<d>\u{1}</d>",
    "<d>\u{0}</d>",
    "<d a='\u{b}'></d>",
    "<d><!-- \u{c} --></d>",
    "<d>\u{fffe}</d>",
    "<d><!-- -- --></d>",
    "<d><!-- ---></d>",
    "<d><!--></d>",
    "<d><!---></d>",
    "<d><!-</d>",
    "<d><!-- </d>",
    "<d><!></d>",
    "<d><![cdata[]]></d>",
    "<d><![CDATA[</d>",
    "<d><!ELEMENT a ANY></d>",
    "<d><?></d>",
    "<d><??></d>",
    "<d><? x?></d>",
    "<d><?x</d>",
    "<d><?x:y z?></d>",
    "<d><?xML z?></d>",
    "<d></d",
    "<d></d><",
    "<d></d><!-- ",
    "<",
    "<?xml",
    "<!DOCTYPE",
];

/// A faulty document, and what the reader says last: code, place, the value found.
fn check(short: &str, expected: (Code, u32, u32, &str)) {
    let reading = read_text(&document(short));
    let defect = reading.defects.last().unwrap();
    let place = defect.place();
    let actual = (defect.code(), place.line.unwrap(), place.column.unwrap(), defect.found_text().unwrap_or(""));
    assert_eq!(actual, expected, "{short}");
    assert!(reading.etablissements.is_empty());
}

#[test]
fn a_fault_is_told_where_it_is() {
    check("<?xml version=\"1.1\"?><d></d>", (Code::D01, 1, 16, "1.1"));
    check("<?xml version=\"1.0\"?>\n<d>\n\u{1}</d>", (Code::D01, 3, 1, "U+0001"));
    check("<!-- é\r\né\ré\né --><a é='1' é='2'/>", (Code::D01, 4, 15, "é"));
    check("<a\n  b='1'\n  b='2'/>", (Code::D01, 3, 3, "b"));
    check("<d>\n  <b>\n</d>", (Code::D01, 3, 1, "</disponibilites>"));
    check("<d b='x>\n<c d='y'/></d>", (Code::D01, 2, 1, ""));
    check("<a", (Code::D01, 1, 3, ""));
    check("<d>\n<etablissement finess='x'>\n", (Code::D01, 3, 1, "etablissement"));
    check("<d>\n  a & b</d>", (Code::D01, 2, 5, ""));
    check("<!DOCTYPE disponibilites>\n<d></d>", (Code::D02, 1, 1, ""));
    check("\n <!doctype html>", (Code::D02, 2, 2, ""));
    check("<!DOCTYPE d [<!ENTITY a 'b'>]><d>&a;</d>", (Code::D02, 1, 1, ""));
    check("<!DOCTYPE d [", (Code::D02, 1, 1, ""));
    check("\n Bonjour", (Code::D01, 2, 2, "Bon…"));
    check("<br />\n<b>Warning</b>: require() [", (Code::D05, 1, 2, "br"));
    check("<Disponibilites/>", (Code::D05, 1, 2, "Disponibilites"));
    check("<p:disponibilites xmlns:p='urn:x'/>", (Code::D05, 1, 2, "{urn:x}disponibilites"));
}

#[test]
fn an_unknown_root_is_told_what_is_known() {
    let told = |text: &str| {
        let reading = read_text(text);
        let defect = &reading.defects[0];
        (defect.message().to_owned(), defect.expected_text().unwrap().to_owned())
    };
    let known = "{urn:fr:dispolits:disponibilites:1}disponibilites";
    assert_eq!(reading::report::formats().collect::<Vec<_>>(), [known]);
    let (message, expected) = told("<disponibilites/>");
    assert!(message.contains("ne porte pas d’espace de noms"), "{message}");
    assert_eq!(expected, known);
    let (message, _) = told("<disponibilites xmlns='urn:x'/>");
    assert!(message.contains("dans l’espace de noms « urn:fr:dispolits:disponibilites:1 »"), "{message}");
    let (message, _) = told("<ARH_ALSACE/>");
    assert!(message.contains("« ARH_ALSACE » n’est celui d’aucun format connu"), "{message}");
}
