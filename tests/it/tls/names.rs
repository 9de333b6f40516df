//! Distinguished names as operators print them.

use base::tls::Certificate;
use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair};

/// A subject of attributes in the order of IGC-Santé: C, ST, O, OU, CN.
fn printed(attributes: &[(DnType, &str)]) -> String {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    for (kind, value) in attributes {
        params.distinguished_name.push(kind.clone(), *value);
    }
    let certificate = params.self_signed(&KeyPair::generate().unwrap()).unwrap();
    let read = Certificate::read(certificate.der()).unwrap();
    assert_eq!(read.subject, read.issuer);
    read.subject.to_string()
}

/// The same, of an organisation in a department.
fn organisation(department: &str, name: &str, structure: &str, server: &str) -> String {
    printed(&[
        (DnType::CountryName, "FR"),
        (DnType::StateOrProvinceName, department),
        (DnType::OrganizationName, name),
        (DnType::OrganizationalUnitName, structure),
        (DnType::CommonName, server),
    ])
}

/// The oddities are those of the national white list: accents, points, apostrophes, slashes, doubled and no-break
/// spaces, raw quotes, names cut at forty characters, SIRET in the place of FINESS.
#[test]
fn the_order_is_that_of_operators_and_nothing_is_normalised() {
    for (department, name, structure, server, expected) in [
        (
            "Finistère (29)",
            "C.H.U ARMOR",
            "1290000017",
            "vs-mss.ch-armor.test",
            "CN=vs-mss.ch-armor.test,OU=1290000017,O=C.H.U ARMOR,ST=Finistère (29),C=FR",
        ),
        (
            "Côtes-d'Armor (22)",
            "GCS E-SANTE D'ARMOR",
            "350301711300039",
            "mxsecu.armor.test",
            "CN=mxsecu.armor.test,OU=350301711300039,O=GCS E-SANTE D'ARMOR,ST=Côtes-d'Armor (22),C=FR",
        ),
        (
            "Eure (27)",
            "HOPITAL LA\u{a0} ROCHE ST JEAN/LANDE",
            "1270000912",
            "mss.roche.test",
            "CN=mss.roche.test,OU=1270000912,O=HOPITAL LA\u{a0} ROCHE ST JEAN/LANDE,ST=Eure (27),C=FR",
        ),
        (
            "Guyane (973)",
            "CENTRE HOSPITALIER \"BELLE-RIVE\"",
            "1970300083",
            "mss.belle-rive.test",
            "CN=mss.belle-rive.test,OU=1970300083,O=CENTRE HOSPITALIER \\\"BELLE-RIVE\\\",ST=Guyane (973),C=FR",
        ),
        (
            "Paris (75)",
            "AGENCE, DES SYSTEMES + D'INFORMATION <A>;",
            "318751275100020",
            " bord ",
            "CN=\\ bord\\ ,OU=318751275100020,O=AGENCE\\, DES SYSTEMES \\+ D'INFORMATION \\<A\\>\\;,ST=Paris (75),C=FR",
        ),
        ("Paris (75)", "C H U  DE  LIMON", "#1\\2", "a#b", "CN=a#b,OU=\\#1\\\\2,O=C H U  DE  LIMON,ST=Paris (75),C=FR"),
    ] {
        assert_eq!(organisation(department, name, structure, server), expected);
    }
}

#[test]
fn what_would_spoil_a_line_of_the_journal_is_escaped() {
    let told = organisation("x", "A\nERROR faux", "\u{202e}1", "\u{200b}");
    assert_eq!(told, "CN=\\E2\\80\\8B,OU=\\E2\\80\\AE1,O=A\\0AERROR faux,ST=x,C=FR");
}

#[test]
fn a_place_in_the_stead_of_a_department_and_unknown_attributes_are_told() {
    let place =
        printed(&[(DnType::CountryName, "FR"), (DnType::LocalityName, "Paris (75)"), (DnType::CommonName, "x")]);
    assert_eq!(place, "CN=x,L=Paris (75),C=FR");
    let unknown = printed(&[(DnType::CustomDnType(vec![1, 2, 250, 1, 71, 9]), "y"), (DnType::CommonName, "x")]);
    assert_eq!(unknown, "CN=x,1.2.250.1.71.9=y");
}

#[test]
fn what_is_no_certificate_is_none() {
    for bytes in [&b""[..], b"-----BEGIN CERTIFICATE-----", &[0x30, 0x84, 0xff, 0xff, 0xff, 0xff]] {
        assert_eq!(Certificate::read(bytes), None);
    }
}
