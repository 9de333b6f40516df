//! Each page as each role: what it shows, what it hides, and nothing that axe finds wrong.

use domain::access::Role;
use domain::access::audit::Deed;
use reqwest::StatusCode;
use store::AuditFilter;

use super::axe;
use super::browser::{Browser, Screen};
use super::desk::{Desk, client};

const ROLES: [Role; 3] = [Role::Lecteur, Role::Operateur, Role::Administrateur];
const PATIENT: &str = "m06-cda-a-cote-d-un-rapport";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_page_is_accessible_to_every_role() {
    let desk = Desk::open().await;
    let (wide, phone) = (Browser::open(Screen::Wide).await, Browser::open(Screen::Phone).await);
    let mails =
        ["c01-capacite-negative", PATIENT, "valide-mise-a-jour", "r01-lieu-inconnu", "doublon-document-renvoye"];
    let fixed = [
        "/",
        "/?periode=30j",
        "/journal",
        "/journal?rejets=oui&tri=-expediteur",
        "/journal?du=hier",
        "/etablissements",
        "/etablissements/350054680",
        "/etablissements/299900100",
        "/alertes",
        "/doubles",
        "/verifier",
        "/rien-ici",
    ];
    let mut pages = fixed.map(str::to_owned).to_vec();
    pages.extend(mails.map(|case| format!("/courriels/{}", desk.number(case))));
    for page in &pages {
        for role in ROLES {
            wide.go(&desk.at(role, page)).await;
            axe::check(&wide, &format!("{page} ({})", role.in_words())).await;
        }
        phone.go(&desk.at(Role::Operateur, page)).await;
        axe::check(&phone, &format!("{page} (téléphone)")).await;
    }
    wide.go(&desk.at(Role::Administrateur, "/audit")).await;
    axe::check(&wide, "/audit").await;
    assert_eq!(desk.get(Role::Operateur, "/audit").await.status(), StatusCode::FORBIDDEN);
    desk.close().await;
}

