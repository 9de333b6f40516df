//! From the first byte to the login, and what every step has in common: ends, silence, refusals.

use edges::mailbox::Security;

use super::server::Instead::{Close, Say, Silence};
use super::{ALL_WELL, check};

/// The steps of a whole cycle: what the client says, and what we call it.
const STEPS: [(&str, &str); 15] = [
    ("accueil", "Greeting"),
    ("CAPABILITY", "Capability"),
    ("AUTHENTICATE", "Login"),
    ("AGJhbEBob3Bp", "Login"),
    ("A0001 CAPABILITY", "Capability"),
    ("ID (", "Identify"),
    ("LIST", "Folders"),
    ("SELECT", "Select"),
    ("A0009 SELECT", "Select"),
    ("UID FETCH 1:*", "List"),
    ("BODY.PEEK[])", "Fetch"),
    ("<0.30>", "Header"),
    ("STORE", "File"),
    ("MOVE", "File"),
    ("A0017 UID FETCH", "File"),
];

#[test]
fn a_well_behaved_server_is_understood() {
    for security in [Security::Starttls, Security::Tls] {
        check(security, &[], ALL_WELL);
    }
}

#[test]
fn the_end_of_the_connection_is_noticed_at_each_step() {
    for (line, step) in STEPS {
        check(Security::Tls, &[(line, Close(""))], &format!("Broken({step})"));
    }
    for said in ["* 2 EXISTS\r\n", "* 2 EXISTS\r\n* OK [UIDVALIDITY 5] x\r\n"] {
        check(Security::Tls, &[("SELECT", Close(said))], "Broken(Select)");
    }
    for said in ["* 1 FETCH (UID 4 RFC822.SIZE 18)\r\n", "* 1 FETCH (UID 4 RFC822.SI"] {
        check(Security::Tls, &[("1:*", Close(said))], "Broken(List)");
    }
    check(Security::Tls, &[("BODY.PEEK[])", Close("* 1 FETCH (UID 4 BODY[] {18}\r\nFrom"))], "Broken(Fetch)");
}

#[test]
fn a_silent_server_is_left_at_each_step() {
    for (line, step) in STEPS {
        check(Security::Tls, &[(line, Silence)], &format!("Timeout({step})"));
    }
    for (line, step) in [("accueil", "Greeting"), ("STARTTLS", "Starttls"), ("poignée de main", "Handshake")] {
        check(Security::Starttls, &[(line, Silence)], &format!("Timeout({step})"));
    }
}

#[test]
fn no_and_bye_are_never_success() {
    for (line, step) in STEPS.into_iter().filter(|(line, _)| *line != "accueil") {
        let expected = match step {
            "Login" => "CredentialRefused(\"pas maintenant\")".to_owned(),
            "Select" => "FolderMissing { folder: \"INBOX\", text: \"pas maintenant\" }".to_owned(),
            // Our name, what is known of the folders before anything is filed in them, and what is refused for several
            // mails, or in one way: that is asked for otherwise.
            "Identify" | "Folders" | "Fetch" | "Header" => ALL_WELL.to_owned(),
            // What is refused in filing keeps nothing else back.
            "File" if line != "STORE" => ALL_WELL.split("Done").next().unwrap().to_owned(),
            "List" => ALL_WELL.replace("header true", "header false"),
            // The flag \Seen matters to nobody but people.
            _ if line == "STORE" => ALL_WELL.to_owned(),
            _ => format!("Refused {{ step: {step}, text: \"pas maintenant\" }}"),
        };
        check(Security::Tls, &[(line, Say("{T} NO pas maintenant\r\n"))], &expected);
    }
    for (line, step) in STEPS {
        let expected = format!("Refused {{ step: {step}, text: ");
        check(Security::Tls, &[(line, Close("* BYE arrêt du serveur\r\n"))], &expected);
    }
}

#[test]
fn starttls_cannot_be_taken_away_or_talked_over() {
    let cases = [
        ("CAPABILITY", Say("* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\n{T} OK\r\n"), "Unsupported"),
        ("STARTTLS", Say("{T} NO\r\n"), "Refused { step: Starttls"),
        ("STARTTLS", Say("{T} BAD inconnu\r\n"), "Refused { step: Starttls"),
        ("STARTTLS", Say("{T} OK\r\n* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\n"), "Protocol { step: Starttls"),
        ("STARTTLS", Say("{T} OK\r\n* CAP"), "Protocol { step: Starttls"),
        ("STARTTLS", Close("{T} OK\r\n"), "Broken(Handshake)"),
        ("accueil", Say("* PREAUTH bonjour\r\n"), "Protocol { step: Greeting"),
        ("accueil", Say("HTTP/1.1 400 Bad Request\r\n"), "Protocol { step: Greeting"),
        ("accueil", Close("* BYE complet\r\n"), "Refused { step: Greeting, text: \"complet\" }"),
    ];
    for (line, instead, expected) in cases {
        let seen = check(Security::Starttls, &[(line, instead)], expected);
        assert!(!seen.contains("AUTHENTICATE") && !seen.contains("LOGIN"), "{seen}");
    }
}

#[test]
fn what_was_offered_before_tls_counts_for_nothing() {
    let before = ("CAPABILITY", Say("* CAPABILITY IMAP4rev1 STARTTLS AUTH=PLAIN\r\n{T} OK\r\n"));
    let after = ("CAPABILITY", Say("* CAPABILITY IMAP4rev1 LOGINDISABLED\r\n{T} OK\r\n"));
    check(Security::Starttls, &[before, after], "Unsupported(\"l’identification");
}

#[test]
fn the_login_takes_what_is_offered() {
    let none = ("CAPABILITY", Say("* CAPABILITY IMAP4rev1\r\n{T} OK\r\n"));
    let seen = check(Security::Tls, &[none], ALL_WELL);
    assert!(seen.contains("LOGIN \"bal@hopital.test\" \"secret\""), "{seen}");
    let unavailable = ("AUTHENTICATE", Say("{T} NO [UNAVAILABLE] annuaire arrêté\r\n"));
    check(Security::Tls, &[unavailable], "Refused { step: Login, text: \"[UNAVAILABLE] annuaire arrêté\" }");
    let alert = ("AUTHENTICATE", Say("{T} NO [ALERT] certificat absent\r\n"));
    check(Security::Tls, &[alert], "CertificateRefused { said: \"[ALERT] certificat absent\"");
    // A server that asks for ever gets the password once.
    let seen = check(Security::Tls, &[("AGJhbEBob3Bp", Say("+ \r\n"))], ALL_WELL);
    assert_eq!(seen.matches("AGJhbEBob3Bp").count(), 1, "{seen}");
}

#[test]
fn a_refusal_in_the_handshake_is_one_of_our_certificate() {
    for security in [Security::Starttls, Security::Tls] {
        check(
            security,
            &[("certificat exigé", Say(""))],
            "CertificateRefused { said: \"alerte TLS CertificateRequired\"",
        );
    }
}
