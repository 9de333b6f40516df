//! `/metrics`, read by the parser of the reference client (Debian: python3-prometheus-client).

use std::io::Write;
use std::process::{Command, Stdio};

use serde_json::Value;

use super::{WATCHED, get, readiness};
use crate::cli::service::{World, mail, until};

/// Reads OpenMetrics and writes its samples as JSON: `[name, labels, value]`.
const PARSER: &str = "import json, sys\n\
    from prometheus_client.openmetrics.parser import text_string_to_metric_families as families\n\
    samples = [(s.name, s.labels, s.value) for f in families(sys.stdin.read()) for s in f.samples]\n\
    print(json.dumps(samples))\n";

/// The samples of an exposition; panics if it is not one.
fn samples(text: &str) -> Vec<(String, Value, f64)> {
    let mut parser = Command::new("/usr/bin/python3")
        .args(["-c", PARSER])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    parser.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let output = parser.wait_with_output().unwrap();
    assert!(output.status.success(), "{}\n{text}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The value of the one sample of this name with these labels among others.
fn value(samples: &[(String, Value, f64)], name: &str, labels: &[(&str, &str)]) -> Option<f64> {
    let has = |found: &Value| labels.iter().all(|(label, wanted)| found[label] == *wanted);
    let mut matching = samples.iter().filter(|(found, with, _)| found == name && has(with));
    let first = matching.next().map(|(.., value)| *value);
    assert!(matching.next().is_none(), "several {name} with {labels:?}");
    first
}

#[tokio::test]
async fn the_metrics_tell_what_was_done_and_keep_senders_to_themselves() {
    let world = World::new().await;
    world.configure(WATCHED);
    let service = world.start();
    readiness(&service, 200).await;
    world.send("juste", &mail("juste", 20));
    world.send("fausse", &mail("fausse", -1));
    world.settled(2).await;
    let mut text = String::new();
    until("the metrics to follow", async || {
        text = get(&service, "/metrics").body;
        let found = samples(&text);
        value(&found, "dispolits_ror_last_success_timestamp_seconds", &[]).is_some()
            && value(&found, "dispolits_replies_total", &[("outcome", "sent")]) == Some(1.0)
    })
    .await;
    let found = samples(&text);
    let of_mailbox = ("mailbox", "principale");
    let expect = |name: &str, labels: &[(&str, &str)], wanted: f64| {
        assert_eq!(value(&found, name, labels), Some(wanted), "{name} {labels:?}\n{text}");
    };
    expect("dispolits_ready", &[], 1.0);
    expect("dispolits_alive", &[], 1.0);
    expect("dispolits_store_up", &[], 1.0);
    expect("dispolits_ror_suspended", &[], 0.0);
    expect("dispolits_received_mails", &[of_mailbox], 2.0);
    expect("dispolits_mails", &[of_mailbox, ("outcome", "integre")], 1.0);
    expect("dispolits_mails", &[of_mailbox, ("outcome", "rejete")], 1.0);
    expect("dispolits_mails", &[of_mailbox, ("outcome", "en-cours")], 0.0);
    expect("dispolits_missing_mails", &[of_mailbox], 0.0);
    expect("dispolits_mails_handled_total", &[of_mailbox, ("step", "judged")], 2.0);
    expect("dispolits_defects_total", &[("code", "C01")], 1.0);
    expect("dispolits_ror_requests_total", &[("operation", "add"), ("status", "2xx")], 1.0);
    expect("dispolits_ror_requests_total", &[("operation", "replace"), ("status", "4xx")], 1.0);
    expect("dispolits_ror_request_duration_seconds_count", &[("operation", "add")], 1.0);
    expect("dispolits_waiting_updates", &[], 0.0);
    for name in ["dispolits_last_sweep_timestamp_seconds", "dispolits_sweeps_total"] {
        assert!(value(&found, name, &[of_mailbox]).unwrap() > 0.0, "{name}");
    }
    assert!(!text.contains("lits@ch-armor"), "{text}");
    let guide = include_str!("../../../deploy/guide-exploitant.md");
    for (name, ..) in &found {
        let family = name.trim_end_matches("_count").trim_end_matches("_sum").trim_end_matches("_bucket");
        assert!(guide.contains(&format!("`{family}`")), "{family} is not in the guide");
    }
}

#[tokio::test]
async fn the_metrics_say_what_they_are() {
    let world = World::new().await;
    world.configure(WATCHED);
    let service = world.start();
    let answer = get(&service, "/metrics");
    assert!(
        answer.head.contains("content-type: application/openmetrics-text; version=1.0.0; charset=utf-8"),
        "{}",
        answer.head
    );
    assert!(answer.body.ends_with("# EOF\n"), "{}", answer.body);
}
