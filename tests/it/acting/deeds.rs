//! Each deed: what the page shows, what is done, and what the log says of it.

use std::fs::OpenOptions;
use std::io::Write;

use reqwest::StatusCode;
use sqlx::SqlitePool;
use store::Twin;

use super::scene::{Scene, field};
use crate::served::until;
use crate::sign_in::site::Browser;
use crate::store::bench::beds;

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_is_replayed_once_its_cause_is_mended_and_only_as_it_was_shown() {
    let scene = Scene::open(&["s01-service-inconnu"]).await;
    let id = scene.mail("s01-service-inconnu");
    let (path, cause) = (format!("/courriels/{}/rejouer", id.number()), "/causes/s01/rejouer");
    let mut oscar = scene.operator().await;
    assert!(oscar.get(&path).await.text.contains("rien ne changerait"));
    assert!(oscar.get(cause).await.text.contains("Rien ne changerait aujourd’hui."));

    let services = scene.sandbox.folder.join("referentiel/services.csv");
    let mut services = OpenOptions::new().append(true).open(services).unwrap();
    services.write_all("350054680;S01-PR0CHE;UHCD;;ouvert;\n".as_bytes()).unwrap();
    assert!(scene.site.watch.lock().unwrap().refresh().unwrap());
    let shown = oscar.get(&path).await.text;
    for part in ["<td>rejeté</td>", "<td>intégré</td>", "<td>1 S01</td>", "service S01-PR0CHE", "à transmettre"] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    let all = oscar.get(cause).await.text;
    assert!(all.contains("Courriels qui changeraient : 1 ;"), "{all}");
    assert!(oscar.get("/causes/S01/rejouer?finess=299900100").await.text.contains("Rien ne changerait"));
    assert_eq!(scene.site.store.replays(id).await.unwrap(), [], "nothing was done");

    let stale = oscar.post(&path, &[("empreinte", "autre")]).await;
    assert_eq!(stale.status, StatusCode::CONFLICT);
    assert!(stale.text.contains("le journal a changé depuis"), "{}", stale.text);
    let fingerprint = field(&shown, "empreinte");
    let done = oscar.post(&path, &[("empreinte", &fingerprint), ("note", " référentiel\r\nmis à jour ")]).await;
    assert_eq!(done.to, Some(format!("/courriels/{}", id.number())), "{}", done.text);
    assert_eq!(scene.site.store.replays(id).await.unwrap().len(), 1);
    let object = format!("courriel {}", id.number());
    let expected = ["local:oscar", "rejouer", "rejeté", "intégré, lignes à transmettre : 2", "référentiel mis à jour"];
    assert_eq!(scene.told(&object).await, [expected.map(str::to_owned)]);
    until("the mail to be settled again", async || scene.site.store.is_settled(id).await.unwrap()).await;
    let again = oscar.post(&path, &[("empreinte", &fingerprint)]).await;
    assert_eq!(again.status, StatusCode::CONFLICT, "what was shown is no more so");
    let again = oscar.post(cause, &[("empreinte", &field(&all, "empreinte"))]).await;
    assert_eq!(again.status, StatusCode::CONFLICT);
    assert_eq!(scene.told(&object).await.len(), 1);
    scene.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn all_that_one_cause_rejected_is_replayed_at_once() {
    let scene = Scene::open(&["s01-service-inconnu"]).await;
    let id = scene.mail("s01-service-inconnu");
    let services = scene.sandbox.folder.join("referentiel/services.csv");
    let mut services = OpenOptions::new().append(true).open(services).unwrap();
    services.write_all("350054680;S01-PR0CHE;UHCD;;ouvert;\n".as_bytes()).unwrap();
    scene.site.watch.lock().unwrap().refresh().unwrap();
    let mut oscar = scene.operator().await;
    let shown = oscar.get("/causes/S01/rejouer?finess=350054680&service=S01-PR0CHE").await.text;
    let place = [("finess", "350054680"), ("service", "S01-PR0CHE")];
    let fingerprint = field(&shown, "empreinte");
    let fields = [&[("empreinte", fingerprint.as_str()), ("note", "corrigé")], &place[..]].concat();
    let done = oscar.post("/causes/S01/rejouer", &fields).await;
    assert!(done.text.contains("Courriels rejoués : 1 ; lignes en route vers le ROR : 2."), "{}", done.text);
    let told = scene.told(&format!("courriel {}", id.number())).await;
    assert_eq!((told.len(), told[0][4].as_str()), (1, "cause S01 corrigé"));
    scene.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_is_marked_as_handled_released_tried_and_answered_again() {
    let scene = Scene::open(&["c01-capacite-negative", "m02-sans-piece-jointe"]).await;
    let (id, empty) = (scene.mail("c01-capacite-negative"), scene.mail("m02-sans-piece-jointe"));
    let store = &scene.site.store;
    let mut oscar = scene.operator().await;
    let path = |what: &str| format!("/courriels/{}/{what}", id.number());
    oscar.get(&path("traite")).await;
    assert_eq!(oscar.post(&path("traite"), &[("note", " ")]).await.status, StatusCode::BAD_REQUEST);
    assert_eq!(
        oscar.post(&path("traite"), &[("note", "<b>vu</b> avec le service")]).await.status,
        StatusCode::SEE_OTHER
    );
    let page = oscar.get(&path("traite")).await.text;
    assert!(page.contains("par oscar : « &lt;b&gt;vu&lt;/b&gt; avec le service »"), "{page}");
    let line = oscar.get("/journal?traite=oui").await.text;
    assert!(line.contains(&format!("/courriels/{}\"", id.number())) && line.contains(">traité</span>"), "{line}");
    assert!(oscar.get("/journal.csv?traite=oui").await.text.trim_end().ends_with(";\"oui\""));
    oscar.post(&path("traite"), &[("rouvrir", "true"), ("note", "à revoir")]).await;
    assert_eq!(store.handled(id).await.unwrap(), None);

    until("the reply to leave", async || store.replies(id).await.unwrap().iter().any(|one| one.etat == "envoyee"))
        .await;
    let before = store.replies(id).await.unwrap().remove(0);
    let page = oscar.get(&path("reponse")).await.text;
    assert!(page.contains("à l’octet près") && page.contains(&before.recipients), "{page}");
    assert_eq!(oscar.post(&path("reponse"), &[("nature", "complement")]).await.status, StatusCode::CONFLICT);
    assert_eq!(
        oscar.post(&path("reponse"), &[("nature", "reponse"), ("note", "non reçue")]).await.status,
        StatusCode::SEE_OTHER
    );
    until("it to leave again", async || store.replies(id).await.unwrap()[0].etat == "envoyee").await;
    assert_eq!(store.replies(id).await.unwrap()[0].content, before.content, "the same bytes");
    oscar.get(&path("essayer")).await;
    assert_eq!(oscar.post(&path("essayer"), &[]).await.status, StatusCode::CONFLICT, "nothing waits");
    assert_eq!(oscar.get(&path("liberer")).await.status, StatusCode::CONFLICT, "it is not in quarantine");
    let deeds: Vec<String> =
        scene.told(&format!("courriel {}", id.number())).await.into_iter().map(|told| told[1].clone()).collect();
    assert_eq!(deeds, ["traiter", "rouvrir", "renvoyer"]);
    let page = oscar.get(&format!("/courriels/{}", id.number())).await.text;
    for told in ["courriel marqué comme traité", "courriel à traiter de nouveau", "réponse renvoyée"] {
        assert!(page.contains(&format!("<strong>{told}</strong> par oscar")), "{told}: {page}");
    }
    assert!(page.contains("(« non reçue »)"), "{page}");

    let pool = SqlitePool::connect(&scene.config.store.url).await.unwrap();
    for statement in
        ["UPDATE mails SET verdict = 'quarantaine' WHERE id = ?1", "DELETE FROM defects WHERE mail_id = ?1"]
    {
        sqlx::query(statement).bind(empty.number()).execute(&pool).await.unwrap();
    }
    let release = format!("/courriels/{}/liberer", empty.number());
    let page = oscar.get(&release).await.text;
    assert!(page.contains("<td>en quarantaine</td>") && page.contains("<td>rejeté</td>"), "{page}");
    let done = oscar.post(&release, &[("empreinte", &field(&page, "empreinte"))]).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.text);
    let told = scene.told(&format!("courriel {}", empty.number())).await;
    assert_eq!((told[0][1].as_str(), told[0][2].as_str()), ("liberer", "en quarantaine"));
    scene.close().await;
}

/// What the relay sends back for a mail that nobody took.
fn bounce(scene: &Scene, mail: &str, contact: &str) {
    let id = mail.lines().find_map(|line| line.strip_prefix("Message-ID: ")).unwrap();
    let notice = format!(
        "Return-Path: <>\r\nFrom: MAILER-DAEMON@eai.test\r\nTo: dispolits@eai.test\r\nMessage-ID: <avis@eai.test>\r\n\
         MIME-Version: 1.0\r\nContent-Type: multipart/report; boundary=\"b\"; report-type=delivery-status\r\n\r\n\
         --b\r\nContent-Type: text/plain\r\n\r\nNot delivered.\r\n\
         --b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; smtp.eai.test\r\n\r\n\
         Final-Recipient: rfc822; {contact}\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n\
         --b\r\nContent-Type: message/rfc822\r\n\r\nMessage-ID: {id}\r\n\r\nBonjour.\r\n--b--\r\n"
    );
    let inbox = &scene.config.mailbox.as_ref().unwrap().maildir.as_ref().unwrap().path;
    edges::mailbox::deliver(inbox, notice.as_bytes(), "1.avis.essai").unwrap();
}

async fn a_lost_reminder_is_told(scene: &Scene, oscar: &mut Browser, mail: &str, contact: &str) {
    let finess = "350054680".parse().unwrap();
    assert!(!oscar.get("/etablissements/350054680").await.text.contains("n’est pas arrivée"));
    bounce(scene, mail, contact);
    let is_tied = async || scene.site.store.reminders(finess, 9).await.unwrap()[0].returned_by.is_some();
    until("the notice to be tied", is_tied).await;
    for page in ["/etablissements/350054680/relance", "/etablissements/350054680"] {
        let page = oscar.get(page).await.text;
        assert!(page.contains(&format!("non remise à {contact} : 5.1.1")) && page.contains("(avis : "), "{page}");
    }
    assert!(oscar.get("/etablissements/350054680").await.text.contains("La dernière relance n’est pas arrivée"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_establishment_is_muted_and_reminded() {
    let scene = Scene::open(&[]).await;
    let (store, finess) = (&scene.site.store, "350054680".parse().unwrap());
    let mut oscar = scene.operator().await;
    let silence = "/etablissements/350054680/silence";
    oscar.get(silence).await;
    for (date, note) in [("2020-01-01", "travaux"), ("demain", "travaux"), ("2099-01-01", "travaux"), ("", "")] {
        assert_eq!(
            oscar.post(silence, &[("jusque", date), ("note", note)]).await.status,
            StatusCode::BAD_REQUEST,
            "{date}"
        );
    }
    let tomorrow = scene.site.clock.now() + jiff::SignedDuration::from_hours(24);
    let tomorrow = tomorrow.strftime("%Y-%m-%d").to_string();
    let done = oscar.post(silence, &[("jusque", &tomorrow), ("note", "travaux")]).await;
    assert_eq!(done.to.as_deref(), Some("/etablissements/350054680"), "{}", done.text);
    assert_eq!(store.mute_of(finess, scene.site.clock.now()).await.unwrap().unwrap().who, "local:oscar");
    assert!(oscar.get(silence).await.text.contains("« travaux »"));
    oscar.post(silence, &[("lever", "true")]).await;
    assert_eq!(store.mute_of(finess, scene.site.clock.now()).await.unwrap(), None);

    let relance = "/etablissements/350054680/relance";
    let page = oscar.get(relance).await.text;
    assert!(page.contains("« Centre hospitalier d’Armor (fictif) » (FINESS 350054680)"), "{page}");
    let number = field(&page, "numero");
    let mut send = async |to: &str, subject: &str| {
        let fields = [
            ("destinataire", to),
            ("objet", subject),
            ("texte", "Bonjour,\r\nÀ vous.\r\n"),
            ("numero", number.as_str()),
        ];
        oscar.post(relance, &fields).await
    };
    for stranger in ["autre@ch-armor.test", "tous@autre.test", "", "lits@ch-armor.test\r\nBcc: x@y.test"] {
        assert_eq!(send(stranger, "Relance").await.status, StatusCode::BAD_REQUEST, "{stranger}");
    }
    let contact = "direction-des-soins@ch-armor.test";
    assert_eq!(send(contact, "Relance\r\nBcc: x@y.test").await.status, StatusCode::SEE_OTHER);
    assert_eq!(send(contact, "Relance").await.status, StatusCode::CONFLICT, "one page, one reminder");
    until("the reminder to leave", async || store.reminders(finess, 9).await.unwrap()[0].etat == "envoyee").await;
    let arrived = scene.sandbox.maildirs.join(contact).join("new");
    let mail = std::fs::read_dir(arrived).unwrap().next().unwrap().unwrap().path();
    let mail = std::fs::read_to_string(mail).unwrap();
    assert!(mail.contains("To: ") && mail.contains(contact) && mail.contains("QUALIFICATION"), "{mail}");
    assert!(!mail.lines().any(|line| line.starts_with("Bcc:")), "{mail}");
    assert!(oscar.get(relance).await.text.contains("Relances précédentes"));
    a_lost_reminder_is_told(&scene, &mut oscar, &mail, contact).await;
    let deeds: Vec<String> =
        scene.told("etablissement 350054680").await.into_iter().map(|told| told[1].clone()).collect();
    assert_eq!(deeds, ["silence", "fin-silence", "relance"]);
    let page = oscar.get("/etablissements/350054680").await.text;
    for told in ["établissement mis en silence", "silence levé", "relance envoyée"] {
        assert!(page.contains(&format!("<strong>{told}</strong> par oscar")), "{told}: {page}");
    }
    let last_day = format!("{} inclus", tomorrow.split('-').rev().collect::<Vec<_>>().join("/"));
    assert!(page.contains(&last_day), "{last_day}: {page}");
    scene.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_twin_is_deleted_from_its_page() {
    let scene = Scene::open(&[]).await;
    let store = &scene.site.store;
    let in_force = scene.config.ror.api.genre_indifferencie.code();
    let other = if in_force == "03" { "04" } else { "03" };
    let now = scene.site.clock.now();
    let (mut lea, mut oscar) = (scene.site.signed_in("lea").await, scene.operator().await);
    assert!(oscar.get("/doubles").await.text.contains("Aucun indicateur en double"));
    let twin = Twin { genre_code: other.to_owned(), nombre: 9, date: now };
    assert!(store.note_twin(&beds(4, 0), Some(&twin), now).await.unwrap());
    let known = store.twins(in_force).await.unwrap().remove(0);
    let page = format!("/doubles/{}", known.id);
    let (read, listed) = (lea.get("/doubles").await.text, oscar.get("/doubles").await.text);
    assert!(listed.contains(&known.lieu) && listed.contains(&format!("href=\"{page}\"")), "{listed}");
    assert!(read.contains(&known.lieu) && !read.contains(&page), "whoever may not act sees, and is offered nothing");
    let shown = oscar.get(&page).await.text;
    assert!(shown.contains(&format!("sous le code {other} : 9")), "{shown}");
    assert!(!store.twins(in_force).await.unwrap()[0].is_going, "nothing was done");
    let done = oscar.post(&page, &[("note", " vu avec\r\nle service ")]).await;
    assert_eq!((done.status, done.to.as_deref()), (StatusCode::SEE_OTHER, Some("/doubles")), "{}", done.text);
    let expected = [
        "local:oscar",
        "supprimer-double",
        &format!("{} sous le code {other} : 9", known.indicator),
        "suppression demandée",
        "vu avec le service",
    ];
    let object = format!("lieu {}", known.lieu);
    assert_eq!(scene.told(&object).await, [expected.map(str::to_owned)]);
    // The simulated ROR does not know the place, so that the deletion stays asked for.
    assert!(store.twins(in_force).await.unwrap()[0].is_going);
    assert!(oscar.get(&page).await.text.contains("déjà demandée") && !oscar.get("/doubles").await.text.contains(&page));
    assert_eq!(oscar.post(&page, &[]).await.status, StatusCode::CONFLICT);
    assert_eq!(scene.told(&object).await.len(), 1);
    scene.close().await;
}
