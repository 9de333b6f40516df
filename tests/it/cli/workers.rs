//! Three real `dispolits run` on one real PostgreSQL: killed, stopped and woken, the server restarted under them.

use std::collections::BTreeSet;

use base::clock::Clock;
use campaign::simulator::{Effect, SimulatedFault};
use jiff::{SignedDuration, Timestamp};
use sqlx::Connection;
use sqlx::sqlite::SqliteConnection;

use super::service::{Service, World, mail_at, until};
use crate::postgres::{Cluster, create, session};

const PLACE: &str = "1350054680/C01-A";
const HOSPITAL: &str = "lits@ch-armor.test";

/// Mails on their way to workers that share a server.
struct Team {
    cluster: Cluster,
    world: World,
    workers: Vec<Service>,
    start: Timestamp,
    sent: i64,
    /// The names of those that are rejected.
    rejected: BTreeSet<String>,
}

impl Team {
    async fn new() -> Self {
        let cluster = Cluster::start();
        create(&cluster, "lits").await;
        let mut world = World::new().await;
        world.keep_state_in(&cluster.url("lits"));
        world.lease(3);
        let workers = vec![world.start(), world.start(), world.start()];
        let start = Clock::System.now() - SignedDuration::from_hours(1);
        Self { cluster, world, workers, start, sent: 0, rejected: BTreeSet::new() }
    }

    /// One report, observed a second after the last.
    fn report(&mut self) {
        let observed = self.start + SignedDuration::from_secs(self.sent);
        drop(self.send(self.sent, observed));
    }

    fn send(&mut self, nombre: i64, observed: Timestamp) -> String {
        let name = format!("rapport-{:04}", self.sent);
        self.world.send(&name, &mail_at(&name, nombre, observed));
        self.sent += 1;
        name
    }

    /// Reports, one of them wrong: nothing is lost, and each gets what it is due.
    fn wave(&mut self) {
        for _ in 0..5 {
            self.report();
        }
        let wrong = self.send(-1, self.start + SignedDuration::from_secs(self.sent));
        self.rejected.insert(wrong);
        self.report();
    }

    async fn settled(&self) {
        self.world.settled(self.sent).await;
        let newest = self.sent - 1;
        until("the newest count to be held", async || self.held() == [newest]).await;
    }

    fn held(&self) -> Vec<i64> {
        self.world.simulator.state().iter().filter(|one| one.identifiant == PLACE).map(|one| one.nombre).collect()
    }

    /// The mails that got a reply, once for each reply: the first report after a rejection is confirmed too.
    fn answers(&self) -> Vec<String> {
        let name = |reply: &String| {
            let (_, rest) = reply.split_once("In-Reply-To: <")?;
            Some(rest.split_once('@')?.0.to_owned())
        };
        self.world.replies_to(HOSPITAL).iter().map(|reply| name(reply).unwrap()).collect()
    }

    /// Takes out the worker that reads the mailbox.
    async fn take_holder(&mut self) -> Service {
        let pid = self.pid_of("SELECT w.name FROM duties d JOIN workers w ON w.id = d.worker WHERE d.name LIKE 'bo%'");
        let pid = pid.await;
        self.take(pid)
    }

    fn take(&mut self, pid: u32) -> Service {
        let rank = self.workers.iter().position(|worker| worker.pid() == pid).unwrap();
        self.workers.remove(rank)
    }

    /// Lets a stopped worker go on, once the others have struck it off the list, and waits until it knows.
    async fn wake(&mut self, stopped: Service) {
        const TOLD: &str = "le bail de ce service avait expiré";
        let mut session = session(&self.cluster.url("lits")).await;
        let name = format!("%:{}", stopped.pid());
        let listed = "SELECT COUNT(*) FROM workers WHERE name LIKE $1";
        until("the stopped worker to be struck off", async || {
            sqlx::query_scalar::<_, i64>(listed).bind(&name).fetch_one(&mut session).await.unwrap() == 0
        })
        .await;
        let told = stopped.log().matches(TOLD).count();
        stopped.signal("CONT");
        stopped.wait_for(TOLD, told + 1);
        self.workers.push(stopped);
    }

    /// The process of the worker that a query names, once there is one.
    async fn pid_of(&self, query: &'static str) -> u32 {
        let mut session = session(&self.cluster.url("lits")).await;
        let mut found = None;
        until("a worker", async || {
            found = sqlx::query_scalar::<_, String>(query).fetch_optional(&mut session).await.unwrap();
            found.is_some()
        })
        .await;
        found.unwrap().rsplit_once(':').unwrap().1.parse().unwrap()
    }

