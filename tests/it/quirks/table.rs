//! What real servers were seen to do, one quirk a line: how the second mail, or every mail, is listed and given, and what
//! is said besides.

/// How a server differs from an ordinary one. `$uid`, `$size` and `$text` stand for what is true, `$less` and `$more` for
/// sizes that are not, `$body` for the literal of the mail, `$torn` for one that grows from answer to answer.
#[derive(Debug, Clone, Copy)]
pub(super) struct Quirk {
    /// The name of its mailbox.
    pub(super) name: &'static str,
    /// The same for people, as the page of failures tells it.
    pub(super) told: &'static str,
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
    /// What it offers.
    pub(super) offers: &'static str,
    /// Those that its folders take from nobody.
    pub(super) unmovable: &'static [u32],
    /// The cause for which the second mail is left; empty: every mail is read.
    pub(super) left: &'static str,
}

pub(super) const USUAL: Quirk = Quirk {
    name: "",
    told: "",
    all: false,
    list: "UID $uid RFC822.SIZE $size INTERNALDATE \"23-Nov-2026 07:55:00 +0100\"",
    body: "UID $uid BODY[] $body",
    besides: "",
    no_list: "",
    no_mails: "",
    mail: None,
    offers: "IMAP4rev1 AUTH=PLAIN SASL-IR MOVE UIDPLUS",
    unmovable: &[],
    left: "",
};

/// The text of another server for a mail that it cannot convert.
pub(super) const SUBSTITUTE: &str = "MIME-Version: 1.0\r\nContent-Type: text/plain\r\nFrom: Microsoft Exchange Server 2016\r\n\
    To: Dispolits <dispolits@eai.test>\r\nSubject: Message 7 : lecture impossible par le protocole IMAP4\r\n\r\n\
    Le serveur n'a pas pu lire ce message.\r\n";

