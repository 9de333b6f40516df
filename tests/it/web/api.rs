//! The API answers what its description says, and the description is that of the code.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use domain::access::Role;
use serde_json::Value;
use store::search::Filter;
use tokio::process::Command;
use web::api::description;

use super::desk::Desk;

const SOME: [&str; 5] =
    ["valide-minimal", "valide-deux-services", "c01-capacite-negative", "r01-lieu-inconnu", "s01-service-inconnu"];

/// `schemas/openapi.json` describes this version; DISPOLITS_UPDATE=1 rewrites it.
#[test]
fn the_description_file_is_that_of_the_code() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/schemas/openapi.json");
    if std::env::var_os("DISPOLITS_UPDATE").is_some() {
        std::fs::write(path, description()).unwrap();
    }
    assert_eq!(std::fs::read_to_string(path).unwrap_or_default(), description(), "run with DISPOLITS_UPDATE=1");
}

async fn json(desk: &Desk, path: &str) -> Value {
    let answer = desk.get(Role::Lecteur, path).await;
    assert_eq!(
        (answer.status().as_u16(), answer.headers()["content-type"].to_str().unwrap()),
        (200, "application/json")
    );
    answer.json().await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn machines_get_what_pages_show() {
    let desk = Desk::with(&SOME).await;
    let mut export = desk.sandbox.store.export(Filter::default(), "-recu".parse().unwrap());
    let all: Vec<i64> = export.next().await.unwrap().iter().map(|line| line.numero).collect();
    let (mut paged, mut path) = (Vec::new(), "/api/v1/courriels?limite=2".to_owned());
    loop {
        let page = json(&desk, &path).await;
        paged.extend(page["courriels"].as_array().unwrap().iter().map(|line| line["numero"].as_i64().unwrap()));
        let Some(next) = page["suivant"].as_str() else { break };
        path = format!("/api/v1/courriels?limite=2&curseur={next}");
    }
    assert_eq!(paged, all);
    let rejected = json(&desk, "/api/v1/courriels?code=C01").await;
    assert_eq!(rejected["courriels"][0]["numero"], desk.number("c01-capacite-negative"));
    assert_eq!(rejected["courriels"][0]["causes"][0]["severite"], "rejet");
    let number = desk.number("valide-minimal");
    let life = json(&desk, &format!("/api/v1/courriels/{number}")).await;
    assert_eq!(life["capacites"][0]["etat"], "transmise");
    assert_eq!(life["requetes"][0]["statut"], 200, "{life}");
    let defects = json(&desk, &format!("/api/v1/courriels/{}/defauts", desk.number("c01-capacite-negative"))).await;
    assert_eq!(defects[0]["code"], "C01");
    let finess = life["capacites"][0]["finess"].as_str().unwrap();
    let establishment = json(&desk, &format!("/api/v1/etablissements/{finess}")).await;
    assert!(!establishment["valeurs"].as_array().unwrap().is_empty());
    assert_eq!(json(&desk, "/api/v1/bilan").await["recus"], i64::try_from(all.len()).unwrap());
    let flow = json(&desk, "/api/v1/flux").await;
    let received: i64 = flow.as_array().unwrap().iter().map(|hour| hour["recus"].as_i64().unwrap()).sum();
    assert_eq!(received, i64::try_from(all.len()).unwrap());
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused_is_told_as_a_problem() {
    let desk = Desk::with(&SOME[..1]).await;
    for (path, status) in [
        ("/api/v1/courriels?inconnu=1", 400),
        ("/api/v1/courriels?limite=0", 400),
        ("/api/v1/courriels?code=", 400),
        ("/api/v1/courriels?curseur=x", 400),
        ("/api/v1/courriels/zero", 400),
        ("/api/v1/courriels/999999", 404),
        ("/api/v1/etablissements/350054681", 400),
        ("/api/v1/flux?du=2020-01-01&au=2026-01-01", 400),
        ("/api/v1/rien", 404),
    ] {
        let answer = desk.get(Role::Lecteur, path).await;
        assert_eq!(answer.status(), status, "{path}");
        assert_eq!(answer.headers()["content-type"], "application/problem+json", "{path}");
        let problem: Value = answer.json().await.unwrap();
        assert_eq!(problem["status"], status, "{path}");
        assert!(!problem["detail"].as_str().unwrap().is_empty(), "{path}");
    }
    let posted = desk.http.post(desk.at(Role::Lecteur, "/api/v1/bilan")).send().await.unwrap();
    assert_eq!(posted.headers()["content-type"], "application/problem+json");
    let nobody = desk.http.get(desk.for_nobody("/api/v1/courriels")).send().await.unwrap();
    assert_eq!(nobody.status(), 401);
    assert!(nobody.headers().contains_key("www-authenticate"));
    assert_eq!(nobody.json::<Value>().await.unwrap()["status"], 401);
    let number = desk.number(SOME[0]);
    for path in [
        "courriels",
        &format!("courriels/{number}"),
        &format!("courriels/{number}/defauts"),
        "services",
        "etablissements/350054680",
        "retards",
        "flux",
        "rejets",
        "bilan",
    ] {
        let answer = desk.http.get(desk.for_the_powerless(&format!("/api/v1/{path}"))).send().await.unwrap();
        assert_eq!(answer.status(), 403, "{path}");
        assert_eq!(answer.headers()["content-type"], "application/problem+json", "{path}");
        assert_eq!(answer.json::<Value>().await.unwrap()["status"], 403, "{path}");
    }
    desk.close().await;
}

/// A program that tests/run installs beside what cargo builds.
fn schemathesis() -> PathBuf {
    let target = Path::new(env!("CARGO_BIN_EXE_dispolits")).ancestors().nth(2).unwrap();
    let path = target.join("tools/schemathesis/bin/schemathesis");
    assert!(path.exists(), "{} is missing: tests/run installs it (tests/run fmt is enough)", path.display());
    path
}

/// Requests made up from the description, right ones and wrong ones; a fixed seed makes them the same each time.
#[tokio::test(flavor = "multi_thread")]
async fn schemathesis_finds_nothing() {
    let desk = Desk::with(&SOME).await;
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new(schemathesis());
    command
        .current_dir(folder.path())
        .args(["run", concat!(env!("CARGO_MANIFEST_DIR"), "/schemas/openapi.json")])
        .args(["--url", &desk.at(Role::Lecteur, ""), "--seed", "20261123", "--max-examples", "40", "--no-color"])
        // No schema says that a FINESS has its key, nor which cursors were given.
        .args(["--checks", "all", "--exclude-checks", "positive_data_acceptance"])
        .stdin(Stdio::null())
        .kill_on_drop(true);
    let ran = tokio::time::timeout(Duration::from_mins(5), command.output()).await.unwrap().unwrap();
    let said = format!("{}\n{}", String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
    assert!(ran.status.success(), "{said}");
    assert!(said.contains("9 selected") || said.contains("9 total"), "{said}");
    desk.close().await;
}
