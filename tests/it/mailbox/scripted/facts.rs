//! What a server says of its folders before anything is filed in them.

use edges::mailbox::{Folders, Hindrance, Mailbox, MailboxError, MailboxSettings, Quota, Security};

use super::converse;
use super::server::Instead::Say;
use super::server::Trick;

/// Every question is offered after the login.
const OFFERED: Trick = ("D3 CAPABILITY", Say("* CAPABILITY IMAP4rev1 MOVE ACL NAMESPACE QUOTA\r\n{T} OK\r\n"));

async fn look(settings: MailboxSettings) -> Result<String, MailboxError> {
    let mailbox = Mailbox::new(&settings, &Folders::default()).unwrap();
    let mut look = mailbox.look().await?;
    let missing = look.missing_folders().await?;
    let told: Vec<String> = look.hindrances(&missing).iter().map(in_words).collect();
    let quota = look.quota().map(|Quota { used, limit }| format!(" {used}/{limit}")).unwrap_or_default();
    look.close().await;
    Ok(format!("{}{quota}", told.join(", ")))
}

fn in_words(hindrance: &Hindrance) -> String {
    match hindrance {
        Hindrance::Prefix { folder, prefixes } => format!("{folder} needs {}", prefixes.join(" or ")),
        Hindrance::Rights { folder, had, lacking } => format!("{folder} lacks {lacking} of {had}"),
    }
}

fn check(tricks: &[Trick], expected: &str) {
    let (told, seen) = converse(Security::Tls, tricks, |_, _| {}, look);
    assert_eq!(told, expected, "{seen}");
}

#[test]
fn rights_that_lack_are_told_folder_by_folder() {
    let rights = |folder, answer: &'static str| (folder, Say(answer));
    let rejets = rights("MYRIGHTS \"Rejets\"", "* MYRIGHTS Rejets lrs\r\n{T} OK\r\n");
    check(&[OFFERED, rejets], "Rejets lacks i of lrs");
    let source = rights("MYRIGHTS \"INBOX\"", "* MYRIGHTS INBOX lrsi\r\n{T} OK\r\n");
    check(&[OFFERED, source], "INBOX lacks te of lrsi");
    // A name may be a literal (RFC 3501, section 4.3).
    let literal = rights("MYRIGHTS \"Rejets\"", "* MYRIGHTS {6}\r\nRejets lrs\r\n{T} OK\r\n");
    check(&[OFFERED, literal], "Rejets lacks i of lrs");
    let both = rights("MYRIGHTS \"Rejets\"", "* MYRIGHTS {6}\r\nRejets {3+}\r\nlrs\r\n{T} OK fini {9}\r\n");
    check(&[OFFERED, both], "Rejets lacks i of lrs");
    let said = rights("MYRIGHTS \"Rejets\"", "* OK note {99}\r\n* MYRIGHTS Rejets lrs\r\n{T} OK\r\n");
    check(&[OFFERED, said], "Rejets lacks i of lrs");
    // In the older letters, and where the question is refused or not offered.
    let older = rights("MYRIGHTS \"INBOX\"", "* MYRIGHTS INBOX lrswipcda\r\n{T} OK\r\n");
    check(&[OFFERED, older], "");
    check(&[OFFERED, rights("MYRIGHTS \"Rejets\"", "{T} NO interdit\r\n")], "");
    check(&[], "");
    // A copy takes more: to be read again, and to be marked.
    let copies = ("A0001 CAPABILITY", Say("* CAPABILITY IMAP4rev1 UIDPLUS\r\n{T} OK\r\n"));
    let blind = rights("MYRIGHTS \"Rejets\"", "* MYRIGHTS Rejets li\r\n{T} OK\r\n");
    check(&[OFFERED, copies, blind], "Rejets lacks r of li");
}

#[test]
fn a_prefix_that_is_needed_is_told_of_folders_that_are_missing() {
    let personal = ("NAMESPACE", Say("* NAMESPACE ((\"INBOX.\" \".\")) NIL NIL\r\n{T} OK\r\n"));
    let missing = ("LIST \"\" \"Traites\"", Say("{T} OK\r\n"));
    check(&[OFFERED, personal, missing], "Traites needs INBOX.");
    check(&[OFFERED, personal], "");
    let literal = ("NAMESPACE", Say("* NAMESPACE (({6}\r\nINBOX. \".\")) NIL NIL\r\n{T} OK\r\n"));
    check(&[OFFERED, literal, missing], "Traites needs INBOX.");
    let free = ("NAMESPACE", Say("* NAMESPACE ((\"INBOX.\" \".\")(\"\" \"/\")) NIL NIL\r\n{T} OK\r\n"));
    check(&[OFFERED, free, missing], "");
}

#[test]
fn a_quota_without_limits_is_none() {
    let said = |answer: &'static str| [OFFERED, ("GETQUOTAROOT", Say(answer))];
    check(&said("* QUOTAROOT INBOX ROOT\r\n* QUOTA \"ROOT\" (STORAGE 10 512)\r\n{T} OK\r\n"), " 10/512");
    check(&said("* QUOTAROOT \"INBOX\" \"ROOT\"\r\n* QUOTA \"ROOT\"\r\n{T} OK\r\n"), "");
    check(&said("* QUOTA {4}\r\nR(1) (STORAGE 10 512)\r\n{T} OK\r\n"), " 10/512");
    check(&said("{T} NO pas de quota\r\n"), "");
}
