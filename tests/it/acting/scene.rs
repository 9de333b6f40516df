//! A sandbox that played a few cases, and the journal of its store with an account of each role.

use std::collections::BTreeMap;

use base::clock::Clock;
use dispolits::sandbox::{Inbox, Sandbox};
use domain::access::Role;
use service::config::{Config, Local};
use store::MailId;
use tempfile::TempDir;

use crate::playing::play;
use crate::sign_in::site::{Browser, Site};

pub(super) struct Scene {
    pub(super) site: Site,
    pub(super) sandbox: Sandbox,
    pub(super) config: Config,
    numbers: BTreeMap<&'static str, i64>,
    _folder: TempDir,
}

impl Scene {
    pub(super) async fn open(cases: &[&'static str]) -> Self {
        let folder = tempfile::Builder::new().prefix("agir").tempdir().unwrap();
        let sandbox = Box::pin(Sandbox::start(folder.path(), Inbox::Maildir, Clock::System)).await.unwrap();
        let numbers = play(&sandbox, cases).await;
        let mut config = Config::load(&sandbox.config_path).unwrap();
        config.web.as_mut().unwrap().local = Local::default();
        let site = Site::of(&config, sandbox.store.clone(), Clock::System, Box::new(())).await;
        for (login, role) in [("lea", Role::Lecteur), ("oscar", Role::Operateur)] {
            site.account(login, role).await;
        }
        Self { site, sandbox, config, numbers, _folder: folder }
    }

    /// The mail of a case.
    pub(super) fn mail(&self, case: &str) -> MailId {
        MailId::of(self.numbers[case])
    }

    /// The operator, signed in.
    pub(super) async fn operator(&self) -> Browser {
        self.site.signed_in("oscar").await
    }

    /// What the log says of an object: who, which deed, before, after, note.
    pub(super) async fn told(&self, object: &str) -> Vec<[String; 5]> {
        let records = self.site.store.audit_after(0, 1000).await.unwrap();
        let of_it = records.into_iter().filter(|record| record.objet == object);
        of_it.map(|record| [record.qui, record.acte, record.avant, record.apres, record.note]).collect()
    }

    pub(super) async fn close(self) {
        self.sandbox.stop().await.unwrap();
    }
}

/// The value of a hidden field of the page.
pub(super) fn field(page: &str, name: &str) -> String {
    let after =
        page.split_once(&format!("name=\"{name}\" value=\"")).unwrap_or_else(|| panic!("no {name} in {page}")).1;
    after.split('"').next().unwrap().to_owned()
}
