//! What only a directory can get wrong: names, links, races, other programs.

use std::ffi::OsStr;
use std::fs;
use std::io::ErrorKind;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::process::Command;
use std::time::Duration;

use base::unread::Cause;
use edges::mailbox::{Attempt, Folder, Folders, Haul, Mailbox, MailboxError, Moved, deliver};
use tokio_util::sync::CancellationToken;

use super::world::{ALL, World, files, mail, positions};

#[test]
fn a_delivery_is_whole_and_loses_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let maildir = directory.path().join("bal");
    let path = deliver(&maildir, b"un", "1.serveur").unwrap();
    assert_eq!((path.clone(), fs::read(&path).unwrap()), (maildir.join("new/1.serveur"), b"un".to_vec()));
    assert_eq!(deliver(&maildir, b"deux", "1.serveur").unwrap_err().kind(), ErrorKind::AlreadyExists);
    assert_eq!(fs::read(&path).unwrap(), b"un");
    // What a delivery that was cut short left behind is no obstacle.
    fs::write(maildir.join("tmp/2.serveur"), "à moit").unwrap();
    deliver(&maildir, b"deux", "2.serveur").unwrap();
    assert_eq!(files(&maildir.join("new")).len(), 2);
    assert!(files(&maildir.join("tmp")).is_empty());
}

#[test]
fn a_delivery_stays_inside_its_maildir() {
    let directory = tempfile::tempdir().unwrap();
    for name in ["", ".", "..", "../x", "a/b", ".cache", "a:2,S", "a\nb", "é", &"x".repeat(201)] {
        let error = deliver(directory.path(), b"x", name).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{name:?}");
    }
    assert_eq!(directory.path().read_dir().unwrap().count(), 0);
}

#[tokio::test]
async fn a_wrong_path_is_told() {
    let directory = tempfile::tempdir().unwrap();
    let settings = edges::mailbox::MaildirSettings { path: directory.path().join("absente") };
    let settings = edges::mailbox::MailboxSettings::Maildir(settings);
    let error = Mailbox::new(&settings, &Folders::default()).unwrap().open().await.unwrap_err();
    assert!(matches!(&error, MailboxError::Io { path, .. } if path.ends_with("absente/new")), "{error:?}");
    assert!(!error.is_transient() && !directory.path().join("absente").exists());
}

#[tokio::test]
async fn both_directories_are_read_whatever_the_flags() {
    let world = World::maildir();
    for name in ["new/1.a", "new/2.a:2,", "cur/3.a:2,RS", "cur/4.a", "cur/5.a!2,S", "cur/6.a,S=3:2,T"] {
        fs::write(world.path().join(name), "mail").unwrap();
    }
    fs::write(world.path().join("tmp/7.a"), "mail").unwrap();
    let (_, entries) = world.open().await.list().await.unwrap();
    let mut names: Vec<String> = entries.iter().map(|entry| entry.position.to_string()).collect();
    names.sort();
    assert_eq!(names, ["1.a", "2.a", "3.a", "4.a", "5.a", "6.a,S=3"]);
}

#[tokio::test]
async fn only_regular_files_are_mails() {
    let world = World::maildir();
    let new = world.path().join("new");
    fs::write(world.path().join("secret"), "ailleurs").unwrap();
    symlink(world.path().join("secret"), new.join("1.lien")).unwrap();
    symlink(world.path().join("absent"), new.join("2.lien")).unwrap();
    fs::create_dir(new.join("3.dossier")).unwrap();
    assert!(Command::new("mkfifo").arg(new.join("4.tube")).status().unwrap().success());
    fs::write(new.join(".5.cache"), "x").unwrap();
    fs::write(new.join("6.vrai"), "x").unwrap();
    let (session, entries) = world.open().await.list().await.unwrap();
    assert_eq!(positions(&entries), ["6.vrai".parse().unwrap()]);
    let (session, haul) = session.fetch(&["1.lien".parse().unwrap()], ALL).await.unwrap();
    assert_eq!(haul, Haul::default());
    let (_, outcomes) = session.file(&[("1.lien".parse().unwrap(), Folder::Rejets)], Attempt::First).await.unwrap();
    assert_eq!(outcomes, [Moved::Gone]);
}

