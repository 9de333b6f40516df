//! Everything a sandbox needs, made in one folder: certificates, mailboxes, referential,
//! configuration; then the simulator and the worker.

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::pki::{self, Pki, PkiError};
use super::servers::{Ports, Servers, ServersError};
use super::transport::{Post, PostError};
use super::web_access;
use super::web_access::{Front, FrontError};
use crate::worker::{StartError, Worker};
use base::clock::Clock;
use base::config_values::Span;
use campaign::cahier;
use campaign::cahier::{CaseError, Comportement, EAI_ADDRESS, World};
use campaign::simulator::{Behaviour, Lieu, Simulator, SimulatorError, SimulatorSettings};
use domain::capacity::GenreCode;
use edges::smtp;
use edges::smtp::Smtp;
use service::config::{Config, ConfigError};
use store::{Store, StoreError};

/// The domains of the fictitious senders.
const DOMAINS: [&str; 7] = [
    "ch-armor.test",
    "cas.ch-armor.test",
    "clinique-iroise.test",
    "sous.clinique-iroise.test",
    "hopital-cinarca.test",
    "cas.hopital-cinarca.test",
    "inconnu.test",
];
/// The size limit of a mail in the sandbox, in bytes.
const MAX_BYTES: u64 = 2 * 1024 * 1024;

/// The code of an undifferentiated genre in the sandbox.
pub(super) const GENRE_CODE: &str = "04";
/// How long a token of the simulated ROR is valid.
const TOKEN_LIFETIME: Span = Span::seconds(300);

/// Where the worker takes its mails from.
#[derive(Debug, Clone)]
pub enum Inbox {
    /// A Maildir of the sandbox.
    Maildir,
    /// The Maildirs of the sandbox, behind real servers that it starts: mails are submitted by SMTP and read by
    /// IMAP, replies go back by SMTP.
    Servers,
    /// Another mailbox: its section of the configuration, and the Maildir behind the server.
    Served {
        /// The TOML of `[mailbox.imap]` and what goes with it.
        section: String,
        /// Where mails are dropped.
        maildir: PathBuf,
        /// The TOML of `[smtp]` if replies leave by a submission server, not into the Maildirs of the sandbox.
        smtp: Option<String>,
    },
}

