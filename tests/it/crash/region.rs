//! A whole region: hospitals, mailbox, simulated ROR, mailboxes of the answers, and the real program between them.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use base::clock::Clock;
use base::config_values::Span;
use base::fail_point;
use campaign::simulator::{Behaviour, Lieu, Simulator, SimulatorSettings};
use dispolits::sandbox::pki::{self, Pki};
use domain::capacity::GenreCode;
use edges::mailbox;
use edges::mailbox::Security;
use edges::smtp;
use tempfile::TempDir;
use tokio::runtime::Runtime;

use super::evidence::{Evidence, FOLDERS, files};
use super::ledger::{self, Ledger};
use super::traffic::{self, Posting, Traffic};
use crate::cli::program;
use crate::cli::service::Service;
use crate::dovecot::{ClientCertificate, Dovecot};
use crate::exim::{self, Exim, Shape};
use crate::proxy::Proxy;
use crate::store::engine::{Engine, Home};

const SIGABRT: i32 = 6;

/// Where the mails arrive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Post {
    Maildir,
    Dovecot,
}

/// By where the answers leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outbox {
    Maildir,
    Exim,
}

/// What kind of region.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Plan {
    pub(crate) engine: Engine,
    pub(crate) post: Post,
    pub(crate) outbox: Outbox,
    /// How many places each establishment has.
    pub(crate) places: usize,
}

/// What changes while the region lives.
pub(crate) struct Changing {
    pub(crate) genre: GenreCode,
    /// How long contents are kept.
    pub(crate) retention: &'static str,
}

pub(crate) struct Region {
    pub(crate) plan: Plan,
    pub(crate) changing: Changing,
    pub(crate) simulator: Simulator,
    pub(crate) dovecot: Option<Dovecot>,
    pub(crate) home: Home,
    /// In the way to the database server, IMAP, SMTP, the API and the token endpoint.
    pub(crate) database: Option<Proxy>,
    pub(crate) imap: Option<Proxy>,
    pub(crate) smtp: Option<Proxy>,
    pub(crate) api: Proxy,
    pub(crate) token: Proxy,
    pub(super) exim: Option<Exim>,
    /// How often the program was started or its network failed: not more often was a reply cut short.
    deaths: Cell<usize>,
    pub(super) pki: Pki,
    pub(super) folder: TempDir,
    /// Last, so that what runs on it goes first.
    pub(crate) runtime: Runtime,
}

