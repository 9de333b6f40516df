//! What every page is made from.

use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;

use crate::sign_in::{Provider, RateLimits};
use base::clock::Clock;
use judging::referential::{Referential, Watch};
use service::alerting::FreshnessCache;
use service::config::{Config, Web};
use service::health::Heartbeat;
use store::Store;

/// The parts of a running worker that the pages look at; clones share them.
#[derive(Debug, Clone)]
pub struct WebState(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    config: Config,
    web: Web,
    clock: Clock,
    store: Store,
    pulse: Heartbeat,
    referential: Arc<Mutex<Watch>>,
    gates: RateLimits,
    provider: Provider,
    bulletin: FreshnessCache,
}

impl WebState {
    /// Of a worker whose configuration has a section `[web]`.
    pub fn new(
        config: &Config,
        web: &Web,
        clock: Clock,
        store: Store,
        pulse: Heartbeat,
        referential: Arc<Mutex<Watch>>,
        bulletin: FreshnessCache,
    ) -> Self {
        let (config, web) = (config.clone(), web.clone());
        let (gates, provider) = (RateLimits::new(), Provider::default());
        Self(Arc::new(Inner { config, web, clock, store, pulse, referential, gates, provider, bulletin }))
    }

    /// Who sends and who does not.
    pub fn bulletin(&self) -> &FreshnessCache {
        &self.0.bulletin
    }

    /// The configuration.
    pub fn config(&self) -> &Config {
        &self.0.config
    }

    /// Its section `[web]`.
    pub fn web(&self) -> &Web {
        &self.0.web
    }

    /// The record.
    pub fn store(&self) -> &Store {
        &self.0.store
    }

    /// How the tasks of the worker do.
    pub fn pulse(&self) -> &Heartbeat {
        &self.0.pulse
    }

    /// The limits on guessing.
    pub(super) fn gates(&self) -> &RateLimits {
        &self.0.gates
    }

    /// The OpenID provider.
    pub(super) fn provider(&self) -> &Provider {
        &self.0.provider
    }

    /// The time's source.
    pub fn clock(&self) -> &Clock {
        &self.0.clock
    }

    /// The present instant.
    pub fn now(&self) -> Timestamp {
        self.0.clock.now()
    }

    /// The referential in force.
    pub fn referential(&self) -> Arc<Referential> {
        self.0.referential.lock().unwrap_or_else(PoisonError::into_inner).current()
    }
}
