//! What the server says of folders and mails.

use edges::mailbox::Security;
use proptest::prelude::*;

use super::server::Instead::{Say, SayImpatiently};
use super::server::Trick;
use super::{ALL_WELL, check, check_again, play};

const MISSING: &str = "* LIST (\\NoSelect) \".\" \"Traites\"\r\n{T} OK\r\n";

#[test]
fn folders_are_made_once() {
    let seen = check(Security::Tls, &[("LIST", Say("{T} OK\r\n"))], ALL_WELL);
    assert!(seen.contains("CREATE \"Traites\"") && seen.contains("SUBSCRIBE \"Traites\""), "{seen}");
    assert_eq!(seen.matches("CREATE").count(), 1, "{seen}");
    let seen = check(Security::Tls, &[("LIST", Say(MISSING)), ("SUBSCRIBE", Say("{T} NO\r\n"))], ALL_WELL);
    assert!(seen.contains("CREATE \"Traites\""), "{seen}");
}

#[test]
fn a_folder_without_stable_numbers_is_not_read() {
    let cases = [
        ("* 2 EXISTS\r\n{T} OK\r\n", "UidValidityMissing"),
        ("* 2 EXISTS\r\n* OK [UIDVALIDITY 0] x\r\n{T} OK\r\n", "UidValidityMissing"),
        ("* OK [UIDVALIDITY 5] x\r\n{T} OK\r\n", "Protocol { step: Select"),
        ("* 2 EXISTS\r\n* OK [UIDVALIDITY 5] x\r\n{T} OK [READ-ONLY] x\r\n", "ReadOnly(\"INBOX\")"),
    ];
    for (said, expected) in cases {
        check(Security::Tls, &[("SELECT", Say(said))], expected);
        check(Security::Tls, &[("A0009 SELECT", Say(said))], expected);
    }
    let busy = ("SELECT", Say("{T} NO [INUSE] sauvegarde en cours\r\n"));
    check(Security::Tls, &[busy], "Refused { step: Select, text: \"[INUSE] sauvegarde en cours\" }");
    let changed = "* 2 EXISTS\r\n* OK [UIDVALIDITY 6] x\r\n{T} OK\r\n";
    check(Security::Tls, &[("A0009 SELECT", Say(changed))], "UidValidityChanged");
}

#[test]
fn a_list_is_compared_with_what_was_announced() {
    let one = "* 1 FETCH (UID 4 RFC822.SIZE 18)\r\n{T} OK\r\n";
    let only = ("SEARCH ALL", Say("* SEARCH 4\r\n{T} OK\r\n"));
    check(Security::Tls, &[("1:*", Say(one)), only], "Incomplete { announced: 2, listed: 1 }");
    // Of a mail without a size the bytes will tell.
    let flags = "* 1 FETCH (UID 4 RFC822.SIZE 18)\r\n* 2 FETCH (UID 7 FLAGS (\\Seen))\r\n{T} OK\r\n";
    check(Security::Tls, &[("1:*", Say(flags))], ALL_WELL);
    // One that the list does not show, or for which it is refused, is found by its number.
    let found = ("SEARCH ALL", Say("* SEARCH 4 7\r\n{T} OK\r\n"));
    check(Security::Tls, &[("1:*", Say(one)), found], ALL_WELL);
    // Without any size none is larger than the limit.
    let no_size = ALL_WELL.replace("header true", "header false");
    check(Security::Tls, &[("1:*", Say("{T} NO un courriel abîmé\r\n")), found], &no_size);
    let refused = [("1:*", Say("{T} NO plus tard\r\n")), ("SEARCH ALL", Say("{T} NO non\r\n"))];
    check(Security::Tls, &refused, "Refused { step: List, text: \"plus tard\" }");
    let expunged = "* 1 FETCH (UID 4 RFC822.SIZE 18)\r\n* 2 EXPUNGE\r\n{T} OK\r\n";
    check(Security::Tls, &[("1:*", Say(expunged))], "1 listed, fetched 4,");
    let more = "* 1 FETCH (UID 4 RFC822.SIZE 18)\r\n* 2 FETCH (UID 7 RFC822.SIZE 18)\r\n* 3 EXISTS\r\n{T} OK\r\n";
    check(Security::Tls, &[("1:*", Say(more))], ALL_WELL);
}

