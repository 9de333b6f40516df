//! One of the ROR's servers, as requests reach it: the HTTP client, made anew when the revocation
//! lists in force change.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use reqwest::RequestBuilder;

use super::failure::RorSetupError;
use super::http;
use super::http::{ANSWER_LIMIT, HttpAnswer, Loss};
use super::settings::RorSettings;
use base::config_values::Identity;
use base::tls::revocation::{Revocation, RevocationList};
use base::tls::{client_config, what_we_present};

/// A server and what is known and shown of certificates there.
pub(super) struct Caller {
    settings: RorSettings,
    ca: Option<PathBuf>,
    identity: Option<Identity>,
    revocation: Revocation,
    made: Mutex<Made>,
}

/// A client with the lists it checks against.
struct Made {
    client: reqwest::Client,
    lists: Vec<Arc<RevocationList>>,
}

impl Caller {
    /// Reads the certificates; connects to nothing yet.
    pub(super) fn new(
        settings: &RorSettings,
        ca: Option<&Path>,
        identity: Option<&Identity>,
    ) -> Result<Self, RorSetupError> {
        let tls = client_config(ca, identity, &Revocation::default())?;
        let made = Made { client: http::client(settings, tls)?, lists: Vec::new() };
        Ok(Self {
            settings: settings.clone(),
            ca: ca.map(Into::into),
            identity: identity.cloned(),
            revocation: Revocation::default(),
            made: Mutex::new(made),
        })
    }

    /// Checks the server's certificate against these lists too, from the next request on.
    pub(super) fn check_revocation(&mut self, revocation: Revocation) {
        self.revocation = revocation;
    }

    /// Sends the request and reads the answer, all within the client's deadline.
    pub(super) async fn exchange(
        &self,
        request: impl FnOnce(&reqwest::Client) -> RequestBuilder,
        now: Timestamp,
    ) -> Result<HttpAnswer, Loss> {
        self.exchange_up_to(request, now, ANSWER_LIMIT).await
    }

    /// The same, of an answer of at most so many bytes.
    pub(super) async fn exchange_up_to(
        &self,
        request: impl FnOnce(&reqwest::Client) -> RequestBuilder,
        now: Timestamp,
        limit: usize,
    ) -> Result<HttpAnswer, Loss> {
        let client = self.client().map_err(|error| Loss::NotSent(error.to_string()))?;
        http::exchange(request(&client), now, limit).await.map_err(|loss| match loss {
            Loss::CertificateRefused { alert, .. } => {
                Loss::CertificateRefused { alert, presented: what_we_present(self.identity.as_ref()) }
            }
            other => other,
        })
    }

    fn client(&self) -> Result<reqwest::Client, RorSetupError> {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        let lists = self.revocation.in_force();
        // Where the server is checked and no list serves, making the client says so.
        if lists != made.lists || self.revocation.is_checked() && lists.is_empty() {
            let tls = client_config(self.ca.as_deref(), self.identity.as_ref(), &self.revocation)?;
            *made = Made { client: http::client(&self.settings, tls)?, lists };
        }
        Ok(made.client.clone())
    }
}
