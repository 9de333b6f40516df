//! One outcome of each kind a sender can meet.

use domain::capacity::{Mode, Statut};
use domain::defect::{Code, Defect, Place};
use domain::outcome::{Etat, MailOutcome, Verdict};
use judging::reply::ReplyKind;

use super::{at, document, instant, line, mail, negative};

pub(super) struct Case {
    pub(super) name: &'static str,
    pub(super) outcome: MailOutcome,
    pub(super) kind: ReplyKind,
    pub(super) back: bool,
    pub(super) qualification: bool,
}

fn case(name: &'static str, outcome: MailOutcome) -> Case {
    Case { name, outcome, kind: ReplyKind::Reponse, back: false, qualification: false }
}

pub(super) fn all() -> Vec<Case> {
    vec![
        case("integre", integrated()),
        Case { back: true, ..case("retour_a_la_normale", integrated()) },
        Case { qualification: true, ..case("qualification", integrated()) },
        case("partiellement_integre", partly()),
        case("rejete_service", rejected_service()),
        case("rejete_xml_mal_forme", malformed()),
        case("rejete_sans_piece", whole_mail(Code::M02)),
        case("rejete_document_de_patient", patient_document()),
        case("avertissements", warned()),
        case("refus_du_ror", refused_by_ror()),
        case("refus_du_ror_seul", rejected_by_ror()),
        case("rejete_attribut_inconnu", unknown_attribute()),
        case("service_en_double", service_twice()),
        case("doublon_parmi_d_autres", duplicate_among_others()),
        Case { kind: ReplyKind::Complement, ..case("complement", refused_by_ror()) },
        case("attente_de_droits", lacking_rights()),
        case("en_cours", in_progress()),
        case("depasse", superseded()),
        case("essai_valable", trial(Verdict::Integre)),
        case("essai_en_partie", trial(Verdict::PartiellementIntegre)),
        case("doublon", duplicate(Verdict::Integre)),
        case("doublon_rejete", duplicate(Verdict::Rejete)),
        case("deux_fichiers", two_documents()),
        case("soixante_defauts", many()),
        case("meme_defaut_partout", repeated()),
    ]
}

pub(super) fn integrated() -> MailOutcome {
    let lines = vec![
        line("SSR38888", Statut::Installe, 24, Etat::Transmise),
        line("SSR38888", Statut::Disponible, 3, Etat::Transmise),
        line("MED 02", Statut::Ferme, 0, Etat::Transmise),
    ];
    mail(Some(Verdict::Integre), vec![document(Some(Verdict::Integre), lines, Vec::new())])
}

pub(super) fn partly() -> MailOutcome {
    let lines = vec![
        line("SSR38888", Statut::Installe, 24, Etat::Transmise),
        line("SSR38888", Statut::Occupe, 20, Etat::Transmise),
        line("MED02", Statut::Installe, 30, Etat::Transmise),
        line("MED02", Statut::Disponible, 4, Etat::Transmise),
        line("MED02", Statut::Occupe, 26, Etat::Transmise),
    ];
    let verdict = Some(Verdict::PartiellementIntegre);
    mail(verdict, vec![document(verdict, lines, vec![negative("SSR38888", 2)])])
}

pub(super) fn rejected_service() -> MailOutcome {
    let place = Place::piece("rapport.xml").with_path("etablissement[350054680]/service[SSR999]/@code");
    let unknown = Defect::new(Code::S01, Place { line: Some(6), column: Some(14), ..place })
        .found("SSR999")
        .expected("un code service de cet établissement")
        .hint_instead("Codes proches : SSR38888, SSR38889. Si SSR999 est juste, demandez au GRADeS de le rattacher.");
    mail(Some(Verdict::Rejete), vec![document(Some(Verdict::Rejete), Vec::new(), vec![unknown])])
}

fn malformed() -> MailOutcome {
    let place = Place { line: Some(12), column: Some(7), ..Place::piece("rapport.xml") };
    let defect = Defect::new(Code::D01, place).found("</servce>").expected("</service>");
    let mut document = document(Some(Verdict::Rejete), Vec::new(), vec![defect]);
    document.identifiant = None;
    mail(Some(Verdict::Rejete), vec![document])
}

pub(super) fn whole_mail(code: Code) -> MailOutcome {
    let mut outcome = mail(Some(Verdict::Rejete), Vec::new());
    outcome.defects.push(Defect::new(code, Place::mail()));
    outcome
}

pub(super) fn patient_document() -> MailOutcome {
    let mut outcome = mail(Some(Verdict::Rejete), Vec::new());
    let place = Place::piece("20261123_CR_NOMPATIENT_PRENOM_123.pdf");
    outcome.defects.push(Defect::new(Code::M06, place).found("XDM/1.0/DDM+CR NOMPATIENT"));
    outcome
}

fn warned() -> MailOutcome {
    let mut outcome = integrated();
    let high = Defect::new(Code::C03, at("SSR38888", 1)).found("2400").expected("2000 au plus");
    let reused = Defect::new(Code::D07, Place::piece("rapport.xml")).found("CHX-20261123-0755");
    outcome.documents[0].defects = vec![high, reused];
    outcome
}

