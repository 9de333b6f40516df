//! Everything that the soak starts: mailbox, submission server, ROR, database, workers and their clocks.

use std::path::PathBuf;
use std::process::Command;

use edges::mailbox::Security;
use edges::smtp;
use sqlx::Executor;
use tempfile::TempDir;
use tokio::runtime::Runtime;

use super::clocks::{SetClock, forget};
use super::held::Held;
use super::hospitals::{CAP, DOMAIN, Hospitals};
use super::mails::{Mails, Posting};
use super::ror::Ror;
use crate::cli::service::Service;
use crate::cli::{Ran, program, ran};
use crate::crash::letter::EAI;
use crate::dovecot::{ClientCertificate, Dovecot};
use crate::exim::{Exim, Shape, give_to_exim};
use crate::faults::store::{FULL, HEEDLESS, ROOM_AGAIN, limit};
use crate::postgres::{self, Cluster};
use crate::store::engine::Engine;

pub(super) const WITHOUT_MOVE: &str = "imap_capability = IMAP4rev1 SASL-IR ID IDLE UIDPLUS\n";
const DATABASE: &str = "endurance";

pub(super) struct Stand {
    pub(super) engine: Engine,
    pub(super) workers: Vec<Option<Service>>,
    /// Of all workers: they are on one machine.
    pub(super) machine: SetClock,
    /// Of the database server.
    pub(super) server: SetClock,
    pub(super) dovecot: Dovecot,
    pub(super) exim: Exim,
    pub(super) ror: Ror,
    pub(super) cluster: Option<Cluster>,
    /// How often something was cut short that may have been sending a reply: each worker once.
    pub(super) cuts: usize,
    folder: TempDir,
    /// Last, so that what runs on it goes first.
    pub(super) runtime: Runtime,
}

