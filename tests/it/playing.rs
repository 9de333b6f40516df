//! Cases of the cahier played on a running sandbox, for what is seen afterwards.

use std::collections::BTreeMap;

use base::clock::Clock;
use campaign::cahier;
use dispolits::sandbox::{Player, Sandbox};

/// The reception number of the first mail of each case; every case must behave as it says.
pub(crate) async fn play(sandbox: &Sandbox, cases: &[&'static str]) -> BTreeMap<&'static str, i64> {
    let all = cahier::embedded().unwrap();
    let player = Player::new(sandbox, Clock::System);
    let mut numbers = BTreeMap::new();
    for name in cases {
        let case = all.iter().find(|case| case.id() == *name).unwrap_or_else(|| panic!("no case {name}"));
        let case = player.play(case).await;
        assert!(case.differences.is_empty(), "{name}: {:?}", case.differences);
        numbers.insert(*name, case.observed.iter().map(|one| one.id.number()).min().unwrap());
    }
    numbers
}
