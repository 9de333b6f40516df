//! What a role without contents may see: a mark that stands in every place of some mails is on no page, in no export and
//! in no answer of the API.

use domain::access::Role;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::StatusCode;
use store::MailId;
use store::search::Filter;

use super::desk::Desk;

/// What stands in every place of the mails of this case: name of the sender, subject, text, names of files and of the
/// entries of an archive, attributes, elements.
const MARK: &str = "marqueur";
const CASE: &str = "valeurs-jamais-repetees";

/// Every address there is, of the mails that came in.
async fn addresses(desk: &Desk) -> Vec<String> {
    let mut addresses: Vec<String> = [
        "/",
        "/?periode=7j",
        "/?periode=30j",
        "/journal",
        "/journal?rejets=oui",
        "/journal.csv",
        "/journal.json",
        "/etablissements",
        "/etablissements/350054680",
        "/alertes",
        "/doubles",
        "/verifier",
        "/api/v1/openapi.json",
        "/api/v1/courriels",
        "/api/v1/services",
        "/api/v1/etablissements/350054680",
        "/api/v1/retards",
        "/api/v1/flux",
        "/api/v1/rejets",
        "/api/v1/bilan",
    ]
    .map(str::to_owned)
    .to_vec();
    let mut export = desk.sandbox.store.export(Filter::default(), "recu".parse().unwrap());
    for line in export.next().await.unwrap() {
        let number = line.numero;
        addresses.extend([
            format!("/courriels/{number}"),
            format!("/courriels/{number}/brut"),
            format!("/courriels/{number}/documents/1"),
            format!("/api/v1/courriels/{number}"),
            format!("/api/v1/courriels/{number}/defauts"),
        ]);
    }
    addresses
}

/// Where the mark is shown to this role.
async fn shown(desk: &Desk, role: Role, addresses: &[String]) -> Vec<String> {
    let mut shown = Vec::new();
    for path in addresses {
        let answer = desk.get(role, path).await;
        assert!(matches!(answer.status(), StatusCode::OK | StatusCode::FORBIDDEN | StatusCode::NOT_FOUND), "{path}");
        let head = format!("{:?}", answer.headers());
        let whole = format!("{head}{}", answer.text().await.unwrap()).to_lowercase();
        if whole.contains(MARK) {
            shown.push(path.clone());
        }
    }
    shown
}

#[tokio::test(flavor = "multi_thread")]
async fn no_value_reaches_a_role_without_contents() {
    let desk = Desk::with(&[CASE, "r03-regle-metier"]).await;
    let addresses = addresses(&desk).await;
    let none: [String; 0] = [];
    assert_eq!(shown(&desk, Role::Lecteur, &addresses).await, none);
    let open = shown(&desk, Role::Operateur, &addresses).await;
    let number = desk.number(CASE);
    for path in [
        format!("/courriels/{number}"),
        format!("/courriels/{number}/brut"),
        format!("/api/v1/courriels/{number}"),
        format!("/api/v1/courriels/{number}/defauts"),
    ] {
        assert!(open.contains(&path), "or this test proves nothing: {path} in {open:?}");
    }
    desk.close().await;
}

/// What is left tells why all the same, and what the ROR answered is for those who may see contents.
#[tokio::test(flavor = "multi_thread")]
async fn a_role_without_contents_still_sees_why() {
    let desk = Desk::with(&[CASE, "r03-regle-metier"]).await;
    let path = format!("/api/v1/courriels/{}/defauts", desk.number(CASE));
    let defects: serde_json::Value = desk.get(Role::Lecteur, &path).await.json().await.unwrap();
    for defect in defects.as_array().unwrap() {
        let place = (&defect["piece"], &defect["chemin"], &defect["trouve"], &defect["attendu"]);
        assert_eq!(place, (&"".into(), &().into(), &().into(), &().into()), "{defect}");
        assert!(defect["ligne"].is_number() && !defect["message"].as_str().unwrap().is_empty(), "{defect}");
    }
    let page = format!("/courriels/{}", desk.number("r03-regle-metier"));
    let (reader, operator) = (desk.page(Role::Lecteur, &page).await, desk.page(Role::Operateur, &page).await);
    assert!(operator.contains("Réponse du ROR") && !reader.contains("Réponse du ROR"));
    assert!(reader.contains("R03"));
    desk.close().await;
}

/// Everything that a mail says, encodings undone.
fn said(mail: &[u8]) -> String {
    let parsed = mail_parser::MessageParser::default().parse(mail).unwrap();
    let parts = parsed.parts.iter().map(|part| String::from_utf8_lossy(part.contents()).into_owned());
    let subject = parsed.subject().unwrap_or_default().to_owned();
    parts.chain([subject, String::from_utf8_lossy(mail).into_owned()]).collect::<String>().to_lowercase()
}

/// A mail goes back where all of it is reports, and nothing of it where anything is not; the contact gets no more.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_recognised_goes_back_to_nobody() {
    let desk = Desk::with(&[CASE, "m06-hprim-a-cote-d-un-rapport", "m06-cda-gzip", "m06-dicom"]).await;
    let mut copied = 0;
    for (rank, whole) in [(0, true), (1, false), (2, false), (3, false), (4, false), (5, false), (6, false)] {
        let id = MailId::of(desk.number(CASE) + rank);
        let replies = desk.sandbox.store.replies(id).await.unwrap();
        assert_eq!(replies.len(), 1, "{rank}");
        let bytes = &replies[0].content;
        copied += usize::from(replies[0].recipients.contains(' '));
        let text = said(bytes);
        assert_eq!(text.contains("content-type: message/rfc822"), whole, "{rank}: {text}");
        assert_eq!(text.contains(MARK), whole, "{rank}: {text}");
        assert!(!text.contains("fictive") && text.contains("rejet"), "{rank}: {text}");
    }
    assert!(copied > 0, "or nothing is proved of copies");
    desk.close().await;
}

/// Whoever may not see an identifiant may look for one that is known, and finds out nothing of it letter by letter.
#[tokio::test(flavor = "multi_thread")]
async fn a_role_without_contents_cannot_guess_a_hidden_value() {
    let desk = Desk::with(&["r03-regle-metier"]).await;
    let number = desk.number("r03-regle-metier");
    let api = format!("/api/v1/courriels/{number}");
    let mail: serde_json::Value = desk.get(Role::Operateur, &api).await.json().await.unwrap();
    let whole = mail["documents"][0]["identifiant"].as_str().unwrap().to_owned();
    // What is asked for stands in the answer as well, as it is and as a part of addresses.
    let answer = async |role: Role, path: &str, asked: &str| {
        let encoded = utf8_percent_encode(asked, NON_ALPHANUMERIC).to_string();
        desk.page(role, &format!("{path}?identifiant={asked}")).await.replace(asked, "").replace(&encoded, "")
    };
    let found = async |role: Role, asked: &str| {
        let mut found = Vec::new();
        for path in ["/journal", "/journal.csv", "/journal.json", "/api/v1/courriels"] {
            found.push(answer(role, path, asked).await != answer(role, path, "absent-du-journal").await);
        }
        found.dedup();
        found
    };
    for shorter in [whole.get(..4).unwrap(), whole.get(..whole.len() - 1).unwrap()] {
        assert_eq!(found(Role::Operateur, shorter).await, [true], "or this test proves nothing");
        assert_eq!(found(Role::Lecteur, shorter).await, [false], "{shorter}");
    }
    assert_eq!(found(Role::Lecteur, &whole).await, [true], "a value that is known");
    desk.close().await;
}
