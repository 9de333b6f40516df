//! What is said on the wire: each command, as the server hears it.

use base::config_values::{Secret, Span};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use edges::smtp::{Auth, Obstacle, Security, SendError, Sent, SmtpSettings};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;

use super::scripted::{acceptor, settings};
use super::{FROM, ID, mail, send, taken};
use crate::dovecot::Pki;

const TO: [&str; 2] = ["lits@ch-armor.test", "cadre+lits@ch-armor.test"];
const EVERYTHING: &str = "250-ici\r\n250-size 100000\r\n250-dsn\r\n250-8bitmime\r\n250 Auth plain XOAUTH2 EXTERNAL";

/// What a case changes of settings that are right without any login.
type Change = Box<dyn FnOnce(&mut SmtpSettings, &Pki)>;

/// Sends one mail to a server that gives these answers, the first unasked, then cuts the line. Returns what came of it
/// and what the server heard: of the content, the dot alone.
pub(super) async fn converse(
    answers: &[&str],
    from: &str,
    mail: &[u8],
    change: impl FnOnce(&mut SmtpSettings, &Pki),
) -> (Result<Sent, SendError>, Vec<String>) {
    let folder = tempfile::tempdir().unwrap();
    let pki = Pki::new(folder.path());
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let mut settings = settings(&pki, port, Security::Tls, Span::seconds(60));
    change(&mut settings, &pki);
    tokio::join!(send(&settings, from, &TO, mail), hear(&listener, answers, &pki))
}

async fn hear(listener: &TcpListener, answers: &[&str], pki: &Pki) -> Vec<String> {
    let (socket, _) = listener.accept().await.unwrap();
    let mut socket = BufReader::new(acceptor(pki).accept(socket).await.unwrap());
    let mut heard: Vec<String> = Vec::new();
    let mut content = false;
    for (rank, answer) in answers.iter().enumerate() {
        if rank > 0 {
            let Some(line) = listen(&mut socket, content).await else { return heard };
            heard.push(line);
        }
        content = answer.starts_with("354");
        socket.write_all(format!("{answer}\r\n").as_bytes()).await.unwrap();
        socket.flush().await.unwrap();
    }
    heard
}

/// The next line, of a content the dot that ends it; `None` once the client has gone.
async fn listen(socket: &mut (impl AsyncBufReadExt + Unpin), content: bool) -> Option<String> {
    loop {
        let mut line = String::new();
        if socket.read_line(&mut line).await.unwrap_or_default() == 0 {
            return None;
        }
        if !content || line == ".\r\n" {
            return Some(line.trim_end().to_owned());
        }
    }
}

fn assert_heard(heard: &[String], expected: &[&str]) {
    assert_eq!(heard, [&["EHLO dispolits.region.test"], expected].concat());
}

fn with_account(auth: Auth, secret: &str) -> impl FnOnce(&mut SmtpSettings, &Pki) + use<> {
    let secret = Secret::Inline(secret.into());
    move |settings, _| {
        settings.auth = Some(auth);
        settings.user = Some("lits".to_owned());
        match auth {
            Auth::Xoauth2 => settings.token = Some(secret),
            _ => settings.password = Some(secret),
        }
    }
}

fn with_certificate(user: Option<&'static str>) -> impl FnOnce(&mut SmtpSettings, &Pki) {
    move |settings, pki| {
        settings.auth = Some(Auth::External);
        settings.user = user.map(str::to_owned);
        settings.identity = Some(pki.identity("client"));
    }
}

#[tokio::test]
async fn the_envelope_declares_what_the_server_takes() {
    let yes = ["250 oui", "250 oui", "250 oui", "354 allez", "250 oui", "221 au revoir"];
    let accented = mail("8 bits : é");
    let size = format!("SIZE={}", accented.len());
    let (sender, bare) = (format!("MAIL FROM:<{FROM}>"), format!("RCPT TO:<{}>", TO[0]));
    for (about, hello, from, first, recipient) in [
        (
            "everything",
            EVERYTHING,
            FROM,
            format!("{sender} {size} BODY=8BITMIME RET=HDRS ENVID={ID}"),
            format!("{bare} NOTIFY=FAILURE,DELAY ORCPT=rfc822;{}", TO[0]),
        ),
        (
            "a receipt",
            EVERYTHING,
            "",
            format!("MAIL FROM:<> {size} BODY=8BITMIME"),
            format!("{bare} NOTIFY=NEVER ORCPT=rfc822;{}", TO[0]),
        ),
        (
            "no limit told",
            "250-ici\r\n250-SIZE\r\n250 8BITMIME",
            FROM,
            format!("{sender} {size} BODY=8BITMIME"),
            bare.clone(),
        ),
        ("little", "250-ici\r\n250 8BITMIME", FROM, format!("{sender} BODY=8BITMIME"), bare.clone()),
    ] {
        let answers = [&["220 ici", hello][..], &yes].concat();
        let (sent, heard) = converse(&answers, from, &accented, |_, _| ()).await;
        assert_eq!(sent, taken(&TO), "{about}");
        let copy = recipient.replace(TO[0], TO[1]).replace("rfc822;cadre+", "rfc822;cadre+2B");
        assert_heard(&heard, &[&first, &recipient, &copy, "DATA", ".", "QUIT"]);
    }
}

