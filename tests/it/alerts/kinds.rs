//! Each kind of incident: its cause opens it, people are told; its cure closes it, people are told again.

use std::time::Duration;

use domain::alerts::IncidentKind;
use domain::defect::{Code, Defect, Place};
use rcgen::{CertificateParams, KeyPair};
use service::health::{Concern, Task};
use store::{JudgedDocument, JudgedMail, NewReplyText, Twin, Whereabouts};

use super::stage::Stage;
use crate::store::bench::{ACCOUNT, acknowledged, at_location, beds, document, hand_over, held_back, judged, refused};
use crate::store::engine::{Engine, on_both_engines};
use crate::store::replies::letter;

/// Tells one kind: cause and cure, then whom it concerns.
pub(super) async fn tell(
    stage: &Stage,
    kind: IncidentKind,
    object: &str,
    cause: impl AsyncFnOnce(&Stage),
    cure: impl AsyncFnOnce(&Stage),
) {
    stage.minutes(1).await;
    assert_eq!(stage.open(kind).await, [], "{kind}: not yet");
    cause(stage).await;
    stage.minutes(7).await;
    let open = stage.open(kind).await;
    assert_eq!(open.iter().map(|one| one.objet.as_str()).collect::<Vec<_>>(), [object], "{kind}");
    cure(stage).await;
    stage.minutes(12).await;
    assert_eq!(stage.open(kind).await, [], "{kind}: over");
    let told = stage.receiver.told();
    let events: Vec<&str> =
        told.iter().filter(|(_, of, to)| of == kind.word() && to == object).map(|(event, ..)| event.as_str()).collect();
    assert_eq!((events.first(), events.last()), (Some(&"ouverture"), Some(&"cloture")), "{kind}: {told:?}");
    assert_eq!(events.iter().filter(|event| **event == "ouverture").count(), 1, "{kind}: {told:?}");
    let mails = stage.mails();
    let told = |word: &str| mails.iter().any(|mail| mail.contains(word));
    assert!(told("OUVERTE") && told("CLOSE"), "{kind}: {mails:?}");
    assert!(!stage.receiver.calls().iter().any(|call| call.raw.contains("lits@")), "{kind}: an address");
}

/// A report whose counts of these services are accepted.
async fn report(stage: &Stage, name: &str, services: &[&str]) {
    let updates = services.iter().map(|code| at_location(code, 3, 360)).collect();
    record(stage, document(name, updates), services).await;
}

/// A mail that names these services and of which nothing is accepted.
async fn naming(stage: &Stage, name: &str, services: &[&str]) {
    record(stage, document(name, Vec::new()), services).await;
}

async fn record(stage: &Stage, document: JudgedDocument, services: &[&str]) {
    let (bench, name) = (&stage.bench, document.head.identifiant.clone().unwrap());
    let id = bench.receive(&name, &name).await;
    let mentions = services.iter().map(|code| ("350054680".parse().unwrap(), code.parse().unwrap())).collect();
    bench.record(id, &judged(vec![JudgedDocument { mentions, ..document }])).await;
    bench.settle(id, NewReplyText::Told).await;
}

async fn ailing(engine: Engine, kind: IncidentKind, object: &str, concern: Concern) {
    let stage = Stage::new(engine).await;
    let cause = async |stage: &Stage| stage.pulse.ails(concern.clone(), "refusé pour lits@ch-armor.test");
    let cure = async |stage: &Stage| stage.pulse.well(&concern);
    tell(&stage, kind, object, cause, cure).await;
}

async fn what_the_worker_says_of_its_connections(engine: Engine) {
    Box::pin(ailing(engine, IncidentKind::RorDown, "ROR", Concern::Ror)).await;
    Box::pin(ailing(engine, IncidentKind::Referential, "référentiel", Concern::Referential)).await;
    let mailbox = Concern::MailboxLogin(ACCOUNT.to_owned());
    Box::pin(ailing(engine, IncidentKind::CredentialRefused, "boîte principale", mailbox)).await;
    Box::pin(ailing(engine, IncidentKind::CredentialRefused, "envoi", Concern::SmtpLogin)).await;
    Box::pin(ailing(engine, IncidentKind::CredentialRefused, "jeton du ROR", Concern::RorLogin)).await;
}

