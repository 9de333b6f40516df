//! Steps that turn values into values.

use divan::Bencher;
use divan::counter::BytesCount;
use domain::outcome::{DocumentOutcome, Etat, MailOutcome, OutcomeLine, Verdict};
use jiff::{SignedDuration, Timestamp};
use judging::judgement::{Context, Judgement, Rules, judge};
use judging::referential::Referential;
use judging::reply;
use judging::reply::{Letter, ReplyEnvelope, ReplyKind, Returning};
use reading::message;
use reading::report;
use reading::report::{DocumentLimits, ReportReading};

use crate::hospital::{self, EAI, SENDER};

/// Wards of one report: the usual one of about 4 kB, and one of about 1 MB.
const WARDS: [usize; 2] = [1, 300];

fn now() -> Timestamp {
    "2026-11-23T08:00:00Z".parse().unwrap()
}

fn xml(wards: usize) -> String {
    hospital::report("releve", 0..wards, 0, now() - SignedDuration::from_mins(10))
}

fn read(xml: &str) -> ReportReading {
    report::read("rapport.xml", xml.as_bytes(), &DocumentLimits::default())
}

fn judged(reading: ReportReading, referential: &Referential) -> Judgement {
    let sender = SENDER.parse().unwrap();
    let (referential, sender) = (Some(referential), Some(&sender));
    let rules = &Rules::default();
    judge(reading, &Context { referential, sender, received_at: now(), rules, identifiant_reused: false })
}

fn referential(wards: usize) -> Referential {
    let [etablissements, services] = hospital::referential(wards);
    Referential::parse(etablissements.as_bytes(), services.as_bytes()).unwrap()
}

#[divan::bench]
fn read_a_mail(bencher: Bencher<'_, '_>) {
    let mail = hospital::mail(0, 1, now());
    bencher.counter(BytesCount::of_slice(&mail)).bench(|| message::read(&mail, &message::MessageLimits::default()));
}

#[divan::bench(args = WARDS)]
fn read_a_report(bencher: Bencher<'_, '_>, wards: usize) {
    let xml = xml(wards);
    bencher.counter(BytesCount::of_str(&xml)).bench(|| read(&xml));
}

#[divan::bench(args = WARDS)]
fn judge_a_report(bencher: Bencher<'_, '_>, wards: usize) {
    let (reading, referential) = (read(&xml(wards)), referential(wards));
    assert_eq!(judged(reading.clone(), &referential).verdict, Verdict::Integre);
    bencher.with_inputs(|| reading.clone()).bench_values(|reading| judged(reading, &referential));
}

#[divan::bench(args = WARDS)]
fn render_a_reply(bencher: Bencher<'_, '_>, wards: usize) {
    let (outcome, envelope) = (outcome(wards), envelope());
    let letter = Letter { outcome: &outcome, kind: ReplyKind::Reponse, envelope: &envelope, at: now() };
    bencher.bench(|| reply::render(&letter));
}

#[divan::bench(args = WARDS)]
fn render_a_compte_rendu(bencher: Bencher<'_, '_>, wards: usize) {
    let outcome = outcome(wards);
    bencher.bench(|| reply::compte_rendu(&outcome));
}

/// The usual report, integrated.
fn outcome(wards: usize) -> MailOutcome {
    let reading = read(&xml(wards));
    let head = reading.head.clone();
    let updates = judged(reading, &referential(wards)).updates;
    let document = DocumentOutcome {
        recognised: true,
        name: head.name,
        identifiant: head.identifiant,
        sha256: head.sha256,
        mode: head.mode,
        verdict: Some(Verdict::Integre),
        first_seen: None,
        lines: updates.into_iter().map(|update| OutcomeLine { update, etat: Some(Etat::Transmise) }).collect(),
        defects: Vec::new(),
    };
    let (message_id, verdict) = (Some("releve@ch-armor.test".to_owned()), Some(Verdict::Integre));
    MailOutcome { message_id, received_at: now(), verdict, defects: Vec::new(), documents: vec![document] }
}

fn envelope() -> ReplyEnvelope {
    ReplyEnvelope {
        from: EAI.parse().unwrap(),
        from_name: "Dispolits".to_owned(),
        to: SENDER.parse().unwrap(),
        cc: Vec::new(),
        original_subject: Some("Lits".to_owned()),
        original_message_id: Some("releve@ch-armor.test".to_owned()),
        references: Vec::new(),
        original: Some(hospital::mail(0, 1, now())),
        returning: Returning { largest: 1024 * 1024, eight_bit: true },
        contact: None,
        receipt: None,
        message_id: "reponse@eai.test".to_owned(),
        nil: None,
        qualification: false,
        back_to_normal: false,
    }
}
