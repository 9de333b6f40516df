//! Each fault of the network between the worker and the mailbox, the submission server and the ROR: what the operator
//! sees, that it ends by itself, and that nothing is lost. The run writes the table of deploy/pannes.md.

mod crowd;
mod emptied;
pub(crate) mod store;
pub(crate) mod table;

use std::time::Duration;

use super::crash::region::{Outbox, Plan, Post, Region};
use super::crash::traffic::{Cast, Traffic};
use super::crash::{REST, at_once, fail_on, oracle};
use crate::cli::service::Service;
use crate::proxy::{Fault, Proxy};
use crate::store::engine::Engine;

/// A part that the worker talks to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Edge {
    Mailbox,
    Submission,
    Ror,
    Database,
}

const EDGES: [Edge; 3] = [Edge::Mailbox, Edge::Submission, Edge::Ror];

const HEADER: [&str; 6] =
    ["côté", "panne", "ce que dit la trace", "puis, à la reprise", "perdus (SQLite)", "perdus (PostgreSQL)"];
/// What cannot happen to a file.
const NOTHING_TO_FAIL: &str = "sans objet";

/// Each fault, and its name for people.
const FAULTS: [(&str, Fault); 8] = [
    ("trou noir : plus rien ne passe", Fault::BlackHole),
    ("liaison à demi morte : le serveur est parti sans le dire", Fault::HalfOpen),
    ("goutte à goutte : cinq octets par seconde", Fault::Drip),
    ("coupure (RST)", Fault::Reset),
    ("réponse tronquée", Fault::Truncated),
    ("lenteur : 40 ms par réponse", Fault::Latency(Duration::from_millis(40))),
    ("octets quelconques à la place de la réponse", Fault::Garbage),
    ("travail fait, réponse perdue", Fault::AnswerLost(0)),
];

impl Edge {
    fn name(self) -> &'static str {
        match self {
            Self::Mailbox => "boîte (IMAP)",
            Self::Submission => "envoi (SMTP)",
            Self::Ror => "ROR (HTTPS)",
            Self::Database => "base (PostgreSQL)",
        }
    }

    fn proxy(self, region: &Region) -> &Proxy {
        match self {
            Self::Mailbox => region.imap.as_ref().unwrap(),
            Self::Submission => region.smtp.as_ref().unwrap(),
            Self::Ror => &region.api,
            Self::Database => region.database.as_ref().unwrap(),
        }
    }

    /// The line of the trace that tells of the fault; a slow answer is no fault.
    fn told(self, fault: Fault) -> Option<&'static str> {
        match (self, fault) {
            (_, Fault::Latency(_)) => None,
            (Self::Mailbox, Fault::BlackHole | Fault::HalfOpen | Fault::Drip) => {
                Some("relève interrompue : délai dépassé")
            }
            (Self::Mailbox, _) => Some("relève interrompue : "),
            (Self::Submission, Fault::AnswerLost(_)) => Some("envoi remis à plus tard : contenu"),
            (Self::Submission, _) => Some("les réponses attendent, le serveur d’envoi est indisponible"),
            (Self::Ror, _) => Some("envois au ROR suspendus : "),
            (Self::Database, _) => Some("base de données : "),
        }
    }

    /// The line that tells of its end.
    fn ended(self, fault: Fault) -> Option<&'static str> {
        match (self, fault) {
            (_, Fault::Latency(_)) | (Self::Mailbox | Self::Database, _) | (Self::Submission, Fault::AnswerLost(_)) => {
                None
            }
            (Self::Submission, _) => Some("le serveur d’envoi est de nouveau disponible"),
            (Self::Ror, _) => Some("le ROR répond de nouveau"),
        }
    }

    /// More than a handshake takes, and less than the request that is to lose its answer.
    fn upstream(self) -> usize {
        match self {
            Self::Mailbox | Self::Database => 0,
            Self::Submission => 4000,
            Self::Ror => 1500,
        }
    }
}

