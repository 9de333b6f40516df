//! A well-behaved IMAP server with two mails, which misbehaves exactly where a test tells it to.

use std::collections::HashMap;
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base::config_values::{Secret, Span};
use base::tls;
use edges::mailbox::{Auth, ImapSettings, Security};
use rustls::server::WebPkiClientVerifier;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

use crate::dovecot::Pki;

/// The mails of the server, by UID.
pub(crate) const MAILS: [(u32, &str); 2] = [(4, "From: a\r\n\r\nbonjour"), (7, "From: b\r\n\r\nbonsoir")];

/// What it says of its folder once its mails have left.
const EMPTY: &str = "* 0 EXISTS\r\n* OK [UIDVALIDITY 5] x\r\n";

/// What the server does instead of its usual answer.
#[derive(Clone, Copy)]
pub(crate) enum Instead {
    /// Says this, `{T}` being the tag, and goes on.
    Say(&'static str),
    /// Says this, and ends the connection when the client has nothing more to say.
    SayImpatiently(&'static str),
    /// Says this and ends the connection.
    Close(&'static str),
    /// Says this, and the clock runs as fast as nobody has work until the client says something.
    SayAndLetTimePass(&'static str),
    /// Nothing, for ever. The clock then runs as fast as nobody else has work.
    Silence,
}

/// The first line that contains this, and what is done instead of answering it. `accueil` stands
/// for the greeting, `poignée de main` for TLS, `ligne vide` for an empty line; `certificat exigé` refuses clients without one there, `certificat demandé` does not.
pub(crate) type Trick = (&'static str, Instead);

pub(crate) struct Server {
    listener: TcpListener,
    pki: Pki,
    security: Security,
    seen: Seen,
    mute: Mute,
}

/// Set by a test that wants the server to say nothing any more, while time goes on.
pub(crate) type Mute = Arc<AtomicBool>;

/// The lines that the client sent.
pub(crate) type Seen = Arc<Mutex<Vec<String>>>;

struct Conversation {
    tricks: Vec<Trick>,
    tag: String,
    seen: Seen,
    mute: Mute,
    gone: bool,
    /// Whether time passes as fast as it can.
    hurries: bool,
    patience: Duration,
}

impl Server {
    pub(crate) async fn bind(directory: &Path, security: Security) -> Self {
        let pki = Pki::new(directory);
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        Self { listener, pki, security, seen: Seen::default(), mute: Mute::default() }
    }

    pub(crate) fn settings(&self) -> ImapSettings {
        ImapSettings {
            host: "localhost".to_owned(),
            port: self.listener.local_addr().unwrap().port(),
            security: self.security,
            auth: Auth::Plain,
            user: "bal@hopital.test".to_owned(),
            password: Some(Secret::Inline("secret".into())),
            token: None,
            ca: Some(self.pki.path("ca")),
            identity: None,
            folder: "INBOX".to_owned(),
            timeout: Span::seconds(60),
            login_interval: Span::seconds(60),
        }
    }

    pub(crate) fn pki(&self) -> &Pki {
        &self.pki
    }

    pub(crate) fn seen(&self) -> Seen {
        Arc::clone(&self.seen)
    }

    pub(crate) fn mute(&self) -> Mute {
        Arc::clone(&self.mute)
    }

    /// Serves one connection until the client leaves.
    pub(crate) async fn serve(self, tricks: Vec<Trick>) {
        let (socket, _) = self.listener.accept().await.unwrap();
        let mut conversation = Conversation {
            tricks,
            tag: String::new(),
            seen: self.seen,
            mute: self.mute,
            gone: false,
            hurries: false,
            patience: Duration::MAX,
        };
        // The client may leave at any moment: what counts is what it made of it.
        let _ = conversation.run(socket, &self.pki, self.security).await;
    }
}

impl Conversation {
    async fn run(&mut self, socket: TcpStream, pki: &Pki, security: Security) -> io::Result<()> {
        let socket = if security == Security::Starttls {
            let mut socket = BufReader::new(socket);
            self.greet(&mut socket).await?;
            self.talk(&mut socket, true).await?;
            socket.into_inner()
        } else {
            socket
        };
        if self.trick("poignée de main").is_some() {
            return silence().await;
        }
        let wanted = if self.trick("certificat exigé").is_some() {
            Wanted::Demanded
        } else if self.trick("certificat demandé").is_some() {
            Wanted::Asked
        } else {
            Wanted::Not
        };
        let mut socket = BufReader::new(acceptor(pki, wanted).accept(socket).await?);
        if security == Security::Tls {
            self.greet(&mut socket).await?;
        }
        self.talk(&mut socket, false).await
    }

    async fn talk<S: AsyncRead + AsyncWrite + Unpin>(
        &mut self,
        socket: &mut BufReader<S>,
        clear: bool,
    ) -> io::Result<()> {
        let mut line = String::new();
        while timeout(self.patience, socket.read_line(&mut line))
            .await
            .is_ok_and(|read| read.is_ok_and(|read| read > 0))
        {
            let text = std::mem::take(&mut line).trim_end().to_owned();
            if let Some((tag, _)) = text.split_once(' ') {
                self.tag = tag.to_owned();
            }
            self.seen.lock().unwrap().push(text.clone());
            if std::mem::take(&mut self.hurries) {
                tokio::time::resume();
            }
            if self.mute.load(Ordering::Relaxed) {
                std::future::pending::<()>().await;
            }
            let name = if text.is_empty() { "ligne vide" } else { &text };
            if let Some(instead) = self.trick(name) {
                self.misbehave(socket, instead).await?;
            } else {
                let usual = self.usual(&text);
                self.say(socket, &usual).await?;
            }
            if clear && text.ends_with("STARTTLS") {
                return Ok(());
            }
        }
        Err(io::Error::from(io::ErrorKind::UnexpectedEof))
    }

    async fn greet<S: AsyncWrite + Unpin>(&mut self, socket: &mut S) -> io::Result<()> {
        match self.trick("accueil") {
            Some(instead) => self.misbehave(socket, instead).await,
            None => self.say(socket, "* OK bonjour\r\n").await,
        }
    }

    async fn misbehave<S: AsyncWrite + Unpin>(&mut self, socket: &mut S, instead: Instead) -> io::Result<()> {
        match instead {
            Instead::Say(text) => self.say(socket, text).await,
            Instead::SayImpatiently(text) => {
                self.patience = Duration::from_millis(100);
                self.say(socket, text).await
            }
            Instead::SayAndLetTimePass(text) => {
                self.say(socket, text).await?;
                self.hurries = true;
                tokio::time::pause();
                Ok(())
            }
            Instead::Silence => silence().await,
            Instead::Close(text) => {
                self.say(socket, text).await?;
                socket.shutdown().await?;
                Err(io::Error::from(io::ErrorKind::ConnectionAborted))
            }
        }
    }

    async fn say<S: AsyncWrite + Unpin>(&self, socket: &mut S, text: &str) -> io::Result<()> {
        socket.write_all(text.replace("{T}", &self.tag).as_bytes()).await?;
        socket.flush().await
    }

    fn trick(&mut self, line: &str) -> Option<Instead> {
        let at = self.tricks.iter().position(|(wanted, _)| line.contains(wanted))?;
        Some(self.tricks.remove(at).1)
    }

    fn usual(&mut self, line: &str) -> String {
        let known: HashMap<&str, &str> = HashMap::from([
            ("CAPABILITY", "* CAPABILITY IMAP4rev1 STARTTLS AUTH=PLAIN MOVE UIDPLUS ID\r\n"),
            ("ID", "* ID NIL\r\n"),
            ("SELECT", if self.gone { EMPTY } else { "* 2 EXISTS\r\n* OK [UIDVALIDITY 5] x\r\n" }),
        ]);
        let mut words = line.split(' ').skip(1);
        let command = words.next().unwrap_or_default();
        let untagged = match command {
            "AUTHENTICATE" => return "+ \r\n".to_owned(),
            "LIST" => format!("* LIST () \".\" {}\r\n", line.rsplit(' ').next().unwrap()),
            "UID" => self.uid(line, words.next().unwrap()),
            other => (*known.get(other).unwrap_or(&"")).to_owned(),
        };
        format!("{untagged}{{T}} OK fait\r\n")
    }

    fn uid(&mut self, line: &str, command: &str) -> String {
        if command == "SEARCH" && line.ends_with("ALL") {
            return "* SEARCH 4 7\r\n".to_owned();
        }
        if ["MOVE", "EXPUNGE"].contains(&command) {
            self.gone = true;
        }
        let present = MAILS.iter().filter(|_| !self.gone && command == "FETCH");
        let item = |(uid, text): &(u32, &str)| match line {
            _ if line.contains("SIZE") => {
                format!("RFC822.SIZE {} INTERNALDATE \"23-Nov-2026 07:55:1{uid} +0100\"", text.len())
            }
            _ if line.contains("FLAGS") => "FLAGS ()".to_owned(),
            _ if line.contains("<0.") => format!("BODY[]<0> {{{}}}\r\n{text}", text.len()),
            _ => format!("BODY[] {{{}}}\r\n{text}", text.len()),
        };
        let lines = present.map(|mail| format!("* 1 FETCH (UID {} {})\r\n", mail.0, item(mail)));
        lines.collect::<Vec<_>>().concat()
    }
}

/// From here on nobody moves but the client's own deadlines.
async fn silence() -> io::Result<()> {
    tokio::time::pause();
    std::future::pending().await
}

/// Whether the server wants a certificate of its clients.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wanted {
    Demanded,
    Asked,
    Not,
}

pub(crate) fn acceptor(pki: &Pki, wanted: Wanted) -> TlsAcceptor {
    let builder = rustls::ServerConfig::builder_with_provider(tls::provider());
    let builder = builder.with_safe_default_protocol_versions().unwrap();
    let builder = if wanted == Wanted::Not {
        builder.with_no_client_auth()
    } else {
        let roots = Arc::new(tls::roots(&pki.path("ca")).unwrap());
        let verifier = WebPkiClientVerifier::builder_with_provider(roots, tls::provider());
        let verifier = if wanted == Wanted::Asked { verifier.allow_unauthenticated() } else { verifier };
        builder.with_client_cert_verifier(verifier.build().unwrap())
    };
    let files = pki.files("server");
    let (chain, key) = (tls::chain(&files.certificate).unwrap(), tls::key(&files.key).unwrap());
    TlsAcceptor::from(Arc::new(builder.with_single_cert(chain, key).unwrap()))
}