#[tokio::test]
async fn each_login_is_said_as_its_mechanism_wants() {
    let base64 = |text: &str| STANDARD.encode(text);
    let token = "t".repeat(1500);
    let long = base64(&format!("user=lits\u{1}auth=Bearer {token}\u{1}\u{1}"));
    let short = base64("user=lits\u{1}auth=Bearer abc\u{1}\u{1}");
    let plain = format!("AUTH PLAIN {}", base64("\0lits\0s3 cr:et é"));
    let yes = "235 oui";
    let cases: [(&str, Change, &[&str], Vec<String>); 6] = [
        ("plain", Box::new(with_account(Auth::Plain, "s3 cr:et é")), &[yes], vec![plain]),
        ("certificate", Box::new(with_certificate(None)), &[yes], vec!["AUTH EXTERNAL =".to_owned()]),
        (
            "certificate and account",
            Box::new(with_certificate(Some("lits"))),
            &[yes],
            vec!["AUTH EXTERNAL bGl0cw==".to_owned()],
        ),
        ("token", Box::new(with_account(Auth::Xoauth2, "abc")), &[yes], vec![format!("AUTH XOAUTH2 {short}")]),
        (
            "token too long for a command",
            Box::new(with_account(Auth::Xoauth2, &token)),
            &["334 ", yes],
            vec!["AUTH XOAUTH2".to_owned(), long],
        ),
        ("none", Box::new(|settings: &mut SmtpSettings, _: &Pki| settings.auth = Some(Auth::None)), &[], vec![]),
    ];
    for (about, change, answers, expected) in cases {
        let answers = [&["220 ici", EVERYTHING][..], answers, &["550 non", "221 oui"]].concat();
        let (sent, heard) = converse(&answers, FROM, &mail(""), change).await;
        assert!(sent.is_err_and(|error| error.obstacle == Obstacle::Sender), "{about}");
        assert_eq!(heard[1..heard.len() - 2], expected, "{about}");
    }
}

#[tokio::test]
async fn a_refused_login_says_why_and_ends() {
    let reason = STANDARD.encode("{\"status\":\"401\",\"scope\":\"smtp\"}");
    let challenge = format!("334 {reason}");
    let token = || with_account(Auth::Xoauth2, "abc");
    let refused = async |answers: &[&str], change: Change| {
        let answers = [&["220 ici", EVERYTHING][..], answers].concat();
        let (sent, heard) = converse(&answers, FROM, &mail(""), change).await;
        let error = sent.unwrap_err();
        assert_eq!(error.obstacle, Obstacle::Login, "{error}");
        (error.to_string(), heard.last().unwrap().clone())
    };
    let (error, last) = refused(&[&challenge, "535 5.7.8 non"], Box::new(token())).await;
    assert!(error.contains("authentification : 535 5.7.8 non ({\"status\":\"401\",\"scope\":\"smtp\"})"), "{error}");
    assert_eq!(last, "", "the empty line that XOAUTH2 wants");
    let (error, last) = refused(&["334 ", "501 rien"], Box::new(with_certificate(None))).await;
    assert!(error.contains("501 rien"), "{error}");
    assert_eq!(last, "*", "the exchange is given up (RFC 4954, section 4)");
    let (error, _) = refused(&["334 ", "334 ", "334 ", "334 "], Box::new(token())).await;
    assert!(error.contains("trop de questions"), "{error}");
}

#[tokio::test]
async fn a_mechanism_that_is_not_offered_is_not_tried() {
    let answers = ["220 ici", "250-ici\r\n250 AUTH LOGIN", "221 au revoir"];
    let (sent, heard) = converse(&answers, FROM, &mail(""), with_certificate(None)).await;
    let told = sent.unwrap_err().to_string();
    assert!(
        told.starts_with("serveur d’envoi indisponible : authentification : le serveur ne propose pas AUTH EXTERNAL"),
        "{told}"
    );
    assert_heard(&heard, &[]);
}