async fn a_mailbox_that_is_not_swept(engine: Engine) {
    let stage = Stage::new(engine).await;
    let cause = async |stage: &Stage| {
        stage.expect_sweeps();
        stage.pulse.ails(Concern::Sweep(ACCOUNT.to_owned()), "le serveur ne répond pas");
    };
    let cure = async |stage: &Stage| {
        let [incident] = stage.open(IncidentKind::Unswept).await.try_into().unwrap();
        assert!(incident.phrase.ends_with("; le serveur ne répond pas"), "{}", incident.phrase);
        stage.pulse.swept(ACCOUNT, 0, 0, 0);
    };
    tell(&stage, IncidentKind::Unswept, "principale", cause, cure).await;
}

async fn a_folder_that_refuses(engine: Engine) {
    let stage = Stage::new(engine).await;
    let concern = Concern::Filing { account: ACCOUNT.to_owned(), folder: "Rejets".to_owned() };
    let cause = async |stage: &Stage| {
        stage.expect_sweeps();
        stage.pulse.swept(ACCOUNT, 0, 0, 0);
        stage.pulse.ails(concern.clone(), "[OVERQUOTA] plus de place pour lits@ch-armor.test");
    };
    let cure = async |stage: &Stage| {
        let [incident] = stage.open(IncidentKind::FilingRefused).await.try_into().unwrap();
        let sentence = "le dossier « Rejets » de la boîte principale refuse les courriels jugés : [OVERQUOTA] ";
        assert!(incident.phrase.starts_with(sentence), "{}", incident.phrase);
        stage.pulse.well(&concern);
    };
    tell(&stage, IncidentKind::FilingRefused, "principale, dossier « Rejets »", cause, cure).await;
}

async fn a_task_that_is_stuck(engine: Engine) {
    let mut stage = Stage::new(engine).await;
    stage.config.health.stuck_after = base::config_values::Span::seconds(0);
    stage.alarm = stage.alarm_of(&stage.bench.shift, &stage.config, &stage.pulse);
    let cause = async |stage: &Stage| stage.pulse.expect(Task::Delivery, Duration::ZERO);
    let cure = async |stage: &Stage| stage.pulse.expect(Task::Delivery, Duration::from_hours(1));
    tell(&stage, IncidentKind::Stuck, "envoi au ROR", cause, cure).await;
}

async fn mails_that_wait_for_a_verdict(engine: Engine) {
    let stage = Stage::new(engine).await;
    let cause = async |stage: &Stage| {
        stage.bench.receive("1", "un courriel").await;
    };
    let cure = async |stage: &Stage| {
        let id = stage.bench.receive("1", "un courriel").await;
        stage.bench.record(id, &judged(Vec::new())).await;
    };
    tell(&stage, IncidentKind::Unjudged, "principale", cause, cure).await;
}

async fn counts_that_wait_for_the_ror(engine: Engine) {
    let stage = Stage::new(engine).await;
    let cause = async |stage: &Stage| {
        stage.bench.report("r", vec![beds(3, 360)]).await;
        stage.hours_pass(2);
    };
    let cure = async |stage: &Stage| {
        stage.bench.send(acknowledged).await;
    };
    tell(&stage, IncidentKind::LateDeliveries, "ROR", cause, cure).await;
}

