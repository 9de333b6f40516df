//! The field of the measure: Dovecot, the simulated ROR, the referential, the store, the program.

use std::cell::Cell;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use base::clock::Clock;
use base::config_values::Span;
use campaign::simulator::{Capacity, Effect, IndicatorKey, Lieu, Simulator, SimulatorSettings};
use dispolits::sandbox::pki::{self, Pki};
use domain::capacity::GenreCode;
use edges::mailbox::Security;
use sqlx::Row;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePool};
use tempfile::TempDir;
use tokio::runtime::Runtime;
use tokio::sync::OnceCell;

use crate::arguments::Arguments;
use crate::dovecot::{ClientCertificate, Dovecot};
use crate::hospital::{self, AFFECTATIONS, COUNTS, EAI, TEMPORALITES};
use crate::process::Program;

/// A mail that was moved is on the disk: the tests' server is in a hurry, this one is not.
pub(crate) const DURABLE: &str = "mail_fsync = optimized\n";
const STORE: &str = "essai.db";
const LOOK: Duration = Duration::from_millis(20);

pub(crate) struct Field {
    simulator: Simulator,
    dovecot: Dovecot,
    pki: Pki,
    pub(crate) wards: usize,
    /// Mails delivered so far.
    delivered: Cell<usize>,
    programs: Cell<usize>,
    store: OnceCell<SqlitePool>,
    folder: TempDir,
    /// Last, so that what runs on it goes first.
    pub(crate) runtime: Runtime,
}

impl Field {
    pub(crate) fn start(asked: &Arguments) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let pki = pki::make(&folder.path().join("pki"), Clock::System.now()).unwrap();
        let simulator = runtime.block_on(simulator(&pki, asked.wards()));
        let dovecot = Dovecot::start_with(ClientCertificate::Required, DURABLE);
        let field = Self {
            simulator,
            dovecot,
            pki,
            wards: asked.wards(),
            delivered: Cell::new(0),
            programs: Cell::new(0),
            store: OnceCell::new(),
            folder,
            runtime,
        };
        let [etablissements, services] = hospital::referential(field.wards);
        std::fs::write(field.path("etablissements.csv"), etablissements).unwrap();
        std::fs::write(field.path("services.csv"), services).unwrap();
        field
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Delivers so many mails at once, while nobody reads.
    pub(crate) fn fill(&self, mails: usize) {
        self.dovecot.fill((0..mails).map(|_| self.next()));
    }

    /// Delivers one mail as a mail server does.
    pub(crate) fn deliver(&self) {
        let (unique, mail) = self.next();
        self.dovecot.deliver(&mail, &unique);
    }

    /// A name of its file, later ones sorting behind earlier ones, and the mail.
    fn next(&self) -> (String, Vec<u8>) {
        let (number, now) = (self.delivered.get(), Clock::System.now());
        self.delivered.set(number + 1);
        (format!("{}.M{number:07}.banc", now.as_second()), hospital::mail(number, self.wards, now))
    }

    pub(crate) fn run(&self, level: &str) -> Program {
        let config = self.path("config.toml");
        std::fs::write(&config, self.configuration(level)).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_dispolits"));
        command.args(["run", "--config"]).arg(&config);
        self.programs.set(self.programs.get() + 1);
        Program::start(command, self.path(&format!("{}.log", self.programs.get())))
    }

    fn configuration(&self, level: &str) -> String {
        format!(
            "environnement = \"qualification\"\n\
             [mailbox]\n{mailbox}login_interval = \"0s\"\n\
             [referential]\netablissements = {etablissements}\nservices = {services}\n\
             [ror.api]\n{api}[store]\nurl = \"sqlite://{store}\"\n\
             [reply]\nfrom = \"{EAI}\"\nallowed_domains = [\"ch-armor.test\"]\ntransport = \"maildir\"\nmaildir = {replies}\n\
             [log]\nlevel = \"{level}\"\nformat = \"json\"\n",
            mailbox = self.dovecot.section(Security::Tls),
            etablissements = quoted(&self.path("etablissements.csv")),
            services = quoted(&self.path("services.csv")),
            api = self.api(),
            store = self.path(STORE).display(),
            replies = quoted(&self.path("reponses")),
        )
    }

    /// How the program reaches the simulated ROR: the section `[ror.api]`.
    pub(crate) fn api(&self) -> String {
        format!(
            "base_url = \"{base}\"\ntoken_url = \"{token}\"\nclient_id = \"essai\"\nca = {ca}\n\
             genre_indifferencie = \"04\"\nidentity = {{ certificate = {certificate}, key = {key} }}\n",
            base = self.simulator.base_url(),
            token = self.simulator.token_url(),
            ca = quoted(&self.pki.ca),
            certificate = quoted(&self.pki.client.certificate),
            key = quoted(&self.pki.client.key),
        )
    }