pub(super) const QUIRKS: &[Quirk] = &[
    // Sizes.
    Quirk {
        name: "taille-petite",
        told: "taille annoncée trop petite, ou nulle, ou absente",
        all: true,
        list: "UID $uid RFC822.SIZE $less",
        ..USUAL
    },
    Quirk {
        name: "taille-petite-une",
        told: "taille annoncée trop petite, ou nulle, ou absente",
        list: "UID $uid RFC822.SIZE $less",
        ..USUAL
    },
    Quirk {
        name: "taille-zero",
        told: "taille annoncée trop petite, ou nulle, ou absente",
        all: true,
        list: "UID $uid RFC822.SIZE 0",
        ..USUAL
    },
    Quirk {
        name: "taille-absente",
        told: "taille annoncée trop petite, ou nulle, ou absente",
        all: true,
        list: "UID $uid INTERNALDATE NIL",
        ..USUAL
    },
    Quirk {
        name: "taille-nil",
        told: "taille annoncée trop petite, ou nulle, ou absente",
        list: "UID $uid RFC822.SIZE NIL",
        ..USUAL
    },
    Quirk {
        name: "taille-grande",
        told: "taille annoncée trop grande",
        all: true,
        list: "UID $uid RFC822.SIZE $more",
        ..USUAL
    },
    Quirk {
        name: "taille-enorme",
        told: "taille annoncée trop grande",
        list: "UID $uid RFC822.SIZE 9999999999999",
        ..USUAL
    },
    // Words that are not needed.
    Quirk {
        name: "drapeau-controle",
        told: "drapeaux illisibles (caractère de contrôle, guillemet, parenthèse)",
        besides: "* FLAGS (\\Seen \u{4}Junk)\r\n",
        ..USUAL
    },
    Quirk {
        name: "drapeau-parenthese",
        told: "drapeaux illisibles (caractère de contrôle, guillemet, parenthèse)",
        besides: "* FLAGS (\\Seen a(b)\r\n",
        ..USUAL
    },
    Quirk {
        name: "drapeau-guillemets",
        told: "drapeaux illisibles (caractère de contrôle, guillemet, parenthèse)",
        besides: "* FLAGS (\\Seen \"a b\" a\"b)\r\n",
        ..USUAL
    },
    Quirk {
        name: "drapeaux-permanents",
        told: "drapeaux illisibles (caractère de contrôle, guillemet, parenthèse)",
        besides: "* OK [PERMANENTFLAGS (a(b \"c d\" \u{4})] oui\r\n",
        ..USUAL
    },
    Quirk {
        name: "drapeau-du-courriel",
        told: "drapeaux illisibles (caractère de contrôle, guillemet, parenthèse)",
        list: "FLAGS (\\Seen a(b) UID $uid RFC822.SIZE $size",
        ..USUAL
    },
    Quirk {
        name: "drapeau-a-la-lecture",
        told: "drapeaux illisibles (caractère de contrôle, guillemet, parenthèse)",
        all: true,
        body: "FLAGS (a)b \"c) UID $uid BODY[] $body",
        ..USUAL
    },
    Quirk {
        name: "date-nil",
        told: "date d’arrivée absente ou illisible",
        all: true,
        list: "UID $uid INTERNALDATE NIL RFC822.SIZE $size",
        ..USUAL
    },
    Quirk {
        name: "date-etrange",
        told: "date d’arrivée absente ou illisible",
        list: "UID $uid INTERNALDATE \"hier\" RFC822.SIZE $size",
        ..USUAL
    },
    Quirk {
        name: "code-inconnu",
        told: "codes et données que personne n’a demandés",
        besides: "* OK [HIGHESTMODSEQ 99999999999999999999] x\r\n",
        ..USUAL
    },
    Quirk {
        name: "code-colle",
        told: "codes et données que personne n’a demandés",
        besides: "* OK [ALERT]é\r\n* OK fini {12}\r\n",
        ..USUAL
    },
    Quirk {
        name: "donnees-inconnues",
        told: "codes et données que personne n’a demandés",
        besides: "* XAPPLE ((((\r\n* 12\r\n* VANISHED x\r\n*\r\n",
        ..USUAL
    },
    Quirk { name: "ligne-vide", told: "codes et données que personne n’a demandés", besides: "\r\n", ..USUAL },
    Quirk {
        name: "copyuid-sans-ok",
        told: "codes et données que personne n’a demandés",
        besides: "[COPYUID 5 1 1] classé\r\n",
        ..USUAL
    },
    Quirk {
        name: "copyuid-seul",
        told: "codes et données que personne n’a demandés",
        besides: "* [COPYUID 5 1 1]\r\n* COPYUID 5 1 1\r\n",
        ..USUAL
    },
    // Ways to give a mail.
    Quirk {
        name: "litteral-binaire",
        told: "courriel donné sous une autre forme (littéral binaire, autre ordre)",
        all: true,
        body: "UID $uid BODY[] ~$body",
        ..USUAL
    },
    Quirk {
        name: "uid-derriere",
        told: "courriel donné sous une autre forme (littéral binaire, autre ordre)",
        all: true,
        body: "MODSEQ (12) BODY[] $body X-GM-LABELS (\"a\\\"b\") UID $uid",
        ..USUAL
    },
    // Lists that are not whole.
    Quirk {
        name: "liste-refusee",
        told: "liste des courriels refusée ou incomplète",
        no_list: "{T} NO un courriel est abîmé\r\n",
        ..USUAL
    },
    Quirk { name: "liste-incomplete", told: "liste des courriels refusée ou incomplète", list: "", ..USUAL },
    // Mails that cannot be had.
    Quirk { name: "rien", told: "OK sans le courriel", body: "", left: "absent", ..USUAL },
    Quirk { name: "sans-contenu", told: "OK sans le courriel", body: "UID $uid", left: "absent", ..USUAL },
    Quirk { name: "nil", told: "OK sans le courriel", body: "UID $uid BODY[] NIL", left: "absent", ..USUAL },
    Quirk {
        name: "guillemets-vides",
        told: "courriel donné vide",
        body: "UID $uid BODY[] \"\"",
        left: "vide",
        ..USUAL
    },
    Quirk {
        name: "litteral-vide",
        told: "courriel donné vide",
        body: "UID $uid BODY[] {0}\r\n",
        left: "vide",
        ..USUAL
    },
    Quirk {
        name: "changeant",
        told: "contenu qui change d’une lecture à l’autre",
        list: "UID $uid RFC822.SIZE $more",
        body: "UID $uid BODY[] $torn",
        left: "changeant",
        ..USUAL
    },
    Quirk {
        name: "refus",
        told: "refus (NO, BAD) à cause d’un courriel",
        no_mails: "{T} NO [SERVERBUG] abîmé\r\n",
        left: "refuse",
        ..USUAL
    },
    Quirk {
        name: "refus-bad",
        told: "refus (NO, BAD) à cause d’un courriel",
        no_mails: "{T} BAD abîmé\r\n",
        left: "refuse",
        ..USUAL
    },
    Quirk {
        name: "adieu",
        told: "connexion coupée à la lecture d’un courriel",
        no_mails: "* BYE erreur interne\r\n",
        left: "rupture",
        ..USUAL
    },
    Quirk {
        name: "coupure",
        told: "connexion coupée à la lecture d’un courriel",
        no_mails: "* 2 FETCH (UID 2 BODY[] {400}\r\nFrom:",
        left: "rupture",
        ..USUAL
    },
    Quirk {
        name: "charabia",
        told: "connexion coupée à la lecture d’un courriel",
        no_mails: "Internal Server Error\r\n",
        left: "rupture",
        ..USUAL
    },
    Quirk {
        name: "substitut",
        told: "texte d’Exchange à la place d’un courriel qu’il n’a pas su convertir",
        mail: Some(SUBSTITUTE),
        left: "substitut",
        ..USUAL
    },
];

/// What every server does.
pub(super) fn usual() -> Quirk {
    USUAL
}