pub(super) fn refused_by_ror() -> MailOutcome {
    let lines = vec![
        line("MED02", Statut::Disponible, 4, Etat::Transmise),
        line("SSR38888", Statut::Disponible, 3, Etat::Rejetee),
        line("SSR38888", Statut::Installe, 24, Etat::Rejetee),
    ];
    let place = || Place::piece("rapport.xml").with_path("etablissement[350054680]/service[SSR38888]");
    let unknown = Defect::new(Code::R01, place());
    let rule = Defect::new(Code::R03, place()).detail("Réponse du ROR : « RG_EXP_046 ».");
    let verdict = Some(Verdict::PartiellementIntegre);
    mail(verdict, vec![document(verdict, lines, vec![unknown, rule])])
}

/// What only the agency can mend.
pub(super) fn rejected_by_ror() -> MailOutcome {
    let place = Place::piece("rapport.xml").with_path("etablissement[350054680]/service[SSR38888]");
    let lines = vec![line("SSR38888", Statut::Disponible, 3, Etat::Rejetee)];
    let verdict = Some(Verdict::Rejete);
    mail(verdict, vec![document(verdict, lines, vec![Defect::new(Code::R01, place)])])
}

/// Nothing of the file is kept: it has to come again as a whole.
fn unknown_attribute() -> MailOutcome {
    let place = Place { line: Some(2), column: Some(5), ..Place::piece("rapport.xml").with_path("@identifiantt") };
    let defect = Defect::new(Code::D06, place).found("identifiantt").expected("identifiant, dateEmission, mode");
    mail(Some(Verdict::Rejete), vec![document(Some(Verdict::Rejete), Vec::new(), vec![defect])])
}

/// One thing to mend, in two places.
fn service_twice() -> MailOutcome {
    let place = |line| Place {
        line: Some(line),
        ..Place::piece("rapport.xml").with_path("etablissement[350054680]/service[S03-A]/@code")
    };
    let twice = |line| Defect::new(Code::S03, place(line)).found("S03-A, 2 fois").expected("une seule fois");
    let lines = vec![line("MED02", Statut::Disponible, 4, Etat::Transmise)];
    let verdict = Some(Verdict::PartiellementIntegre);
    mail(verdict, vec![document(verdict, lines, vec![twice(5), twice(9)])])
}

/// A file that was rejected before, beside one that the agency must mend.
fn duplicate_among_others() -> MailOutcome {
    let mut outcome = rejected_by_ror();
    outcome.verdict = Some(Verdict::PartiellementIntegre);
    outcome.documents.extend(duplicate(Verdict::Rejete).documents);
    outcome.documents[1].name = "hier.xml".to_owned();
    outcome
}

pub(super) fn lacking_rights() -> MailOutcome {
    let lines = vec![
        line("MED02", Statut::Disponible, 4, Etat::EnAttente),
        line("SSR38888", Statut::Disponible, 3, Etat::EnAttente),
        line("SSR38889", Statut::Disponible, 1, Etat::Transmise),
    ];
    let held = |service| Defect::new(Code::R04, at(service, 1));
    mail(None, vec![document(None, lines, vec![held("MED02"), held("SSR38888")])])
}

fn in_progress() -> MailOutcome {
    let mut outcome = partly();
    outcome.verdict = None;
    outcome.documents[0].verdict = None;
    outcome.documents[0].lines[0].etat = Some(Etat::EnAttente);
    outcome
}

fn superseded() -> MailOutcome {
    let lines = vec![
        line("MED02", Statut::Disponible, 4, Etat::Depassee),
        line("MED02", Statut::Installe, 30, Etat::Depassee),
        line("SSR38888", Statut::Disponible, 3, Etat::Transmise),
    ];
    mail(Some(Verdict::Integre), vec![document(Some(Verdict::Integre), lines, Vec::new())])
}

pub(super) fn trial(verdict: Verdict) -> MailOutcome {
    let lines = vec![line("SSR38888", Statut::Disponible, 3, Etat::NonTransmiseTest)];
    let defects = if verdict == Verdict::Integre { Vec::new() } else { vec![negative("SSR38888", 2)] };
    let mut document = document(Some(verdict), lines, defects);
    document.mode = Mode::Test;
    mail(Some(verdict), vec![document])
}

pub(super) fn duplicate(first: Verdict) -> MailOutcome {
    let mut document = document(Some(Verdict::Doublon), Vec::new(), Vec::new());
    document.first_seen = Some((instant("2026-11-22T22:10:00Z"), first));
    mail(Some(Verdict::Doublon), vec![document])
}

fn two_documents() -> MailOutcome {
    let mut outcome = partly();
    let key = Place::piece("clinique.xml").with_path("etablissement[290000018]/@finess");
    let key = Defect::new(Code::E02, Place { line: Some(4), column: Some(26), ..key }).found("290000018");
    let mut second = document(Some(Verdict::Rejete), Vec::new(), vec![key]);
    second.name = "clinique.xml".to_owned();
    second.identifiant = Some("CLX-1".to_owned());
    outcome.documents.push(second);
    outcome
}

pub(super) fn many() -> MailOutcome {
    let defects = (1..=60).map(|rank| negative("SSR38888", rank).found(format!("-{rank}"))).collect();
    mail(Some(Verdict::Rejete), vec![document(Some(Verdict::Rejete), Vec::new(), defects)])
}

fn repeated() -> MailOutcome {
    let defects = (1..=12).map(|rank| negative("SSR38888", rank)).collect();
    mail(Some(Verdict::Rejete), vec![document(Some(Verdict::Rejete), Vec::new(), defects)])
}
