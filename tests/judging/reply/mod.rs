//! What the sender reads: each outcome as text, XML and mail.
#![cfg(test)]

mod cases;
mod codes;
mod digest;
mod guide;
mod hostile;
mod mail;
mod schema;
mod texts;

use domain::capacity::{
    Affectation, Count, Fermeture, Genre, Indicator, IndicatorParts, Location, Mode, Nature, Nombre, Source, Statut,
    Temporalite, Update,
};
use domain::defect::{Code, Defect, Place};
use domain::outcome::{DocumentOutcome, Etat, MailOutcome, OutcomeLine, Verdict};
use jiff::Timestamp;
use judging::reply::{Letter, ReceiptRequest, Rendered, ReplyEnvelope, ReplyKind, Returning, render};

/// The largest mail that goes back as a whole, in bytes.
const LARGEST: usize = 1 << 20;
/// 07:55 in Paris.
const RECEIVED: &str = "2026-11-23T06:55:00Z";

fn instant(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn mail(verdict: Option<Verdict>, documents: Vec<DocumentOutcome>) -> MailOutcome {
    let message_id = Some("20261123.0755@ch-exemple.mssante.test".to_owned());
    MailOutcome { message_id, received_at: instant(RECEIVED), verdict, defects: Vec::new(), documents }
}

fn document(verdict: Option<Verdict>, lines: Vec<OutcomeLine>, defects: Vec<Defect>) -> DocumentOutcome {
    DocumentOutcome {
        recognised: true,
        name: "rapport.xml".to_owned(),
        identifiant: Some("CHX-20261123-0755".to_owned()),
        sha256: "ab".repeat(32),
        mode: Mode::Reel,
        verdict,
        first_seen: None,
        lines,
        defects,
    }
}

fn line(service: &str, statut: Statut, nombre: i64, etat: Etat) -> OutcomeLine {
    let parts = IndicatorParts {
        statut,
        temporalite: Temporalite::Courant,
        genre: (statut == Statut::Disponible).then_some(Genre::Femme),
        fermeture: (statut == Statut::Ferme).then_some(Fermeture::Reactivable),
        supplement: None,
        crise: None,
        affectation: Affectation::Aucune,
    };
    let count =
        Count { indicator: Indicator::new(parts).unwrap(), nature: Nature::Lit, nombre: Nombre::new(nombre).unwrap() };
    let location = Location::new("350054680".parse().unwrap(), service.parse().unwrap());
    let update =
        Update { location, count, date_releve: instant("2026-11-23T06:50:00Z"), source: Source::BedManagement };
    OutcomeLine { update, etat: Some(etat) }
}

/// The place of the n-th count of a service.
fn at(service: &str, rank: u32) -> Place {
    let path = format!("etablissement[350054680]/service[{service}]/capacite[{rank}]/@nombre");
    Place { line: Some(5 + rank), column: Some(41), ..Place::piece("rapport.xml").with_path(path) }
}

fn negative(service: &str, rank: u32) -> Defect {
    Defect::new(Code::C01, at(service, rank)).found("-1").expected("un entier positif ou nul")
}

fn envelope() -> ReplyEnvelope {
    ReplyEnvelope {
        from: "disponibilites@gcs-exemple.mssante.test".parse().unwrap(),
        from_name: "Dispolits – GCS Exemple".to_owned(),
        to: "lits@ch-exemple.mssante.test".parse().unwrap(),
        cc: Vec::new(),
        original_subject: Some("Disponibilités du 23/11".to_owned()),
        original_message_id: Some("20261123.0755@ch-exemple.mssante.test".to_owned()),
        references: Vec::new(),
        original: None,
        returning: Returning { largest: LARGEST, eight_bit: false },
        receipt: None,
        contact: None,
        message_id: "reponse.6f1d@gcs-exemple.mssante.test".to_owned(),
        nil: None,
        qualification: false,
        back_to_normal: false,
    }
}

fn receipt() -> ReceiptRequest {
    let final_recipient = "disponibilites@gcs-exemple.mssante.test".parse().unwrap();
    ReceiptRequest { final_recipient, original_recipient: None }
}

fn rendered(outcome: &MailOutcome, kind: ReplyKind, envelope: &ReplyEnvelope) -> Rendered {
    render(&Letter { outcome, kind, envelope, at: instant("2026-11-23T06:57:30Z") })
}
