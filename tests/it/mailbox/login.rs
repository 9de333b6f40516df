//! The three ways to identify, on a real Dovecot and on servers that say what they are told to.

use std::path::Path;

use axum::routing::post;
use axum::{Json, Router};
use base::config_values::Secret;
use edges::mailbox::{
    Auth, Folders, ImapSettings, Mailbox, MailboxError, MailboxSettings, MailboxSetupError, Security,
};
use serde_json::json;

use super::scripted::{ALL_WELL, Say, check_with, play};
use crate::dovecot::{ClientCertificate, Dovecot, EXTERNAL, USER};

const XOAUTH2: &str = "auth_mechanisms = xoauth2\n\
    passdb {\n driver = oauth2\n mechanisms = xoauth2\n args = {directory}/oauth2.conf\n}\n";
const TOKEN: &str = "jeton-valable";

fn mailbox(settings: ImapSettings) -> Result<Mailbox, MailboxSetupError> {
    Mailbox::new(&MailboxSettings::from(settings), &Folders::default())
}

/// Opens the mailbox; says how that went.
async fn opened(settings: ImapSettings) -> String {
    match mailbox(settings).unwrap().open().await {
        Ok(session) => format!("{} mails", session.list().await.unwrap().1.len()),
        Err(error) => format!("{error:?}"),
    }
}

fn external(settings: ImapSettings, identity: Option<base::config_values::Identity>) -> ImapSettings {
    ImapSettings { auth: Auth::External, password: None, identity, ..settings }
}

fn xoauth2(settings: ImapSettings, token: Secret) -> ImapSettings {
    ImapSettings { auth: Auth::Xoauth2, password: None, token: Some(token), ..settings }
}

#[tokio::test]
async fn a_certificate_opens_the_mailbox_by_external() {
    let dovecot = Dovecot::start_with(ClientCertificate::Required, EXTERNAL);
    for security in [Security::Starttls, Security::Tls] {
        let settings = || dovecot.settings(security);
        assert_eq!(opened(external(settings(), Some(dovecot.pki.identity(USER)))).await, "0 mails");
        // The certificate of somebody else, and one of another authority.
        for (other, fault) in [("client", "CertificateRefused {"), ("stranger", "")] {
            let told = opened(external(settings(), Some(dovecot.pki.identity(other)))).await;
            assert!(told.starts_with(fault) && !told.ends_with("mails"), "{other}: {told}");
        }
        let told = opened(ImapSettings { identity: Some(dovecot.pki.identity(USER)), ..settings() }).await;
        assert!(told.starts_with("Unsupported(\"l’identification par mot de passe"), "{told}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_opens_the_mailbox_by_xoauth2() {
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let introspection = format!("http://{}/introspect", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, Router::new().route("/introspect", post(introspect))).await });
    let dovecot = Dovecot::start_with(ClientCertificate::Required, XOAUTH2);
    std::fs::write(
        dovecot.path().join("oauth2.conf"),
        format!(
            "introspection_mode = post\nintrospection_url = {introspection}\nusername_attribute = username\nactive_attribute = active\nactive_value = true\n"
        ),
    )
    .unwrap();
    let settings = || dovecot.settings(Security::Starttls);
    let file = dovecot.path().join("jeton");
    std::fs::write(&file, format!("{TOKEN}\n")).unwrap();
    assert_eq!(opened(xoauth2(settings(), Secret::File { file: file.clone() })).await, "0 mails");
    let command = ["cat", file.to_str().unwrap()].map(str::to_owned).to_vec();
    assert_eq!(opened(xoauth2(settings(), Secret::Command { command: command.clone() })).await, "0 mails");

    // The same mailbox, once its token is out of date, and once it is renewed.
    let mut mailbox = mailbox(xoauth2(settings(), Secret::Command { command })).unwrap();
    std::fs::write(&file, "jeton-perime").unwrap();
    let refused = mailbox.open().await.unwrap_err();
    let MailboxError::CredentialRefused(text) = &refused else { panic!("{refused:?}") };
    assert!(text.contains("invalid_token") || text.contains("\"status\""), "the challenge is told: {text}");
    assert!(!text.contains("perime") && !refused.is_transient());
    std::fs::write(&file, TOKEN).unwrap();
    mailbox.open().await.unwrap().close().await;

    std::fs::remove_file(&file).unwrap();
    let failed = mailbox.open().await.unwrap_err();
    assert!(matches!(failed, MailboxError::Setup(MailboxSetupError::Secret(_))), "{failed:?}");
}

