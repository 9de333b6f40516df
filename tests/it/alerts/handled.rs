//! An incident of one mail is over once somebody marked that mail as handled.

use domain::access::audit::{AuditEntry, Deed};
use domain::alerts::IncidentKind;
use store::MailId;

use super::kinds::{answer_us, give_up_a_reply, send_a_document_of_a_patient, tell};
use super::stage::Stage;
use crate::store::engine::{Engine, on_both_engines};

async fn handle(stage: &Stage) {
    let entry = AuditEntry::new("local:oscar", Deed::Traiter, "courriel 1");
    assert!(stage.bench.store.mark_handled(MailId::of(1), "appelé", &entry, stage.bench.now()).await.unwrap());
}

async fn a_reply_that_did_not_arrive(engine: Engine) {
    let stage = Stage::new(engine).await;
    tell(&stage, IncidentKind::Undelivered, "courriel 1", give_up_a_reply, handle).await;
}

async fn a_mail_that_a_person_is_to_read(engine: Engine) {
    let stage = Stage::new(engine).await;
    tell(&stage, IncidentKind::ToRead, "courriel 1", answer_us, handle).await;
}

async fn a_document_of_a_patient(engine: Engine) {
    let stage = Stage::new(engine).await;
    tell(&stage, IncidentKind::PatientDocument, "courriel 1", send_a_document_of_a_patient, handle).await;
}

on_both_engines!(a_mail_that_a_person_is_to_read, a_reply_that_did_not_arrive, a_document_of_a_patient);
