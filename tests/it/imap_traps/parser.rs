//! The parser and its buffers: panics, limits, and what a cancelled read leaves behind.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use async_imap::Session;
use futures_util::{FutureExt, StreamExt, TryStreamExt};
use tokio::time::timeout;

use super::{Then, check, fence, fetch, told};

#[tokio::test(start_paused = true)]
async fn some_answers_make_the_parser_panic() {
    for answer in ["* 1 FETCH (UID 4 INTERNALDATE NIL)\r\n{T} OK\r\n", "* OK [ALERT]é\r\n{T} OK\r\n"] {
        let caught = async |mut s| told(AssertUnwindSafe(fetch(&mut s)).catch_unwind().await.is_err());
        check(&[("FETCH", answer)], Then::IsSilent, caught, "true").await;
    }
}

#[tokio::test(start_paused = true)]
async fn an_unreadable_answer_is_repeated_in_the_error() {
    let torn = [("FETCH", "* 1 FETCH (UID 1 BODY[] {3}\r\nabc donnees)\r\n")];
    check(&torn, Then::IsSilent, async |mut s| fetch(&mut s).await, "donnees").await;
}

#[tokio::test(start_paused = true)]
async fn a_huge_literal_is_refused_and_a_large_one_is_not() {
    let announced = [("FETCH", "* 1 FETCH (UID 1 BODY[] {4000000000}\r\nabc")];
    check(&announced, Then::IsSilent, async |mut s| fetch(&mut s).await, "incoming data too large").await;
    let waits = async |mut s| told(timeout(Duration::from_mins(1), fetch(&mut s)).await.is_err());
    check(&[("FETCH", "* 1 FETCH (UID 1 BODY[] {5000000}\r\nabc")], Then::IsSilent, waits, "true").await;
}

#[tokio::test(start_paused = true)]
async fn a_torn_literal_is_an_error_once() {
    let torn = [("FETCH", "* 1 FETCH (UID 1 BODY[] {100}\r\ncourt")];
    let polls = async |mut s: Session<_>| {
        let mut stream = s.uid_fetch("1", "(UID BODY.PEEK[])").await.unwrap();
        let first = stream.next().await.map(|fetch| fetch.is_err());
        let second = stream.next().await.map(|fetch| fetch.is_err());
        told((first, second))
    };
    check(&torn, Then::Closes, polls, "(Some(true), None)").await;
}

#[tokio::test(start_paused = true)]
async fn a_fetch_not_read_to_its_end_spills_into_the_next() {
    let two = "* 1 FETCH (UID 1)\r\n* 2 FETCH (UID 2)\r\n{T} OK\r\n";
    let next = [("FETCH", two), ("FETCH", "* 3 FETCH (UID 3)\r\n{T} OK\r\n")];
    let undrained = async |mut s: Session<_>| {
        let first = s.uid_fetch("1:2", "(UID)").await.unwrap().try_next().await;
        format!("{:?} {}", first.unwrap().unwrap().uid, fetch(&mut s).await)
    };
    check(&next, Then::IsSilent, undrained, "Some(1) Ok([Some(2), Some(3)])").await;
}

#[tokio::test(start_paused = true)]
async fn a_range_with_a_star_brings_mails_below_it() {
    let last = [("UID FETCH 10:*", "* 3 FETCH (UID 7)\r\n{T} OK\r\n")];
    let from_ten = async |mut s: Session<_>| {
        told(s.uid_fetch("10:*", "(UID)").await.unwrap().map_ok(|fetch| fetch.uid).try_collect::<Vec<_>>().await)
    };
    check(&last, Then::IsSilent, from_ten, "Ok([Some(7)])").await;
}

#[tokio::test(start_paused = true)]
async fn of_many_unsolicited_answers_a_hundred_are_kept() {
    let many: &'static str = Box::leak(format!("{}{{T}} OK\r\n", "* 9 EXISTS\r\n".repeat(250)).into_boxed_str());
    let counted = async |mut s: Session<_>| {
        fence(&mut s).await;
        let mut kept = 0;
        while s.unsolicited_responses.try_recv().is_ok() {
            kept += 1;
        }
        told(kept)
    };
    check(&[("NOOP", many)], Then::IsSilent, counted, "100").await;
}