async fn rights_that_the_ror_refuses(engine: Engine) {
    let stage = Stage::new(engine).await;
    let cause = async |stage: &Stage| {
        stage.bench.report("r", vec![beds(3, 360), at_location("SSR2", 4, 360)]).await;
        stage.bench.send(held_back).await;
    };
    let cure = async |stage: &Stage| {
        let [incident] = stage.open(IncidentKind::RorRights).await.try_into().unwrap();
        assert_eq!(incident.phrase, "le ROR refuse l’écriture sur 2 lieux, dont 350054680/SSR1");
        stage.hours_pass(2);
        stage.bench.send(acknowledged).await;
    };
    tell(&stage, IncidentKind::RorRights, "ROR", cause, cure).await;
}

async fn counts_that_the_ror_refuses(engine: Engine) {
    let stage = Stage::new(engine).await;
    let cause = async |stage: &Stage| {
        stage.bench.report("r", vec![beds(3, 360), at_location("SSR2", 4, 360)]).await;
        stage.bench.send(refused).await;
    };
    let cure = async |stage: &Stage| {
        let [incident] = stage.open(IncidentKind::RorRefusals).await.try_into().unwrap();
        assert_eq!(incident.phrase, "le ROR a refusé 2 valeurs de 2 lieux, dont 350054680/SSR1 (R03)");
        stage.hours_pass(25);
    };
    tell(&stage, IncidentKind::RorRefusals, "R03", cause, cure).await;
}

async fn an_indicator_that_stands_twice(engine: Engine) {
    let stage = Stage::new(engine).await;
    let note = async |stage: &Stage, twin: Option<Twin>| {
        stage.bench.store.note_twin(&beds(3, 360), twin.as_ref(), stage.bench.now()).await.unwrap();
    };
    let twin = Twin { genre_code: "03".to_owned(), nombre: 7, date: stage.bench.now() };
    let cause = async |stage: &Stage| note(stage, Some(twin)).await;
    let cure = async |stage: &Stage| {
        let [incident] = stage.open(IncidentKind::Twin).await.try_into().unwrap();
        assert!(incident.phrase.contains("un indicateur une seconde fois"), "{}", incident.phrase);
        note(stage, None).await;
    };
    tell(&stage, IncidentKind::Twin, "ROR", cause, cure).await;
}

/// The reply to mail 1 is given up.
pub(super) async fn give_up_a_reply(stage: &Stage) {
    let id = stage.bench.report("r", Vec::new()).await;
    stage.bench.settle(id, NewReplyText::Letter(Box::new(letter(id)))).await;
    let reply = stage.bench.shift.replies_to_send(10, &[], stage.bench.now()).await.unwrap().remove(0);
    hand_over(&stage.bench.store, &reply, Whereabouts::Refused("550".to_owned()), stage.bench.now()).await;
}

async fn a_reply_that_did_not_arrive(engine: Engine) {
    let stage = Stage::new(engine).await;
    let cure = async |stage: &Stage| stage.hours_pass(25);
    tell(&stage, IncidentKind::Undelivered, "courriel 1", give_up_a_reply, cure).await;
}

/// Mail 1 answers one of ours.
pub(super) async fn answer_us(stage: &Stage) {
    let id = stage.bench.report("r", Vec::new()).await;
    stage.bench.settle(id, NewReplyText::ToRead("à lire".to_owned())).await;
}

async fn a_mail_that_a_person_is_to_read(engine: Engine) {
    let stage = Stage::new(engine).await;
    let cure = async |stage: &Stage| stage.hours_pass(25);
    tell(&stage, IncidentKind::ToRead, "courriel 1", answer_us, cure).await;
}

async fn replies_that_wait(engine: Engine) {
    let stage = Stage::new(engine).await;
    let cause = async |stage: &Stage| {
        let id = stage.bench.report("r", Vec::new()).await;
        stage.bench.settle(id, NewReplyText::Letter(Box::new(letter(id)))).await;
        stage.hours_pass(1);
    };
    let cure = async |stage: &Stage| {
        let reply = stage.bench.shift.replies_to_send(10, &[], stage.bench.now()).await.unwrap().remove(0);
        hand_over(&stage.bench.store, &reply, Whereabouts::Taken, stage.bench.now()).await;
    };
    tell(&stage, IncidentKind::RepliesWaiting, "envoi", cause, cure).await;
}

