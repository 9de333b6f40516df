//! A service that runs: the program on a Maildir, a simulated ROR in this process, and what it
//! wrote in its log and its store.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use base::clock::Clock;
use base::config_values::Span;
use campaign::cahier;
use campaign::simulator::{Lieu, Simulator, SimulatorSettings};
use dispolits::sandbox::{pki, place};
use domain::capacity::GenreCode;
use edges::mailbox;
use jiff::Timestamp;
use store::Store;
use tempfile::TempDir;

use super::{Ran, program, ran};
use crate::PATIENCE;

/// The world of a service, and the processes started in it.
pub(crate) struct World {
    folder: TempDir,
    pub(crate) simulator: Simulator,
    base: String,
    /// Where the service keeps its state.
    url: String,
}

/// A running `dispolits run`; killed if the test forgets it.
pub(crate) struct Service {
    child: Child,
    log: PathBuf,
}

impl World {
    pub(crate) async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let pki = pki::make(&folder.path().join("pki"), Clock::System.now()).unwrap();
        let world = cahier::world().unwrap();
        let any = ([127, 0, 0, 1], 0).into();
        let lieux: Vec<Lieu> = world.lieux.iter().map(place).collect();
        let simulator = Simulator::start(SimulatorSettings {
            api: any,
            token: any,
            api_cert: pki.server.clone(),
            token_cert: pki.server.clone(),
            client_ca: pki.ca.clone(),
            lieux,
            genre_accepted: GenreCode::Indetermine,
            token_lifetime: Span::seconds(300),
            reader: None,
            clock: Clock::System,
        })
        .await
        .unwrap();
        let base = base(folder.path(), &pki, &simulator);
        let url = format!("sqlite://{}", folder.path().join("dispolits.db").display());
        let this = Self { folder, simulator, base, url };
        this.write("etablissements.csv", world.etablissements_csv);
        this.write("services.csv", world.services_csv);
        for folder in ["new", "cur", "tmp"] {
            fs::create_dir_all(this.path("boite").join(folder)).unwrap();
        }
        this.configure("");
        this
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Where all that is its own lies.
    pub(super) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    /// Writes the configuration, `added` at its end.
    pub(crate) fn configure(&self, added: &str) {
        self.write("config.toml", &format!("{}\n{added}", self.base));
    }

    /// Changes one line of every configuration written from now on, and writes it.
    pub(crate) fn change(&mut self, from: &str, to: &str) {
        assert!(self.base.contains(from), "{from}");
        self.base = self.base.replacen(from, to, 1);
        self.configure("");
    }

    /// Has services keep their state there.
    /// Gives the lease of a worker this length in seconds, and requests a second less.
    pub(crate) fn lease(&mut self, seconds: u64) {
        self.change("[store]\n", &format!("[store]\nlease = \"{seconds}s\"\n"));
        self.change("[ror.delivery]\n", &format!("timeout = \"{}s\"\n[ror.delivery]\n", seconds - 1));
    }

    pub(crate) fn keep_state_in(&mut self, url: &str) {
        self.change(&format!("url = \"{}\"", self.url), &format!("url = \"{url}\""));
        self.url = url.to_owned();
    }

    /// The mails of a folder of the mailbox; of the mailbox itself if it has no name.
    pub(crate) fn lying_in(&self, folder: &str) -> usize {
        let root = self.path("boite").join(folder);
        ["new", "cur"].iter().map(|part| fs::read_dir(root.join(part)).map_or(0, Iterator::count)).sum()
    }

    /// The replies that an address of the hospital got, oldest first.
    pub(crate) fn replies_to(&self, address: &str) -> Vec<String> {
        let folder = self.path("reponses").join(address).join("new");
        let files = fs::read_dir(folder).into_iter().flatten().map(|file| file.unwrap().path());
        let mut replies: Vec<(std::time::SystemTime, String)> = files
            .map(|path| (fs::metadata(&path).unwrap().modified().unwrap(), fs::read_to_string(&path).unwrap()))
            .collect();
        replies.sort();
        replies.into_iter().map(|(_, reply)| reply).collect()
    }

    /// Puts another section in the place of one, up to the next.
    pub(crate) fn replace(&mut self, section: &str, by: &str) {
        let (before, rest) = self.base.split_once(section).unwrap();
        let rest = rest.split_once("\n[").unwrap().1;
        self.base = format!("{before}{by}[{rest}");
        self.configure("");
    }

    /// Starts the service and waits until it says that it runs.
    pub(crate) fn start(&self) -> Service {
        self.start_with(&[])
    }

    /// The same, with variables in its environment.
    pub(crate) fn start_with(&self, variables: &[(&str, &str)]) -> Service {
        let service = self.launch(variables);
        service.wait_for("Dispolits est en service", 1);
        service
    }

    fn launch(&self, variables: &[(&str, &str)]) -> Service {
        Service::spawn(self.command().envs(variables.iter().copied()), self.folder.path())
    }

    /// `dispolits run` with the configuration.
    pub(super) fn command(&self) -> Command {
        let mut command = program();
        command.args(["run", "--config"]).arg(self.path("config.toml"));
        command
    }

    /// Runs the service to its end: for one that cannot start.
    pub(crate) fn refused(&self) -> Ran {
        ran(&self.command().output().unwrap())
    }

    /// `dispolits journal …` on the store of the service.
    pub(crate) fn journal(&self, command: &str, arguments: &[&str]) -> Ran {
        let config = self.path("config.toml");
        ran(&program().args(["journal", command, "--config"]).arg(config).args(arguments).output().unwrap())
    }

    /// Drops a mail into the mailbox.
    pub(crate) fn send(&self, unique: &str, mail: &str) {
        mailbox::deliver(&self.path("boite"), mail.as_bytes(), unique).unwrap();
    }

