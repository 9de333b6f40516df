//! The configuration of a region, as its operator would write it; every connection goes by a proxy.

use std::path::Path;

use edges::mailbox::Security;
use edges::smtp;

use super::letter::EAI;
use super::region::Region;
use crate::proxy::Proxy;

impl Region {
    pub(super) fn configuration(&self) -> String {
        let quoted = |path: &Path| toml::Value::String(path.display().to_string()).to_string();
        let inside = |name: &str| quoted(&self.path(name));
        format!(
            "environnement = \"qualification\"\n\
             [mailbox]\npoll = \"100ms\"\n{mailbox}\n\
             [referential]\netablissements = {etablissements}\nservices = {services}\n\
             [ror.api]\nbase_url = \"https://localhost:{api}\"\ntoken_url = \"{token}\"\nclient_id = \"essai\"\nca = {ca}\n\
             genre_indifferencie = \"{genre}\"\nidentity = {{ certificate = {certificate}, key = {key} }}\n\
             timeout = \"2s\"\nconnect_timeout = \"2s\"\n\
             [ror.delivery]\nsettle = \"600ms\"\nretry = [\"200ms\", \"500ms\"]\nbreaker_failures = 1\nbreaker_pause = \"300ms\"\n\
             [store]\nurl = \"{store}\"\nlease = \"3s\"\n\
             [retention]\ncontent = \"{retention}\"\n\
             [reply]\nfrom = \"{EAI}\"\nallowed_domains = [\"ch-armor.test\", \"clinique-iroise.test\"]\n\
             cap_per_hour = 1000000\nretry = [\"200ms\"]\n{outbox}",
            mailbox = self.mailbox_section(),
            etablissements = inside("etablissements.csv"),
            services = inside("services.csv"),
            api = self.api.port(),
            token = self
                .simulator
                .token_url()
                .replace(&self.simulator.token_addr().port().to_string(), &self.token.port().to_string()),
            ca = quoted(&self.pki.ca),
            genre = self.changing.genre,
            certificate = quoted(&self.pki.client.certificate),
            key = quoted(&self.pki.client.key),
            store = self.store_url(),
            retention = self.changing.retention,
            outbox = self.outbox_section(),
        )
    }

    fn store_url(&self) -> String {
        match (self.home.database(), &self.database) {
            (Some(database), Some(proxy)) => database.url_by(proxy.port()),
            _ => self.home.settings().url,
        }
    }

    fn mailbox_section(&self) -> String {
        let (Some(dovecot), Some(proxy)) = (&self.dovecot, &self.imap) else {
            return format!("[mailbox.maildir]\npath = \"{}\"\n", self.path("boite").display());
        };
        let section = dovecot.section(Security::Starttls);
        through(&section, dovecot.settings(Security::Starttls).port, proxy)
    }

    fn outbox_section(&self) -> String {
        let (Some(exim), Some(proxy)) = (&self.exim, &self.smtp) else {
            return format!("transport = \"maildir\"\nmaildir = \"{}\"\n", self.path("reponses").display());
        };
        let section = exim.section(smtp::Security::Starttls);
        format!("transport = \"smtp\"\n{}", through(&section, exim.settings(smtp::Security::Starttls).port, proxy))
    }
}

/// A section of the configuration that goes by the proxy, with short deadlines.
fn through(section: &str, port: u16, proxy: &Proxy) -> String {
    let by_proxy = section.replace(&format!("port = {port}\n"), &format!("port = {}\n", proxy.port()));
    assert_ne!(by_proxy, section);
    format!("{by_proxy}timeout = \"2s\"\n")
}
