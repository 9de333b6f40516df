//! The journal of a store that a few cases of the cahier went through, served to one person of each role.
#![cfg(test)]

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::{Extension, Router};
use base::clock::Clock;
use base::tls;
use dispolits::sandbox::{Inbox, Sandbox};
use domain::access::{Means, Person, Rights, Role};
use domain::alerts::{Baseline, Board, ExpectedSender, Stillness};
use judging::referential::{PlaceKind, Referential, Watch};
use service::alerting::FreshnessCache;
use service::config::Config;
use service::health::{Heartbeat, Task};

use jiff::SignedDuration;
use tempfile::TempDir;
use tokio::net::TcpListener;
use web::WebState;

use crate::playing::play;

/// What went through it: one of each thing that an operator meets.
const CASES: [&str; 21] = [
    "valide-minimal",
    "valide-service-complet",
    "valide-deux-services",
    "valide-mise-a-jour",
    "valide-corse-du-sud",
    "valide-haute-corse",
    "plusieurs-defauts",
    "c01-capacite-negative",
    "c04-capacites-incoherentes",
    "d01-esperluette-nue",
    "d07-identifiant-reutilise",
    "e03-finess-inconnu",
    "e04-expediteur-non-habilite",
    "s01-service-inconnu",
    "m02-winmail-dat",
    "m06-cda-a-cote-d-un-rapport",
    "doublon-document-renvoye",
    "r01-lieu-inconnu",
    "r03-regle-metier",
    "test-integre",
    "automatique-absence-du-bureau",
];

/// Whose door needs a sign-in.
const NOBODY: &str = "personne";
/// Whose role gives no right at all.
const POWERLESS: &str = "sans droit";

pub(crate) struct Desk {
    pub(crate) sandbox: Sandbox,
    pub(crate) http: reqwest::Client,
    referential: Arc<Mutex<Watch>>,
    /// The first mail of each case.
    numbers: BTreeMap<&'static str, i64>,
    doors: BTreeMap<&'static str, String>,
    _folder: TempDir,
}

impl Desk {
    pub(crate) async fn open() -> Self {
        Self::with(&CASES).await
    }

    pub(crate) async fn with(cases: &[&'static str]) -> Self {
        let folder = tempfile::Builder::new().prefix("journal").tempdir().unwrap();
        let sandbox = Box::pin(Sandbox::start(folder.path(), Inbox::Maildir, Clock::System)).await.unwrap();
        let numbers = play(&sandbox, cases).await;
        let config = Config::load(&sandbox.config_path).unwrap();
        let referential = Arc::new(Mutex::new(Watch::load(config.referential.clone()).unwrap()));
        let state = state(&sandbox, config, &referential).await;
        let mut doors = BTreeMap::new();
        for role in [Role::Lecteur, Role::Operateur, Role::Administrateur] {
            doors.insert(role.in_words(), door(&state, role).await);
        }
        let powerless = Person::new("inconnu", "Inconnu", Role::Lecteur, Rights::NONE, Means::Local);
        doors.insert(POWERLESS, serve(web::router(state.clone()).layer(Extension(powerless))).await);
        doors.insert(NOBODY, serve(web::router(state.clone())).await);
        let http = client();
        Self { sandbox, http, referential, numbers, doors, _folder: folder }
    }

    /// The address of a page, for a person of this role.
    pub(crate) fn at(&self, role: Role, path: &str) -> String {
        format!("{}{path}", self.doors[role.in_words()])
    }

    /// The same for somebody who is not signed in.
    pub(crate) fn for_nobody(&self, path: &str) -> String {
        format!("{}{path}", self.doors[NOBODY])
    }

    /// The same for somebody signed in who may see nothing.
    pub(crate) fn for_the_powerless(&self, path: &str) -> String {
        format!("{}{path}", self.doors[POWERLESS])
    }

    /// The receipt number of the first mail of a case.
    pub(crate) fn number(&self, case: &str) -> i64 {
        self.numbers[case]
    }

    pub(crate) async fn get(&self, role: Role, path: &str) -> reqwest::Response {
        self.http.get(self.at(role, path)).send().await.unwrap()
    }

    pub(crate) async fn page(&self, role: Role, path: &str) -> String {
        let answer = self.get(role, path).await;
        assert_eq!(answer.status(), 200, "{path}");
        answer.text().await.unwrap()
    }

    /// Adds a line to the services of the referential.
    pub(crate) fn add_service(&self, line: &str) {
        let path = self.sandbox.folder.join("referentiel/services.csv");
        let services = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, format!("{}\n{line}\n", services.trim_end())).unwrap();
        assert!(self.referential.lock().unwrap().refresh().unwrap());
    }

