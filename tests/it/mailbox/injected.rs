//! Somebody on the way to a real Dovecot slips words in before the connection is encrypted.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use dispolits::mailbox::{Folders, ImapSettings, Mailbox, MailboxError, Security, Settings, Step};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::dovecot::{ClientCertificate, Dovecot};

/// What would take the encryption or the better login away, if it were believed.
const LIE: &str = "* CAPABILITY IMAP4rev1 AUTH=LOGIN\r\n* BYE\r\n";

/// When the lie is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum When {
    /// Behind the greeting, where it is a word of the server like any other.
    Greeting,
    /// In one piece with the answer to STARTTLS.
    WithTheAnswer,
    /// Alone, once the client has begun the handshake.
    InTheHandshake,
}

/// How the opening ends, and what the client said in clear.
async fn opened(when: When) -> (Result<usize, MailboxError>, String) {
    let dovecot = Dovecot::start(ClientCertificate::Required);
    let settings = dovecot.settings(Security::Starttls);
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let heard = Arc::new(Mutex::new(Vec::new()));
    let liar = tokio::spawn(lie(listener, settings.port, when, Arc::clone(&heard)));
    let settings = Settings::from(ImapSettings { port, ..settings });
    let mut mailbox = Mailbox::new(&settings, &Folders::default()).unwrap();
    let opened = match mailbox.open().await {
        Ok(session) => session.list().await.map(|(_, entries)| entries.len()),
        Err(error) => Err(error),
    };
    liar.abort();
    let heard = heard.lock().unwrap();
    (opened, String::from_utf8_lossy(&heard).into_owned())
}

/// Hands everything on, and tells the lie once.
async fn lie(listener: TcpListener, port: u16, when: When, heard: Arc<Mutex<Vec<u8>>>) {
    let (mut client, _) = listener.accept().await.unwrap();
    let mut server = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    let (mut up, mut down, mut told, mut encrypted) = ([0; 16384], [0; 16384], false, false);
    loop {
        tokio::select! {
            read = client.read(&mut up) => {
                let bytes = &up[..read.unwrap_or(0)];
                if bytes.is_empty() {
                    return;
                }
                // A TLS record of a handshake.
                encrypted |= bytes[0] == 0x16;
                if !encrypted {
                    heard.lock().unwrap().extend_from_slice(bytes);
                } else if when == When::InTheHandshake && !std::mem::replace(&mut told, true) {
                    client.write_all(LIE.as_bytes()).await.unwrap();
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
                server.write_all(bytes).await.unwrap();
            }
            read = server.read(&mut down) => {
                let mut bytes = down[..read.unwrap_or(0)].to_vec();
                if bytes.is_empty() {
                    return;
                }
                let said = String::from_utf8_lossy(&bytes).into_owned();
                let is_time = match when {
                    When::Greeting => said.starts_with("* OK"),
                    When::WithTheAnswer => said.contains("Begin TLS"),
                    When::InTheHandshake => false,
                };
                if is_time && !std::mem::replace(&mut told, true) {
                    bytes.extend_from_slice(if when == When::Greeting { b"* CAPABILITY IMAP4rev1\r\n" } else { LIE.as_bytes() });
                }
                if client.write_all(&bytes).await.is_err() {
                    return;
                }
            }
        }
    }
}

#[tokio::test]
async fn words_slipped_in_before_the_encryption_are_never_believed() {
    let (opened_at_greeting, _) = opened(When::Greeting).await;
    assert_eq!(opened_at_greeting.unwrap(), 0, "what is offered is asked for again once encrypted");
    let (error, heard) = opened(When::WithTheAnswer).await;
    let error = error.unwrap_err();
    assert!(matches!(error, MailboxError::Protocol { step: Step::Starttls, .. }), "{error:?}");
    assert!(heard.ends_with("STARTTLS\r\n"), "{heard}");
    let (error, heard) = opened(When::InTheHandshake).await;
    let error = error.unwrap_err();
    assert!(matches!(error, MailboxError::Tls(_)), "{error:?}");
    assert!(heard.ends_with("STARTTLS\r\n"), "{heard}");
}
