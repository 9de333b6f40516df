//! What a hostile sender puts into a mail is shown as text and does nothing; what a hostile address asks for is
//! refused.

use base::clock::Clock;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use domain::access::Role;
use reqwest::{Response, StatusCode};
use store::MailId;
use store::search::{Filter, Page};

use super::browser::{Browser, Screen};
use super::desk::Desk;
use crate::served::until;

/// Takes the page over if anything of it is run, or becomes an element.
const SCRIPT: &str = "\"'><script>document.title='pris'</script><img src=x onerror=\"document.title='pris'\">";

/// In every place that a mail has: names, subject, identifiers, file name, and in the XML texts, values and names.
fn mail() -> Vec<u8> {
    let now = Clock::System.now();
    let word = |text: &str| format!("=?utf-8?B?{}?=", BASE64_STANDARD.encode(text));
    let escaped = SCRIPT.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;");
    let xml = format!(
        "<?xml version=\"1.0\"?>\n<disponibilites xmlns=\"urn:fr:dispolits:disponibilites:1\" \
         identifiant=\"{escaped}\" dateEmission=\"{now:.0}\">\n<etablissement finess=\"350054680\">\n<!-- {SCRIPT} -->\n\
         <service code=\"{escaped}\" \
         libelle=\"{escaped}\" dateReleve=\"{escaped}\">\n<capacite statut=\"{escaped}\" nombre=\"{escaped}\"/>\n\
         <onerror onload=\"{escaped}\">{escaped}</onerror>\n</service></etablissement></disponibilites>"
    );
    let name = format!("filename=\"{}\"", word(&format!("../../{SCRIPT}.xml")));
    let injected = "filename*=utf-8''a%0d%0aSet-Cookie:%20pris=1%0d%0a.xml";
    format!(
        "From: {} <=1+1@cas.ch-armor.test>\r\nSubject: {}\r\nMessage-ID: <=cmd<script>x</script>@cas.ch-armor.test>\r\n\
         MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n\
         --b\r\nContent-Type: application/xml\r\nContent-Disposition: attachment; {name}\r\n\r\n{xml}\r\n\
         --b\r\nContent-Type: application/xml\r\nContent-Disposition: attachment; {injected}\r\n\r\n{}\r\n--b--\r\n",
        word(SCRIPT),
        word(SCRIPT),
        xml.replace("urn:fr:dispolits:disponibilites:1", &escaped),
    )
    .into_bytes()
}

