//! A mailbox that another worker has: as long as it is swept there, nothing is missing here, and no longer.

use std::time::Duration;

use base::clock::Clock;
use base::config_values::Span;
use service::health::{Diagnosis, HealthSettings, Heartbeat, Task};
use tokio::time::advance;

const MAILBOX: &str = "imap:boite";

/// What keeps the worker from being ready, but for the store, at which nobody looks here.
fn troubles(pulse: &Heartbeat, settings: &HealthSettings) -> Vec<String> {
    let troubles = Diagnosis::of(pulse, settings).troubles.iter().map(ToString::to_string).collect::<Vec<_>>();
    troubles.into_iter().filter(|trouble| !trouble.starts_with("la base")).collect()
}

#[tokio::test(start_paused = true)]
async fn another_worker_excuses_as_long_as_its_sweeps_go_on() {
    let clock = Clock::manual("2026-11-23T07:00:00Z".parse().unwrap());
    let pulse = Heartbeat::new(clock.clone());
    let settings = HealthSettings { sweep_delay: Span::seconds(300), ..HealthSettings::default() };
    pulse.name(MAILBOX, "principale");
    pulse.expect(Task::Sweep(MAILBOX.to_owned()), Duration::from_mins(1));
    let look = async |sweeps: i64, after: u64| {
        advance(Duration::from_secs(after)).await;
        pulse.beat(&Task::Sweep(MAILBOX.to_owned()));
        pulse.read_elsewhere(MAILBOX, sweeps);
        troubles(&pulse, &settings)
    };
    for sweeps in 0..20 {
        assert_eq!(look(sweeps, 60).await, [""; 0], "it is swept there");
    }
    assert_eq!(look(19, 300).await, [""; 0]);
    assert!(pulse.standing().mailboxes[0].last_sweep.is_some());
    let late = ["aucune relève complète depuis 6 min : principale (tenue par un autre service)"];
    assert_eq!(look(19, 61).await, late, "it has the mailbox, and reads nothing");
    // Whatever clocks show.
    clock.jump(jiff::SignedDuration::from_hours(-48));
    assert_eq!(look(20, 1).await, [""; 0], "a sweep");
    clock.jump(jiff::SignedDuration::from_hours(96));
    assert_eq!(look(20, 359).await, [""; 0]);
    assert_eq!(look(20, 2).await, late);
    pulse.read_here(MAILBOX);
    assert_eq!(troubles(&pulse, &settings), ["aucune relève complète encore : principale"]);
}
