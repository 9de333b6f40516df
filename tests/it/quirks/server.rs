//! An IMAP server with three mails and one quirk, which serves any number of sessions and files what it is told to.

use std::collections::BTreeMap;
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::table::{self, Quirk};
use crate::dovecot::Pki;
use crate::mailbox::scripted::server::{Wanted, acceptor};

/// The UID of the mail that is struck.
pub(super) const STRUCK: u32 = 2;

/// What is in the folder, and what the server does.
pub(super) struct Served {
    quirk: Mutex<Quirk>,
    present: Mutex<BTreeMap<u32, String>>,
    bodies: AtomicUsize,
}

impl Served {
    /// Serves a folder from now on; gives the port.
    pub(super) async fn start(quirk: Quirk, pki: &Pki) -> (Arc<Self>, u16) {
        Self::with(quirk, 3, pki).await
    }

    /// The same with so many mails.
    pub(super) async fn with(quirk: Quirk, mails: u32, pki: &Pki) -> (Arc<Self>, u16) {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let present = (1..=mails).map(|uid| (uid, mail(uid, &quirk))).collect();
        let served =
            Arc::new(Self { quirk: Mutex::new(quirk), present: Mutex::new(present), bodies: AtomicUsize::new(0) });
        tokio::spawn(Arc::clone(&served).accept(listener, acceptor(pki, Wanted::Not)));
        (served, port)
    }

    /// The mails that are still in the folder, by UID.
    pub(super) fn present(&self) -> Vec<u32> {
        self.present.lock().unwrap().keys().copied().collect()
    }

    /// From now on it does as every server does.
    pub(super) fn mend(&self) {
        self.turn("");
    }

    /// From now on it says this instead of the struck mail.
    pub(super) fn turn(&self, no_mails: &'static str) {
        let quirk = self.quirk();
        *self.quirk.lock().unwrap() = Quirk { no_mails, ..quirk };
    }

    /// The struck mail comes once more, under this number.
    pub(super) fn repeat_struck(&self, uid: u32) {
        let mut present = self.present.lock().unwrap();
        let text = present[&STRUCK].clone();
        present.insert(uid, text);
    }

    fn quirk(&self) -> Quirk {
        *self.quirk.lock().unwrap()
    }

    async fn accept(self: Arc<Self>, listener: TcpListener, acceptor: TlsAcceptor) {
        loop {
            let (socket, _) = listener.accept().await.unwrap();
            let (served, acceptor) = (Arc::clone(&self), acceptor.clone());
            // The client may leave at any moment: what counts is what it made of it.
            tokio::spawn(async move {
                if let Ok(stream) = acceptor.accept(socket).await {
                    drop(served.talk(BufReader::new(stream)).await);
                }
            });
        }
    }

    async fn talk<S: AsyncRead + AsyncWrite + Unpin>(&self, mut stream: BufReader<S>) -> io::Result<()> {
        stream.write_all(b"* OK bonjour\r\n").await?;
        stream.flush().await?;
        let mut line = String::new();
        while stream.read_line(&mut line).await? > 0 {
            let said = self.answer(line.trim_end());
            line.clear();
            stream.write_all(said.as_bytes()).await?;
            stream.flush().await?;
            if !said.lines().last().is_some_and(|last| last.starts_with('A') || last.starts_with('D')) {
                break;
            }
        }
        stream.shutdown().await
    }