/// The questions that an operator has, answered by the pages alone.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operator_finds_who_is_silent_why_it_was_rejected_who_acts_and_what_to_mend() {
    let desk = Desk::with(&["c01-capacite-negative", "valide-minimal", "e03-finess-inconnu"]).await;
    let browser = Browser::open(Screen::Wide).await;
    browser.go(&desk.at(Role::Operateur, "/")).await;
    let first = browser.text("section[aria-labelledby=silence] tbody tr").await;
    assert!(first.contains("Clinique de l’Iroise") && first.contains("silencieux"), "{first}");

    browser.click("header nav a[href='/journal']").await;
    browser.arrive("/journal").await;
    assert_eq!(browser.title().await, "Journal – Dispolits");
    browser.click("details summary").await;
    browser.fill("#expediteur", "c01-").await;
    browser.choose("#verdict", "partiellement").await;
    browser.click(".filtres button").await;
    browser.arrive("expediteur=c01").await;
    assert_eq!(browser.count("tbody tr").await, 1);
    let line = browser.text("tbody tr").await;
    for expected in ["C01", "Établissement", "partiellement intégré", "Centre hospitalier d’Armor"] {
        assert!(line.contains(expected), "{expected} in {line}");
    }

    browser.click("tbody th a").await;
    browser.arrive("/courriels/").await;
    let short = browser.text(".essentiel").await;
    for expected in ["C01", "Le nombre est négatif", "Doit agir : l’établissement", "À corriger", "suroccupation"]
    {
        assert!(short.contains(expected), "{expected} in {short}");
    }
    assert_eq!(browser.text("mark").await, "nombre=\"-1\"");
    assert_eq!(browser.count(".source .fautive").await, 1);
    assert!(browser.text("pre.lettre").await.contains("CAPACITE_NEGATIVE"));
    let story = browser.text(".chronologie").await;
    for expected in [
        "reçu dans la boîte principale",
        "lu et jugé",
        "rangé dans la boîte, dossier « Traites »",
        "statut 20",
        "envoyée à",
        "verdict définitif",
    ] {
        assert!(story.contains(expected), "{expected} in {story}");
    }
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_journal_is_sorted_and_paged_by_its_address() {
    let desk = Desk::with(&["valide-minimal", "c01-capacite-negative", "m02-winmail-dat"]).await;
    let page = desk.page(Role::Lecteur, "/journal?limite=2&tri=expediteur").await;
    let order: Vec<usize> = ["c01-capacite", "m02-winmail"].iter().map(|text| page.find(text).unwrap()).collect();
    assert!(order.is_sorted() && !page.contains("valide-minimal@"), "{page}");
    let next = page.split("page suivante").next().unwrap().rsplit("href=\"").next().unwrap();
    let next = next.split('"').next().unwrap().replace("&amp;", "&");
    let page = desk.page(Role::Lecteur, &next).await;
    assert!(page.contains("valide-minimal@") && page.contains("page précédente"), "{page}");
    let page = desk.page(Role::Lecteur, "/journal?agir=etablissement&code=c01&finess=350054680").await;
    assert!(page.contains("c01-capacite") && !page.contains("m02-winmail"));
    let page = desk.page(Role::Lecteur, "/journal?du=2020-01-01&au=2020-01-02").await;
    assert!(page.contains("Aucun courriel ne répond à ces critères."));
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_export_holds_exactly_what_is_filtered() {
    let desk = Desk::with(&["valide-minimal", "c01-capacite-negative", "m02-winmail-dat"]).await;
    let csv = desk.page(Role::Lecteur, "/journal.csv?rejets=oui&limite=1").await;
    let lines: Vec<&str> = csv.split_terminator("\r\n").collect();
    assert!(lines[0].starts_with("\u{feff}\"numero\";\"recu\";\"recu_paris\""), "{csv}");
    assert_eq!(lines.len(), 3, "{csv}");
    assert!(lines[1].contains("m02-winmail"), "{csv}");
    let cells: Vec<&str> = lines[2].trim_matches('"').split("\";\"").collect();
    let cell = |name: &str| {
        cells[lines[0].trim_matches(['\u{feff}', '"']).split("\";\"").position(|one| one == name).unwrap()]
    };
    assert_eq!((cell("verdict"), cell("verdict_en_clair")), ("partiellement-integre", "partiellement intégré"));
    assert_eq!((cell("agir"), cell("qui_doit_agir")), ("etablissement", "l’établissement"));
    assert_eq!((cell("reponse"), cell("reponse_en_clair")), ("envoyee", "envoyée"));
    let received: jiff::Timestamp = cell("recu").parse().unwrap();
    assert_eq!(cell("recu_paris"), domain::outcome::in_paris(received));
    let json = desk.page(Role::Lecteur, "/journal.json?rejets=oui").await;
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    let verdicts: Vec<&str> = json.as_array().unwrap().iter().map(|line| line["verdict"].as_str().unwrap()).collect();
    assert_eq!(verdicts, ["rejete", "partiellement-integre"]);
    let empty = desk.page(Role::Lecteur, "/journal.json?verdict=quarantaine").await;
    assert_eq!(serde_json::from_str::<serde_json::Value>(&empty).unwrap(), serde_json::json!([]));
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn contents_are_for_whoever_may_see_them() {
    let desk = Desk::with(&["c01-capacite-negative", PATIENT]).await;
    let report = format!("/courriels/{}", desk.number("c01-capacite-negative"));
    let patient = format!("/courriels/{}", desk.number(PATIENT));
    let status = async |role, path: String| desk.get(role, &path).await.status();
    for (role, report_status, patient_status) in [
        (Role::Lecteur, StatusCode::FORBIDDEN, StatusCode::FORBIDDEN),
        (Role::Operateur, StatusCode::OK, StatusCode::FORBIDDEN),
        (Role::Administrateur, StatusCode::OK, StatusCode::OK),
    ] {
        assert_eq!(status(role, format!("{report}/brut")).await, report_status, "{}", role.in_words());
        assert_eq!(status(role, format!("{report}/documents/1")).await, report_status);
        assert_eq!(status(role, format!("{patient}/brut")).await, patient_status);
    }
    let reader = desk.page(Role::Lecteur, &report).await;
    assert!(!reader.contains("&lt;capacite") && !reader.contains("pre class=\"lettre\""), "{reader}");
    assert!(reader.contains("Le nombre est négatif."), "a reader sees why");
    assert!(!reader.contains("/rejouer"), "a reader is offered no action");
    let operator = desk.page(Role::Operateur, &patient).await;
    assert!(operator.contains("non montré : document de patient") && !operator.contains("ClinicalDocument"));

    let seen = AuditFilter { deed: Some(Deed::ContenuPatient.word().to_owned()), ..AuditFilter::default() };
    let records = desk.sandbox.store.audit(&seen, 10).await.unwrap();
    assert_eq!(records.len(), 1, "{records:?}");
    assert!(records[0].qui.ends_with("administrateur"), "{records:?}");

    let raw = desk.get(Role::Operateur, &format!("{report}/brut")).await;
    let header = |name: &str| raw.headers()[name].to_str().unwrap().to_owned();
    assert_eq!(header("content-type"), "application/octet-stream");
    assert_eq!(header("x-content-type-options"), "nosniff");
    let number = desk.number("c01-capacite-negative");
    assert_eq!(header("content-disposition"), format!("attachment; filename=\"courriel-{number}.eml\""));
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_is_tried_without_an_account_and_kept_nowhere() {
    let desk = Desk::with(&["valide-minimal"]).await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("essai.xml");
    let now = base::clock::Clock::System.now();
    let report = format!(
        "<?xml version=\"1.0\"?>\n<disponibilites xmlns=\"urn:fr:dispolits:disponibilites:1\" identifiant=\"A\" \
         dateEmission=\"{now:.0}\">\n<etablissement finess=\"350054680\">\n<service code=\"VCOMP-A\" \
         dateReleve=\"{now:.0}\">\n<capacite statut=\"installe\" nombre=\"douze\"/>\n</service></etablissement>\
         </disponibilites>"
    );
    std::fs::write(&file, report).unwrap();
    let browser = Browser::open(Screen::Wide).await;
    browser.go(&desk.at(Role::Lecteur, "/journal")).await;
    browser.click("header nav a[href='/verifier']").await;
    browser.arrive("/verifier").await;
    assert_eq!(browser.text("header nav a[aria-current=page]").await, "Vérifier");
    browser.give_file("#fichier", file.to_str().unwrap()).await;
    browser.click(".filtres button").await;
    let told = browser.text("section[aria-labelledby=resultat]").await;
    assert!(told.contains("C02") && told.contains("rejeté"), "{told}");
    assert_eq!(browser.text("mark").await, "nombre=\"douze\"");
    axe::check(&browser, "/verifier after a file").await;
    let trial = std::fs::read_to_string(&file).unwrap().replace("douze", "12");
    std::fs::write(&file, trial.replace("identifiant=\"A\"", "identifiant=\"A\" mode=\"test\"")).unwrap();
    browser.go(&desk.at(Role::Lecteur, "/verifier")).await;
    browser.give_file("#fichier", file.to_str().unwrap()).await;
    browser.click(".filtres button").await;
    let told = browser.text("section[aria-labelledby=resultat]").await;
    assert!(told.contains("1 capacité valide : essai (mode=\"test\"), rien ne serait transmis"), "{told}");
    let broken = client().post(desk.at(Role::Lecteur, "/verifier"));
    let refused = broken.header("content-type", "multipart/form-data").send().await.unwrap();
    assert_eq!(refused.status(), StatusCode::BAD_REQUEST);
    assert!(refused.text().await.unwrap().contains("formulaire ne se lit pas"));
    let balance = desk.sandbox.store.balance(None).await.unwrap();
    assert_eq!(balance.recus, 1, "nothing came in by the page");
    let closed = desk.without_check_page().await;
    assert_eq!(desk.http.get(format!("{closed}/verifier")).send().await.unwrap().status(), StatusCode::NOT_FOUND);
    browser.go(&format!("{closed}/journal")).await;
    assert_eq!(browser.count("header nav a[href='/verifier']").await, 0);
    browser.go(&desk.for_nobody("/verifier")).await;
    assert_eq!(browser.count("header nav").await, 0);
    desk.close().await;
}
