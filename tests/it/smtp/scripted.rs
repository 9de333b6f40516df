//! Servers that fall silent, cut the line or slip something in.

use std::future::pending;
use std::sync::Arc;

use base::config_values::Span;
use base::tls;
use edges::smtp::{Handed, Security, SmtpSettings};
use futures_util::future::join_all;
use rustls::ServerConfig;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::{FROM, mail, send};
use crate::dovecot::Pki;

/// What the server does when its words are at an end.
#[derive(Debug, Clone, Copy)]
enum End {
    Silence,
    Cut,
}

impl End {
    /// Only a silence need be waited for.
    fn patience(self) -> Span {
        match self {
            Self::Silence => Span::seconds(3),
            Self::Cut => Span::seconds(60),
        }
    }
}

/// A server that says these lines, each after a line of the client but the first; `*` lets it read the content first.
#[derive(Debug, Clone, Copy)]
struct Script {
    security: Security,
    clear: &'static [&'static str],
    encrypted: &'static [&'static str],
    end: End,
}

const CLEAR: &[&str] = &["220 ici", "250-ici\r\n250 STARTTLS", "220 allez"];

/// The encrypted part of a conversation, up to what the client asks next.
const ASKED_SENDER: &[&str] = &["220 ici", "250 ici"];
const ASKED_RECIPIENT: &[&str] = &["220 ici", "250 ici", "250 oui"];
const ASKED_DATA: &[&str] = &["220 ici", "250 ici", "250 oui", "250 oui"];
const ASKED_CONTENT: &[&str] = &["220 ici", "250 ici", "250 oui", "250 oui", "354 allez"];

#[tokio::test]
async fn silence_and_cuts_never_lose_a_mail_nor_wait_for_ever() {
    use End::{Cut, Silence};
    use Security::{Starttls, Tls};
    let script = |security, clear, encrypted, end| Script { security, clear, encrypted, end };
    let cases = [
        (script(Starttls, &[][..], &[][..], Silence), false, "STARTTLS : pas de réponse"),
        (script(Starttls, &[], &[], Cut), false, "STARTTLS : "),
        (script(Starttls, &["554 pas de service ici"], &[], Silence), false, "554 pas de service"),
        (script(Starttls, &["220 ici", "250 ici"], &[], Silence), false, "le serveur ne le propose pas"),
        (script(Starttls, &["220 ici", "250-ici\r\n250 STARTTLS", "454 plus tard"], &[], Cut), false, "454 plus tard"),
        (script(Starttls, CLEAR, &[], Silence), false, "EHLO : pas de réponse"),
        (
            script(Starttls, &["220 ici", "250-ici\r\n250 STARTTLS", "220 allez\r\n250 ici"], &[], Cut),
            false,
            "avant le chiffrement",
        ),
        (script(Tls, &[], &[], Silence), false, "accueil : pas de réponse"),
        (script(Tls, &[], &["421 trop de monde"], Silence), false, "421 trop de monde"),
        (script(Tls, &[], &[], Cut), false, "accueil : le serveur coupe la connexion sitôt le chiffrement établi"),
        (script(Starttls, CLEAR, &[], Cut), false, "sans un mot ; aucun certificat client n’est présenté"),
        (script(Tls, &[], &["421 4.7.1 non"], Cut), false, "421 4.7.1 non ; aucun certificat client n’est présenté"),
        (script(Tls, &[], &["220 ici", "550 5.7.1 non"], Cut), false, "non ; aucun certificat client n’est présenté"),
        (script(Tls, &[], &["220 ici"], Silence), false, "EHLO : pas de réponse"),
        (script(Tls, &[], ASKED_SENDER, Silence), false, "expéditeur d’enveloppe : pas de réponse"),
        (script(Tls, &[], ASKED_SENDER, Cut), false, "expéditeur d’enveloppe : "),
        (script(Tls, &[], ASKED_RECIPIENT, Cut), true, "destinataire : "),
        (script(Tls, &[], ASKED_DATA, Silence), true, "contenu : pas de réponse"),
        (script(Tls, &[], ASKED_CONTENT, Cut), true, "contenu : "),
        (script(Tls, &[], ASKED_CONTENT, Silence), true, "contenu : pas de réponse"),
        (
            script(Starttls, CLEAR, &["250 ici", "250 oui", "250 oui", "354 allez", "*451 plus tard"], Silence),
            true,
            "451 plus tard",
        ),
        (
            script(Tls, &[], &["220 ici", "250 ici", "250 oui", "250 oui", "354 allez", "*421 je ferme"], Cut),
            true,
            "421 je ferme",
        ),
        (
            script(Tls, &[], &["220 ici", "250 ici", "n’importe quoi"], Silence),
            false,
            "expéditeur d’enveloppe : réponse incompréhensible",
        ),
    ];
    // Boxed: so many sessions at once are too much for the stack of a test.
    join_all(cases.map(|(script, is_of_mail, words)| Box::pin(check(script, is_of_mail, words)))).await;
}