#[tokio::test]
async fn odd_names_are_read_and_filed() {
    let world = World::maildir();
    let long = [b'\n'; 250];
    let names: [&[u8]; 5] = [b"1.\xff\xfe", b"2.ligne\ncoup\xc3\xa9e", b"3.%41 blanc", b"4.:2,S:2,S", &long];
    for name in names {
        fs::write(world.path().join("new").join(OsStr::from_bytes(name)), name).unwrap();
    }
    let (session, entries) = world.open().await.list().await.unwrap();
    let (session, Haul { mails: fetched, .. }) = session.fetch(&positions(&entries), ALL).await.unwrap();
    assert_eq!(fetched.len(), names.len());
    assert!(entries.iter().all(|entry| entry.position.to_string().parse() == Ok(entry.position.clone())));
    let moves: Vec<_> = positions(&entries).into_iter().map(|position| (position, Folder::Rejets)).collect();
    let (_, outcomes) = session.file(&moves, Attempt::First).await.unwrap();
    assert_eq!(outcomes, vec![Moved::Done; names.len()]);
    let mut filed: Vec<Vec<u8>> = world.filed(Folder::Rejets).into_values().collect();
    let mut expected = names.map(<[u8]>::to_vec);
    filed.sort();
    expected.sort();
    assert_eq!(filed, expected);
}

#[tokio::test]
async fn a_mail_of_the_same_name_in_the_folder_is_kept() {
    let world = World::maildir();
    for (round, bytes) in ["un", "deux", "trois"].into_iter().enumerate() {
        fs::write(world.path().join("new/1.a"), bytes).unwrap();
        let (_, outcomes) =
            world.open().await.file(&[("1.a".parse().unwrap(), Folder::Traites)], Attempt::First).await.unwrap();
        assert_eq!(outcomes, [Moved::Done]);
        assert_eq!(world.filed(Folder::Traites).len(), round + 1);
    }
    let names: Vec<String> = world.filed(Folder::Traites).into_keys().collect();
    assert_eq!(names, ["1.a-1:2,S", "1.a-2:2,S", "1.a:2,S"]);
}

#[tokio::test]
async fn a_move_cut_short_between_its_two_names_is_mended() {
    let world = World::maildir();
    fs::write(world.path().join("new/1.a"), "un").unwrap();
    drop(world.open().await);
    fs::hard_link(world.path().join("new/1.a"), world.path().join(".Traites/cur/1.a:2,S")).unwrap();
    let (_, outcomes) =
        world.open().await.file(&[("1.a".parse().unwrap(), Folder::Traites)], Attempt::First).await.unwrap();
    assert_eq!(outcomes, [Moved::Done]);
    assert_eq!(world.filed(Folder::Traites).len(), 1);
    assert!(files(&world.path().join("new")).is_empty());
}

#[tokio::test]
async fn another_client_may_change_flags_at_any_moment() {
    let world = World::maildir();
    fs::write(world.path().join("new/1.a"), "bonjour").unwrap();
    let (session, entries) = world.open().await.list().await.unwrap();
    fs::rename(world.path().join("new/1.a"), world.path().join("cur/1.a:2,S")).unwrap();
    let (session, Haul { mails: fetched, .. }) = session.fetch(&positions(&entries), ALL).await.unwrap();
    assert_eq!(fetched[0].raw, b"bonjour");
    fs::rename(world.path().join("cur/1.a:2,S"), world.path().join("cur/1.a:2,RS")).unwrap();
    let (_, outcomes) = session.file(&[(entries[0].position.clone(), Folder::Traites)], Attempt::First).await.unwrap();
    assert_eq!(outcomes, [Moved::Done]);
}

#[tokio::test]
async fn a_mail_without_its_announced_bytes_is_left_alone() {
    let world = World::maildir();
    fs::write(world.path().join("new/1.vide"), "").unwrap();
    fs::write(world.path().join("new/2.court"), "bonjour").unwrap();
    fs::write(world.path().join("new/3.long"), "bonjour").unwrap();
    let (session, entries) = world.open().await.list().await.unwrap();
    fs::write(world.path().join("new/2.court"), "bon").unwrap();
    fs::write(world.path().join("new/3.long"), "bonjour à tous").unwrap();
    let (session, Haul { mails: fetched, left }) = session.fetch(&positions(&entries), ALL).await.unwrap();
    assert_eq!(fetched, []);
    let causes: Vec<Cause> = left.iter().map(|left| left.cause).collect();
    assert_eq!(causes, [Cause::Empty, Cause::Changing, Cause::Changing]);
    let (session, entries) = session.list().await.unwrap();
    assert_eq!(
        session.fetch(&positions(&entries), ALL).await.unwrap().1.mails.len(),
        2,
        "all but the empty one are steady now"
    );
}

#[tokio::test(start_paused = true)]
async fn a_new_mail_ends_the_wait() {
    let world = World::maildir();
    world.deliver(0, &mail("déjà là", 10));
    let (session, _) = world.open().await.list().await.unwrap();
    let path = world.path();
    let delivery = tokio::task::spawn_blocking(move || deliver(&path, b"x", "9.serveur").unwrap());
    let session = session.wait(Duration::from_hours(24), &CancellationToken::new()).await.unwrap();
    delivery.await.unwrap();
    let (session, entries) = session.list().await.unwrap();
    assert_eq!(entries.len(), 2);
    session.wait(Duration::from_mins(1), &CancellationToken::new()).await.unwrap();
}