/// As an authorisation server does (RFC 7662).
async fn introspect(body: String) -> Json<serde_json::Value> {
    let active = body.split('&').any(|field| field == format!("token={TOKEN}"));
    Json(if active { json!({ "active": true, "username": USER }) } else { json!({ "active": false }) })
}

#[test]
fn the_response_goes_with_the_command_where_it_may() {
    let plain = "AGJhbEBob3BpdGFsLnRlc3QAc2VjcmV0";
    let at_once = ("CAPABILITY", Say("* CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR\r\n{T} OK\r\n"));
    let done = ("AUTHENTICATE", Say("{T} OK\r\n"));
    let seen = check_with(|_, _| {}, &[at_once, done], ALL_WELL);
    assert!(seen.contains(&format!("AUTHENTICATE PLAIN {plain}")), "{seen}");
    let seen = check_with(|_, _| {}, &[], ALL_WELL);
    assert!(seen.contains(&format!("AUTHENTICATE PLAIN\n{plain}\n")), "{seen}");

    let identified = |settings: &mut ImapSettings, pki: &crate::dovecot::Pki| {
        *settings = external(settings.clone(), Some(pki.identity("client")));
    };
    let offer = ("CAPABILITY", Say("* CAPABILITY IMAP4rev1 AUTH=EXTERNAL SASL-IR\r\n{T} OK\r\n"));
    let seen = check_with(identified, &[offer, done], ALL_WELL);
    assert!(seen.contains("AUTHENTICATE EXTERNAL YmFsQGhvcGl0YWwudGVzdA=="), "{seen}");
    let offer = ("CAPABILITY", Say("* CAPABILITY IMAP4rev1 AUTH=EXTERNAL\r\n{T} OK\r\n"));
    let seen = check_with(identified, &[offer], ALL_WELL);
    assert!(seen.contains("AUTHENTICATE EXTERNAL\nYmFsQGhvcGl0YWwudGVzdA==\n"), "{seen}");
    check_with(identified, &[], "Unsupported(\"l’identification par certificat (AUTH=EXTERNAL)\")");
}

/// The password, and what SASL makes of it, are repeated by a server and by nobody else.
#[test]
fn what_a_server_repeats_of_the_login_is_never_shown() {
    let plain = "AGJhbEBob3BpdGFsLnRlc3QAc2VjcmV0";
    let at_once = ("CAPABILITY", Say("* CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR\r\n{T} OK\r\n"));
    let login_only = ("CAPABILITY", Say("* CAPABILITY IMAP4rev1\r\n{T} OK\r\n"));
    let refusals = [
        (at_once, "AUTHENTICATE", "{T} NO AUTHENTICATE PLAIN AGJhbEBob3BpdGFsLnRlc3QAc2VjcmV0 non\r\n"),
        (at_once, "AUTHENTICATE", "{T} BAD near AGJhbEBob3BpdGFsLnRlc3\r\n"),
        (at_once, "AUTHENTICATE", "* BYE secret is wrong\r\n"),
        (login_only, "LOGIN", "{T} NO LOGIN \"bal@hopital.test\" \"secret\" non\r\n"),
        (login_only, "LOGIN", "{T} BAD LOGIN SECRET\r\n"),
    ];
    for (offer, command, said) in refusals {
        let (told, _) = play(Security::Tls, &[offer, (command, Say(said))]);
        let shows =
            [plain, plain.get(..20).unwrap(), "secret", "SECRET", "c2VjcmV0"].iter().any(|part| told.contains(part));
        assert!(told.contains("***") && !shows, "{said}: {told}");
    }
    // After the login as well.
    let bye = ("SELECT", Say("* BYE secret expiré\r\n"));
    let (told, _) = play(Security::Tls, &[bye]);
    assert!(told.contains("*** expiré"), "{told}");
}