/// A sandbox that cannot start.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// A file or folder cannot be made.
    #[error("{} : {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The folder holds what no sandbox wrote.
    #[error("{} n’est pas vide et n’a pas été fait par un bac à sable : choisissez un dossier vide ou nouveau", .0.display())]
    Foreign(PathBuf),
    /// The test certificates cannot be made.
    #[error(transparent)]
    Pki(#[from] PkiError),
    /// The simulator cannot start.
    #[error(transparent)]
    Simulator(#[from] SimulatorError),
    /// The cahier is broken.
    #[error(transparent)]
    Case(#[from] CaseError),
    /// The mail servers cannot be had.
    #[error(transparent)]
    Servers(#[from] ServersError),
    /// What is submitted to the mail server cannot be.
    #[error(transparent)]
    Smtp(#[from] smtp::SmtpSetupError),
    /// Nobody could sign in to the journal.
    #[error(transparent)]
    Front(#[from] FrontError),
    /// The configuration made for it is wrong.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The store cannot be opened.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The worker cannot start.
    #[error(transparent)]
    Start(#[from] StartError),
}

/// A running sandbox.
pub struct Sandbox {
    /// The folder that holds it all.
    pub folder: PathBuf,
    /// The configuration it wrote and runs by.
    pub config_path: PathBuf,
    /// The Maildir where mails for the EAI are dropped.
    pub inbox: PathBuf,
    /// The Maildirs of the hospitals, one for each address.
    pub maildirs: PathBuf,
    /// The store.
    pub store: Store,
    /// The simulated ROR.
    pub simulator: Simulator,
    /// The operators’ journal on the web.
    pub front: Front,
    post: Post,
    servers: Option<Servers>,
    stop: CancellationToken,
    worker: JoinHandle<Result<(), StoreError>>,
}

/// Marks a folder that a sandbox made, so that it may be used again.
const MARK: &str = ".bac-a-sable";

/// Makes a folder that may be filled with a sandbox: a new or empty one, or that of an earlier sandbox. Anything else,
/// a configuration in use for example, is left as it is.
pub fn claim_folder(folder: &Path) -> Result<(), SandboxError> {
    make_folder(folder)?;
    let failed = |source| SandboxError::Io { path: folder.to_owned(), source };
    let marked = std::fs::symlink_metadata(folder.join(MARK)).is_ok_and(|mark| mark.is_file());
    if !marked && std::fs::read_dir(folder).map_err(failed)?.next().is_some() {
        return Err(SandboxError::Foreign(folder.to_owned()));
    }
    write(&folder.join(MARK), b"")
}

impl Sandbox {
    /// Makes and starts everything in `folder`, which is kept.
    pub async fn start(folder: &Path, inbox: Inbox, clock: Clock) -> Result<Self, SandboxError> {
        make_folder(folder)?;
        let world = cahier::world()?;
        let pki = pki::make(&folder.join("pki"), clock.now())?;
        let simulator = Simulator::start(simulator_settings(&pki, &world)).await?;
        let mail = mail(folder, inbox, &pki).await?;
        write_referential(folder, &world)?;
        let address =
            web_access::free_address().map_err(|source| SandboxError::Io { path: folder.to_owned(), source })?;
        let (config_path, web) = (folder.join("config.toml"), web_access::section(address));
        write(&config_path, configuration(folder, &mail, &pki, &simulator, &web).as_bytes())?;
        let config = Config::load(&config_path)?;
        let Mail { inbox, maildirs, by_smtp, servers, .. } = mail;
        // Hospitals submit as the worker does.
        let post = match &config.smtp {
            Some(smtp) if by_smtp => Post::by(Smtp::new(smtp)?),
            _ => Post::Maildir(inbox.clone()),
        };
        let store = Store::open(&config.store).await?;
        let front = web_access::open(address, &store, &clock).await?;
        let worker = Box::pin(Worker::prepare(config, store.clone(), clock)).await?;
        let stop = CancellationToken::new();
        let worker = tokio::spawn(worker.run(stop.clone()));
        let folder = folder.to_owned();
        Ok(Self { folder, config_path, inbox, maildirs, store, simulator, front, post, servers, stop, worker })
    }

    /// Sends a mail to Dispolits as a hospital does, and returns it as it arrives. `unique` names the file where it
    /// is dropped as one.
    pub async fn send(&self, raw: &[u8], unique: &str) -> Result<Vec<u8>, PostError> {
        self.post.send(raw, unique).await
    }

    /// Where the real servers in front of the Maildirs are, if there are such.
    pub fn servers(&self) -> Option<Ports> {
        self.servers.as_ref().map(|servers| servers.ports)
    }

    /// Stops the worker and the simulator; everything written stays.
    pub async fn stop(self) -> Result<(), StoreError> {
        self.stop.cancel();
        if let Ok(ended) = self.worker.await {
            ended?;
        }
        self.simulator.shutdown().await;
        self.store.close().await;
        drop(self.servers);
        Ok(())
    }
}

fn simulator_settings(pki: &Pki, world: &World) -> SimulatorSettings {
    let any_port = SocketAddr::from(([127, 0, 0, 1], 0));
    SimulatorSettings {
        api: any_port,
        token: any_port,
        api_cert: pki.server.clone(),
        token_cert: pki.server.clone(),
        client_ca: pki.ca.clone(),
        lieux: world.lieux.iter().map(place).collect(),
        genre_accepted: GenreCode::Indetermine,
        token_lifetime: TOKEN_LIFETIME,
        reader: None,
        clock: Clock::System,
    }
}

/// A place of the cahier's world as the simulator knows it.
pub fn place(lieu: &cahier::Lieu) -> Lieu {
    let behaviour = match lieu.comportement {
        Comportement::Normal => Behaviour::Normal,
        Comportement::EnDouble => Behaviour::EnDouble,
        Comportement::Interdit => Behaviour::Interdit,
        Comportement::RegleMetier => Behaviour::RegleMetier,
        Comportement::RefusAutre => Behaviour::RefusAutre,
    };
    Lieu { identifiant: lieu.identifiant.clone(), behaviour, nature: lieu.nature }
}

/// How mails travel: the ends of the configuration's `[mailbox]` and `[reply]`, and what stands behind them.
struct Mail {
    /// How often the mailbox is read when nothing is heard of it.
    poll: &'static str,
    section: String,
    outbox: String,
    inbox: PathBuf,
    maildirs: PathBuf,
    /// Whether hospitals submit their mails, or drop them into the inbox.
    by_smtp: bool,
    servers: Option<Servers>,
}

async fn mail(folder: &Path, inbox: Inbox, pki: &Pki) -> Result<Mail, SandboxError> {
    let maildirs = folder.join("maildirs");
    let on_disk = format!("transport = \"maildir\"\nmaildir = {}\n", quoted(&maildirs));
    let (section, outbox, inbox) = match inbox {
        Inbox::Servers => return served(folder, pki).await,
        Inbox::Maildir => {
            let maildir = folder.join("boite-dispolits");
            (format!("[mailbox.maildir]\npath = {}\n", quoted(&maildir)), on_disk, maildir)
        }
        Inbox::Served { section, maildir, smtp } => {
            (section, smtp.map_or(on_disk, |section| by_smtp(&section)), maildir)
        }
    };
    // As a mail server makes it: without them the first reading would fail.
    ["new", "cur", "tmp"].iter().try_for_each(|folder| make_folder(&inbox.join(folder)))?;
    Ok(Mail { poll: "1s", section, outbox, inbox, maildirs, by_smtp: false, servers: None })
}

fn by_smtp(section: &str) -> String {
    format!("transport = \"smtp\"\n\n{section}")
}

async fn served(folder: &Path, pki: &Pki) -> Result<Mail, SandboxError> {
    let servers = Servers::start(folder, pki, EAI_ADDRESS).await?;
    Ok(Mail {
        // Long: it is the server that announces new mail (IDLE).
        poll: "10m",
        section: servers.imap.clone(),
        outbox: by_smtp(&servers.smtp),
        inbox: servers.maildirs.join(EAI_ADDRESS),
        maildirs: servers.maildirs.clone(),
        by_smtp: true,
        servers: Some(servers),
    })
}

fn write_referential(folder: &Path, world: &World) -> Result<(), SandboxError> {
    let referential = folder.join("referentiel");
    make_folder(&referential)?;
    write(&referential.join("etablissements.csv"), world.etablissements_csv.as_bytes())?;
    write(&referential.join("services.csv"), world.services_csv.as_bytes())
}

fn configuration(folder: &Path, mail: &Mail, pki: &Pki, simulator: &Simulator, web: &str) -> String {
    let domains = DOMAINS.map(|domain| format!("{domain:?}")).join(", ");
    let inside = |name: &str| quoted(&folder.join(name));
    let Mail { poll, section, outbox, .. } = mail;
    format!(
        "# Configuration écrite par « dispolits sandbox ».\n\
         environnement = \"qualification\"\n\n\
         [mailbox]\npoll = \"{poll}\"\nmax_bytes = {MAX_BYTES}\n\n{section}\n\
         [referential]\netablissements = {etablissements}\nservices = {services}\n\n\
         [ror.api]\nbase_url = \"{base}\"\ntoken_url = \"{token}\"\nclient_id = \"dispolits-sandbox\"\n\
         ca = {ca}\ngenre_indifferencie = \"{GENRE_CODE}\"\nidentity = {{ certificate = {certificate}, key = {key} }}\n\n\
         [ror.delivery]\nsettle = \"2s\"\nretry = [\"500ms\", \"1s\", \"2s\", \"5s\"]\nbreaker_pause = \"1s\"\n\n\
         [store]\nurl = \"sqlite://{store}\"\n\n\
         {web}\n\
         [reply]\nfrom = \"{EAI_ADDRESS}\"\nfrom_name = \"Dispolits – bac à sable\"\nallowed_domains = [{domains}]\n\
         total_per_hour = 100000\n{outbox}",
        etablissements = inside("referentiel/etablissements.csv"),
        services = inside("referentiel/services.csv"),
        base = simulator.base_url(),
        token = simulator.token_url(),
        ca = quoted(&pki.ca),
        certificate = quoted(&pki.client.certificate),
        key = quoted(&pki.client.key),
        store = folder.join("dispolits.db").display(),
    )
}

/// A path as a TOML string.
pub(super) fn quoted(path: &Path) -> String {
    toml::Value::String(path.display().to_string()).to_string()
}

fn make_folder(path: &Path) -> Result<(), SandboxError> {
    std::fs::create_dir_all(path).map_err(|source| SandboxError::Io { path: path.to_owned(), source })
}

/// In the place of what an earlier sandbox left: a link is replaced, never followed.
fn write(path: &Path, bytes: &[u8]) -> Result<(), SandboxError> {
    let failed = |source| SandboxError::Io { path: path.to_owned(), source };
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(error)),
        _ => {}
    }
    let file = std::fs::OpenOptions::new().write(true).create_new(true).open(path);
    file.and_then(|mut file| io::Write::write_all(&mut file, bytes)).map_err(failed)
}