/// What the second mail is answered with at first, and then.
fn check_second(first: &str, then: Option<&str>, expected: &str) {
    let four = "* 1 FETCH (UID 4 BODY[] {18}\r\nFrom: a\r\n\r\nbonjour)\r\n";
    let say = |text: String| -> &'static str { Box::leak(text.into_boxed_str()) };
    let mut tricks = vec![("BODY.PEEK[])", Say(say(format!("{four}{first}{{T}} OK\r\n"))))];
    tricks.extend(then.map(|then| ("FETCH 7 (UID BODY.PEEK[])", Say(say(format!("{then}{{T}} OK\r\n"))))));
    check(Security::Tls, &tricks, expected);
}

const LATER: &str = "2 listed, fetched 4 7, header true, filed [Done, Done]";

#[test]
fn the_bytes_that_come_are_the_mail_whatever_was_announced() {
    let short = "* 2 FETCH (UID 7 BODY[] {7}\r\nFrom: b)\r\n";
    let taken = "2 listed, fetched 4 7 WRONG, header true";
    check_second("* 2 FETCH (UID 7 BODY[] {19}\r\nFrom: b\r\n\r\nbonsoir!)\r\n", None, taken);
    // With fewer bytes than announced it is asked for again, and taken if they are the same.
    check_second(short, None, LATER);
    check_second(short, Some(short), taken);
    let other = "* 2 FETCH (UID 7 BODY[] {8}\r\nFrom: b )\r\n";
    check_second(short, Some(other), "2 listed, fetched 4 left 7 changeant, header true");
}

#[test]
fn a_mail_that_is_not_given_keeps_no_other_back() {
    for first in ["* 2 FETCH (UID 7 BODY[] {0}\r\n)\r\n", "* 2 FETCH (UID 7 BODY[] \"\")\r\n"] {
        check_second(first, None, LATER);
        check_second(first, Some(first), "2 listed, fetched 4 left 7 vide, header true");
    }
    for first in [
        "* 2 FETCH (UID 7 BODY[] NIL)\r\n",
        "* 2 FETCH (UID 7)\r\n",
        "",
        // Mails that nobody asked for, a part instead of the whole, one without a number.
        "* 3 FETCH (UID 99 BODY[] {3}\r\nabc)\r\n",
        "* 2 FETCH (UID 7 BODY[TEXT] {18}\r\nFrom: b\r\n\r\nbonsoir)\r\n",
        "* 2 FETCH (UID 7 BODY[]<5> {18}\r\nFrom: b\r\n\r\nbonsoir)\r\n",
        "* 2 FETCH (BODY[] {18}\r\nFrom: b\r\n\r\nbonsoir)\r\n",
        // The first mail again.
        "* 1 FETCH (UID 4 BODY[] {18}\r\nFrom: a\r\n\r\nBONJOUR)\r\n",
    ] {
        check_second(first, None, LATER);
        check_second(first, Some(first), "2 listed, fetched 4 left 7 absent, header true");
    }
}

#[test]
fn a_set_that_is_refused_is_asked_for_by_halves() {
    for refusal in ["{T} NO [SERVERBUG] illisible\r\n", "{T} BAD non\r\n"] {
        let set = ("FETCH 4,7 (UID BODY.PEEK[])", Say(refusal));
        check(Security::Tls, &[set], ALL_WELL);
        let second = ("FETCH 7 (UID BODY.PEEK[])", Say(refusal));
        check(Security::Tls, &[set, second], "2 listed, fetched 4 left 7 refuse, header true");
    }
}

#[test]
fn a_larger_mail_than_announced_takes_no_more_memory() {
    // More than the room of a batch: it is passed over at first, then asked for alone.
    let large = "x".repeat(20 * 1024 * 1024);
    let answer = format!("* 2 FETCH (UID 7 BODY[] {{{}}}\r\n{large})\r\n", large.len());
    check_second(&answer, Some(&answer), "2 listed, fetched 4 7 WRONG, header true");
}

