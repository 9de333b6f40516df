//! What each answer of a server means, recipient by recipient: codes and status codes decide, at the step they come at.

use edges::smtp::Handed;
use edges::smtp::Obstacle;
use edges::smtp::Obstacle::{Login, Sender, Server};

use super::wire::converse;
use super::{FROM, mail};

const HELLO: [&str; 2] = ["220 ici", "250-ici\r\n250 SIZE 100000"];
const YES: &str = "250 oui";

/// What is made of a mail of two recipients: one word for each.
async fn handed(answers: &[&str], body: &str) -> Result<[String; 2], (Obstacle, String)> {
    let answers = [&HELLO[..], answers, &["221 au revoir"]].concat();
    let (sent, heard) = converse(&answers, FROM, &mail(body), |_, _| ()).await;
    assert_eq!(heard.iter().filter(|line| line.starts_with("EHLO")).count(), 1, "{heard:?}");
    let sent = sent.map_err(|error| (error.obstacle, error.cause))?;
    let word = |handed: &Handed| {
        let word = match handed {
            Handed::Taken => "pris",
            Handed::Later(_) => "plus tard",
            Handed::Unwanted(_) => "plus léger",
            Handed::Refused(_) => "jamais",
        };
        word.to_owned()
    };
    Ok([word(&sent.handed[0].1), word(&sent.handed[1].1)])
}

#[expect(clippy::unnecessary_wraps, reason = "compared with what sending gives")]
fn both(word: &str) -> Result<[String; 2], (Obstacle, String)> {
    Ok([word.to_owned(), word.to_owned()])
}

#[tokio::test]
async fn a_refusal_of_the_content_asks_for_a_lighter_mail() {
    for answer in [
        "552 5.7.0 piece refusee",
        "554 5.7.1 message refuse",
        "550 5.7.1 spam",
        "550 5.6.0 contenu",
        "554 5.6.1 type",
        "552 5.3.4 trop gros",
        "554 5.2.3 trop long",
        "552 trop",
        "554 non",
        "500 5.5.2 ligne",
    ] {
        assert_eq!(handed(&[YES, YES, YES, "354 oui", answer], "").await, both("plus léger"), "{answer} at the end");
        assert_eq!(handed(&[YES, YES, YES, answer], "").await, both("plus léger"), "{answer} at DATA");
    }
    for (answer, word) in [
        ("451 4.7.1 plus tard", "plus tard"),
        ("452 4.3.1 disque", "plus tard"),
        ("421 4.3.2 arret", "plus tard"),
        ("550 5.1.1 absent", "jamais"),
        ("552 5.2.2 boite pleine", "jamais"),
    ] {
        assert_eq!(handed(&[YES, YES, YES, "354 oui", answer], "").await, both(word), "{answer}");
    }
    assert_eq!(handed(&["552 5.3.4 trop gros"], "").await, both("plus léger"));
    assert_eq!(handed(&["554 5.6.3 conversion"], "").await, both("plus léger"));
    assert_eq!(handed(&[], &"x".repeat(100_000)).await, both("plus léger"), "more than SIZE");
}

#[tokio::test]
async fn eight_bits_are_never_sent_to_a_server_that_may_spoil_them() {
    assert_eq!(handed(&[], "8 bits : é").await, both("plus léger"));
}

#[tokio::test]
async fn each_recipient_has_its_own_answer() {
    let end = ["354 oui", YES];
    for (answers, expected) in [
        ([YES, "450 4.2.0 plus tard"], ["pris", "plus tard"]),
        (["450 4.2.0 plus tard", YES], ["plus tard", "pris"]),
        (["451 4.7.1 liste grise", YES], ["plus tard", "pris"]),
        (["452 4.5.3 trop de destinataires", YES], ["plus tard", "pris"]),
        (["550 5.1.1 absent", YES], ["jamais", "pris"]),
        ([YES, "552 5.2.2 boite pleine"], ["pris", "jamais"]),
        ([YES, "552 5.2.3 trop long"], ["pris", "plus léger"]),
        (["554 5.7.1 relais refuse", YES], ["plus tard", "pris"]),
        ([YES, "454 4.7.1 relais refuse"], ["pris", "plus tard"]),
    ] {
        let answers = [&[YES], &answers[..], &end].concat();
        assert_eq!(handed(&answers, "").await, Ok(expected.map(str::to_owned)), "{answers:?}");
    }
    // The server closes: what was refused before stays so, whoever was accepted has not got it.
    let closing = [YES, "550 5.1.1 absent", "421 4.7.0 trop de courriels"];
    assert_eq!(handed(&closing, "").await, Ok(["jamais", "plus tard"].map(str::to_owned)));
    let closing = [YES, YES, "421 4.7.0 trop de courriels"];
    assert_eq!(handed(&closing, "").await, both("plus tard"));
}

#[tokio::test]
async fn a_refusal_of_our_own_address_or_account_is_held_against_no_mail() {
    for (answers, obstacle) in [
        (vec!["451 4.7.1 debit"], Sender),
        (vec!["452 4.3.1 debit"], Sender),
        (vec!["450 4.1.8 inconnu"], Sender),
        (vec!["550 5.1.8 inconnu"], Sender),
        (vec!["550 5.7.1 interdit"], Sender),
        (vec!["553 5.1.7 syntaxe"], Sender),
        (vec!["554 non"], Sender),
        (vec!["530 5.7.0 identifiez-vous"], Login),
        (vec!["421 4.7.0 trop de courriels"], Sender),
        (vec!["421 4.3.2 arret"], Server),
        (vec![YES, "530 5.7.0 identifiez-vous"], Login),
    ] {
        let (found, words) = handed(&answers, "").await.unwrap_err();
        assert_eq!(found, obstacle, "{answers:?}: {words}");
        assert!(words.contains(answers.last().unwrap()), "{words}");
    }
}
