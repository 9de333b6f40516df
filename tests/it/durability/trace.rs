//! The system calls of a program, as strace wrote them down: what was begun and ended in which order, by all threads.

use std::collections::HashMap;
use std::path::Path;

/// A system call that came to an end. Positions are lines of the trace: a call that was interrupted in it by others is
/// entered on one and left on another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Call {
    pub(super) name: String,
    /// Its arguments, with the paths and addresses behind the file descriptors.
    pub(super) arguments: String,
    pub(super) entered: usize,
    pub(super) left: usize,
    pub(super) failed: bool,
}

const UNFINISHED: &str = " <unfinished ...>";

/// The calls of a trace written with `strace -f -o`, in the order in which they were left.
pub(super) fn calls(trace: &str) -> Vec<Call> {
    let mut pending: HashMap<&str, (usize, String)> = HashMap::new();
    let mut calls = Vec::new();
    for (line, text) in trace.lines().enumerate() {
        let Some((thread, text)) = text.split_once(' ').map(|(thread, text)| (thread, text.trim_start())) else {
            continue;
        };
        if let Some(begun) = text.strip_suffix(UNFINISHED) {
            pending.insert(thread, (line, begun.to_owned()));
        } else if let Some(rest) = text.strip_prefix("<... ") {
            let rest = rest.split_once(" resumed>").map(|(_, rest)| rest);
            let (entered, begun) = pending.remove(thread).unwrap_or_default();
            calls.extend(rest.and_then(|rest| call(&format!("{begun}{rest}"), entered, line)));
        } else {
            calls.extend(call(text, line, line));
        }
    }
    calls
}

/// `name(arguments) = result`; signals and ends of threads are none.
fn call(text: &str, entered: usize, left: usize) -> Option<Call> {
    let (begun, result) = text.rsplit_once(" = ")?;
    let (name, arguments) = begun.trim_end().strip_suffix(')')?.split_once('(')?;
    let is_name = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    // A connection that is under way has not failed.
    let failed = (result.starts_with('-') && !result.contains("EINPROGRESS")) || result.starts_with('?');
    is_name.then(|| Call { name: name.to_owned(), arguments: arguments.to_owned(), entered, left, failed })
}

/// Reads the trace of a program that has ended.
pub(super) fn read(path: &Path) -> Vec<Call> {
    calls(&String::from_utf8_lossy(&std::fs::read(path).unwrap()))
}

#[test]
fn a_trace_is_read_whole() {
    let trace = "12    fsync(7</a/b>) = 0\n\
                 12    pwrite64(9</db-wal>, \"x = y) = \\\"1\", 12, 0 <unfinished ...>\n\
                 13    sendto(4<TCP:[127.0.0.1:1->127.0.0.1:2]>, \"\\27\", 1, MSG_NOSIGNAL, NULL, 0) = 1\n\
                 12    <... pwrite64 resumed>)       = 12\n\
                 13    --- SIGCHLD {si_signo=SIGCHLD} ---\n\
                 14    fdatasync(9</db-wal>) = -1 EIO (Input/output error)\n\
                 14    read(5, <unfinished ...>\n\
                 12    +++ exited with 0 +++\n";
    let call = |name: &str, arguments: &str, entered, left, failed| Call {
        name: name.to_owned(),
        arguments: arguments.to_owned(),
        entered,
        left,
        failed,
    };
    let expected = [
        call("fsync", "7</a/b>", 0, 0, false),
        call("sendto", "4<TCP:[127.0.0.1:1->127.0.0.1:2]>, \"\\27\", 1, MSG_NOSIGNAL, NULL, 0", 2, 2, false),
        call("pwrite64", "9</db-wal>, \"x = y) = \\\"1\", 12, 0", 1, 3, false),
        call("fdatasync", "9</db-wal>", 5, 5, true),
    ];
    assert_eq!(calls(trace), expected);
}