/// Mail 1 is a patient's document.
pub(super) async fn send_a_document_of_a_patient(stage: &Stage) {
    let id = stage.bench.receive("1", "un document").await;
    let defects = vec![Defect::new(Code::M06, Place::mail())];
    stage.bench.record(id, &JudgedMail { defects, ..judged(Vec::new()) }).await;
}

async fn a_document_of_a_patient(engine: Engine) {
    let stage = Stage::new(engine).await;
    let cure = async |stage: &Stage| stage.hours_pass(25);
    tell(&stage, IncidentKind::PatientDocument, "courriel 1", send_a_document_of_a_patient, cure).await;
}

async fn mails_without_an_outcome(engine: Engine) {
    let stage = Stage::new(engine).await;
    let cause = async |stage: &Stage| {
        naming(stage, "r", &[]).await;
        stage.bench.execute("UPDATE mails SET verdict = 'perdu'").await;
    };
    let cure = async |stage: &Stage| stage.bench.execute("UPDATE mails SET verdict = 'integre'").await;
    tell(&stage, IncidentKind::Balance, "principale", cause, cure).await;
}

async fn rejections_above_habit(engine: Engine) {
    let stage = Stage::new(engine).await;
    let cause = async |stage: &Stage| {
        for rank in 0..10 {
            naming(stage, &format!("r{rank}"), if rank < 5 { &["SSR1"] } else { &[] }).await;
        }
        stage.bench.execute("UPDATE journal SET verdict = 'rejete'").await;
    };
    let cure = async |stage: &Stage| {
        let [incident] = stage.open(IncidentKind::Rejections).await.try_into().unwrap();
        assert_eq!(
            incident.phrase,
            "10 courriels avec au moins un rejet en une heure en tout, contre aucun d’habitude"
        );
        stage.hours_pass(1);
    };
    tell(&stage, IncidentKind::Rejections, "tous", cause, cure).await;
}

async fn an_establishment_that_is_silent(engine: Engine) {
    let stage = Stage::new(engine).await;
    let cause = async |stage: &Stage| {
        report(stage, "r1", &["SSR1", "SSR2"]).await;
        stage.minutes(1).await;
        stage.hours_pass(7);
        // Whoever names it, perhaps without being entitled to, does not speak for it.
        naming(stage, "r-refuse", &["SSR1", "SSR2"]).await;
    };
    let cure = async |stage: &Stage| {
        assert_eq!(stage.open(IncidentKind::SilentService).await, [], "its establishment speaks for it");
        report(stage, "r2", &["SSR1", "SSR2"]).await;
    };
    tell(&stage, IncidentKind::SilentEstablishment, "350054680", cause, cure).await;
}

async fn a_muted_establishment_is_left_in_peace_until_then(engine: Engine) {
    let stage = Stage::new(engine).await;
    report(&stage, "r1", &["SSR1", "SSR2"]).await;
    // 2026-11-23T17:00:00Z, ten hours later.
    stage
        .bench
        .execute("INSERT INTO mutes (finess, until, at, who, note) VALUES ('350054680', 1795453200000, 0, 'a', 'b')")
        .await;
    stage.hours_pass(9);
    stage.minutes(30).await;
    assert_eq!(stage.open(IncidentKind::SilentEstablishment).await, []);
    stage.minutes(32).await;
    assert_eq!(stage.open(IncidentKind::SilentEstablishment).await.len(), 1);
}

