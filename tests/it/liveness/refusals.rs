//! A folder that does not take mails: what comes after it goes on, and every sign says so until it is mended.

use std::fs;

use super::{WATCHED, get, readiness};
use crate::cli::service::{Service, World, until};

/// Two mails that belong in the same folder, one before and one after.
fn mail(name: &str) -> String {
    format!(
        "From: Gestion des lits <lits@ch-armor.test>\r\nMessage-ID: <{name}@ch-armor.test>\r\n\r\nRien de joint.\r\n"
    )
}

/// Waits until the probe says 503 for the folder, and for nothing else.
async fn refusing(service: &Service) {
    until("the folder to be named", async || {
        let said = get(service, "/readyz");
        said.status == 503
            && said.body.starts_with("pas prêt\n- le dossier « Rejets » refuse les courriels jugés depuis ")
            && said.body.contains(" : principale\n")
    })
    .await;
}

#[tokio::test]
async fn a_folder_that_refuses_is_shown_and_holds_nothing_back() {
    let world = World::new().await;
    world.configure(&format!("{WATCHED}[alerts]\nopen_after = \"1s\"\nclose_after = \"1s\"\n"));
    // Something else bears the name of the folder.
    let folder = world.path("boite").join(".Rejets");
    fs::write(&folder, "").unwrap();
    let service = world.start();
    refusing(&service).await;
    for (rank, name) in ["premier", "deuxieme", "troisieme"].into_iter().enumerate() {
        world.send(name, &mail(name));
        world.settled(i64::try_from(rank).unwrap() + 1).await;
    }
    until("three replies", async || world.replies_to("lits@ch-armor.test").len() == 3).await;
    assert_eq!(world.lying_in(""), 3, "judged, answered and still there");
    let metrics = get(&service, "/metrics").body;
    assert!(metrics.contains("dispolits_refusing_folders{mailbox=\"principale\"} 1\n"), "{metrics}");
    let metric = |line: &str| get(&service, "/metrics").body.contains(line);
    until("what is not filed to be counted", async || metric("dispolits_unfiled_mails{mailbox=\"principale\"} 3\n"))
        .await;
    let store = world.store().await;
    let incidents = async || store.open_incidents().await.unwrap();
    until("an alert", async || incidents().await.iter().any(|one| one.kind.word() == "classement-refuse")).await;
    let [incident] = incidents().await.try_into().unwrap();
    assert_eq!(incident.objet, "principale, dossier « Rejets »");
    assert!(incident.phrase.starts_with("le dossier « Rejets » de la boîte principale refuse"), "{}", incident.phrase);

    // A restart forgets neither the refusal nor the alert.
    service.kill();
    let service = world.start();
    refusing(&service).await;
    fs::remove_file(&folder).unwrap();
    assert_eq!(readiness(&service, 200).await, "prêt\n");
    until("all to be filed", async || world.lying_in(".Rejets") == 3 && world.lying_in("") == 0).await;
    until("the end of the alert", async || incidents().await.is_empty()).await;
    assert_eq!(world.replies_to("lits@ch-armor.test").len(), 3, "nobody is answered twice");
    let balance = store.balance(None).await.unwrap();
    assert_eq!((balance.recus, balance.rejetes), (3, 3), "{balance:?}");
    store.close().await;
    assert_eq!(service.stop().0.code(), Some(0));
}
