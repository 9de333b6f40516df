//! What both backends do alike.

use std::collections::BTreeSet;
use std::time::Duration;

use edges::mailbox::{Attempt, FetchLimits, Folder, Haul, MailboxError, Moved, Position};
use tokio_util::sync::CancellationToken;

use super::world::{ALL, World, on_each, positions};

fn sample(world: &World, count: usize) -> Vec<Vec<u8>> {
    (0..count).map(|rank| world.mail(&format!("compte rendu {rank}"), 100 + rank)).collect()
}

fn deliver_all(world: &World, mails: &[Vec<u8>]) {
    for (rank, mail) in mails.iter().enumerate() {
        world.deliver(rank, mail);
    }
}

#[tokio::test]
async fn an_empty_mailbox_lists_nothing() {
    on_each(async |world| {
        let (session, entries) = world.open().await.list().await.unwrap();
        assert_eq!(entries, []);
        let (session, Haul { mails, .. }) = session.fetch(&[], ALL).await.unwrap();
        assert_eq!(mails, []);
        let (session, outcomes) = session.file(&[], Attempt::First).await.unwrap();
        assert_eq!(outcomes, []);
        session.close().await;
    })
    .await;
}

#[tokio::test]
async fn mails_are_listed_oldest_first_with_size_and_date_and_fetched_whole() {
    on_each(async |world| {
        let mails = sample(world, 5);
        deliver_all(world, &mails);
        let (session, entries) = world.open().await.list().await.unwrap();
        let sizes: Vec<usize> = entries.iter().map(|entry| usize::try_from(entry.size).unwrap()).collect();
        assert_eq!(world.ordered(sizes), mails.iter().map(Vec::len).collect::<Vec<_>>());
        assert!(entries.iter().all(|entry| entry.internal_date.is_some()));

        let mut asked = positions(&entries);
        asked.rotate_left(2);
        let (session, Haul { mails: fetched, .. }) = session.fetch(&asked, ALL).await.unwrap();
        assert_eq!(fetched.iter().map(|mail| mail.position.clone()).collect::<Vec<_>>(), asked);
        let expected: Vec<&Vec<u8>> = mails.iter().cycle().skip(2).take(5).collect();
        let raw = fetched.iter().map(|mail| &mail.raw).collect();
        assert_eq!(world.ordered(raw), world.ordered(expected));
        drop(session);
    })
    .await;
}

#[tokio::test]
async fn three_hundred_mails_and_a_large_one_come_through() {
    on_each(async |world| {
        let mut mails = sample(world, 300);
        mails.push(world.mail("grand", 17 * 1024 * 1024));
        deliver_all(world, &mails);
        let (session, entries) = world.open().await.list().await.unwrap();
        let (session, Haul { mails: fetched, .. }) = session.fetch(&positions(&entries), ALL).await.unwrap();
        let raw = fetched.iter().map(|mail| &mail.raw).collect();
        assert!(world.ordered(raw) == world.ordered(mails.iter().collect()));
        let moves: Vec<_> = positions(&entries).into_iter().map(|position| (position, Folder::Traites)).collect();
        let (session, outcomes) = session.file(&moves, Attempt::First).await.unwrap();
        assert_eq!(outcomes, vec![Moved::Done; 301]);
        assert_eq!(session.list().await.unwrap().1, []);
        assert_eq!(world.filed(Folder::Traites).into_values().collect::<BTreeSet<_>>(), BTreeSet::from_iter(mails));
    })
    .await;
}

#[tokio::test]
async fn a_header_is_read_alone_and_within_its_limit() {
    on_each(async |world| {
        world.deliver(0, &world.mail("trop gros", 200_000));
        let (session, entries) = world.open().await.list().await.unwrap();
        let position = &entries[0].position;
        let (asked, larger) = (std::slice::from_ref(position), |header| FetchLimits { whole: 100_000, header });
        let (session, haul) = session.fetch(asked, larger(4096)).await.unwrap();
        assert_eq!(haul.mails[0].raw, world.lines("From: a@hopital.test\r\nSubject: trop gros\r\n\r\n"));
        assert_eq!((haul.mails[0].size, haul.mails[0].header_only), (entries[0].size, true));
        let (session, haul) = session.fetch(asked, larger(10)).await.unwrap();
        assert_eq!(haul.mails[0].raw, b"From: a@ho");
        world.empty();
        assert_eq!(session.fetch(asked, larger(10)).await.unwrap().1, Haul::default());
    })
    .await;
}