async fn a_service_that_is_silent(engine: Engine) {
    let stage = Stage::new(engine).await;
    let cause = async |stage: &Stage| {
        report(stage, "r1", &["SSR1", "SSR2"]).await;
        stage.hours_pass(7);
        report(stage, "r2", &["SSR1"]).await;
    };
    let cure = async |stage: &Stage| report(stage, "r3", &["SSR1", "SSR2"]).await;
    tell(&stage, IncidentKind::SilentService, "350054680/SSR2", cause, cure).await;
}

async fn a_certificate_is_told_at_each_threshold(engine: Engine) {
    let stage = Stage::with(engine, "remind_after = \"9000d\"").await;
    let mut parameters = CertificateParams::new(vec!["essai.test".to_owned()]).unwrap();
    parameters.not_before = rcgen::date_time_ymd(2026, 1, 1);
    parameters.not_after = rcgen::date_time_ymd(2027, 3, 1);
    let key = KeyPair::generate().unwrap();
    let pem = parameters.self_signed(&key).unwrap().pem();
    std::fs::write(stage.path("certificat.pem"), format!("{pem}{}", key.serialize_pem())).unwrap();
    stage.minutes(1).await;
    assert_eq!(stage.open(IncidentKind::Certificate).await, [], "98 days before");
    let mut told = Vec::new();
    for days in [10, 1, 30, 1, 30, 20, 10] {
        stage.hours_pass(24 * days);
        stage.minutes(1).await;
        told.push(stage.receiver.told().into_iter().filter(|one| one.1 == "certificat-expirant").count());
    }
    // J-88, J-87, J-57, J-56, J-26, J-6, expired.
    assert_eq!(told, [1, 1, 2, 2, 3, 4, 5]);
    assert_eq!(stage.open(IncidentKind::Certificate).await.len(), 1);
    parameters.not_after = rcgen::date_time_ymd(2029, 1, 1);
    let pem = parameters.self_signed(&key).unwrap().pem();
    std::fs::write(stage.path("certificat.pem"), format!("{pem}{}", key.serialize_pem())).unwrap();
    stage.minutes(12).await;
    assert_eq!(stage.open(IncidentKind::Certificate).await, []);
}

/// Told from memory while the store does not answer, written down and closed once it does.
async fn a_store_that_does_not_answer(engine: Engine) {
    let stage = Stage::new(engine).await;
    stage.minutes(1).await;
    stage.receiver.answer(&[500]);
    stage.bench.execute("ALTER TABLE incidents RENAME TO absents").await;
    stage.minutes(7).await;
    let calls = stage.receiver.calls();
    assert_eq!(calls.len(), 2, "refused once, then taken: {calls:?}");
    assert_eq!(calls[0].raw, calls[1].raw, "the same again");
    stage.bench.execute("ALTER TABLE absents RENAME TO incidents").await;
    stage.minutes(1).await;
    let [incident] = stage.open(IncidentKind::StoreSilent).await.try_into().unwrap();
    assert_eq!(incident.objet, "base");
    stage.minutes(12).await;
    assert_eq!(stage.open(IncidentKind::StoreSilent).await, []);
    let told = stage.receiver.told();
    assert_eq!(told.iter().map(|one| one.0.as_str()).collect::<Vec<_>>(), ["ouverture", "ouverture", "cloture"]);
}

on_both_engines! {
    what_the_worker_says_of_its_connections,
    a_mailbox_that_is_not_swept,
    a_folder_that_refuses,
    a_task_that_is_stuck,
    mails_that_wait_for_a_verdict,
    counts_that_wait_for_the_ror,
    rights_that_the_ror_refuses,
    counts_that_the_ror_refuses,
    an_indicator_that_stands_twice,
    a_mail_that_a_person_is_to_read,
    a_reply_that_did_not_arrive,
    replies_that_wait,
    a_document_of_a_patient,
    mails_without_an_outcome,
    rejections_above_habit,
    an_establishment_that_is_silent,
    a_muted_establishment_is_left_in_peace_until_then,
    a_service_that_is_silent,
    a_certificate_is_told_at_each_threshold,
    a_store_that_does_not_answer,
}
