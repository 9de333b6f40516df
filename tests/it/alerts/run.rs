//! The real program: its webhook, its mails by a real server, its commands and metrics.

use edges::smtp::Security;

use super::receiver::Receiver;
use crate::cli::service::{World, mail, until};
use crate::cli::{Ran, program, ran};
use crate::exim::{BOXES, Exim, Shape};
use crate::liveness::{WATCHED, get};

fn alerts(world: &World, arguments: &[&str]) -> Ran {
    let (command, rest) = arguments.split_first().unwrap();
    let config = world.path("config.toml");
    ran(&program().args(["alerts", command, "--config"]).arg(config).args(rest).output().unwrap())
}

fn section(receiver: &Receiver, recipients: &[&str]) -> String {
    format!(
        "[alerts]\nrecipients = {recipients:?}\nopen_after = \"1s\"\nclose_after = \"1s\"\ngather = \"0s\"\n\
         [alerts.webhook]\nurl = \"{}\"\n",
        receiver.url()
    )
}

#[tokio::test]
async fn a_bad_referential_is_told_and_told_again_once_it_is_mended() {
    let (world, receiver) = (World::new().await, Receiver::start());
    world.configure(&format!("{WATCHED}{}", section(&receiver, &["astreinte@region.test"])));
    let service = world.start();
    let gauge = |open: u8| format!("dispolits_open_incidents{{kind=\"referentiel-refuse\"}} {open}\n");
    assert!(get(&service, "/metrics").body.contains(&gauge(0)));
    assert_eq!(alerts(&world, &["list"]).code, 0);
    let good = std::fs::read_to_string(world.path("services.csv")).unwrap();
    world.write("services.csv", &format!("{good}350054680;;sans code;;ouvert;\n"));
    let told = async |event: &str| {
        let wanted = (event.to_owned(), "referentiel-refuse".to_owned(), "référentiel".to_owned());
        until(event, async || receiver.told().contains(&wanted)).await;
    };
    told("ouverture").await;
    assert!(get(&service, "/metrics").body.contains(&gauge(1)));
    let list = alerts(&world, &["list"]);
    assert_eq!(list.code, 1, "{}", list.out);
    assert!(list.out.contains("Référentiel refusé") && list.out.contains("1 alerte ouverte."), "{}", list.out);
    let json = alerts(&world, &["list", "--format", "json"]);
    let line: serde_json::Value = serde_json::from_str(json.out.trim()).unwrap();
    assert_eq!((&line["type"], &line["clos_a"]), (&"referentiel-refuse".into(), &serde_json::Value::Null));
    world.write("services.csv", &good);
    told("cloture").await;
    let list = alerts(&world, &["list", "--toutes"]);
    assert_eq!(list.code, 0, "{}", list.out);
    assert!(list.out.contains("close le") && list.out.contains("Aucune alerte ouverte."), "{}", list.out);
    until("the mails", async || world.replies_to("astreinte@region.test").len() >= 2).await;
    drop(service);
}

/// A mail of alert by a real submission server; and when it refuses us, the webhook says so.
#[tokio::test]
async fn alerts_leave_by_the_submission_server_and_its_refusal_by_the_webhook() {
    let (mut world, receiver) = (World::new().await, Receiver::start());
    let exim = Exim::start(Shape::default());
    world.change("transport = \"maildir\"", "transport = \"smtp\"");
    let smtp = exim.section(Security::Starttls);
    world.configure(&format!("{smtp}{}", section(&receiver, &[BOXES[0]])));
    let test = alerts(&world, &["test"]);
    assert_eq!((test.code, test.err.as_str()), (0, ""), "{}", test.out);
    assert_eq!(test.out, "✔ courriel : accepté (l***@c***.test)\n✔ webhook : accepté (127.0.0.1)\n");
    let arrived = String::from_utf8(exim.await_mails(BOXES[0], 1).remove(0).mail).unwrap();
    assert!(arrived.contains("Auto-Submitted: auto-generated"), "{arrived}");
    exim.change_password("un autre");
    let test = alerts(&world, &["test"]);
    assert_eq!(test.code, 1, "{}", test.out);
    assert!(test.out.contains("✘ courriel : serveur d’envoi indisponible : authentification"), "{}", test.out);
    let service = world.start();
    world.send("fausse", &mail("fausse", -1));
    let refused = ("ouverture".to_owned(), "acces-refuse".to_owned(), "envoi".to_owned());
    until("the refusal", async || receiver.told().contains(&refused)).await;
    drop(service);
}

#[tokio::test]
async fn a_test_says_what_is_missing() {
    let mut world = World::new().await;
    let test = alerts(&world, &["test"]);
    assert_eq!(test.code, 1);
    assert_eq!(test.out, "Aucune voie n’est configurée : ni alerts.recipients, ni [alerts.webhook].\n");
    world.configure("[alerts.webhook]\nurl = \"http://127.0.0.1:9/\"\n");
    let test = alerts(&world, &["test"]);
    assert_eq!(test.code, 1);
    assert!(test.out.starts_with("✘ webhook : webhook injoignable"), "{}", test.out);
    for url in ["http://ailleurs.test/", "https://qui:quoi@ailleurs.test/", "ftp://127.0.0.1/", "rien"] {
        world.configure(&format!("[alerts.webhook]\nurl = \"{url}\"\n"));
        let test = alerts(&world, &["test"]);
        assert_eq!(test.code, 2, "{url}");
        assert!(test.err.contains("alerts.webhook.url"), "{url}: {}", test.err);
    }
    assert_eq!(alerts(&world, &["list", "--format", "xml"]).code, 2);
    world.change("url = \"sqlite://", "url = \"postgres://base.test/");
    assert!(alerts(&world, &["test"]).out.contains("Le disque du serveur PostgreSQL n’est pas surveillé"));
}
