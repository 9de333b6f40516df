//! The policy of delivery, against the simulated ROR and on a clock that stands still.

mod alone;
mod clock;
mod policy;
mod reading;
mod twins;

use base::config_values::Span;
use campaign::simulator::{Lieu, ReadingClient, Simulator, SimulatorSettings};
use domain::capacity::GenreCode;
use edges::ror::{Client, RorSettings};
use service::config;
use service::health::Heartbeat;
use service::pipeline::Delivery;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

use crate::ror::bench::{make_pki, settings};
use crate::store::bench::Bench;
use crate::store::engine::Engine;

/// A store, the simulated ROR, and the delivery between them.
struct Line {
    store: Bench,
    simulator: Simulator,
    delivery: Delivery,
    _pki: TempDir,
}

impl Line {
    async fn with(engine: Engine, change: impl FnOnce(&mut config::DeliverySection)) -> Self {
        Self::read_by(engine, None, |_| (), change).await
    }

    /// The same, where the ROR has a client of its own that reads.
    async fn read_by(
        engine: Engine,
        reader: Option<ReadingClient>,
        of_api: impl FnOnce(&mut RorSettings),
        change: impl FnOnce(&mut config::DeliverySection),
    ) -> Self {
        let (store, (folder, pki)) = (Bench::new(engine).await, make_pki());
        let any = ([127, 0, 0, 1], 0).into();
        let simulator = Simulator::start(SimulatorSettings {
            api: any,
            token: any,
            api_cert: pki.server.clone(),
            token_cert: pki.server.clone(),
            client_ca: pki.ca.clone(),
            lieux: (1..=9).map(|rank| Lieu::normal(format!("1350054680/SSR{rank}"))).collect(),
            genre_accepted: GenreCode::Indifferencie,
            token_lifetime: Span::seconds(86_400),
            reader,
            clock: store.clock.clone(),
        })
        .await
        .unwrap();
        let mut api = settings(&pki, &simulator.base_url(), &simulator.token_url());
        // A request that the simulator keeps is given up soon.
        api.timeout = Span::millis(1500);
        of_api(&mut api);
        let mut policy = config::DeliverySection { concurrency: 1, ..config::DeliverySection::default() };
        change(&mut policy);
        let client = Client::new(&api, store.clock.clone()).unwrap().paced(policy.requests_per_second);
        let pulse = Heartbeat::new(store.clock.clone());
        let (shift, clock) = (store.shift.clone(), store.clock.clone());
        let delivery = Delivery::new(shift, clock, client, policy, GenreCode::Indifferencie, pulse);
        Self { store, simulator, delivery, _pki: folder }
    }

    /// One round, and how many requests the simulator got in it.
    async fn round(&self) -> usize {
        let before = self.writes().len();
        self.delivery.round(&CancellationToken::new()).await.unwrap();
        self.writes().len() - before
    }

    /// The numbers written so far, and whether each was applied.
    fn writes(&self) -> Vec<(i64, bool)> {
        let writes = self.simulator.requests().into_iter().filter(|request| request.methode == "PATCH");
        writes.map(|write| (write.nombre.unwrap_or_default(), write.applique)).collect()
    }

    fn numbers(&self) -> Vec<i64> {
        self.simulator.state().iter().map(|capacity| capacity.nombre).collect()
    }
}