    /// One verdict and one reply for each mail, and a clean end for each worker.
    async fn check(self) {
        self.settled().await;
        until("the replies", async || self.rejected.iter().all(|name| self.answers().contains(name))).await;
        let answers = self.answers();
        assert_eq!(answers.iter().collect::<BTreeSet<_>>().len(), answers.len(), "one each: {answers:?}");
        let store = self.world.store().await;
        let balance = store.balance(None).await.unwrap();
        assert!(balance.holds());
        assert_eq!((balance.recus, balance.doublons, balance.en_quarantaine), (self.sent, 0, 0));
        assert_eq!(balance.rejetes, i64::try_from(self.rejected.len()).unwrap());
        store.close().await;
        assert_eq!(self.world.lying_in(""), 0, "each is filed");
        for worker in self.workers {
            let (status, log) = worker.stop();
            assert_eq!(status.code(), Some(0), "{log}");
            assert!(!log.contains("panicked"), "{log}");
        }
        let mut session = session(&self.cluster.url("lits")).await;
        let at_work: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM workers").fetch_one(&mut session).await.unwrap();
        assert_eq!(at_work, 0, "a clean end leaves the list");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_holder_that_is_killed_is_replaced_and_nothing_is_lost() {
    let mut team = Team::new().await;
    for _ in 0..2 {
        team.wave();
        team.take_holder().await.kill();
        team.wave();
        team.settled().await;
    }
    assert!(team.workers[0].log().contains("relais pris : 1"), "{}", team.workers[0].log());
    team.check().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_holder_that_is_stopped_is_replaced_and_does_no_harm_when_it_wakes() {
    let mut team = Team::new().await;
    for _ in 0..2 {
        team.wave();
        let stopped = team.take_holder().await;
        stopped.signal("STOP");
        team.wave();
        team.settled().await;
        team.wake(stopped).await;
        team.wave();
        team.settled().await;
    }
    team.check().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_goes_away_is_waited_for() {
    let mut team = Team::new().await;
    team.wave();
    team.cluster.stop();
    team.wave();
    for worker in &team.workers {
        worker.wait_for("bail non renouvelé", 1);
    }
    team.cluster.restart();
    team.wave();
    team.settled().await;
    team.cluster.restart();
    team.wave();
    team.check().await;
}

/// The request of a worker that is stopped is applied when others have sent a newer count.
#[tokio::test(flavor = "multi_thread")]
async fn a_request_of_a_stopped_worker_that_is_applied_late_does_not_last() {
    let mut team = Team::new().await;
    let late = SimulatedFault {
        effect: Effect::Tardif { ms: None },
        identifiant: Some(PLACE.to_owned()),
        indicateur: None,
        apres: 0,
        fois: 1,
    };
    assert!(team.world.simulator.inject(late));
    team.report();
    let sender = "SELECT w.name FROM updates u JOIN workers w ON w.id = u.worker WHERE u.in_flight_at IS NOT NULL";
    let pid = team.pid_of(sender).await;
    until("the request", async || !team.world.simulator.requests().iter().all(|one| one.nombre.is_none())).await;
    let stopped = team.take(pid);
    stopped.signal("STOP");
    team.report();
    until("the newer count to be held", async || team.held() == [1]).await;
    team.world.simulator.release().await;
    assert_eq!(team.held(), [0], "the late request came to nothing: this test proves nothing");
    until("the newer count to be held again", async || team.held() == [1]).await;
    team.wake(stopped).await;
    team.check().await;
}

/// Undisturbed, the counts of a location leave in the order of observation whoever sends them, and each once.
#[tokio::test(flavor = "multi_thread")]
async fn a_location_is_served_in_order_by_any_number_of_workers() {
    let mut team = Team::new().await;
    for _ in 0..15 {
        team.report();
        team.settled().await;
    }
    let replaced = |one: &campaign::simulator::Recorded| one.applique.then_some(one.nombre).flatten();
    let applied: Vec<i64> = team.world.simulator.requests().iter().filter_map(replaced).collect();
    assert_eq!(applied, (0..15).collect::<Vec<_>>());
    let mut session = session(&team.cluster.url("lits")).await;
    let names: Vec<String> = sqlx::query_scalar("SELECT name FROM workers").fetch_all(&mut session).await.unwrap();
    assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), 3);
    drop(session);
    team.check().await;
}

/// A report of two counts of C01-A: the first, then the second indicator that is sent.
fn two_counts(identifiant: &str, first: i64, second: i64, observed: Timestamp) -> String {
    let one = format!("<capacite statut=\"installe\" nombre=\"{first}\"/>");
    let two = format!("{one}<capacite statut=\"occupe\" nombre=\"{second}\"/>");
    mail_at(identifiant, first, observed).replace(&one, &two)
}

/// The lease lapses while a slow request is under way: a clock set forward, a machine that stood still. The worker
/// begins anew, under another number; what it had claimed before may be somebody else's.
#[tokio::test]
async fn a_worker_that_was_replaced_sends_nothing_more_of_what_it_had_claimed() {
    let mut world = World::new().await;
    // Renewed every two seconds, so that the worker surely knows before the answer comes.
    world.lease(8);
    world.configure("");
    let service = world.start();
    let slow = Effect::Lent { ms: 6000 };
    assert!(world.simulator.inject(SimulatedFault { identifiant: Some(PLACE.to_owned()), ..slow.times(1) }));
    let start = Clock::System.now() - SignedDuration::from_hours(1);
    world.send("ancien", &two_counts("ancien", 10, 4, start));
    let patches = || world.simulator.requests().into_iter().filter(|request| request.methode == "PATCH");
    until("the slow request", async || patches().count() == 1).await;
    let mut other =
        SqliteConnection::connect(&format!("sqlite://{}", world.path("dispolits.db").display())).await.unwrap();
    sqlx::query("DELETE FROM workers").execute(&mut other).await.unwrap();
    world.send("nouveau", &two_counts("nouveau", 11, 5, start + SignedDuration::from_mins(1)));
    world.settled(2).await;
    let sent: Vec<i64> = patches().filter_map(|request| request.nombre).collect();
    assert!(!sent.contains(&4), "the older count left after the lapse: {sent:?}");
    let mut held: Vec<i64> = world.simulator.state().iter().map(|one| one.nombre).collect();
    held.sort_unstable();
    assert_eq!(held, [5, 11]);
    assert!(service.log().contains("le bail de ce service avait expiré"));
    assert_eq!(service.stop().0.code(), Some(0));
}