    pub(crate) async fn store(&self) -> Store {
        Store::open(&store::StoreSettings::at(&self.url)).await.unwrap()
    }

    /// Waits until so many mails are received and none is in progress.
    pub(crate) async fn settled(&self, mails: i64) {
        let store = self.store().await;
        until("mails to be settled", async || {
            let balance = store.balance(None).await.unwrap();
            balance.recus == mails && balance.en_cours == 0
        })
        .await;
        store.close().await;
    }

    /// Verdict and codes of the last mail received.
    pub(crate) async fn last(&self) -> (String, Vec<String>) {
        let store = self.store().await;
        let entry =
            store.journal(&store::Filter::default(), &store::search::Page::newest(1)).await.unwrap().lines.remove(0);
        store.close().await;
        (entry.verdict, entry.codes)
    }
}

/// Waits until the condition holds, looking often.
pub(crate) async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !holds().await {
        assert!(Instant::now() < deadline, "still waiting for {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

impl Service {
    /// Starts the program, its traces in a new file of the folder.
    pub(crate) fn spawn(command: &mut Command, folder: &Path) -> Self {
        let log = folder.join(format!("{}.log", Clock::System.now().as_nanosecond()));
        let traces = File::create(&log).unwrap();
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(traces).spawn();
        Self { child: child.unwrap_or_else(|error| panic!("{:?}: {error}", command.get_program())), log }
    }

    /// Waits until the process ends by itself.
    pub(crate) fn ended(&mut self) -> ExitStatus {
        let deadline = Instant::now() + PATIENCE;
        loop {
            match self.child.try_wait().unwrap() {
                Some(status) => return status,
                None => assert!(Instant::now() < deadline, "the process goes on:\n{}", self.log()),
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    pub(crate) fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap()
    }

    /// Waits until the log has said the sentence so many times.
    pub(crate) fn wait_for(&self, sentence: &str, times: usize) {
        let deadline = Instant::now() + PATIENCE;
        while self.log().matches(sentence).count() < times {
            assert!(Instant::now() < deadline, "« {sentence} » is not said in:\n{}", self.log());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// The number of the process.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The process.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends the process a signal: `TERM`, `HUP`, `INT`, `STOP`, `CONT`.
    pub(crate) fn signal(&self, name: &str) {
        signal(&self.child, name);
    }

    /// SIGTERM, and what came of it.
    pub(crate) fn stop(mut self) -> (ExitStatus, String) {
        self.signal("TERM");
        (self.child.wait().unwrap(), self.log())
    }

    /// SIGKILL: what a power cut looks like.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        if self.child.try_wait().is_ok_and(|ended| ended.is_none()) {
            drop(self.child.kill());
            drop(self.child.wait());
        }
    }
}

/// Sends a process of ours a signal.
pub(crate) fn signal(child: &Child, name: &str) {
    let sent = Command::new("kill").arg(format!("-{name}")).arg(child.id().to_string()).status().unwrap();
    assert!(sent.success());
}

/// A report in a mail: `identifiant` names both, `nombre` is what C01-A has installed now.
pub(crate) fn mail(identifiant: &str, nombre: i64) -> String {
    mail_at(identifiant, nombre, Clock::System.now())
}

/// The same, observed at another instant.
pub(crate) fn mail_at(identifiant: &str, nombre: i64, now: Timestamp) -> String {
    format!(
        "From: Lits <lits@ch-armor.test>\r\nTo: dispolits@eai.test\r\nSubject: Lits {identifiant}\r\n\
         Message-ID: <{identifiant}@ch-armor.test>\r\nMIME-Version: 1.0\r\nContent-Type: application/xml\r\n\r\n\
         <disponibilites xmlns=\"urn:fr:dispolits:disponibilites:1\" identifiant=\"{identifiant}\" dateEmission=\"{now}\">\
         <etablissement finess=\"350054680\"><service code=\"C01-A\" dateReleve=\"{now}\">\
         <capacite statut=\"installe\" nombre=\"{nombre}\"/></service></etablissement></disponibilites>\r\n"
    )
}

fn base(folder: &Path, pki: &pki::Pki, simulator: &Simulator) -> String {
    let inside = |name: &str| folder.join(name).display().to_string();
    format!(
        "environnement = \"qualification\"\n\
         [mailbox]\npoll = \"200ms\"\n[mailbox.maildir]\npath = \"{boite}\"\n\
         [referential]\netablissements = \"{etablissements}\"\nservices = \"{services}\"\n\
         [ror.api]\nbase_url = \"{base}\"\ntoken_url = \"{token}\"\nclient_id = \"essai\"\nca = \"{ca}\"\n\
         genre_indifferencie = \"04\"\nidentity = {{ certificate = \"{certificate}\", key = \"{key}\" }}\n\
         [ror.delivery]\nsettle = \"1s\"\nretry = [\"200ms\", \"500ms\"]\nbreaker_pause = \"500ms\"\n\
         [store]\nurl = \"sqlite://{store}\"\n\
         [reply]\nfrom = \"dispolits@eai.test\"\nallowed_domains = [\"ch-armor.test\"]\ncap_per_hour = 1000\n\
         transport = \"maildir\"\nmaildir = \"{reponses}\"\n",
        boite = inside("boite"),
        etablissements = inside("etablissements.csv"),
        services = inside("services.csv"),
        base = simulator.base_url(),
        token = simulator.token_url(),
        ca = pki.ca.display(),
        certificate = pki.client.certificate.display(),
        key = pki.client.key.display(),
        store = inside("dispolits.db"),
        reponses = inside("reponses"),
    )
}