    /// The address of a site where no file is tried, for an administrator.
    pub(crate) async fn without_check_page(&self) -> String {
        let mut config = Config::load(&self.sandbox.config_path).unwrap();
        config.web.as_mut().unwrap().check_page = false;
        door(&state(&self.sandbox, config, &self.referential).await, Role::Administrateur).await
    }

    pub(crate) async fn close(self) {
        self.sandbox.stop().await.unwrap();
    }
}

/// A client that follows nothing and speaks with this machine only.
pub(crate) fn client() -> reqwest::Client {
    let tls = rustls::ClientConfig::builder_with_provider(tls::provider())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth();
    let client = reqwest::Client::builder().tls_backend_preconfigured(tls).timeout(crate::PATIENCE);
    client.redirect(reqwest::redirect::Policy::none()).no_proxy().build().unwrap()
}

async fn state(sandbox: &Sandbox, config: Config, referential: &Arc<Mutex<Watch>>) -> WebState {
    let web = config.web.clone().unwrap();
    let pulse = Heartbeat::new(Clock::System);
    pulse.name("boite", "principale");
    let sweep = Task::Sweep("boite".to_owned());
    pulse.expect(sweep.clone(), Duration::from_mins(5));
    pulse.beat(&sweep);
    pulse.swept("boite", 1, 1, 1);
    pulse.observed(sandbox.store.vitals(jiff::SignedDuration::ZERO, Clock::System.now()).await.unwrap());
    let bulletin = FreshnessCache::default();
    bulletin.post(Arc::new(board(&referential.lock().unwrap().current(), &config)));
    WebState::new(&config, &web, Clock::System, sandbox.store.clone(), pulse, Arc::clone(referential), bulletin)
}

/// Who sends and who does not: the clinic is silent since yesterday, the others send each hour.
fn board(referential: &Referential, config: &Config) -> Board {
    let now = Clock::System.now();
    let open = referential.establishments().filter(|(_, one)| one.kind == PlaceKind::Eg);
    let whole = open.map(|(finess, one)| (finess, None, one.name.clone(), one.cadence));
    let services = referential.establishments().flat_map(|(finess, one)| {
        let services = referential.services_of(finess).take(6);
        services.map(move |(code, service)| {
            (finess, Some(code.clone()), service.label.clone(), service.cadence.or(one.cadence))
        })
    });
    let expected =
        whole.chain(services).map(|(finess, service, name, cadence)| ExpectedSender { finess, service, name, cadence });
    let habit = |expected: &ExpectedSender| {
        let hours = if expected.finess.as_str() == "299900100" { 40 } else { 1 };
        let mut habit = Baseline::default();
        habit.note(now - SignedDuration::from_hours(hours));
        (habit, Stillness::default())
    };
    Board::new(expected.collect::<Vec<_>>(), habit, &BTreeMap::new(), &config.alerts, now)
}

/// A server of its own for each role, so that nobody has to sign in.
async fn door(state: &WebState, role: Role) -> String {
    let name = format!("Camille {}", role.in_words());
    let person = Person::new(role.in_words(), name, role, role.rights(), Means::Local);
    serve(web::router(state.clone()).layer(Extension(person))).await
}

async fn serve(routes: Router) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(axum::serve(listener, routes.into_make_service()).into_future());
    format!("http://{address}")
}