#[tokio::test]
async fn mails_are_filed_as_seen_in_folders_made_on_demand() {
    on_each(async |world| {
        deliver_all(world, &sample(world, 5));
        let (session, entries) = world.open().await.list().await.unwrap();
        let (session, Haul { mails, .. }) = session.fetch(&positions(&entries), ALL).await.unwrap();
        let moves: Vec<_> = positions(&entries).into_iter().zip(Folder::ALL).collect();
        let (_, outcomes) = session.file(&moves, Attempt::First).await.unwrap();
        assert_eq!(outcomes, vec![Moved::Done; 5]);
        for (folder, expected) in Folder::ALL.into_iter().zip(&mails) {
            let filed: Vec<_> = world.filed(folder).into_iter().collect();
            let [(name, bytes)] = filed.as_slice() else { panic!("{folder:?}: {} mails", filed.len()) };
            assert_eq!(bytes, &expected.raw);
            assert!(name.ends_with(":2,S"), "{name}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_mail_that_has_gone_is_absent_and_filed_as_gone() {
    on_each(async |world| {
        deliver_all(world, &sample(world, 2));
        let (session, entries) = world.open().await.list().await.unwrap();
        world.empty();
        world.deliver(7, &world.mail("autre", 10));
        let (session, Haul { mails: fetched, .. }) = session.fetch(&positions(&entries), ALL).await.unwrap();
        assert_eq!(fetched, []);
        let moves: Vec<_> = positions(&entries).into_iter().map(|position| (position, Folder::Rejets)).collect();
        let (session, outcomes) = session.file(&moves, Attempt::First).await.unwrap();
        assert_eq!(outcomes, [Moved::Gone, Moved::Gone]);
        assert_eq!(session.list().await.unwrap().1.len(), 1, "the other mail is left alone");
    })
    .await;
}

#[tokio::test]
async fn filing_again_after_a_crash_is_harmless_and_needs_no_list() {
    on_each(async |world| {
        deliver_all(world, &sample(world, 3));
        let (session, entries) = world.open().await.list().await.unwrap();
        let moves: Vec<_> = positions(&entries).into_iter().map(|position| (position, Folder::Ignores)).collect();
        drop(session.file(&moves[..2], Attempt::First).await.unwrap());
        let (_, outcomes) = world.open().await.file(&moves, Attempt::First).await.unwrap();
        assert_eq!(outcomes, [Moved::Gone, Moved::Gone, Moved::Done]);
        assert_eq!(world.filed(Folder::Ignores).len(), 3);
    })
    .await;
}

#[tokio::test]
async fn positions_of_elsewhere_are_nothing_here() {
    on_each(async |world| {
        deliver_all(world, &sample(world, 1));
        let (session, entries) = world.open().await.list().await.unwrap();
        let uid = entries[0].position.to_string().split(':').next_back().unwrap().to_owned();
        for text in [format!("1:{uid}"), "x".to_owned(), "../tmp/x".to_owned(), "7:4294967296".to_owned()] {
            let (session, _) = world.open().await.list().await.unwrap();
            let position: Position = text.parse().unwrap();
            let (session, Haul { mails: fetched, .. }) =
                session.fetch(std::slice::from_ref(&position), ALL).await.unwrap();
            assert_eq!(fetched, [], "{text}");
            let (_, outcomes) = session.file(&[(position, Folder::Rejets)], Attempt::First).await.unwrap();
            assert_eq!(outcomes, [Moved::Gone], "{text}");
        }
        assert_eq!(session.list().await.unwrap().1, entries);
    })
    .await;
}

#[tokio::test]
async fn mail_that_comes_later_is_listed_by_the_same_session() {
    on_each(async |world| {
        let (session, _) = world.open().await.list().await.unwrap();
        world.deliver(0, &world.mail("arrivé ensuite", 10));
        let (session, entries) = session.list().await.unwrap();
        assert_eq!(entries.len(), 1);
        let (_, Haul { mails: fetched, .. }) = session.fetch(&positions(&entries), ALL).await.unwrap();
        assert_eq!(fetched.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn a_stop_ends_the_wait() {
    on_each(async |world| {
        let stop = CancellationToken::new();
        stop.cancel();
        let session = world.open().await.wait(Duration::from_hours(24), &stop).await.unwrap();
        session.list().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_mailbox_has_one_session_at_a_time() {
    on_each(async |world| {
        let mut mailbox = world.mailbox();
        let session = mailbox.open().await.unwrap();
        assert!(matches!(mailbox.open().await, Err(MailboxError::AlreadyOpen)));
        drop(session);
        mailbox.open().await.unwrap().close().await;
        mailbox.open().await.unwrap();
    })
    .await;
}
