//! A kill cannot show whether the disk was told: the system calls of the program can. The write-ahead log is synced
//! before a mail is moved, and before a reply leaves.

mod trace;

use std::path::PathBuf;
use std::process::Command;

use super::cli::service::Service;
use super::crash::region::{Outbox, Plan, Post, Region};
use super::crash::traffic::{Cast, Traffic};
use super::crash::{REST, fail_on, oracle};
use super::store::engine::Engine;
use trace::Call;

/// What is written down: syncs, writes to files and sockets, names of files.
const CALLS: &str = "trace=fsync,fdatasync,pwrite64,pwritev,write,writev,sendto,sendmsg,connect,openat,link,linkat,rename,\
                     renameat,renameat2,unlink,unlinkat";

/// One mail went the whole way under the eyes of strace.
struct Watched {
    region: Region,
    calls: Vec<Call>,
    /// What the mail's row holds and nothing else.
    mail: String,
    /// The same of its reply.
    reply: String,
}

#[test]
fn the_log_is_synced_before_the_mail_is_renamed_and_before_the_reply_is_written() {
    let watched = Watched::run(Post::Maildir, Outbox::Maildir);
    let renamed = watched.first(|call| call.name.starts_with("link") && call.arguments.contains("/.Traites/cur/"));
    watched.assert_synced(&[&watched.mail, "traites"], renamed, "the mail was moved");
    let written = watched.first(|call| call.name == "openat" && call.arguments.contains("/reponses/"));
    watched.assert_synced(&[&watched.reply], written, "the reply was written");
    // The move itself is made durable before it is confirmed: both directories, then the row.
    let inbox = watched.first(|call| call.name == "fsync" && call.arguments.ends_with("/boite/new>"));
    let folder = watched.first(|call| call.name == "fsync" && call.arguments.ends_with("/.Traites/cur>"));
    assert!(renamed.left < folder.entered && renamed.left < inbox.entered, "synced before it was moved");
}

#[test]
fn the_log_is_synced_before_anything_is_said_to_the_servers() {
    let watched = Watched::run(Post::Dovecot, Outbox::Exim);
    let stored = watched.first(|call| is_in_the_log(call) && call.arguments.contains(&watched.mail));
    let (imap, smtp) = watched.ports();
    let said: Vec<&Call> = watched.calls.iter().filter(|call| is_sent_to(call, imap)).collect();
    let Some(next) = said.iter().find(|call| call.entered > stored.entered) else {
        panic!("nothing was said after it")
    };
    watched.assert_synced(&[&watched.mail, "traites"], next, "the next command left for the mailbox");
    // What is looked up, the flag, the move and another look: none of them was said before.
    let after = said.iter().filter(|call| call.entered > stored.entered).count();
    assert!(after >= 4, "{after} commands after the mail was stored");
    let greeted = watched.first(|call| call.name == "connect" && call.arguments.contains(&format!("htons({smtp})")));
    watched.assert_synced(&[&watched.reply], greeted, "the submission server was called");
}

fn is_in_the_log(call: &Call) -> bool {
    call.name.starts_with("pwrite") && call.arguments.contains("/essai.db-wal>")
}

fn is_sent_to(call: &Call, port: u16) -> bool {
    let sends = ["write", "writev", "sendto", "sendmsg"].contains(&call.name.as_str());
    let end = call.arguments.split('>').take(2).collect::<Vec<_>>().join(">");
    sends && end.contains("<TCP") && end.ends_with(&format!(":{port}]"))
}

impl Watched {
    fn run(post: Post, outbox: Outbox) -> Self {
        let region = Region::start(Plan { engine: Engine::Sqlite, post, outbox, places: 1 });
        let mut traffic = Traffic::new(1, 1, Cast::Armor);
        let mails = [traffic.telling()];
        region.deliver(&traffic, &mails);
        let trace = region.path("appels");
        let mut service = Service::spawn(&mut under_strace(&region, &trace), &region.path(""));
        region.settle(REST);
        terminate(&trace);
        assert!(service.ended().success(), "{}", service.log());
        let evidence = region.evidence();
        fail_on("under strace", &oracle::at_the_end(&traffic.letters, &evidence));
        let mail = format!("{}@hopital.test", traffic.letters[0].id);
        let reply = evidence.ledger.replies[0].message_id.clone();
        Self { region, calls: trace::read(&trace), mail, reply }
    }

    #[track_caller]
    fn first(&self, is_it: impl Fn(&Call) -> bool) -> &Call {
        let found = self.calls.iter().find(|call| !call.failed && is_it(call));
        found.unwrap_or_else(|| panic!("no such call among {}", self.calls.len()))
    }

    /// Before `event` was entered, pages with these words were written to the log, and after the last of them a sync of
    /// the log had returned.
    #[track_caller]
    fn assert_synced(&self, words: &[&str], event: &Call, what: &str) {
        let is_page = |call: &&Call| is_in_the_log(call) && words.iter().all(|word| call.arguments.contains(word));
        let pages: Vec<&Call> = self.calls.iter().filter(is_page).filter(|call| call.entered < event.entered).collect();
        let last = pages.iter().map(|call| call.left).max();
        let Some(last) = last else { panic!("{what}, and nothing with {words:?} had been written to the log") };
        let is_sync = |call: &&Call| {
            let synced = matches!(call.name.as_str(), "fsync" | "fdatasync") && !call.failed;
            synced && call.arguments.ends_with("/essai.db-wal>")
        };
        let synced = self.calls.iter().filter(is_sync).any(|sync| last < sync.entered && sync.left < event.entered);
        assert!(synced, "{what} (line {}), and the log written on line {last} had not been synced", event.entered);
    }

    /// The ports at which the program finds the mailbox and the submission server.
    fn ports(&self) -> (u16, u16) {
        (self.region.imap.as_ref().unwrap().port(), self.region.smtp.as_ref().unwrap().port())
    }
}

/// The program, and every thread of it, watched.
fn under_strace(region: &Region, trace: &PathBuf) -> Command {
    let mut strace = Command::new("strace");
    strace.args(["-f", "-yy", "-s", "8192", "-e", "signal=none", "-e", CALLS, "-o"]).arg(trace);
    let version = Command::new("strace").arg("-V").output();
    assert!(version.is_ok(), "strace is not installed: this test needs the package strace");
    region.under(strace)
}

/// Asks the program to stop: strace itself takes no signal while it watches. The first line of the trace is its first
/// thread's.
fn terminate(trace: &PathBuf) {
    let text = std::fs::read(trace).unwrap();
    let first = String::from_utf8_lossy(&text).split_whitespace().next().map(str::to_owned);
    let sent = Command::new("kill").arg("-TERM").arg(first.unwrap()).status().unwrap();
    assert!(sent.success());
}

#[test]
fn what_goes_to_a_port_is_told_from_what_comes_from_it() {
    let call = |arguments: &str| Call {
        name: "sendto".to_owned(),
        arguments: arguments.to_owned(),
        entered: 0,
        left: 0,
        failed: false,
    };
    assert!(is_sent_to(&call("9<TCP:[127.0.0.1:40000->127.0.0.1:143]>, \"x>y\", 3"), 143));
    assert!(!is_sent_to(&call("9<TCP:[127.0.0.1:143->127.0.0.1:40000]>, \"x\", 1"), 143));
    assert!(!is_sent_to(&call("9</a/b>, \"<TCP:[127.0.0.1:1->127.0.0.1:143]>\", 1"), 143));
}
