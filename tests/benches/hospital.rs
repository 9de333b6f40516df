//! What hospitals send, as the benches need it: many reports alike, each of 8 services of 3 counts, about 4 kB.

use std::fmt::Write;
use std::ops::Range;

use domain::capacity::Update;
use domain::finess::Finess;
use jiff::{SignedDuration, Timestamp};
use judging::judgement::{Context, Rules, judge};
use reading::report;
use reading::report::{DocumentLimits, ReportReading};

pub(crate) const SENDER: &str = "lits@ch-armor.test";
pub(crate) const EAI: &str = "dispolits@eai.test";
/// Services of one report.
pub(crate) const SERVICES: usize = 8;
/// The counts of one service, with the codes of status and genre under which the ROR holds them.
pub(crate) const COUNTS: [(&str, &str, Option<&str>); 3] = [
    ("statut=\"installe\"", "01", None),
    ("statut=\"disponible\" genre=\"femme\"", "02", Some("01")),
    ("statut=\"occupe\"", "03", None),
];
/// Wards, of [`SERVICES`] services each, of one establishment.
const WARDS: usize = 100;
/// What a count may be about, with the codes under which the ROR holds it: each makes another indicator of it.
pub(crate) const TEMPORALITES: [(&str, &str); 5] =
    [("courant", "01"), ("1h", "02"), ("24h", "03"), ("48h", "04"), ("7j", "05")];
pub(crate) const AFFECTATIONS: [(&str, &str); 3] = [("aucune", "01"), ("covid-plus", "02"), ("covid-moins", "03")];

/// The establishment of a ward: a number of the right form and key.
pub(crate) fn establishment(ward: usize) -> Finess {
    let rank = ward / WARDS;
    let keyed = (0..10).find_map(|key| format!("35{rank:06}{key}").parse().ok());
    keyed.expect("one of ten keys is right")
}

pub(crate) fn services(ward: usize) -> impl Iterator<Item = String> {
    (0..SERVICES).map(move |service| format!("W{ward:05}-{service}"))
}

/// The two files of a referential of so many wards, all of the same sender.
pub(crate) fn referential(wards: usize) -> [String; 2] {
    let mut etablissements = "finess;type;ej;nom;expediteurs;contact;cadence;etat\n".to_owned();
    for ward in (0..wards).step_by(WARDS) {
        writeln!(etablissements, "{};EG;;Centre hospitalier fictif {ward};{SENDER};;;ouvert", establishment(ward))
            .unwrap();
    }
    let mut all = "finess;code;libelle;nature;etat;cadence\n".to_owned();
    for ward in 0..wards {
        for service in services(ward) {
            writeln!(all, "{};{service};Médecine;;ouvert;", establishment(ward)).unwrap();
        }
    }
    [etablissements, all]
}

/// The report of some wards, observed at that instant; `name` is its identifiant.
pub(crate) fn report(name: &str, wards: Range<usize>, variant: usize, observed: Timestamp) -> String {
    let (temporalite, affectation) = (
        TEMPORALITES[variant % TEMPORALITES.len()].0,
        AFFECTATIONS[variant / TEMPORALITES.len() % AFFECTATIONS.len()].0,
    );
    let mut xml = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<disponibilites xmlns=\"urn:fr:dispolits:disponibilites:1\"\n    \
         identifiant=\"{name}\" dateEmission=\"{observed}\" mode=\"reel\">\n"
    );
    for ward in wards {
        writeln!(xml, "  <etablissement finess=\"{}\">", establishment(ward)).unwrap();
        for service in services(ward) {
            writeln!(
                xml,
                "    <service code=\"{service}\" libelle=\"Médecine polyvalente et gériatrie, bâtiment principal\" \
                 dateReleve=\"{observed}\" source=\"bed-management\">"
            )
            .unwrap();
            for (count, _, _) in COUNTS {
                writeln!(
                    xml,
                    "      <capacite nature=\"lit\" {count} temporalite=\"{temporalite}\" affectation=\"{affectation}\" nombre=\"12\"/>"
                )
                .unwrap();
            }
            xml.push_str("    </service>\n");
        }
        xml.push_str("  </etablissement>\n");
    }
    xml.push_str("</disponibilites>\n");
    xml
}

/// The mail that carries a report: of so many wards, each is told of in its turn, and again about other indicators once
/// all were. The later its number, the later it was observed.
pub(crate) fn mail(number: usize, wards: usize, now: Timestamp) -> Vec<u8> {
    let (ward, variant) = (number % wards, number / wards);
    let name = format!("releve-{number}-{}", now.as_second());
    let age = SignedDuration::from_hours(24) - SignedDuration::from_millis(i64::try_from(number).unwrap() * 500);
    let observed = now.checked_sub(age).unwrap().round(jiff::Unit::Second).unwrap();
    let xml = report(&name, ward..ward + 1, variant, observed);
    format!(
        "From: Lits <{SENDER}>\r\nTo: <{EAI}>\r\nSubject: Lits {name}\r\nMessage-ID: <{name}@ch-armor.test>\r\n\
         MIME-Version: 1.0\r\nContent-Type: application/xml; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n{}",
        xml.replace('\n', "\r\n")
    )
    .into_bytes()
}

/// What the report of a mail says, and its counts.
pub(crate) fn judged(mail: &[u8], now: Timestamp) -> (ReportReading, Vec<Update>) {
    let start = mail.windows(5).position(|window| window == b"<?xml").unwrap();
    let reading = report::read("rapport.xml", &mail[start..], &DocumentLimits::default());
    let rules = &Rules::default();
    let context = Context { referential: None, sender: None, received_at: now, rules, identifiant_reused: false };
    let updates = judge(reading.clone(), &context).updates;
    assert_eq!(updates.len(), SERVICES * COUNTS.len());
    (reading, updates)
}