#[test]
fn what_comes_with_the_end_of_the_login_is_not_lost() {
    let bye = ("AGJhbEBob3Bp", Say("{T} OK fait\r\n* BYE arrêt\r\n"));
    check_with(|_, _| {}, &[bye], "Refused { step: Capability, text: \"arrêt\" }");
    let chatty = ("AGJhbEBob3Bp", Say("{T} OK fait\r\n* OK [ALERT] boîte presque pleine\r\n"));
    check_with(|_, _| {}, &[chatty], ALL_WELL);
}

#[test]
fn the_refusal_of_a_token_is_answered_and_told() {
    let with_token = |settings: &mut ImapSettings, _: &crate::dovecot::Pki| {
        *settings = xoauth2(settings.clone(), Secret::Inline("jeton".into()));
    };
    let offer = ("CAPABILITY", Say("* CAPABILITY IMAP4rev1 AUTH=XOAUTH2 SASL-IR\r\n{T} OK\r\n"));
    // {"status":"401"}
    let challenge = ("AUTHENTICATE", Say("+ eyJzdGF0dXMiOiI0MDEifQ==\r\n"));
    let no = ("ligne vide", Say("D2 NO non\r\n"));
    let expected = "CredentialRefused(\"non ({\\\"status\\\":\\\"401\\\"})\")";
    let seen = check_with(with_token, &[offer, challenge, no], expected);
    // user=bal@hopital.test^Aauth=Bearer jeton^A^A
    let response = "dXNlcj1iYWxAaG9waXRhbC50ZXN0AWF1dGg9QmVhcmVyIGpldG9uAQE=";
    assert!(seen.ends_with(&format!("AUTHENTICATE XOAUTH2 {response}\n")), "an empty line ends it: {seen:?}");
    check_with(with_token, &[], "Unsupported(\"l’identification par jeton (AUTH=XOAUTH2)\")");
}

#[test]
fn a_token_too_long_for_a_line_is_asked_for() {
    let with_token = |settings: &mut ImapSettings, _: &crate::dovecot::Pki| {
        *settings = xoauth2(settings.clone(), Secret::Inline("j".repeat(5000).into()));
    };
    let offer = ("CAPABILITY", Say("* CAPABILITY IMAP4rev1 AUTH=XOAUTH2 SASL-IR\r\n{T} OK\r\n"));
    let seen = check_with(with_token, &[offer], ALL_WELL);
    assert!(seen.contains("AUTHENTICATE XOAUTH2\n"), "{seen}");
}

#[test]
fn keys_that_contradict_each_other_are_told() {
    let check = |lines: &str, expected: &str| {
        let text = format!("host = \"imap.test\"\nport = 143\nuser = \"bal\"\n{lines}");
        let settings: ImapSettings = toml::from_str(&text).unwrap();
        let told = mailbox(settings).map_or_else(|error| error.to_string(), |_| "bien".to_owned());
        assert!(told.contains(expected), "{lines}: {told}");
    };
    let directory = tempfile::tempdir().unwrap();
    crate::dovecot::Pki::new(directory.path());
    let path = |name: &str| format!("\"{}\"", Path::new(directory.path()).join(name).display());
    let identity = format!("identity = {{ certificate = {}, key = {} }}", path("client.pem"), path("client-key.pem"));
    check("password = \"x\"", "bien");
    check("", "imap.auth = \"plain\" : donnez password");
    check("auth = \"plain\"\ntoken = \"x\"", "donnez password (le mot de passe) ; retirez token");
    check(
        "password = \"x\"\ntoken = \"x\"",
        "retirez token (le jeton OAuth 2.0), qui ne sert qu’avec auth = \"xoauth2\"",
    );
    check("auth = \"external\"", "donnez identity (le certificat client)");
    check(&format!("auth = \"external\"\n{identity}"), "bien");
    check(&format!("auth = \"external\"\npassword = \"x\"\n{identity}"), "retirez password");
    check(&format!("auth = \"external\"\ntoken = \"x\"\n{identity}"), "retirez token");
    check(
        "auth = \"xoauth2\"\npassword = \"x\"",
        "retirez password (le mot de passe), qui ne sert qu’avec auth = \"plain\" ; donnez token",
    );
    check("auth = \"xoauth2\"\ntoken = { command = [\"/nulle/part\"] }", "bien");
    check("auth = \"xoauth2\"\ntoken = { command = [] }", "la commande du secret est vide");
    check("auth = \"xoauth2\"\ntoken = \"\"", "est vide ou contient");
}
