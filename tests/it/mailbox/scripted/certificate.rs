//! A client without a certificate, as proxies refuse it: nginx by a word that is no greeting, or by none at all.

use edges::mailbox::Security;

use super::server::Instead::{Close, Say};
use super::server::Trick;
use super::{ALL_WELL, check, check_with};

const ASKED: Trick = ("certificat demandé", Say(""));
const MISSING: &str = "CertificateRefused { said: \"No required SSL certificate";

#[test]
fn a_proxy_that_speaks_is_understood() {
    let sentences = [
        "* BAD No required SSL certificate\r\n",
        "* BYE No required SSL certificate was sent\r\n",
        "* NO No required SSL certificate\r\n",
    ];
    for sentence in sentences {
        check(Security::Tls, &[ASKED, ("accueil", Close(sentence))], MISSING);
        // After STARTTLS there is no greeting: it stands before the answer that never comes.
        check(Security::Starttls, &[ASKED, ("D1 CAPABILITY", usual()), ("CAPABILITY", Close(sentence))], MISSING);
    }
    let web = Close("HTTP/1.1 400 No required SSL certificate was sent\r\n\r\n");
    check(Security::Tls, &[("accueil", web)], "CertificateRefused { said: \"HTTP/1.1 400 No required");
    let other = Close("* BYE trop de connexions\r\n");
    check(Security::Tls, &[ASKED, ("accueil", other)], "Refused { step: Greeting");
}

#[test]
fn a_proxy_that_says_nothing_is_understood_where_it_asked() {
    let silent = "CertificateRefused { said: \"il en demande un, puis ferme la connexion sans un mot\"";
    check(Security::Tls, &[ASKED, ("accueil", Close(""))], silent);
    check(Security::Starttls, &[ASKED, ("D1 CAPABILITY", usual()), ("CAPABILITY", Close(""))], silent);
    // Nothing was asked, or something was shown: any end of a connection looks like that.
    check(Security::Tls, &[("accueil", Close(""))], "Broken(Greeting)");
    let shown = |settings: &mut edges::mailbox::ImapSettings, pki: &crate::dovecot::Pki| {
        settings.identity = Some(pki.identity("client"));
    };
    check_with(shown, &[ASKED, ("accueil", Close(""))], "Broken(Greeting)");
    check_with(shown, &[ASKED], ALL_WELL);
    check(Security::Tls, &[ASKED], ALL_WELL);
}

fn usual() -> super::server::Instead {
    Say("* CAPABILITY IMAP4rev1 STARTTLS\r\n{T} OK\r\n")
}
