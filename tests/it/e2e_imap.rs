//! The whole cahier de tests through real servers: submitted by SMTP, read by IMAP, answered by SMTP, each over
//! STARTTLS with a client certificate.

use std::path::Path;

use base::clock::Clock;
use campaign::cahier;
use dispolits::sandbox::{Inbox, Observed, Played, Player, Sandbox};
use domain::outcome::{MailOutcome, Verdict};
use futures_util::future::join_all;

/// The folders the configuration files mails in by default.
const FOLDERS: [&str; 5] = ["Traites", "Rejets", "Ignores", "Doublons", "Quarantaine"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_case_behaves_as_expected_behind_real_servers() {
    let folder = tempfile::tempdir().unwrap();
    let sandbox = Sandbox::start(folder.path(), Inbox::Servers, Clock::System).await.unwrap();
    let cases = cahier::embedded().unwrap();
    let player = Player::new(&sandbox, Clock::System);
    let ends = join_all(cases.iter().map(|case| player.play(case))).await;

    let differing: Vec<String> = ends.iter().flat_map(differences).collect();
    assert_eq!(differing, Vec::<String>::new());
    let mails: Vec<&Observed> = ends.iter().flat_map(|one| &one.observed).collect();
    let balance = sandbox.store.balance(None).await.unwrap();
    assert!(balance.holds(), "{balance:?}");
    let held = mails.iter().filter(|mail| mail.outcome.verdict.is_none()).count();
    let counted = (usize::try_from(balance.recus).unwrap(), usize::try_from(balance.en_cours).unwrap());
    assert_eq!(counted, (mails.len(), held));
    assert_filed(&sandbox, &mails).await;
    sandbox.stop().await.unwrap();
}

fn differences(end: &Played) -> Vec<String> {
    end.differences.iter().map(|difference| format!("{}: {difference}", end.id)).collect()
}

/// Nothing waits any more, and each mail lies in the folder of its verdict, once.
async fn assert_filed(sandbox: &Sandbox, mails: &[&Observed]) {
    assert_eq!(files(&sandbox.inbox), Vec::<Vec<u8>>::new(), "left in INBOX");
    for folder in FOLDERS {
        let mut expected = Vec::new();
        for mail in mails.iter().filter(|mail| folder_of(&mail.outcome) == folder) {
            expected.push(sandbox.store.mail(mail.id).await.unwrap().unwrap());
        }
        let filed: Vec<Vec<u8>> =
            files(&sandbox.inbox.join(format!(".{folder}"))).iter().map(|bytes| as_served(bytes)).collect();
        assert_eq!(filed.len(), expected.len(), "{folder}");
        for mail in &expected {
            let raw = mail.raw.as_deref().unwrap();
            let is_it = |file: &&Vec<u8>| if mail.headers_only { file.starts_with(raw) } else { *file == raw };
            assert!(filed.iter().any(|file| is_it(&file)), "{:?} is not in {folder}", mail.id);
        }
    }
}

/// The mails of a Maildir.
fn files(maildir: &Path) -> Vec<Vec<u8>> {
    let folders = ["new", "cur"].map(|name| maildir.join(name).read_dir().into_iter().flatten());
    folders.into_iter().flatten().map(|file| std::fs::read(file.unwrap().path()).unwrap()).collect()
}

/// By the verdict as it was before the ROR answered: a mail is moved once, and what the ROR refuses later changes the
/// journal only.
fn folder_of(outcome: &MailOutcome) -> &'static str {
    let has_accepted = outcome.documents.iter().any(|document| !document.lines.is_empty());
    match outcome.verdict {
        None | Some(Verdict::Integre | Verdict::PartiellementIntegre) => "Traites",
        Some(Verdict::Rejete) if has_accepted => "Traites",
        Some(Verdict::Rejete) => "Rejets",
        Some(Verdict::Ignore) => "Ignores",
        Some(Verdict::Doublon) => "Doublons",
        Some(Verdict::Quarantaine) => "Quarantaine",
    }
}

/// IMAP serves lines that end with CRLF, whatever the file holds.
fn as_served(bytes: &[u8]) -> Vec<u8> {
    let mut served = Vec::with_capacity(bytes.len());
    for &byte in bytes {
        if byte == b'\n' && served.last() != Some(&b'\r') {
            served.push(b'\r');
        }
        served.push(byte);
    }
    served
}
