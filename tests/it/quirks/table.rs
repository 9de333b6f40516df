//! What real servers were seen to do, one quirk a line: how the second mail, or every mail, is listed and given, and what
//! is said besides.

/// How a server differs from an ordinary one. `$uid`, `$size` and `$text` stand for what is true, `$less` and `$more` for
/// sizes that are not, `$body` for the literal of the mail, `$torn` for one that grows from answer to answer.
#[derive(Debug, Clone, Copy)]
pub(super) struct Quirk {
    /// The name of its mailbox.
    pub(super) name: &'static str,
    /// Whether every mail is struck, or the second alone.
    pub(super) all: bool,
    /// The items of a mail in the list; empty: no line at all.
    pub(super) list: &'static str,
    /// The items of a mail that is read; empty: no line at all.
    pub(super) body: &'static str,
    /// Untagged lines in the answers to SELECT, FETCH and MOVE.
    pub(super) besides: &'static str,
    /// Said instead of the list.
    pub(super) no_list: &'static str,
    /// Said instead of the mails, whenever the second is among them. What does not end with a tagged line ends the session.
    pub(super) no_mails: &'static str,
    /// The second mail, if it is not like the others.
    pub(super) mail: Option<&'static str>,
    /// The cause for which the second mail is left; empty: every mail is read.
    pub(super) left: &'static str,
}

const USUAL: Quirk = Quirk {
    name: "",
    all: false,
    list: "UID $uid RFC822.SIZE $size INTERNALDATE \"23-Nov-2026 07:55:00 +0100\"",
    body: "UID $uid BODY[] $body",
    besides: "",
    no_list: "",
    no_mails: "",
    mail: None,
    left: "",
};

/// The text of another server for a mail that it cannot convert.
const SUBSTITUTE: &str = "MIME-Version: 1.0\r\nContent-Type: text/plain\r\nFrom: Microsoft Exchange Server 2016\r\n\
    To: Dispolits <dispolits@eai.test>\r\nSubject: Message 7 : lecture impossible par le protocole IMAP4\r\n\r\n\
    Le serveur n'a pas pu lire ce message.\r\n";

pub(super) const QUIRKS: &[Quirk] = &[
    // Sizes.
    Quirk { name: "taille-petite", all: true, list: "UID $uid RFC822.SIZE $less", ..USUAL },
    Quirk { name: "taille-petite-une", list: "UID $uid RFC822.SIZE $less", ..USUAL },
    Quirk { name: "taille-grande", all: true, list: "UID $uid RFC822.SIZE $more", ..USUAL },
    Quirk { name: "taille-zero", all: true, list: "UID $uid RFC822.SIZE 0", ..USUAL },
    Quirk { name: "taille-absente", all: true, list: "UID $uid INTERNALDATE NIL", ..USUAL },
    Quirk { name: "taille-nil", list: "UID $uid RFC822.SIZE NIL", ..USUAL },
    Quirk { name: "taille-enorme", list: "UID $uid RFC822.SIZE 9999999999999", ..USUAL },
    // Words that are not needed.
    Quirk { name: "drapeau-controle", besides: "* FLAGS (\\Seen \u{4}Junk)\r\n", ..USUAL },
    Quirk { name: "drapeau-parenthese", besides: "* FLAGS (\\Seen a(b)\r\n", ..USUAL },
    Quirk { name: "drapeau-guillemets", besides: "* FLAGS (\\Seen \"a b\" a\"b)\r\n", ..USUAL },
    Quirk { name: "drapeaux-permanents", besides: "* OK [PERMANENTFLAGS (a(b \"c d\" \u{4})] oui\r\n", ..USUAL },
    Quirk { name: "drapeau-du-courriel", list: "FLAGS (\\Seen a(b) UID $uid RFC822.SIZE $size", ..USUAL },
    Quirk { name: "drapeau-a-la-lecture", all: true, body: "FLAGS (a)b \"c) UID $uid BODY[] $body", ..USUAL },
    Quirk { name: "date-nil", all: true, list: "UID $uid INTERNALDATE NIL RFC822.SIZE $size", ..USUAL },
    Quirk { name: "date-etrange", list: "UID $uid INTERNALDATE \"hier\" RFC822.SIZE $size", ..USUAL },
    Quirk { name: "code-inconnu", besides: "* OK [HIGHESTMODSEQ 99999999999999999999] x\r\n", ..USUAL },
    Quirk { name: "code-colle", besides: "* OK [ALERT]é\r\n* OK fini {12}\r\n", ..USUAL },
    Quirk { name: "donnees-inconnues", besides: "* XAPPLE ((((\r\n* 12\r\n* VANISHED x\r\n*\r\n", ..USUAL },
    Quirk { name: "ligne-vide", besides: "\r\n", ..USUAL },
    Quirk { name: "copyuid-sans-ok", besides: "[COPYUID 5 1 1] classé\r\n", ..USUAL },
    Quirk { name: "copyuid-seul", besides: "* [COPYUID 5 1 1]\r\n* COPYUID 5 1 1\r\n", ..USUAL },
    // Ways to give a mail.
    Quirk { name: "litteral-binaire", all: true, body: "UID $uid BODY[] ~$body", ..USUAL },
    Quirk {
        name: "uid-derriere",
        all: true,
        body: "MODSEQ (12) BODY[] $body X-GM-LABELS (\"a\\\"b\") UID $uid",
        ..USUAL
    },
    // Lists that are not whole.
    Quirk { name: "liste-refusee", no_list: "{T} NO un courriel est abîmé\r\n", ..USUAL },
    Quirk { name: "liste-incomplete", list: "", ..USUAL },
    // Mails that cannot be had.
    Quirk { name: "rien", body: "", left: "absent", ..USUAL },
    Quirk { name: "sans-contenu", body: "UID $uid", left: "absent", ..USUAL },
    Quirk { name: "nil", body: "UID $uid BODY[] NIL", left: "absent", ..USUAL },
    Quirk { name: "guillemets-vides", body: "UID $uid BODY[] \"\"", left: "vide", ..USUAL },
    Quirk { name: "litteral-vide", body: "UID $uid BODY[] {0}\r\n", left: "vide", ..USUAL },
    Quirk {
        name: "changeant",
        list: "UID $uid RFC822.SIZE $more",
        body: "UID $uid BODY[] $torn",
        left: "changeant",
        ..USUAL
    },
    Quirk { name: "refus", no_mails: "{T} NO [SERVERBUG] abîmé\r\n", left: "refuse", ..USUAL },
    Quirk { name: "refus-bad", no_mails: "{T} BAD abîmé\r\n", left: "refuse", ..USUAL },
    Quirk { name: "adieu", no_mails: "* BYE erreur interne\r\n", left: "rupture", ..USUAL },
    Quirk { name: "coupure", no_mails: "* 2 FETCH (UID 2 BODY[] {400}\r\nFrom:", left: "rupture", ..USUAL },
    Quirk { name: "charabia", no_mails: "Internal Server Error\r\n", left: "rupture", ..USUAL },
    Quirk { name: "substitut", mail: Some(SUBSTITUTE), left: "substitut", ..USUAL },
];

/// What every server does.
pub(super) fn usual() -> Quirk {
    USUAL
}
