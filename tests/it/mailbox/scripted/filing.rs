//! A folder that does not take mails: they stay, the others go, and the session goes on.

use std::fmt::Write;

use edges::mailbox::{Attempt, Folder, Folders, Mailbox, MailboxError, MailboxSettings, Security};

use super::super::world::positions;
use super::converse;
use super::server::Instead::{Close, Say};
use super::server::Trick;

const UIDPLUS: Trick = ("A0001 CAPABILITY", Say("* CAPABILITY IMAP4rev1 UIDPLUS\r\n{T} OK\r\n"));
const MISSING: Trick = ("LIST \"\" \"Traites\"", Say("{T} OK\r\n"));

/// What comes of a filing, of what was said, and of a list in the same session.
async fn file(settings: MailboxSettings, targets: [Folder; 2]) -> Result<String, MailboxError> {
    let mut mailbox = Mailbox::new(&settings, &Folders::default()).unwrap();
    let (session, entries) = mailbox.open().await?.list().await?;
    let mut told = format!("{:?}", session.refusals());
    let moves: Vec<_> = positions(&entries).into_iter().zip(targets).collect();
    let (session, outcomes) = session.file(&moves, Attempt::First).await?;
    write!(told, " {outcomes:?} {:?}", session.refusals()).unwrap();
    let (session, entries) = session.list().await?;
    let session = session.make_folders().await?;
    write!(told, " {} {:?}", entries.len(), session.refusals()).unwrap();
    session.close().await;
    Ok(told)
}

fn check_in(targets: [Folder; 2], tricks: &[Trick], expected: &str) -> String {
    let client = |settings| async move { file(settings, targets).await };
    let (told, seen) = converse(Security::Tls, tricks, |_, _| {}, client);
    assert!(told.starts_with(expected), "{told}, expected {expected}; {seen}");
    seen
}

fn check(tricks: &[Trick], expected: &str) -> String {
    check_in([Folder::Traites; 2], tricks, expected)
}

fn no(line: &'static str) -> Trick {
    (line, Say("{T} NO non\r\n"))
}

#[test]
fn a_refusal_is_one_of_its_folder_and_not_of_the_session() {
    let answers = ["{T} NO non\r\n", "{T} BAD non\r\n", "{T} NO [OVERQUOTA] non\r\n", "{T} NO [NOPERM] non\r\n"];
    for (answer, said) in answers.into_iter().zip(["non", "non", "[OVERQUOTA] non", "[NOPERM] non"]) {
        let tricks = [("MOVE 4,7", Say(answer)), ("MOVE 4 ", Say(answer)), ("MOVE 7 ", Say(answer))];
        let expected = format!("{{}} [Refused, Refused] {{Traites: \"{said}\"}} 2 {{}}");
        check(&tricks, &expected);
        let tricks = [UIDPLUS, ("COPY 4,7", Say(answer)), ("COPY 4 ", Say(answer)), ("COPY 7 ", Say(answer))];
        let (told, seen) = converse(
            Security::Tls,
            &tricks,
            |_, _| {},
            |settings| async move { file(settings, [Folder::Traites; 2]).await },
        );
        assert!(told.starts_with("{} [Refused, Refused] {Traites: "), "{told}");
        assert!(told.ends_with(" 2 {}"), "the session goes on: {told}");
        assert!(!seen.contains("EXPUNGE") && !seen.contains("Deleted"), "nothing is removed without a copy: {seen}");
    }
    // What is said of the mails themselves, before and after.
    check(&[no("FLAGS)")], "{} [Refused, Refused] {Traites: \"non\"} 2");
}

#[test]
fn other_folders_take_their_mails() {
    let seen = check_in([Folder::Traites, Folder::Rejets], &[no("MOVE 4 ")], "{} [Refused, Done] {Traites: \"non\"}");
    assert!(seen.contains("MOVE 7 \"Rejets\""), "{seen}");
}

#[test]
fn one_mail_that_is_refused_keeps_no_other_back() {
    let there = ("UID FETCH 4 (UID FLAGS)", Say("* 1 FETCH (UID 4 FLAGS ())\r\n{T} OK\r\n"));
    let gone = ("UID FETCH 4 (UID FLAGS)", Say("{T} OK\r\n"));
    let tricks = [no("MOVE 4,7"), there, ("MOVE 4 ", Say("{T} OK\r\n")), gone, no("MOVE 7 ")];
    check(&tricks, "{} [Done, Refused] {Traites: \"non\"}");
    // Moved in part, whatever the server called it.
    let half = ("FLAGS)", Say("* 1 FETCH (UID 7 FLAGS ())\r\n{T} OK\r\n"));
    let both = ("FLAGS)", Say("* 1 FETCH (UID 4 FLAGS ())\r\n* 2 FETCH (UID 7 FLAGS ())\r\n{T} OK\r\n"));
    check(&[both, half, no("MOVE 4,7"), no("MOVE 7")], "{} [Done, Refused] {Traites: \"non\"}");
}

#[test]
fn a_folder_that_cannot_be_made_keeps_nothing_back() {
    let refused = ("CREATE", Say("{T} NO préfixe INBOX. attendu\r\n"));
    let said = "{Traites: \"préfixe INBOX. attendu\"}";
    // It is looked for again in the same session.
    let expected = format!("{said} [Done, Done] {{}} 0 {{}}");
    check(&[MISSING, refused], &expected);
    let absent = ("MOVE", Say("{T} NO [TRYCREATE] absent\r\n"));
    let tricks = [MISSING, refused, absent, refused, absent, refused, absent, refused];
    check(&tricks, &format!("{said} [Refused, Refused] {said} 2 {{}}"));
    // It is there, though it is not shown.
    check(&[MISSING, ("CREATE", Say("{T} NO [ALREADYEXISTS] déjà là\r\n"))], "{} [Done, Done] {} 0 {}");
}

#[test]
fn a_folder_that_has_gone_is_made_again() {
    let seen = check(&[("MOVE", Say("{T} NO [TRYCREATE] absent\r\n"))], "{} [Done, Done] {} 0 {}");
    assert_eq!(seen.matches("CREATE \"Traites\"").count(), 1, "{seen}");
    assert_eq!(seen.matches("UID MOVE 4,7").count(), 2, "{seen}");
}

#[test]
fn the_end_of_the_connection_is_no_refusal() {
    for line in ["MOVE", "STORE", "FLAGS)"] {
        check(&[(line, Close("* BYE plus rien\r\n"))], "Refused { step: File, text: \"plus rien\" }");
        check(&[(line, Close(""))], "Broken(File)");
    }
}