#[test]
fn a_header_is_taken_with_the_bytes_it_must_have_only() {
    let told = |header: bool| format!("2 listed, fetched 4 7, header {header}, filed [Done, Done]");
    let full = "* 1 FETCH (UID 4 BODY[]<0> {18}\r\nFrom: a\r\n\r\nbonjour)\r\n{T} OK\r\n";
    let short = "* 1 FETCH (UID 4 BODY[]<0> {11}\r\nFrom: a\r\n\r\n)\r\n{T} OK\r\n";
    let empty = "* 1 FETCH (UID 4 BODY[]<0> {0}\r\n)\r\n{T} OK\r\n";
    let nil = "* 1 FETCH (UID 4 BODY[]<0> NIL)\r\n{T} OK\r\n";
    let cases: [(&[&'static str], bool); 6] = [
        (&[full], true),
        (&[short, short], true),
        (&[empty, empty], false),
        (&[nil, nil], false),
        (&["{T} OK\r\n", "{T} NO non\r\n"], false),
        (&["{T} NO non\r\n"], true),
    ];
    for (answers, expected) in cases {
        let tricks: Vec<Trick> = answers.iter().map(|answer| ("<0.30>", Say(answer))).collect();
        check(Security::Tls, &tricks, &told(expected));
    }
}

#[test]
fn a_mail_that_is_smaller_than_announced_is_read_whole() {
    let large = "* 1 FETCH (UID 4 RFC822.SIZE 18)\r\n* 2 FETCH (UID 7 RFC822.SIZE 999999999999)\r\n{T} OK\r\n";
    let seen = check(Security::Tls, &[("1:*", Say(large))], ALL_WELL);
    assert!(seen.contains("UID FETCH 7 (UID BODY.PEEK[])"), "{seen}");
}

#[test]
fn words_that_are_not_needed_end_no_session() {
    let deep = "(".repeat(5000);
    let lines = format!(
        "* FLAGS (\\Seen \u{4}Junk a(b \"c d\")\r\n* OK [PERMANENTFLAGS (a(b \"c\")] x\r\n* OK [ALERT]é\r\n\
        * XDEEP {deep}\r\n[COPYUID 5 4 1] x\r\n* [COPYUID 5 4 1]\r\n\r\n* OK {{12}}\r\n"
    );
    for (line, usual) in [
        ("SELECT", "* 2 EXISTS\r\n* OK [UIDVALIDITY 5] x\r\n"),
        (
            "1:*",
            "* 1 FETCH (UID 4 RFC822.SIZE 18 INTERNALDATE NIL)\r\n* 2 FETCH (FLAGS (a(b) UID 7 RFC822.SIZE 18)\r\n",
        ),
        (
            "BODY.PEEK[])",
            "* 1 FETCH (UID 4 BODY[] ~{18}\r\nFrom: a\r\n\r\nbonjour)\r\n\
             * 2 FETCH (BODY[] {18+}\r\nFrom: b\r\n\r\nbonsoir FLAGS (a(b) UID 7)\r\n",
        ),
    ] {
        let said: &'static str = Box::leak(format!("{lines}{usual}{lines}{{T}} OK\r\n").into_boxed_str());
        check(Security::Tls, &[(line, Say(said))], ALL_WELL);
    }
}

#[test]
fn hostile_answers_end_the_session() {
    let long: &'static str = Box::leak("* OK bavardage\r\n".repeat(10_000).into_boxed_str());
    let wide: &'static str = Box::leak("x".repeat(200_000).into_boxed_str());
    let answers = [
        "* 1 FETCH (UID 4 BODY[] {4000000000}\r\nabc",
        "* 1 FETCH (UID 4 BODY[] {99999999999999999999}\r\nabc",
        "HTTP/1.1 400 Bad Request\r\n\r\n",
        "+ encore\r\n",
        "A9999 OK une autre\r\n",
        "\0\u{1}\u{2}\r\n",
    ];
    // Announced only: waiting for it would take memory first. Where mails are read, it may come.
    let floods = ["* 1 FETCH (UID 4 BODY[] {500000}\r\nabc", long, wide];
    for (line, step) in [("A0009 SELECT", "Select"), ("1:*", "List"), ("BODY.PEEK[])", "Fetch"), ("MOVE", "File")] {
        let floods = floods.iter().filter(|_| step != "Fetch");
        for answer in answers.iter().chain(floods) {
            check(Security::Tls, &[(line, Say(answer))], &format!("Protocol {{ step: {step}"));
        }
    }
    for answer in [long, wide] {
        check(Security::Tls, &[("CAPABILITY", Say(answer))], "Protocol { step: Capability");
    }
}

#[test]
fn mails_stay_out_of_errors() {
    let torn = "* 1 FETCH (UID 4 BODY[] {9}\r\nFrom: a\r\n\r\nbonjour)\r\n{T} OK\r\n";
    check(Security::Tls, &[("BODY.PEEK[])", Say(torn))], "Protocol { step: Fetch, what: \"elle est illisible\" }");
}

#[test]
fn a_move_is_believed_only_when_the_mails_have_left() {
    let seen = check(Security::Tls, &[("MOVE", Say("{T} OK fait\r\n"))], &stuck());
    assert_eq!(seen.matches("UID MOVE").count(), 1, "what may have been copied is not asked for again: {seen}");
    let one = ("FLAGS)", Say("* 1 FETCH (UID 7 FLAGS ())\r\n{T} OK\r\n"));
    let seen = check(Security::Tls, &[one], "2 listed, fetched 4 7, header true, filed [Gone, Done]");
    assert!(seen.contains("UID MOVE 7 \"Traites\""), "{seen}");
}

const UIDPLUS: Trick = ("A0001 CAPABILITY", Say("* CAPABILITY IMAP4rev1 UIDPLUS\r\n{T} OK\r\n"));

#[test]
fn without_move_mails_are_copied_and_expunged_by_number() {
    let seen = check(Security::Tls, &[UIDPLUS], ALL_WELL);
    assert_eq!(
        orders(&seen),
        [
            "STORE 4,7 +FLAGS.SILENT (\\Seen)",
            "COPY 4,7 \"Traites\"",
            "STORE 4,7 +FLAGS.SILENT (\\Deleted)",
            "EXPUNGE 4,7"
        ]
    );
    let locked = ("STORE", Say("{T} NO lecture seule\r\n"));
    let seen = check(Security::Tls, &[UIDPLUS, locked, locked, locked], &refused());
    assert!(!seen.contains("UID COPY"), "{seen}");
    let kept = ("(\\Deleted)", Say("{T} NO non\r\n"));
    let seen = check(Security::Tls, &[UIDPLUS, kept], &stuck());
    assert!(!seen.contains("UID EXPUNGE"), "{seen}");
}

#[test]
fn an_earlier_copy_is_found_before_another_is_made() {
    let faces = |other: &str| -> &'static str {
        let four = "* 1 FETCH (UID 4 RFC822.SIZE 18 BODY[]<0> {18}\r\nFrom: a\r\n\r\nbonjour)\r\n";
        Box::leak(format!("{four}{other}{{T}} OK\r\n").into_boxed_str())
    };
    let sources = faces("* 2 FETCH (UID 7 RFC822.SIZE 18 BODY[]<0> {18}\r\nFrom: b\r\n\r\nbonsoir)\r\n");
    let sought = ("RFC822.SIZE BODY", Say(sources));
    let found = ("SEARCH", Say("* SEARCH 3 9\r\n{T} OK\r\n"));
    // Of the two mails as long, one is the copy of the mail 4.
    let theirs = "* 1 FETCH (UID 3 RFC822.SIZE 18 BODY[]<0> {18}\r\nFrom: a\r\n\r\nBONJOUR)\r\n\
        * 2 FETCH (UID 9 RFC822.SIZE 18 BODY[]<0> {18}\r\nFrom: a\r\n\r\nbonjour)\r\n{T} OK\r\n";
    let removed = ("UID FETCH 4 (UID FLAGS)", Say("{T} OK\r\n"));
    let there = ("UID FETCH 7 (UID FLAGS)", Say("* 1 FETCH (UID 7 FLAGS ())\r\n{T} OK\r\n"));
    let none = ("SEARCH", Say("* SEARCH\r\n{T} OK\r\n"));
    let tricks = [UIDPLUS, sought, found, ("UID FETCH 3,9", Say(theirs)), none, removed, there];
    let seen = check_again(&tricks, ALL_WELL);
    assert!(seen.contains("EXAMINE \"Traites\""), "{seen}");
    let done = orders(&seen);
    assert!(done.contains(&"SEARCH LARGER 17 SMALLER 19"), "{done:?}");
    let expected = [
        "STORE 4 +FLAGS.SILENT (\\Deleted)",
        "EXPUNGE 4",
        "STORE 7 +FLAGS.SILENT (\\Seen)",
        "COPY 7 \"Traites\"",
        "STORE 7 +FLAGS.SILENT (\\Deleted)",
        "EXPUNGE 7",
    ];
    assert!(done.ends_with(&expected), "{done:?}");

    // The folder that is read is selected again, and must be the same.
    let renumbered = ("A0017 SELECT", Say("* 2 EXISTS\r\n* OK [UIDVALIDITY 6] x\r\n{T} OK\r\n"));
    let none = ("SEARCH", Say("{T} OK\r\n"));
    let seen = check_again(&[UIDPLUS, sought, none, renumbered], "UidValidityChanged");
    assert_eq!(seen.matches("SEARCH LARGER").count(), 1, "mails of one length are sought once: {seen}");
    assert!(!seen.contains("COPY"), "{seen}");
    let no = |line| (line, Say("{T} NO non\r\n"));
    let tricks: [&[Trick]; 4] = [
        &[UIDPLUS, sought, no("EXAMINE")],
        &[UIDPLUS, sought, no("SEARCH")],
        &[UIDPLUS, no("RFC822.SIZE BODY")],
        &[UIDPLUS, ("RFC822.SIZE BODY", Say(faces("")))],
    ];
    for tricks in tricks {
        let seen = check_again(tricks, &refused());
        assert!(!seen.contains("COPY") && !seen.contains("EXPUNGE"), "{seen}");
        // The folder that is read is selected again, whatever the other one said.
        let last = seen.lines().rev().find(|line| line.contains("SELECT") || line.contains("EXAMINE"));
        assert!(last.is_some_and(|line| line.contains("SELECT")), "{seen}");
    }
}

/// Both mails stay, and the session goes on.
fn refused() -> String {
    ALL_WELL.replace("[Done, Done]", "[Refused, Refused]")
}

/// The same, and a copy of each may be in the folder.
fn stuck() -> String {
    ALL_WELL.replace("[Done, Done]", "[Stuck, Stuck]")
}

#[test]
fn a_server_that_cannot_remove_single_mails_keeps_them() {
    let neither = ("A0001 CAPABILITY", Say("* CAPABILITY IMAP4rev1\r\n{T} OK\r\n"));
    let left = ALL_WELL.replace("[Done, Done]", "[Left, Left]");
    let seen = check(Security::Tls, &[neither], &left);
    assert_eq!(orders(&seen), ["STORE 4,7 +FLAGS.SILENT (\\Seen)"]);
    assert!(!seen.contains("CREATE") && !seen.contains("LIST"), "no folder is needed: {seen}");
    let one = ("FLAGS)", Say("* 1 FETCH (UID 7 FLAGS ())\r\n{T} OK\r\n"));
    let locked = ("STORE", Say("{T} NO lecture seule\r\n"));
    check(Security::Tls, &[neither, one, locked], &ALL_WELL.replace("[Done, Done]", "[Gone, Left]"));
}

/// What was asked of the mails, but for reading them.
fn orders(seen: &str) -> Vec<&str> {
    let orders = seen.lines().filter_map(|line| line.split_once(" UID ")).map(|(_, order)| order);
    orders.filter(|order| !order.starts_with("FETCH")).collect()
}

/// Pieces that answers are made of.
const PIECES: [&str; 23] = [
    "* ",
    "1 ",
    "2 ",
    "FETCH ",
    "(",
    ")",
    "UID 4",
    " ",
    "RFC822.SIZE 18",
    "BODY[] ",
    "{18}\r\n",
    "{3}\r\n",
    "From: a\r\n\r\nbonjour",
    "abc",
    "NIL",
    "\r\n",
    "* 1 FETCH (UID 4 ",
    "OK ",
    "[UIDVALIDITY 5] ",
    "EXISTS",
    "\"",
    "{T} OK fait\r\n",
    "INTERNALDATE ",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, ..ProptestConfig::default() })]
    #[test]
    fn no_answer_becomes_wrong_content(
        pieces in prop::collection::vec(prop::sample::select(PIECES.to_vec()), 1..20),
        line in prop::sample::select(vec!["A0009 SELECT", "1:*", "BODY.PEEK[])", "MOVE"]),
    ) {
        let answer: &'static str = Box::leak(format!("{}\r\n{{T}} OK fait\r\n", pieces.concat()).into_boxed_str());
        let (told, _) = play(Security::Tls, &[(line, SayImpatiently(answer))]);
        prop_assert!(!told.contains("WRONG"), "{told}");
        prop_assert!(!told.contains("bonjour"), "{told}");
    }
}
