//! The service on a machine whose clock is set while it runs.

use base::clock::Clock;
use campaign::simulator::Effect;
use jiff::SignedDuration;

use super::service::{Service, World, mail_at, until};

/// Where Debian's package `faketime` puts the library that tells a process another time.
const LIBRARY: &str = "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1";

#[tokio::test]
async fn a_clock_that_is_set_back_and_forward_stops_nothing() {
    let world = World::new().await;
    let offset = world.path("ecart");
    assert!(std::path::Path::new(LIBRARY).is_file(), "{LIBRARY} is missing: this test needs the package faketime");
    let ahead = ahead();
    let set = |seconds: i64| world.write("ecart", &format!("{:+}\n", ahead + seconds));
    set(0);
    let mut command = world.command();
    command.env("LD_PRELOAD", LIBRARY).env("FAKETIME_TIMESTAMP_FILE", &offset);
    command.env("FAKETIME_NO_CACHE", "1").env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
    // It would win over the file.
    command.env_remove("FAKETIME");
    let service = Service::spawn(&mut command, world.folder());
    service.wait_for("Dispolits est en service", 1);
    // Never in the future, whatever the service takes for the present.
    let observed = Clock::System.now() - SignedDuration::from_hours(3);
    for (rank, seconds) in (1..).zip([-3600, 3600, -7200, 0]) {
        let name = format!("m{rank}");
        let requests = world.simulator.requests().len();
        assert!(world.simulator.inject(Effect::Statut { statut: 503, retry_after: None }.times(1000)));
        world.send(&name, &mail_at(&name, rank, observed + SignedDuration::from_secs(rank)));
        until("a try", async || world.simulator.requests().len() > requests + 1).await;
        set(seconds);
        service.wait_for("l’horloge a été changée de ", usize::try_from(rank).unwrap());
        world.simulator.clear_faults();
        world.settled(rank).await;
        assert_eq!(world.simulator.state()[0].nombre, rank);
    }
    assert_eq!(service.stop().0.code(), Some(0));
}

/// By how many seconds the tests themselves run ahead of the machine's clock (`tests/run ahead`).
fn ahead() -> i64 {
    std::env::var("FAKETIME").map_or(0, |seconds| seconds.parse().expect("seconds, as tests/run says them"))
}