    /// Mails that are judged, delivered and settled.
    pub(crate) fn settled(&self) -> usize {
        self.number(
            "SELECT (SELECT COALESCE(MAX(id), 0) FROM mails) - (SELECT COUNT(*) FROM mails WHERE judged_at IS NULL)
                  - (SELECT COUNT(*) FROM mails WHERE judged_at IS NOT NULL AND settled_at IS NULL)",
        )
    }

    /// Mails that are judged.
    pub(crate) fn judged(&self) -> usize {
        self.number(
            "SELECT (SELECT COALESCE(MAX(id), 0) FROM mails) - (SELECT COUNT(*) FROM mails WHERE judged_at IS NULL)",
        )
    }

    /// Counts that wait for the ROR.
    pub(crate) fn waiting(&self) -> usize {
        self.number("SELECT COUNT(*) FROM updates WHERE etat = 'en-attente'")
    }

    /// From now on the ROR answers that it cannot now.
    pub(crate) fn make_the_ror_ill(&self) {
        assert!(self.simulator.inject(Effect::Statut { statut: 503, retry_after: None }.times(u32::MAX)));
    }

    /// Requests that the ROR answered.
    pub(crate) fn requests(&self) -> usize {
        self.number("SELECT COALESCE(MAX(id), 0) FROM attempts")
    }

    /// Whether all that was delivered is settled and moved.
    pub(crate) fn is_at_rest(&self) -> bool {
        self.settled() == self.delivered.get()
            && ["new", "cur"].iter().all(|part| {
                let mut files = self.dovecot.maildir().join(part).read_dir().unwrap();
                files.next().is_none()
            })
    }

    /// A number of the store; 0 as long as there is none.
    fn number(&self, query: &'static str) -> usize {
        let number: i64 = self.rows(query).first().map_or(0, |(number, _)| *number);
        usize::try_from(number).unwrap()
    }

    /// Two numbers of each row of the store, or one twice.
    pub(crate) fn rows(&self, query: &'static str) -> Vec<(i64, i64)> {
        self.runtime.block_on(async {
            let Ok(store) = self.store.get_or_try_init(|| open(self.path(STORE))).await else { return Vec::new() };
            let rows = sqlx::query(query).fetch_all(store).await.unwrap_or_default();
            rows.iter().map(|row| (row.get(0), row.get(row.len() - 1))).collect()
        })
    }

    /// Waits until it holds, looking often.
    pub(crate) fn wait_until(&self, end: Instant, what: &str, mut holds: impl FnMut() -> bool) {
        while !holds() {
            assert!(Instant::now() < end, "in vain waited for {what}");
            std::thread::sleep(LOOK);
        }
    }
}

async fn open(path: PathBuf) -> sqlx::Result<SqlitePool> {
    SqlitePool::connect_with(SqliteConnectOptions::new().filename(path).read_only(true)).await
}

fn quoted(path: &Path) -> String {
    toml::Value::String(path.display().to_string()).to_string()
}

/// A ROR that knows every ward, and holds each count since long.
async fn simulator(pki: &Pki, wards: usize) -> Simulator {
    let any = ([127, 0, 0, 1], 0).into();
    let places = || (0..wards).flat_map(places);
    let simulator = Simulator::start(SimulatorSettings {
        api: any,
        token: any,
        api_cert: pki.server.clone(),
        token_cert: pki.server.clone(),
        client_ca: pki.ca.clone(),
        lieux: places().map(Lieu::normal).collect(),
        genre_accepted: GenreCode::Indetermine,
        token_lifetime: Span::seconds(300),
        reader: None,
        clock: Clock::System,
    });
    let simulator = simulator.await.unwrap();
    simulator.hold(places().flat_map(held));
    simulator
}

fn places(ward: usize) -> impl Iterator<Item = String> {
    hospital::services(ward).map(move |service| format!("1{}/{service}", hospital::establishment(ward)))
}

fn held(place: String) -> impl Iterator<Item = Capacity> {
    indicators().map(move |indicateur| Capacity {
        identifiant: place.clone(),
        indicateur,
        nature: "01".to_owned(),
        nombre: 0,
        date: "2026-01-01T00:00:00Z".to_owned(),
        source: "02".to_owned(),
    })
}

fn indicators() -> impl Iterator<Item = IndicatorKey> {
    let abouts = TEMPORALITES.iter().flat_map(|about| AFFECTATIONS.iter().map(move |to| (about.1, to.1)));
    abouts.flat_map(|(temporalite, affectation)| {
        COUNTS.iter().map(move |(_, statut, genre)| IndicatorKey {
            statut: Some((*statut).to_owned()),
            temporalite: Some(temporalite.to_owned()),
            genre: genre.map(str::to_owned),
            affectation: Some(affectation.to_owned()),
            ..IndicatorKey::default()
        })
    })
}