#[test]
fn the_network_fails_everywhere_in_every_way_and_nothing_is_lost() {
    let [mailbox, submission, ror] = EDGES.map(|edge| Engine::ALL.map(|engine| (engine, edge)));
    let runs = [mailbox, submission, ror].as_flattened().try_into().unwrap();
    let (server, told): (_, [_; 6]) = std::thread::scope(|scope| {
        let server = scope.spawn(|| suffer((Engine::Postgres, Edge::Database)));
        let told = at_once(runs, suffer);
        (server.join().unwrap_or_else(|fault| std::panic::resume_unwind(fault)), told)
    });
    let mut rows = Vec::new();
    for [embedded, shared] in told.as_chunks().0 {
        assert_eq!(embedded, shared, "the engines went through the same");
        rows.extend(embedded.iter().map(|row| line(row, "0")));
    }
    rows.extend(server.iter().map(|row| line(row, NOTHING_TO_FAIL)));
    table::check("reseau", HEADER, &rows);
}

fn line([edge, fault, told, ended]: &[String; 4], embedded: &str) -> [String; 6] {
    [edge, fault, told, ended, embedded, "0"].map(str::to_owned)
}

/// All faults of one edge, each from its beginning to its end in one life of the program: edge, fault, what was told of
/// it and of its end.
fn suffer((engine, edge): (Engine, Edge)) -> Vec<[String; 4]> {
    let region = Region::start(Plan { engine, post: Post::Dovecot, outbox: Outbox::Exim, places: 3 });
    let mut traffic = Traffic::new(20_261_123, 3, Cast::Armor);
    let mut rows = Vec::new();
    // To the database's sessions, an answer that drips is one that does not come.
    let met = FAULTS.into_iter().filter(|(_, fault)| (edge, *fault) != (Edge::Database, Fault::Drip));
    for (name, fault) in met {
        // Logins are spaced after a few: a new life has new ones.
        let service = region.run(None);
        service.wait_for("Dispolits est en service", 1);
        region.endure();
        let mails = traffic.batch(3).into_iter().chain([traffic.telling()]).collect::<Vec<_>>();
        strike(&region, edge, fault, || region.deliver(&traffic, &mails), &service);
        region.settle(REST);
        let (status, log) = service.stop();
        assert!(status.success(), "{log}");
        assert!(edge.ended(fault).is_none_or(|line| log.contains(line)), "{edge:?}, {name}: no end is told\n{log}");
        fail_on(&format!("{engine:?}, {edge:?}, {name}"), &oracle::at_the_end(&traffic.letters, &region.evidence()));
        let quoted = |line: Option<&str>| line.map(|line| format!("`{}`", line.trim_end_matches(" : ")));
        let [told, end] = [edge.told(fault), edge.ended(fault)].map(|line| quoted(line).unwrap_or("rien".to_owned()));
        rows.push([edge.name().to_owned(), name.to_owned(), told, end]);
    }
    rows
}

/// Brings the fault about, waits until it did harm and was told, and ends it.
fn strike(region: &Region, edge: Edge, fault: Fault, deliver: impl FnOnce(), service: &Service) {
    let proxy = edge.proxy(region);
    let hits = proxy.hits();
    match fault {
        Fault::AnswerLost(_) if edge == Edge::Mailbox => return lose_the_answer_to_a_move(region, proxy, deliver),
        Fault::AnswerLost(_) => proxy.set(Fault::AnswerLost(edge.upstream())),
        other => proxy.set(other),
    }
    deliver();
    region.wait("the fault to be met", REST, || proxy.hits() > hits);
    if let Some(line) = edge.told(fault) {
        region.wait(line, REST, || service.log().contains(line));
    } else {
        region.settle(REST);
    }
    proxy.set(Fault::None);
}

/// Answers come late: once the mails are seen in their folder, the answer to the MOVE is still on its way, and is lost.
fn lose_the_answer_to_a_move(region: &Region, proxy: &Proxy, deliver: impl FnOnce()) {
    let filed = || region.dovecot.as_ref().map_or(0, |dovecot| dovecot.mails("Traites").len());
    let before = filed();
    proxy.set(Fault::Latency(Duration::from_millis(500)));
    deliver();
    region.wait("a mail to be moved", REST, || filed() > before);
    proxy.set(Fault::Reset);
    std::thread::sleep(Duration::from_millis(100));
    proxy.set(Fault::None);
}
