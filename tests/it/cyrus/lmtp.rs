//! A mail handed to a server as a mail transfer agent hands it (LMTP, RFC 2033).

use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;

pub(super) fn deliver(socket: &Path, user: &str, mail: &str) -> io::Result<()> {
    let mut stream = BufReader::new(UnixStream::connect(socket)?);
    expect(&mut stream, "220")?;
    let commands = [
        ("LHLO localhost".to_owned(), "250"),
        ("MAIL FROM:<lits@ch-armor.test>".to_owned(), "250"),
        (format!("RCPT TO:<{user}>"), "250"),
        ("DATA".to_owned(), "354"),
        (format!("{}\r\n.", mail.trim_end()), "250"),
        ("QUIT".to_owned(), "221"),
    ];
    for (command, code) in commands {
        write!(stream.get_mut(), "{command}\r\n")?;
        expect(&mut stream, code)?;
    }
    Ok(())
}

fn expect(stream: &mut impl BufRead, code: &str) -> io::Result<()> {
    loop {
        let mut line = String::new();
        stream.read_line(&mut line)?;
        assert!(line.starts_with(code), "{line}");
        if line.as_bytes().get(3) != Some(&b'-') {
            return Ok(());
        }
    }
}
