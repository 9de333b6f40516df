//! The mailbox in a configuration file.

use edges::mailbox::{Folders, Mailbox, MailboxSettings, MailboxSetupError, Security};

fn imap(lines: &str) -> Result<MailboxSettings, toml::de::Error> {
    let needed =
        "backend = \"imap\"\nhost = \"imap.operateur.test\"\nport = 143\nuser = \"bal\"\npassword = \"secret\"\n";
    toml::from_str(&format!("{needed}{lines}"))
}

#[test]
fn what_is_not_written_has_a_default() {
    let MailboxSettings::Imap(imap) = imap("").unwrap() else { panic!("not IMAP") };
    assert_eq!((imap.folder.as_str(), imap.security), ("INBOX", Security::Starttls));
    assert_eq!(imap.timeout.get().as_secs(), 60);
    let Folders { traites, rejets, ignores, doublons, quarantaine } = toml::from_str("").unwrap();
    assert_eq!(
        [traites, rejets, ignores, doublons, quarantaine],
        ["Traites", "Rejets", "Ignores", "Doublons", "Quarantaine"]
    );
}

#[test]
fn unknown_keys_are_refused() {
    for line in ["pasword = \"x\"", "verify = false", "[identity]\ncertificate = \"a\"\nkey = \"b\"\nautre = 1"] {
        assert!(imap(line).is_err(), "{line}");
    }
    for text in ["backend = \"maildir\"\npath = \"/x\"\nhost = \"y\"", "backend = \"pop3\"", "path = \"/x\""] {
        assert!(toml::from_str::<MailboxSettings>(text).is_err(), "{text}");
    }
    assert!(toml::from_str::<Folders>("traite = \"Traites\"").is_err());
}

#[test]
fn the_password_is_never_written_again() {
    let settings = imap("").unwrap();
    assert!(!format!("{settings:?}").contains("secret"));
    assert!(!serde_json::to_string(&settings).unwrap().contains("secret"));
    let mailbox = Mailbox::new(&settings, &Folders::default()).unwrap();
    assert!(!format!("{mailbox:?}").contains("secret"));
}

#[test]
fn an_account_has_a_stable_name() {
    let account = |settings| Mailbox::new(&settings, &Folders::default()).unwrap().account().to_owned();
    assert_eq!(account(imap("").unwrap()), "imap:bal@imap.operateur.test/INBOX");
    let maildir = toml::from_str("backend = \"maildir\"\npath = \"/srv/bal\"").unwrap();
    assert_eq!(account(maildir), "maildir:/srv/bal");
}

#[test]
fn folders_of_a_maildir_stay_inside_it() {
    let maildir: MailboxSettings = toml::from_str("backend = \"maildir\"\npath = \"/srv/bal\"").unwrap();
    for name in ["..", ".", "a/b", "../x", "a..b", "x.", ".x"] {
        let folders = Folders { rejets: name.to_owned(), ..Folders::default() };
        assert!(matches!(Mailbox::new(&maildir, &folders), Err(MailboxSetupError::FolderName(_))), "{name}");
    }
    for name in ["Traites", "traites", "INBOX", "inbox"] {
        let folders = Folders { rejets: name.to_owned(), ..Folders::default() };
        assert!(matches!(Mailbox::new(&maildir, &folders), Err(MailboxSetupError::FolderTwice(_))), "{name}");
    }
    let accented = Folders { rejets: "INBOX.Rejetés".to_owned(), ..Folders::default() };
    Mailbox::new(&maildir, &accented).unwrap();
}

#[test]
fn the_schema_speaks_french_to_those_who_configure() {
    let schema = serde_json::to_string(&schemars::schema_for!(MailboxSettings)).unwrap();
    for words in
        ["La boîte aux lettres", "Le dossier relevé", "additionalProperties\":false", "\"maildir\"", "\"starttls\""]
    {
        assert!(schema.contains(words), "{words} is missing in {schema}");
    }
}
