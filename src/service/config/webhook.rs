//! Whom alerts may be told.

use reqwest::Url;

use super::{Config, ConfigError, contradiction};

impl Config {
    /// Nothing leaves this machine in clear text, and no password stands in an address.
    pub(super) fn check_alerts(&self) -> Result<(), ConfigError> {
        if self.alerts.webhook.as_ref().is_some_and(|webhook| !is_safe(&webhook.url)) {
            return contradiction(
                "alerts.webhook.url : seule une adresse https est admise, ou http vers cette machine (127.0.0.1, [::1], localhost), sans identifiant",
            );
        }
        if self.alerts.disk_percent > 100 {
            return contradiction("alerts.disk_percent : un pourcentage est attendu, 100 au plus");
        }
        Ok(())
    }
}

fn is_safe(url: &str) -> bool {
    let Ok(url) = Url::parse(url) else { return false };
    let is_local = matches!(url.host_str(), Some("127.0.0.1" | "[::1]" | "localhost"));
    let has_login = !url.username().is_empty() || url.password().is_some();
    !has_login && (url.scheme() == "https" || url.scheme() == "http" && is_local)
}