impl Stand {
    pub(super) fn start(engine: Engine, workers: usize, hospitals: &Hospitals, more: &str) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let folder = tempfile::Builder::new().prefix("soak").tempdir().unwrap();
        // The clocks and mailboxes are for other users too.
        std::fs::set_permissions(folder.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
        let [machine, server] = ["machine", "server"].map(|name| SetClock::new(folder.path(), name));
        let dovecot = Dovecot::start_with(ClientCertificate::Unasked, more);
        let boxes = folder.path().join("boxes");
        std::fs::create_dir(&boxes).unwrap();
        give_to_exim(&boxes);
        let others: Vec<(&str, PathBuf)> = hospitals.boxes().map(|address| (address, boxes.join(address))).collect();
        let exim = Exim::start_with(Shape::default(), &others);
        let (places, refused) = hospitals.locations();
        let files = dovecot.pki.files("server");
        let ror = Ror::start(&files.certificate, &files.key, Held::knowing(places, refused));
        let ror = runtime.block_on(ror);
        let cluster = (engine == Engine::Postgres).then(|| Cluster::start_with(server.variables()));
        if let Some(cluster) = &cluster {
            runtime.block_on(postgres::create(cluster, DATABASE));
        }
        let [establishments, services] = hospitals.referential();
        std::fs::write(folder.path().join("etablissements.csv"), establishments).unwrap();
        std::fs::write(folder.path().join("services.csv"), services).unwrap();
        let workers = (0..workers).map(|_| None).collect();
        let stand = Self { engine, workers, machine, server, dovecot, exim, ror, cluster, cuts: 0, folder, runtime };
        std::fs::write(stand.path("config.toml"), stand.configuration()).unwrap();
        stand
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(super) fn deliver(&self, mails: &Mails, postings: &[Posting]) {
        for Posting { letter, unique } in postings {
            self.dovecot.deliver(&mails.letters[*letter].bytes, unique);
        }
    }

    /// Starts the workers that are not at work.
    pub(super) fn run(&mut self) {
        for rank in 0..self.workers.len() {
            if self.workers[rank].is_none() {
                let mut command = self.worker();
                self.workers[rank] = Some(Service::spawn(&mut command, self.folder.path()));
            }
        }
    }

    /// Heedless of a disk that is full, which is an error to it and not its end.
    fn worker(&self) -> Command {
        let dispolits = program();
        let mut shell = Command::new("sh");
        shell.args(HEEDLESS).arg(dispolits.get_program()).args(["run", "--config"]).arg(self.path("config.toml"));
        for (name, _) in dispolits.get_envs() {
            shell.env_remove(name);
        }
        shell.envs(self.machine.variables());
        shell
    }

    /// A command of the operator, on the machine of the workers.
    pub(super) fn command(&self, words: &[&str]) -> Ran {
        let mut command = program();
        command.args(words).arg("--config").arg(self.path("config.toml")).envs(self.machine.variables());
        ran(&command.output().unwrap())
    }

    /// SIGKILL.
    pub(super) fn kill(&mut self, rank: usize) {
        if let Some(worker) = self.workers[rank].take() {
            let process = worker.pid();
            self.cuts += 1;
            worker.kill();
            forget(process);
        }
    }

    pub(super) fn kill_all(&mut self) {
        (0..self.workers.len()).for_each(|rank| self.kill(rank));
    }

    /// SIGTERM to all: whether each ended well, and if not, what it said.
    pub(super) fn stop_all(&mut self) -> Vec<String> {
        let workers = self.workers.iter_mut().filter_map(Option::take);
        let ends = workers.map(|worker| {
            let process = worker.pid();
            let (status, log) = worker.stop();
            forget(process);
            (!status.success()).then(|| format!("end: a worker ended with {status}\n{log}"))
        });
        ends.flatten().collect()
    }

    pub(super) fn signal(&self, rank: usize, name: &str) {
        if let Some(worker) = &self.workers[rank] {
            worker.signal(name);
        }
    }

    /// A server that everybody talked to is gone.
    pub(super) fn all_are_cut(&mut self) {
        self.cuts += self.workers.len();
    }

    /// No file of a worker may grow any more, or nothing more is taken by the database server.
    pub(super) fn fill_the_disk(&self) {
        let length = std::fs::metadata(self.path("soak.db-wal")).map_or(0, |file| file.len());
        self.limit_room(FULL, &length.to_string());
    }

    pub(super) fn make_room(&self) {
        self.limit_room(ROOM_AGAIN, "unlimited");
    }

    fn limit_room(&self, statement: &'static str, bytes: &str) {
        if let Some(cluster) = &self.cluster {
            self.tell(cluster, statement);
        } else {
            self.workers.iter().flatten().for_each(|worker| limit(worker, bytes));
        }
    }

    fn tell(&self, cluster: &Cluster, statement: &'static str) {
        self.runtime.block_on(async {
            let mut session = postgres::session(&cluster.url(DATABASE)).await;
            session.execute(sqlx::raw_sql(statement)).await.unwrap();
        });
    }

    /// What the workers wrote so far, oldest first.
    pub(super) fn logs(&self) -> Vec<(PathBuf, String)> {
        let entries = self.folder.path().read_dir().unwrap().map(|entry| entry.unwrap().path());
        let mut logs: Vec<PathBuf> =
            entries.filter(|path| path.extension().is_some_and(|kind| kind == "log")).collect();
        logs.sort();
        logs.into_iter().map(|path| (path.clone(), std::fs::read_to_string(path).unwrap())).collect()
    }

    /// Leaves its folder where it is, with all traces and the store, if the environment asks for it.
    pub(super) fn keep(&mut self) {
        if std::env::var_os("SOAK_KEEP").is_some() {
            self.folder.disable_cleanup(true);
            println!("kept: {}", self.folder.path().display());
        }
    }

    /// As its operator would write it: cap, deadlines of replies and ages as they are by default.
    fn configuration(&self) -> String {
        let inside = |name: &str| toml::Value::String(self.path(name).display().to_string()).to_string();
        let pki = &self.dovecot.pki;
        let files = pki.files("client");
        let store = match &self.cluster {
            Some(cluster) => cluster.url(DATABASE),
            None => format!("sqlite://{}", self.path("soak.db").display()),
        };
        format!(
            "environnement = \"qualification\"\n\
             [mailbox]\npoll = \"1s\"\n{imap}timeout = \"5s\"\nlogin_interval = \"1s\"\n\
             [referential]\netablissements = {establishments}\nservices = {services}\n\
             [ror.api]\nbase_url = \"https://localhost:{port}\"\ntoken_url = \"https://localhost:{port}/jeton\"\n\
             client_id = \"essai\"\nca = \"{ca}\"\ntoken_ca = \"{ca}\"\ngenre_indifferencie = \"03\"\n\
             identity = {{ certificate = \"{certificate}\", key = \"{key}\" }}\ntimeout = \"2s\"\nconnect_timeout = \"2s\"\n\
             [ror.delivery]\nsettle = \"2s\"\nretry = [\"200ms\", \"500ms\"]\nbreaker_failures = 2\nbreaker_pause = \"500ms\"\n\
             [store]\nurl = \"{store}\"\nlease = \"3s\"\n\
             [reply]\nfrom = \"{EAI}\"\nallowed_domains = [\"{DOMAIN}\"]\ncap_per_hour = {CAP}\ntotal_per_hour = 1000000\n\
             retry = [\"500ms\", \"1s\"]\ntries = 1000\ntransport = \"smtp\"\n{smtp}timeout = \"5s\"\n",
            imap = self.dovecot.section(Security::Starttls),
            establishments = inside("etablissements.csv"),
            services = inside("services.csv"),
            port = self.ror.port(),
            ca = pki.path("ca").display(),
            certificate = files.certificate.display(),
            key = files.key.display(),
            smtp = self.exim.section(smtp::Security::Starttls),
        )
    }
}

impl Drop for Stand {
    fn drop(&mut self) {
        // A worker that is stopped takes no other signal but this one.
        self.kill_all();
        if let Some(mut cluster) = self.cluster.take() {
            cluster.stop();
        }
    }
}
