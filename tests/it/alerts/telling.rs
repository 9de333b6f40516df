//! Who is told, and what happens when nobody listens.

use base16ct::lower::encode_string;
use domain::alerts::IncidentKind;
use hmac::{Hmac, KeyInit, Mac};
use jiff::SignedDuration;
use service::health::{Concern, Heartbeat};
use sha2::Sha256;

use super::stage::{RECIPIENT, Stage};
use crate::store::bench::{ACCOUNT, worker};
use crate::store::engine::{Engine, on_both_engines};

/// Three things at once.
fn fail(stage: &Stage) {
    stage.pulse.ails(Concern::Ror, "HTTP 503");
    stage.pulse.ails(Concern::SmtpLogin, "535 pour dispolits@eai.test");
    stage.pulse.ails(Concern::Referential, "ligne 3");
}

#[tokio::test]
async fn what_opens_together_is_told_in_one_message() {
    let stage = Stage::with(Engine::Sqlite, "open_after = \"0s\"").await;
    fail(&stage);
    stage.minutes(1).await;
    let [call] = stage.receiver.calls().try_into().unwrap();
    assert_eq!(call.told().len(), 3);
    assert_eq!(stage.mails().len(), 1);
    stage.minutes(5).await;
    assert_eq!((stage.receiver.calls().len(), stage.mails().len()), (1, 1), "once");
}

#[tokio::test]
async fn the_webhook_is_signed_and_bears_its_token() {
    let stage = Stage::with(Engine::Sqlite, "open_after = \"0s\"").await;
    fail(&stage);
    stage.minutes(1).await;
    let [call] = stage.receiver.calls().try_into().unwrap();
    assert_eq!(call.header("authorization"), "Bearer jeton-d-essai");
    assert_eq!(call.header("content-type"), "application/json; charset=utf-8");
    let mut mac = Hmac::<Sha256>::new_from_slice(b"clef").unwrap();
    let (name, seconds) = (call.header("x-dispolits-delivery"), call.header("x-dispolits-timestamp"));
    assert!(!name.is_empty() && seconds.parse::<i64>().is_ok(), "{name} {seconds}");
    mac.update(format!("{name}.{seconds}.{}", call.raw).as_bytes());
    let expected = format!("sha256={}", encode_string(&mac.finalize().into_bytes()));
    assert_eq!(call.header("x-dispolits-signature"), expected);
    let text = call.json()["text"].as_str().unwrap().to_owned();
    assert!(text.starts_with("[QUALIFICATION] [grave] Dispolits : alertes, 3 ouvertes"), "{text}");
    assert!(text.contains("535 pour d***@e***.test"), "{text}");
}

#[tokio::test]
async fn the_mail_says_that_a_machine_wrote_it() {
    let stage = Stage::with(Engine::Sqlite, "open_after = \"0s\"").await;
    stage.pulse.ails(Concern::Ror, "HTTP 503");
    stage.minutes(1).await;
    let [mail] = stage.mails().try_into().unwrap();
    let message = mail_parser::MessageParser::default().parse(mail.as_bytes()).unwrap();
    assert_eq!(message.header_raw("Auto-Submitted").map(str::trim), Some("auto-generated"));
    assert_eq!(message.to().unwrap().first().unwrap().address(), Some(RECIPIENT));
    let subject = message.subject().unwrap();
    assert_eq!(subject, "[QUALIFICATION] [grave] Dispolits : alerte ouverte : ROR indisponible – ROR");
    let text = message.body_text(0).unwrap();
    assert!(text.contains("les envois au ROR sont suspendus : HTTP 503"), "{text}");
    assert!(text.contains("Que faire : Lancez"), "{text}");
}

/// A webhook that does not answer holds no mail back, and is told as soon as it does.
async fn what_could_not_be_told_is_told_later(engine: Engine) {
    let stage = Stage::with(engine, "open_after = \"0s\"\nretry = [\"30s\", \"90s\"]").await;
    stage.receiver.answer(&[500, 429]);
    stage.pulse.ails(Concern::Ror, "HTTP 503");
    stage.minutes(1).await;
    assert_eq!((stage.receiver.calls().len(), stage.mails().len()), (1, 1));
    stage.minutes(4).await;
    let calls = stage.receiver.calls();
    assert_eq!(calls.len(), 3, "until it is taken");
    assert!(calls.iter().all(|call| call.header("x-dispolits-delivery") == calls[0].header("x-dispolits-delivery")));
    let told = stage.bench.store.alerts_of(1).await.unwrap();
    let states: Vec<(&str, Option<&str>)> =
        told.iter().map(|one| (one.etat.as_str(), one.destinataires.as_deref())).collect();
    assert_eq!(states, [("envoyee", Some("a***@r***.test")), ("envoyee", Some("127.0.0.1"))]);
}

async fn what_nobody_takes_is_given_up_and_stays_in_sight(engine: Engine) {
    let stage = Stage::with(engine, "open_after = \"0s\"\nabandon_after = \"10min\"\nretry = [\"2min\"]").await;
    stage.receiver.answer(&[500; 50]);
    stage.pulse.ails(Concern::Ror, "HTTP 503");
    stage.minutes(20).await;
    let told = stage.bench.store.alerts_of(1).await.unwrap();
    assert_eq!(told[1].etat, "abandonnee");
    assert_eq!(told[1].echec.as_deref(), Some("le webhook répond HTTP 500"));
    assert!(stage.receiver.calls().len() < 8, "{}", stage.receiver.calls().len());
    assert_eq!(stage.open(IncidentKind::RorDown).await.len(), 1);
}

/// What another worker alone sees opens as well, and stays open as long as that one sees it.
async fn each_worker_opens_what_it_sees(engine: Engine) {
    if engine == Engine::Sqlite {
        // One worker at a time opens a file.
        return;
    }
    let stage = Stage::with(engine, "open_after = \"0s\"").await;
    let (shift, pulse) = (worker(&stage.bench.store, "autre").await, Heartbeat::new(stage.bench.clock.clone()));
    let other = stage.alarm_of(&shift, &stage.config, &pulse);
    pulse.observed(stage.bench.store.vitals(SignedDuration::ZERO, stage.bench.now()).await.unwrap());
    pulse.name(ACCOUNT, "autre boîte");
    pulse.ails(Concern::MailboxLogin(ACCOUNT.to_owned()), "non");
    for minute in 0..30 {
        stage.minutes(1).await;
        other.round().await;
        assert_eq!(stage.open(IncidentKind::CredentialRefused).await.len(), 1, "{minute}");
    }
    pulse.well(&Concern::MailboxLogin(ACCOUNT.to_owned()));
    for _ in 0..12 {
        stage.minutes(1).await;
        other.round().await;
    }
    assert_eq!(stage.open(IncidentKind::CredentialRefused).await.len(), 0);
    let told: Vec<String> = stage.receiver.told().into_iter().map(|one| one.0).collect();
    assert_eq!(told, ["ouverture", "cloture"]);
}

on_both_engines! {
    what_could_not_be_told_is_told_later,
    what_nobody_takes_is_given_up_and_stays_in_sight,
    each_worker_opens_what_it_sees,
}