impl Region {
    pub(crate) fn start(plan: Plan) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let pki = pki::make(&folder.path().join("pki"), Clock::System.now()).unwrap();
        let simulator = runtime.block_on(Simulator::start(simulated(&pki, plan.places))).unwrap();
        let dovecot = (plan.post == Post::Dovecot).then(|| Dovecot::start(ClientCertificate::Required));
        let exim = (plan.outbox == Outbox::Exim).then(|| Exim::start(Shape::default()));
        let proxy = |port| runtime.block_on(Proxy::start(port));
        let home = runtime.block_on(Home::new(plan.engine));
        let database = home.database().map(|database| proxy(database.port));
        let imap = dovecot.as_ref().map(|dovecot| proxy(dovecot.settings(Security::Starttls).port));
        let smtp = exim.as_ref().map(|exim| proxy(exim.settings(smtp::Security::Starttls).port));
        let (api, token) = (proxy(simulator.api_addr().port()), proxy(simulator.token_addr().port()));
        let changing = Changing { genre: GenreCode::Indifferencie, retention: "30d" };
        let region = Self {
            plan,
            changing,
            simulator,
            dovecot,
            home,
            database,
            imap,
            smtp,
            api,
            token,
            exim,
            deaths: Cell::new(0),
            pki,
            folder,
            runtime,
        };
        region.write_files();
        region
    }

    fn write_files(&self) {
        let [etablissements, services] = traffic::referential(self.plan.places);
        std::fs::write(self.path("etablissements.csv"), etablissements).unwrap();
        std::fs::write(self.path("services.csv"), services).unwrap();
        for folder in ["new", "cur", "tmp"] {
            std::fs::create_dir_all(self.path("boite").join(folder)).unwrap();
        }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The Maildir of the EAI, whoever serves it.
    pub(crate) fn inbox(&self) -> PathBuf {
        self.dovecot.as_ref().map_or_else(|| self.path("boite"), Dovecot::maildir)
    }

    pub(crate) fn deliver(&self, traffic: &Traffic, postings: &[Posting]) {
        for Posting { letter, unique } in postings {
            let bytes = &traffic.letters[*letter].bytes;
            match &self.dovecot {
                Some(dovecot) => dovecot.deliver(bytes, unique),
                None => drop(mailbox::deliver(&self.path("boite"), bytes, unique).unwrap()),
            }
        }
    }

    /// Starts the program; it dies at the fail point, if one is given.
    pub(crate) fn run(&self, fail_point: Option<&str>) -> Service {
        self.endure();
        let mut command = self.command();
        command.envs(fail_point.map(|step| (fail_point::VARIABLE, step)));
        Service::spawn(&mut command, self.folder.path())
    }

    /// Runs the program until it dies by its own hand at this step.
    pub(crate) fn die_at(&self, step: &str) {
        let mut service = self.run(Some(step));
        let status = service.ended();
        assert_eq!(status.signal(), Some(SIGABRT), "{step}: {}", service.log());
        assert!(service.log().contains("arrêt provoqué"), "{step}: {}", service.log());
    }

    /// The network is about to fail: the reply under way may leave once more.
    pub(crate) fn endure(&self) {
        self.deaths.set(self.deaths.get() + 1);
    }

    /// `dispolits run` with the configuration as it is now.
    pub(crate) fn command(&self) -> Command {
        std::fs::write(self.path("config.toml"), self.configuration()).unwrap();
        let mut command = program();
        command.args(["run", "--config"]).arg(self.path("config.toml"));
        command
    }

    /// The same, started by another program, whose last arguments it is.
    pub(crate) fn under(&self, mut starter: Command) -> Command {
        let program = self.command();
        starter.arg(program.get_program()).args(program.get_args());
        for (name, _) in program.get_envs() {
            starter.env_remove(name);
        }
        starter
    }

    /// Waits until nothing waits any more: neither in the mailbox nor in the store.
    pub(crate) fn settle(&self, patience: Duration) {
        self.wait("everything to be settled", patience, || {
            self.inbox_is_empty()
                && self.runtime.block_on(ledger::open_work(&self.home)) == 0
                && self.exim.as_ref().is_none_or(Exim::is_idle)
        });
    }

    /// Waits until every mail that arrived is judged.
    pub(crate) fn judge(&self, patience: Duration) {
        self.wait("every mail to be judged", patience, || {
            self.inbox_is_empty() && self.runtime.block_on(ledger::unjudged(&self.home)) == 0
        });
    }

    /// Whether a mail was cut short while it was read alone, and so would in the end be blamed for deaths of other causes.
    pub(crate) fn blames(&self) -> bool {
        self.runtime.block_on(ledger::blamed(&self.home)) > 0
    }

    /// Waits until the condition holds, looking often.
    pub(crate) fn wait(&self, what: &str, patience: Duration, mut holds: impl FnMut() -> bool) {
        let deadline = Instant::now() + patience;
        while !holds() {
            assert!(Instant::now() < deadline, "still waiting for {what}\n{}", self.traces());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// The end of the newest trace, for a failure.
    fn traces(&self) -> String {
        let entries = self.folder.path().read_dir().unwrap().map(|entry| entry.unwrap().path());
        let newest = entries.filter(|path| path.extension().is_some_and(|kind| kind == "log")).max();
        let text = newest.map(|path| std::fs::read_to_string(path).unwrap()).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(60)..].join("\n")
    }

    fn inbox_is_empty(&self) -> bool {
        files(&self.inbox()).next().is_none()
    }

    pub(crate) fn ledger(&self) -> Ledger {
        self.runtime.block_on(Ledger::read(&self.home))
    }

    /// All that can be seen from outside once the program is gone and what it asked of the mail servers is done.
    pub(crate) fn evidence(&self) -> Evidence {
        #[cfg(target_os = "linux")]
        self.dovecot.iter().for_each(Dovecot::await_rest);
        let inbox = self.inbox();
        let folder = |name: &&str| ((*name).to_owned(), read(&inbox.join(format!(".{name}"))));
        Evidence {
            inbox: read(&inbox),
            folders: FOLDERS.iter().map(folder).collect(),
            ledger: self.ledger(),
            boxes: self.boxes(),
            held: self.simulator.state(),
            requests: self.simulator.requests(),
            genre: self.changing.genre,
            deaths: self.deaths.get(),
        }
    }

    /// What the hospitals found in their mailboxes.
    fn boxes(&self) -> BTreeMap<String, Vec<Vec<u8>>> {
        let Some(exim) = &self.exim else {
            let folders = self.path("reponses").read_dir().into_iter().flatten().map(|entry| entry.unwrap().path());
            return folders
                .map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), read(&path)))
                .collect();
        };
        let mails = |address: &str| exim.mails(address).into_iter().map(|delivered| delivered.mail).collect();
        exim::BOXES.iter().map(|address| ((*address).to_owned(), mails(address))).collect()
    }
}

fn simulated(pki: &Pki, places: usize) -> SimulatorSettings {
    let any = ([127, 0, 0, 1], 0).into();
    let refused = format!("1350054680/{}", traffic::REFUSED);
    let refused = Lieu { behaviour: Behaviour::RegleMetier, ..Lieu::normal(refused) };
    SimulatorSettings {
        api: any,
        token: any,
        api_cert: pki.server.clone(),
        token_cert: pki.server.clone(),
        client_ca: pki.ca.clone(),
        lieux: traffic::places(places).into_iter().map(Lieu::normal).chain([refused]).collect(),
        genre_accepted: GenreCode::Indifferencie,
        token_lifetime: Span::seconds(300),
        reader: None,
        clock: Clock::System,
    }
}

fn read(maildir: &Path) -> Vec<Vec<u8>> {
    files(maildir).map(|path| std::fs::read(path).unwrap()).collect()
}