async fn received() -> (Desk, i64) {
    let desk = Desk::with(&["valide-minimal"]).await;
    desk.sandbox.send(&mail(), "hostile").await.unwrap();
    let newest =
        async || desk.sandbox.store.journal(&Filter::default(), &Page::newest(1)).await.unwrap().lines.remove(0);
    until("the mail is settled", async || {
        let entry = newest().await;
        entry.expediteur.is_some_and(|sender| sender.starts_with('=')) && entry.verdict != "en-cours"
    })
    .await;
    let number = newest().await.numero;
    (desk, number)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_of_a_mail_becomes_part_of_a_page() {
    let (desk, number) = Box::pin(received()).await;
    let browser = Browser::open(Screen::Wide).await;
    let mail = format!("/courriels/{number}");
    let pages = ["/", "/journal", "/etablissements/350054680", "/alertes", "/audit", mail.as_str()];
    for page in pages {
        browser.go(&desk.at(Role::Administrateur, page)).await;
        assert_eq!(browser.count("script, img, iframe, object, [onerror], [onload], [style]").await, 0, "{page}");
        assert!(browser.title().await.ends_with("Dispolits"), "{page}");
    }
    let shown = browser.text("main").await;
    assert!(shown.contains("<script>document.title='pris'</script>"), "it is shown as text: {shown}");
    let policy = desk.get(Role::Lecteur, &mail).await.headers()["content-security-policy"].to_str().unwrap().to_owned();
    assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_tried_becomes_no_part_of_a_page_either() {
    let desk = Desk::with(&["valide-minimal"]).await;
    for (name, bytes) in [("a.eml", mail()), (SCRIPT, b"<a>".to_vec()), ("x.xml", b"\x00\xff<".to_vec())] {
        let answer = tried(&desk, name, &bytes).await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
        let page = answer.text().await.unwrap();
        assert!(!page.contains("<script") && !page.contains("<img"), "{page}");
    }
    let larger_than_forms = tried(&desk, "grand.xml", &vec![b' '; 600 * 1024]).await.unwrap();
    assert_eq!(larger_than_forms.status(), StatusCode::OK);
    // A server that has said no may close before the file is sent whole.
    if let Ok(answer) = tried(&desk, "trop.xml", &vec![b' '; 3 * 1024 * 1024]).await {
        assert_eq!(answer.status(), StatusCode::PAYLOAD_TOO_LARGE);
    }
    desk.close().await;
}

/// Sends a file as a browser does (RFC 7578; HTML escapes the quotes of its name).
async fn tried(desk: &Desk, name: &str, bytes: &[u8]) -> reqwest::Result<Response> {
    let name = name.replace('"', "%22");
    let head = format!("--b\r\nContent-Disposition: form-data; name=\"fichier\"; filename=\"{name}\"\r\n\r\n");
    let body = [head.as_bytes(), bytes, b"\r\n--b--\r\n"].concat();
    let request = desk.http.post(desk.at(Role::Lecteur, "/verifier")).body(body);
    request.header("content-type", "multipart/form-data; boundary=b").send().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_leave_under_our_names_and_no_cell_is_a_formula() {
    let (desk, number) = Box::pin(received()).await;
    let candidates = desk.sandbox.store.outcome(MailId::of(number)).await.unwrap().unwrap().documents.len();
    assert!(candidates > 0);
    for rank in 1..=candidates {
        let answer = desk.get(Role::Administrateur, &format!("/courriels/{number}/documents/{rank}")).await;
        assert_eq!(answer.status(), StatusCode::OK);
        assert!(answer.headers().get("set-cookie").is_none());
        let named = answer.headers()["content-disposition"].to_str().unwrap();
        assert_eq!(named, format!("attachment; filename=\"courriel-{number}-document-{rank}.xml\""));
    }
    let csv = desk.page(Role::Lecteur, "/journal.csv").await;
    assert!(csv.contains("\"'=1+1@cas.ch-armor.test\""), "{csv}");
    for cell in csv.trim_start_matches('\u{feff}').split(['\n', ';']) {
        assert!(!cell.trim_matches('"').starts_with(['=', '+', '-', '@']), "{cell}");
    }
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn addresses_that_lead_nowhere_are_refused() {
    let desk = Desk::with(&["valide-minimal"]).await;
    let long = format!("/journal?expediteur={}", "a".repeat(5000));
    let many = format!("/journal?{}", "&".repeat(5000));
    let refused = [
        "/courriels/..%2f..%2fetc%2fpasswd",
        "/courriels/1/documents/..%2f1",
        "/courriels/1/documents/0",
        "/courriels/1/documents/99999999999999999999",
        "/courriels/99999",
        "/courriels/-1",
        "/etablissements/..%2f..%2fetc",
        "/etablissements/350054680%00",
        "/etablissements/999999999",
        "/..%2f..%2fetc%2fpasswd",
        "/journal?inconnue=1",
        "/journal?code=C01&code=C02",
        "/journal?verdict=%3Cscript%3E",
        "/journal?tri=mails;drop",
        "/journal?curseur=AAAA",
        "/journal?limite=1000000",
        "/journal.csv?inconnue=1",
        "/journal.json?finess=%27%20OR%201=1",
        "/alertes?avant=x",
        "/?periode=1000j",
        long.as_str(),
        many.as_str(),
    ];
    for path in refused {
        let answer = desk.get(Role::Administrateur, path).await;
        assert!(matches!(answer.status().as_u16(), 400 | 404 | 414), "{path}: {}", answer.status());
        assert!(!answer.text().await.unwrap().contains("<script"), "{path}");
    }
    desk.close().await;
}