/// The password, and what AUTH makes of it, are repeated by a server and by nobody else.
#[tokio::test]
async fn what_a_server_repeats_of_the_login_is_never_shown() {
    let folder = tempfile::tempdir().unwrap();
    let pki = Pki::new(folder.path());
    // boite and its password, after a zero byte each.
    let base64 = "AGJvaXRlAHNlY3JldC1kZS1sYS1ib2l0ZQ==";
    let answers: [&'static str; 4] = [
        "535 AUTH PLAIN AGJvaXRlAHNlY3JldC1kZS1sYS1ib2l0ZQ== refused",
        "535-5.7.8 secret-de-la-boite\r\n535 5.7.8 SECRET-DE-LA-BOITE",
        "501 syntax: AGJvaXRlAHNlY3JldC1kZS",
        "421 c2VjcmV0LWRlLWxhLWJvaXRl",
    ];
    for said in answers {
        let encrypted: &'static [&'static str] = Box::leak(Box::new(["220 ici", "250-ici\r\n250 AUTH PLAIN", said]));
        let script = Script { security: Security::Tls, clear: &[], encrypted, end: End::Cut };
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let settings = SmtpSettings {
            user: Some("boite".to_owned()),
            password: Some(base::config_values::Secret::Inline("secret-de-la-boite".into())),
            ..settings(&pki, port, script.security, script.end.patience())
        };
        let mail = mail("essai");
        let told = tokio::select! {
            sent = send(&settings, FROM, &["lits@ch-armor.test"], &mail) => sent.unwrap_err().to_string(),
            never = serve(&listener, script, &pki) => never,
        };
        let parts = [base64.get(..20).unwrap(), "secret-de", "SECRET", "c2VjcmV0LWRlLW"];
        assert!(told.contains("***") && !parts.iter().any(|part| told.contains(part)), "{said}: {told}");
    }
}

async fn check(script: Script, is_of_mail: bool, words: &str) {
    let folder = tempfile::tempdir().unwrap();
    let pki = Pki::new(folder.path());
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let settings = settings(&pki, listener.local_addr().unwrap().port(), script.security, script.end.patience());
    let mail = mail("essai");
    let server = serve(&listener, script, &pki);
    let sent = tokio::select! {
        sent = send(&settings, FROM, &["lits@ch-armor.test"], &mail) => sent,
        never = server => never,
    };
    let told = match &sent {
        Ok(sent) => match &sent.handed[..] {
            [(_, Handed::Later(why))] => why.clone(),
            other => panic!("{script:?}: {other:?}"),
        },
        Err(error) => error.to_string(),
    };
    assert_eq!(sent.is_ok(), is_of_mail, "{script:?}: {told}");
    assert!(told.contains(words), "{script:?}: {told}");
}

pub(super) fn settings(pki: &Pki, port: u16, security: Security, timeout: Span) -> SmtpSettings {
    SmtpSettings {
        host: "localhost".to_owned(),
        port,
        security,
        auth: None,
        user: None,
        password: None,
        token: None,
        ca: Some(pki.path("ca")),
        identity: None,
        hello: "dispolits.region.test".to_owned(),
        timeout,
    }
}

/// Plays the script on every connection; returns never.
async fn serve<T>(listener: &TcpListener, script: Script, pki: &Pki) -> T {
    loop {
        let (mut socket, _) = listener.accept().await.unwrap();
        let is_clear = script.security == Security::Starttls;
        if is_clear && (!say(&mut socket, script.clear, true).await || script.clear.len() < CLEAR.len()) {
            end(script.end, socket).await;
            continue;
        }
        let Ok(mut socket) = acceptor(pki).accept(socket).await else { continue };
        say(&mut socket, script.encrypted, script.security == Security::Tls).await;
        end(script.end, socket).await;
    }
}

async fn end(end: End, socket: impl Sized) {
    match end {
        End::Silence => pending().await,
        End::Cut => drop(socket),
    }
}

/// Says each line in turn, the first unasked if the server greets. Returns whether the client listened to the end.
async fn say(socket: &mut (impl AsyncRead + AsyncWrite + Unpin), lines: &[&str], greets: bool) -> bool {
    let mut socket = BufReader::new(socket);
    for (rank, line) in lines.iter().enumerate() {
        let (line, until) = line.strip_prefix('*').map_or((*line, None), |line| (line, Some(".\r\n")));
        let is_asked = rank > 0 || !greets;
        if is_asked && !listen(&mut socket, until).await {
            return false;
        }
        if socket.write_all(format!("{line}\r\n").as_bytes()).await.is_err() || socket.flush().await.is_err() {
            return false;
        }
    }
    true
}

/// Reads one line, or all lines until one that is `until`.
async fn listen(socket: &mut (impl AsyncBufReadExt + Unpin), until: Option<&str>) -> bool {
    loop {
        let mut line = String::new();
        if socket.read_line(&mut line).await.unwrap_or_default() == 0 {
            return false;
        }
        if until.is_none_or(|until| line == until) {
            return true;
        }
    }
}

pub(super) fn acceptor(pki: &Pki) -> TlsAcceptor {
    let files = pki.files("server");
    let config = ServerConfig::builder_with_provider(tls::provider()).with_safe_default_protocol_versions().unwrap();
    let (chain, key) = (tls::chain(&files.certificate).unwrap(), tls::key(&files.key).unwrap());
    TlsAcceptor::from(Arc::new(config.with_no_client_auth().with_single_cert(chain, key).unwrap()))
}
