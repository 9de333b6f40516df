//! Somebody on the way to a real Dovecot slips words in before the connection is encrypted.

use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use edges::mailbox::{Folders, ImapSettings, Mailbox, MailboxError, MailboxSettings, MailboxStep, Security};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::dovecot::{ClientCertificate, Dovecot};

/// What would take the encryption or the better login away, if it were believed.
const LIE: &[u8] = b"* CAPABILITY IMAP4rev1 AUTH=LOGIN\r\n* BYE\r\n";
/// An offer without STARTTLS that nobody asked for.
const OFFER: &[u8] = b"* CAPABILITY IMAP4rev1\r\n";
const CHUNK: usize = 16 * 1024;

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

/// Somebody on the way, who tells the lie once.
struct Liar {
    when: When,
    told: bool,
    encrypted: bool,
    /// What the client said in clear.
    heard: Arc<Mutex<Vec<u8>>>,
}

impl Liar {
    /// Hands everything on, until one side ends.
    async fn lie(mut self, listener: TcpListener, port: u16) {
        let (mut client, _) = listener.accept().await.unwrap();
        let mut server = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        let (mut up, mut down) = (vec![0; CHUNK], vec![0; CHUNK]);
        loop {
            tokio::select! {
                read = client.read(&mut up) => {
                    let Some(bytes) = some(&up, read) else { return };
                    if self.hears(bytes) {
                        client.write_all(LIE).await.unwrap();
                        tokio::time::sleep(Duration::from_millis(100)).await;
                    }
                    server.write_all(bytes).await.unwrap();
                }
                read = server.read(&mut down) => {
                    let Some(bytes) = some(&down, read) else { return };
                    if client.write_all(&[bytes, self.adds_to(bytes)].concat()).await.is_err() {
                        return;
                    }
                }
            }
        }
    }

    /// Whether it is time to lie before the client's words are handed on.
    fn hears(&mut self, bytes: &[u8]) -> bool {
        // A TLS record of a handshake.
        self.encrypted |= bytes[0] == 0x16;
        if !self.encrypted {
            self.heard.lock().unwrap().extend_from_slice(bytes);
        }
        self.encrypted && self.when == When::InTheHandshake && !std::mem::replace(&mut self.told, true)
    }

    /// What goes behind the server's words, in one piece with them.
    fn adds_to(&mut self, bytes: &[u8]) -> &'static [u8] {
        let (before, words): (&[u8], &[u8]) = match self.when {
            When::Greeting => (b"* OK", OFFER),
            When::WithTheAnswer => (b"Begin TLS", LIE),
            When::InTheHandshake => return &[],
        };
        let is_time = !self.told && bytes.windows(before.len()).any(|window| window == before);
        self.told |= is_time;
        if is_time { words } else { &[] }
    }
}

fn some(buffer: &[u8], read: io::Result<usize>) -> Option<&[u8]> {
    buffer.get(..read.ok()?).filter(|bytes| !bytes.is_empty())
}

/// How the opening ends, and what the client said in clear.
async fn opened(when: When) -> (Result<usize, MailboxError>, String) {
    let dovecot = Dovecot::start(ClientCertificate::Required);
    let settings = dovecot.settings(Security::Starttls);
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let heard = Arc::new(Mutex::new(Vec::new()));
    let liar = Liar { when, told: false, encrypted: false, heard: Arc::clone(&heard) };
    let liar = tokio::spawn(liar.lie(listener, settings.port));
    let settings = MailboxSettings::from(ImapSettings { port, ..settings });
    let mut mailbox = Mailbox::new(&settings, &Folders::default()).unwrap();
    let opened = match mailbox.open().await {
        Ok(session) => session.list().await.map(|(_, entries)| entries.len()),
        Err(error) => Err(error),
    };
    liar.abort();
    let heard = heard.lock().unwrap();
    (opened, String::from_utf8_lossy(&heard).into_owned())
}

#[tokio::test]
async fn words_slipped_in_before_the_encryption_are_never_believed() {
    let (opened_at_greeting, _) = opened(When::Greeting).await;
    assert_eq!(opened_at_greeting.unwrap(), 0, "what is offered is asked for again once encrypted");
    let (error, heard) = opened(When::WithTheAnswer).await;
    let error = error.unwrap_err();
    assert!(matches!(error, MailboxError::Protocol { step: MailboxStep::Starttls, .. }), "{error:?}");
    assert!(heard.ends_with("STARTTLS\r\n"), "{heard}");
    let (error, heard) = opened(When::InTheHandshake).await;
    let error = error.unwrap_err();
    assert!(matches!(error, MailboxError::Tls(_)), "{error:?}");
    assert!(heard.ends_with("STARTTLS\r\n"), "{heard}");
}
