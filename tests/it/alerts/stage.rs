//! A store, a webhook, a Maildir and what watches, on a clock that stands still.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use domain::alerts::{Incident, IncidentKind};
use jiff::SignedDuration;
use judging::referential::{Files, Watch};
use service::alerting::{Alerting, Notifier};
use service::config::Config;
use service::health::{Heartbeat, Task};
use service::pipeline::Transport;
use store::WorkerLease;
use tempfile::TempDir;

use super::receiver::Receiver;
use crate::store::bench::{ACCOUNT, Bench};
use crate::store::engine::Engine;

pub(super) const RECIPIENT: &str = "astreinte@region.test";

const ETABLISSEMENTS: &str = "finess;type;ej;nom;expediteurs;contact;cadence;etat\n\
    350054680;EG;;Centre d’essai;lits@ch-armor.test;;2h;ouvert\n";
const SERVICES: &str = "finess;code;libelle;nature;etat;cadence\n\
    350054680;SSR1;Soins de suite;;ouvert;\n350054680;SSR2;Gériatrie;;ouvert;\n";

pub(super) struct Stage {
    pub(super) bench: Bench,
    pub(super) pulse: Heartbeat,
    pub(super) receiver: Receiver,
    pub(super) alarm: Alerting,
    pub(super) config: Config,
    folder: TempDir,
}

impl Stage {
    pub(super) async fn new(engine: Engine) -> Self {
        Box::pin(Self::with(engine, "")).await
    }

    /// With these keys in `[alerts]`.
    pub(super) async fn with(engine: Engine, keys: &str) -> Self {
        let (bench, receiver, folder) = (Bench::new(engine).await, Receiver::start(), TempDir::new().unwrap());
        std::fs::write(folder.path().join("etablissements.csv"), ETABLISSEMENTS).unwrap();
        std::fs::write(folder.path().join("services.csv"), SERVICES).unwrap();
        let config = config(&folder, &receiver, keys);
        let pulse = Heartbeat::new(bench.clock.clone());
        pulse.name(ACCOUNT, "principale");
        let alarm = alarm(&bench, &bench.shift, &config, &pulse, folder.path().join("courriels"));
        let stage = Self { bench, pulse, receiver, alarm, config, folder };
        Box::pin(stage.observe()).await;
        stage
    }

    /// What another worker watches by.
    pub(super) fn alarm_of(&self, shift: &WorkerLease, config: &Config, pulse: &Heartbeat) -> Alerting {
        alarm(&self.bench, shift, config, pulse, self.folder.path().join("courriels"))
    }

    /// Looks at the store, as the task that observes does.
    pub(super) async fn observe(&self) {
        self.pulse.observed(self.bench.store.vitals(SignedDuration::from_secs(3600), self.bench.now()).await.unwrap());
    }

    /// So many minutes, a look at each.
    pub(super) async fn minutes(&self, minutes: usize) {
        for _ in 0..minutes {
            self.bench.advance(60);
            self.observe().await;
            self.alarm.round().await;
        }
    }

    /// Without a look.
    pub(super) fn hours_pass(&self, hours: i64) {
        self.bench.clock.advance(SignedDuration::from_hours(hours));
    }

    pub(super) async fn open(&self, kind: IncidentKind) -> Vec<Incident> {
        let open = self.bench.store.open_incidents().await.unwrap();
        open.into_iter().filter(|one| one.kind == kind).collect()
    }

    /// The worker reads a mailbox from now on, and has not swept it yet.
    pub(super) fn expect_sweeps(&self) {
        self.pulse.expect(Task::Sweep(ACCOUNT.to_owned()), Duration::from_hours(9));
    }

    /// The mails that the recipient got.
    pub(super) fn mails(&self) -> Vec<String> {
        let folder = self.folder.path().join("courriels").join(RECIPIENT).join("new");
        let files = std::fs::read_dir(folder).into_iter().flatten().map(|file| file.unwrap().path());
        files.map(|path| std::fs::read_to_string(path).unwrap()).collect()
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

fn alarm(bench: &Bench, shift: &WorkerLease, config: &Config, pulse: &Heartbeat, mails: PathBuf) -> Alerting {
    let files: Files = config.referential.clone();
    let watch = Arc::new(Mutex::new(Watch::load(files).unwrap()));
    let teller = Notifier::new(config, Transport::Maildir(mails)).unwrap();
    Alerting::new(shift.clone(), config, bench.clock.clone(), pulse.clone(), watch, teller)
}

/// Also names a certificate, which the stories that need one write.
pub(super) fn config(folder: &TempDir, receiver: &Receiver, keys: &str) -> Config {
    let inside = |name: &str| folder.path().join(name).display().to_string();
    let text = format!(
        "environnement = \"qualification\"\n\
         [mailbox.maildir]\npath = \"{boite}\"\n\
         [referential]\netablissements = \"{etablissements}\"\nservices = \"{services}\"\n\
         [ror.api]\nbase_url = \"https://localhost\"\ntoken_url = \"https://localhost/jeton\"\nclient_id = \"essai\"\n\
         genre_indifferencie = \"04\"\nidentity = {{ certificate = \"{certificat}\", key = \"{certificat}\" }}\n\
         [store]\nurl = \"sqlite://{store}\"\n\
         [reply]\nfrom = \"dispolits@eai.test\"\nallowed_domains = [\"ch-armor.test\"]\n\
         transport = \"maildir\"\nmaildir = \"{boite}\"\n\
         [alerts]\nrecipients = [\"{RECIPIENT}\"]\ngather = \"0s\"\ndisk_percent = 0\n{keys}\n\
         [alerts.webhook]\nurl = \"{url}\"\nbearer = \"jeton d’essai\"\nhmac_key = \"clef\"\n",
        boite = inside("boite"),
        etablissements = inside("etablissements.csv"),
        services = inside("services.csv"),
        certificat = inside("certificat.pem"),
        store = inside("dispolits.db"),
        url = receiver.url(),
    );
    std::fs::write(folder.path().join("config.toml"), text.replace("jeton d’essai", "jeton-d-essai")).unwrap();
    Config::load(&folder.path().join("config.toml")).unwrap()
}
