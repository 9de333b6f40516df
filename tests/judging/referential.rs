//! The referential: refused as a whole with every error listed, reloaded without restart, asked by
//! the judgement.

use domain::address::Address;
use domain::finess::Finess;
use judging::referential::{Closing, Files, Referential, Refused, Watch};

const HEAD: &str = "finess;type;ej;nom;expediteurs;contact;cadence;etat\n";
const GOOD: &str = "350054607;EJ;;CH d’Armor (fictif);direction@ch-armor.test;;;ouvert\n\
    350054680;EG;350054607;Site d’Armor (fictif);lits@ch-armor.test @iroise.test;cadre@ch-armor.test;4h;ouvert\n\
    299900100;EG;;Iroise (fictif);@iroise.test;;;ferme\n";
const SERVICES_HEAD: &str = "finess;code;libelle;nature;etat;cadence\n";
const SERVICES: &str = "350054680;SSR38888;SMR gériatrique;lit;ouvert;4h\n350054680;SSR38889;UHCD;;ferme;\n";

fn finess(text: &str) -> Finess {
    text.parse().unwrap()
}

fn address(text: &str) -> Address {
    text.parse().unwrap()
}

fn parse(establishments: &str, services: &str) -> Result<Referential, Vec<String>> {
    let (establishments, services) = (format!("{HEAD}{establishments}"), format!("{SERVICES_HEAD}{services}"));
    Referential::parse(establishments.as_bytes(), services.as_bytes())
        .map_err(|errors| errors.iter().map(ToString::to_string).collect())
}

fn check_refused(establishments: &str, services: &str, expected: &[&str]) {
    let errors = parse(establishments, services).unwrap_err();
    assert_eq!(errors.len(), expected.len(), "{errors:#?}");
    for (error, fragment) in errors.iter().zip(expected) {
        assert!(error.contains(fragment), "« {error} » should say « {fragment} »");
    }
}

#[test]
fn who_may_send_for_whom() {
    let known = parse(GOOD, SERVICES).unwrap();
    let site = finess("350054680");
    for (sender, allowed) in [
        ("lits@ch-armor.test", true),
        ("LITS@CH-ARMOR.TEST", true),
        ("anyone@iroise.test", true),
        ("anyone@sub.iroise.test", false),
        ("direction@ch-armor.test", true),
        ("autre@ch-armor.test", false),
    ] {
        assert_eq!(known.may_send(&address(sender), site), allowed, "{sender}");
    }
    assert_eq!(known.establishments_of(&address("direction@ch-armor.test")), [site]);
    assert_eq!(known.establishments_of(&address("anyone@iroise.test")), [site], "a closed one is not offered");
    assert!(!known.knows_sender(&address("inconnu@inconnu.test")));
}

#[test]
fn a_service_is_closed_by_itself_or_with_its_establishment() {
    let services = format!("{SERVICES}299900100;MED1;Médecine;;ouvert;\n");
    let known = parse(GOOD, &services).unwrap();
    for (place, code, expected) in [
        ("350054680", "SSR38888", None),
        ("350054680", "SSR38889", Some(Closing::Service)),
        ("350054680", "AUTRE", None),
        ("299900100", "MED1", Some(Closing::Establishment)),
    ] {
        assert_eq!(known.closing(finess(place), &code.parse().unwrap()), expected, "{place} {code}");
    }
}

#[test]
fn close_codes_are_suggested_nearest_first() {
    let known = parse(GOOD, SERVICES).unwrap();
    let near = known.codes_like(finess("350054680"), &"ssr38889".parse().unwrap());
    assert_eq!(near.iter().map(|code| code.as_str()).collect::<Vec<_>>(), ["SSR38889", "SSR38888"]);
    assert!(known.codes_like(finess("350054680"), &"REA".parse().unwrap()).is_empty());
}

#[test]
fn every_error_is_listed_with_its_line() {
    check_refused(
        "350054681;EG;;Clé fausse;;;;ouvert\n\
         350054680;XX;;Type;pas-une-adresse;;demain;fermé\n\
         299900100;EG;299900118;Sans EJ;;;;ouvert\n\
         299900100;EG;;En double;;;;ouvert\n",
        "350054607;A;x;;ouvert;\n299900100;trop, long;x;bureau;ouvert;\n299900100;B;x;;ouvert\n",
        &[
            "etablissements.csv, ligne 2 : colonne finess",
            "etablissements.csv, ligne 3 : colonne type",
            "etablissements.csv, ligne 3 : expediteurs",
            "etablissements.csv, ligne 3 : colonne cadence",
            "etablissements.csv, ligne 3 : colonne etat",
            "etablissements.csv, ligne 5 : l’établissement 299900100 figure deux fois",
            "services.csv, ligne 2 : l’établissement 350054607 n’est pas",
            "services.csv, ligne 3 : colonne code",
            "services.csv, ligne 3 : colonne nature",
            "services.csv, ligne 4 : 5 colonnes au lieu de 6",
        ],
    );
}

#[test]
fn a_wrong_header_or_encoding_is_said_plainly() {
    let errors = Referential::parse(b"finess,type\n", SERVICES_HEAD.as_bytes()).unwrap_err();
    assert!(errors[0].to_string().contains("la première ligne doit être"), "{errors:?}");
    let latin = [HEAD.as_bytes(), b"350054680;EG;;H\xf4pital;;;;ouvert\n"].concat();
    let errors = Referential::parse(&latin, SERVICES_HEAD.as_bytes()).unwrap_err();
    assert_eq!(errors[0].to_string(), "etablissements.csv, ligne 2 : le texte n’est pas en UTF-8");
}

#[test]
fn a_bad_new_file_is_refused_and_the_old_kept() {
    let folder = tempfile::tempdir().unwrap();
    let files = Files {
        etablissements: folder.path().join("etablissements.csv"),
        services: folder.path().join("services.csv"),
    };
    let write = |establishments: &str| {
        std::fs::write(&files.etablissements, format!("{HEAD}{establishments}")).unwrap();
        std::fs::write(&files.services, format!("{SERVICES_HEAD}{SERVICES}")).unwrap();
    };
    write(GOOD);
    let mut watch = Watch::load(files.clone()).unwrap();
    assert!(!watch.refresh().unwrap(), "nothing changed");
    write("350054681;EG;;Clé fausse;;;;ouvert\n");
    assert!(matches!(watch.refresh(), Err(Refused::Invalid(_))));
    assert!(!watch.refresh().unwrap(), "one content is refused once");
    assert!(watch.current().establishment(finess("299900100")).is_some(), "the old one is in force");
    write(&GOOD.replace("299900100;EG;;Iroise (fictif);@iroise.test;;;ferme\n", ""));
    assert!(watch.refresh().unwrap());
    assert!(watch.current().establishment(finess("299900100")).is_none(), "the new one is in force");
}
