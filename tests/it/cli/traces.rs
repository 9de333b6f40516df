//! `dispolits journal traces`: who did what on a mailbox, when, and what its server answered.

use std::fs;

use serde_json::Value;

use super::service::{World, mail, until};
use super::{Ran, program, ran};

fn traces(world: &World, arguments: &[&str]) -> Ran {
    let config = world.path("config.toml");
    let (command, arguments) = arguments.split_first().unwrap();
    ran(&program().args(["journal", "traces", command, "--config"]).arg(config).args(arguments).output().unwrap())
}

#[tokio::test]
async fn each_action_on_a_mailbox_leaves_its_trace_and_no_content() {
    let world = World::new().await;
    let service = world.start();
    world.send("fausse", &mail("fausse", -1));
    world.settled(1).await;
    let actions = || {
        let json = traces(&world, &["export", "--format", "json"]).out;
        let traces: Vec<Value> = json.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        traces
    };
    until("the reply to be traced", async || actions().iter().any(|trace| trace["action"] == "envoi")).await;
    let told = actions();
    let mailbox = "principale";
    let find = |action: &str| told.iter().find(|trace| trace["action"] == action).unwrap();
    for action in ["connexion", "lecture", "classement"] {
        let trace = find(action);
        assert_eq!((&trace["boite"], &trace["qui"]), (&Value::from(mailbox), &Value::from("dispolits")));
        assert_eq!(trace["echec"], false, "{trace}");
    }
    assert_eq!(find("classement")["demande"], "fausse → rejets");
    let sent = find("envoi");
    assert_eq!((&sent["boite"], &sent["reponse"]), (&mailbox.into(), &"accepté".into()));
    assert!(sent["demande"].as_str().unwrap().contains(" à lits@ch-armor.test "), "{sent}");
    for content in ["<disponibilites", "rejeté", "Subject"] {
        assert!(!told.iter().any(|trace| trace.to_string().contains(content)), "{content}");
    }
    fs::remove_dir_all(world.path("boite")).unwrap();
    until("the failure to be traced", async || {
        traces(&world, &["list", "--echecs"]).out.contains("connexion  principale (dispolits)")
    })
    .await;
    let csv = traces(&world, &["export", "--action", "classement", "--boite", mailbox]).out;
    let lines: Vec<&str> = csv.lines().collect();
    assert_eq!(lines[0], "numero;a;boite;qui;action;demande;reponse;echec");
    assert!(lines.len() == 2 && lines[1].ends_with(";dispolits;classement;fausse → rejets;fait;non"), "{csv}");
    let none = traces(&world, &["list", "--avant", "2020-01-01"]);
    assert_eq!((none.code, none.out.as_str()), (0, "Aucune trace ne correspond.\n"));
    assert_eq!(traces(&world, &["list", "--boite", "ailleurs"]).code, 2);
    drop(service);
}