    /// What is said to a command; all of it ends with a tagged line, unless the session is to end.
    fn answer(&self, line: &str) -> String {
        let (tag, command) = line.split_once(' ').unwrap_or((line, ""));
        let quirk = self.quirk();
        let words: Vec<&str> = command.split(' ').collect();
        let untagged = match words.as_slice() {
            ["CAPABILITY"] => format!("* CAPABILITY {}\r\n", quirk.offers),
            ["LIST", .., name] => format!("* LIST () \".\" {name}\r\n"),
            ["SELECT" | "EXAMINE", ..] => {
                format!("{}* {} EXISTS\r\n* OK [UIDVALIDITY 5] x\r\n", quirk.besides, self.present().len())
            }
            ["UID", "SEARCH", ..] => {
                format!("* SEARCH {}\r\n", self.present().iter().map(ToString::to_string).collect::<Vec<_>>().join(" "))
            }
            ["UID", "FETCH", "1:*", ..] if !quirk.no_list.is_empty() => return quirk.no_list.replace("{T}", tag),
            ["UID", "FETCH", set, ..] => {
                let uids = self.meant(set);
                let whole = command.contains("BODY.PEEK[]");
                if whole && uids.contains(&STRUCK) && !quirk.no_mails.is_empty() {
                    return quirk.no_mails.replace("{T}", tag);
                }
                let lines = uids.iter().map(|uid| self.fetched(*uid, command, &quirk)).collect::<String>();
                format!("{lines}{}", quirk.besides)
            }
            ["UID", "MOVE", set, ..] => {
                let uids = self.meant(set);
                if uids.iter().any(|uid| quirk.unmovable.contains(uid)) {
                    return format!("{tag} NO trop gros\r\n");
                }
                self.present.lock().unwrap().retain(|uid, _| !uids.contains(uid));
                quirk.besides.to_owned()
            }
            _ => String::new(),
        };
        format!("{untagged}{tag} OK fait\r\n")
    }

    /// Those of a set that are there.
    fn meant(&self, set: &str) -> Vec<u32> {
        let present = self.present();
        let bounds = |run: &str| {
            let (first, last) = run.split_once(':').unwrap_or((run, run));
            (first.parse().unwrap(), if last == "*" { u32::MAX } else { last.parse().unwrap() })
        };
        let runs: Vec<(u32, u32)> = set.split(',').map(bounds).collect();
        present.into_iter().filter(|uid| runs.iter().any(|(first, last)| (first..=last).contains(&uid))).collect()
    }

    fn fetched(&self, uid: u32, command: &str, quirk: &Quirk) -> String {
        let text = self.present.lock().unwrap()[&uid].clone();
        let struck = quirk.all || uid == STRUCK;
        let usual = table::usual();
        let items = match command {
            _ if command.contains("RFC822.SIZE") => {
                if struck {
                    quirk.list
                } else {
                    usual.list
                }
            }
            _ if command.contains("BODY.PEEK[]<") => return part(uid, command, &text),
            _ if command.contains("BODY.PEEK[]") => {
                if struck {
                    quirk.body
                } else {
                    usual.body
                }
            }
            _ => "UID $uid FLAGS ()",
        };
        if items.is_empty() {
            return String::new();
        }
        format!("* {uid} FETCH ({})\r\n", self.fill(items, uid, &text))
    }

    fn fill(&self, items: &str, uid: u32, text: &str) -> String {
        let literal = |text: &str| format!("{{{}}}\r\n{text}", text.len());
        let size = text.len();
        let filled = items.replace("$uid", &uid.to_string()).replace("$size", &size.to_string());
        let filled = filled.replace("$less", &(size - 29).to_string()).replace("$more", &(size + 700).to_string());
        if filled.contains("$torn") {
            let shown = 10 + self.bodies.fetch_add(1, Ordering::Relaxed) % 50;
            return filled.replace("$torn", &literal(text.get(..shown).unwrap()));
        }
        filled.replace("$body", &literal(text))
    }
}

/// A part of a mail, as `BODY.PEEK[]<from.bytes>` asks for it.
fn part(uid: u32, command: &str, text: &str) -> String {
    let asked = command.split_once('<').unwrap().1.split_once('>').unwrap().0;
    let (from, bytes) = asked.split_once('.').unwrap();
    let (start, bytes): (usize, usize) = (from.parse().unwrap(), bytes.parse().unwrap());
    let rest = text.get(start..).unwrap_or_default();
    let part = rest.get(..bytes.min(rest.len())).unwrap();
    format!("* {uid} FETCH (UID {uid} BODY[]<{from}> {{{}}}\r\n{part})\r\n", part.len())
}

fn mail(uid: u32, quirk: &Quirk) -> String {
    let usual = format!(
        "From: Gestion des lits <lits@ch-armor.test>\r\nMessage-ID: <{}-{uid}@ch-armor.test>\r\n\
         Subject: essai {uid}\r\n\r\nRien de joint, et rien à en tirer.\r\n",
        quirk.name
    );
    quirk.mail.filter(|_| uid == STRUCK).map_or(usual, str::to_owned)
}
