//! A submission server that answers by a rule, to as many connections as come, and remembers what it heard.

use std::sync::{Arc, Mutex};

use base::config_values::Span;
use edges::smtp::{Security, SmtpSettings};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use super::scripted::{acceptor, settings};
use crate::dovecot::Pki;

/// What it says to a command, or to a whole content; `None` for what a server says that takes everything.
type Rule = dyn Fn(&str) -> Option<&'static str> + Send + Sync;

pub(crate) struct Gate {
    port: u16,
    security: Security,
    pki: Pki,
    heard: Arc<Mutex<Vec<String>>>,
    _folder: TempDir,
}

impl Gate {
    /// It offers STARTTLS, or greets encrypted; once encrypted it offers AUTH PLAIN, SIZE, DSN and 8BITMIME.
    pub(crate) async fn start(
        security: Security,
        rule: impl Fn(&str) -> Option<&'static str> + Send + Sync + 'static,
    ) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let pki = Pki::new(folder.path());
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let (port, heard) = (listener.local_addr().unwrap().port(), Arc::default());
        tokio::spawn(serve(listener, security, acceptor(&pki), Arc::new(rule), Arc::clone(&heard)));
        Self { port, security, pki, heard, _folder: folder }
    }

    /// The port of a front end with its certificate that closes each connection once it is encrypted.
    pub(crate) async fn closing(&self) -> u16 {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let (port, acceptor) = (listener.local_addr().unwrap().port(), acceptor(&self.pki));
        tokio::spawn(async move {
            loop {
                let (socket, _) = listener.accept().await.unwrap();
                drop(acceptor.accept(socket).await);
            }
        });
        port
    }

    /// How to reach it, without any login.
    pub(crate) fn settings(&self) -> SmtpSettings {
        settings(&self.pki, self.port, self.security, Span::seconds(60))
    }

    /// All commands and contents so far that begin so, in order; forgotten with this.
    pub(crate) fn heard(&self, beginning: &str) -> Vec<String> {
        let heard = std::mem::take(&mut *self.heard.lock().unwrap());
        heard.into_iter().filter(|said| said.starts_with(beginning)).collect()
    }
}

async fn serve(
    listener: TcpListener,
    security: Security,
    acceptor: TlsAcceptor,
    rule: Arc<Rule>,
    heard: Arc<Mutex<Vec<String>>>,
) {
    loop {
        let (socket, _) = listener.accept().await.unwrap();
        let (acceptor, rule, heard) = (acceptor.clone(), Arc::clone(&rule), Arc::clone(&heard));
        tokio::spawn(async move {
            let socket = match security {
                Security::Tls => Some(socket),
                Security::Starttls => starttls(socket, &heard).await,
            };
            let Some(socket) = socket else { return };
            let Ok(socket) = acceptor.accept(socket).await else { return };
            let greeting = (security == Security::Tls).then_some("220 ici");
            converse(BufReader::new(socket), greeting, &*rule, &heard).await;
        });
    }
}

async fn starttls(socket: TcpStream, heard: &Mutex<Vec<String>>) -> Option<TcpStream> {
    let mut socket = BufReader::new(socket);
    for answer in ["220 ici", "250-ici\r\n250 STARTTLS", "220 allez"] {
        if answer != "220 ici" {
            let mut line = String::new();
            socket.read_line(&mut line).await.ok().filter(|read| *read > 0)?;
            heard.lock().unwrap().push(line.trim_end().to_owned());
        }
        socket.write_all(format!("{answer}\r\n").as_bytes()).await.ok()?;
    }
    Some(socket.into_inner())
}

async fn converse<S>(mut socket: BufReader<S>, greeting: Option<&str>, rule: &Rule, heard: &Mutex<Vec<String>>)
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
{
    let mut answer = greeting.unwrap_or_default().to_owned();
    let mut hellos = 0;
    loop {
        if !answer.is_empty() && socket.write_all(format!("{answer}\r\n").as_bytes()).await.is_err() {
            return;
        }
        if socket.flush().await.is_err() || answer.starts_with("221") || answer.starts_with("421") {
            return;
        }
        let Some(said) = listen(&mut socket, answer.starts_with("354")).await else { return };
        hellos += usize::from(said.starts_with("EHLO"));
        let usual = match said.get(..4) {
            Some("EHLO") if hellos > 1 => "503 5.5.1 deja dit",
            Some("EHLO") => "250-ici\r\n250-SIZE 10000000\r\n250-DSN\r\n250-8BITMIME\r\n250 AUTH PLAIN",
            Some("AUTH") => "235 oui",
            Some("DATA") => "354 allez",
            Some("QUIT") => "221 au revoir",
            _ => "250 oui",
        };
        answer = rule(&said).unwrap_or(usual).to_owned();
        heard.lock().unwrap().push(said);
    }
}

/// A command, or a content up to its end.
async fn listen(socket: &mut (impl AsyncBufReadExt + Unpin), content: bool) -> Option<String> {
    let mut said = Vec::new();
    loop {
        let read = socket.read_until(b'\n', &mut said).await.unwrap_or_default();
        if read == 0 {
            return None;
        }
        if !content || said.ends_with(b"\r\n.\r\n") {
            let said = String::from_utf8_lossy(&said).into_owned();
            return Some(if content { said } else { said.trim_end().to_owned() });
        }
    }
}
