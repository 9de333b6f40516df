//! `dispolits journal` on a store filled with one mail of each kind that an operator meets.

use std::fs;
use std::io::Read;
use std::process::Stdio;
use std::time::Duration;

use base::clock::Clock;
use domain::defect::{Code, Defect, Place};
use domain::outcome::{Verdict, in_paris};
use judging::dry_run::Bench;
use judging::judgement;
use judging::judgement::{Context, Rules};
use reading::message;
use reading::report;

use jiff::{SignedDuration, Timestamp};
use store::{
    Closing, Expiry, JudgedDocument, JudgedMail, MailId, NewReply, NewReplyText, Prior, Probe, Received, Recorded,
    ReplyKind, Settlement, Store, TaskLease, Whereabouts, WorkerLease,
};
use tempfile::TempDir;

use super::{AT, REPORT, Ran, program, ran, report};
use crate::store::bench::hand_over;

/// A store and the configuration that names it.
struct Desk {
    folder: TempDir,
    store: Store,
    shift: WorkerLease,
    duty: TaskLease,
    settling: TaskLease,
}

impl Desk {
    async fn empty() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", folder.path().join("dispolits.db").display());
        let example = include_str!("../../../deploy/config.example.toml");
        let shipped = "sqlite:///var/lib/dispolits/dispolits.db";
        assert!(example.contains(shipped));
        let config = example.replace(shipped, &url);
        // What waits since a fixed day must not be late one day.
        assert!(config.contains("late_after = \"1h\""));
        let config = config.replace("late_after = \"1h\"", "late_after = \"365000d\"");
        fs::write(folder.path().join("config.toml"), config).unwrap();
        let store = Store::open(&store::StoreSettings::at(url)).await.unwrap();
        let shift = WorkerLease::new(store.clone(), "essai", Duration::from_mins(10));
        shift.begin().await.unwrap();
        let duty = shift.take_mailbox("boite").await.unwrap().unwrap();
        let settling = shift.take_settling().await.unwrap().unwrap();
        Self { folder, store, shift, duty, settling }
    }

    /// Five mails: half rejected and answered, integrated, waiting, of a patient, of a strange sender.
    async fn filled() -> Self {
        let desk = Self::empty().await;
        let partial = report("nombre=\"3\"", "nombre=\"-3\"");
        let first = desk.receive(&mail("lits@ch-armor.test", "Lits du matin", &partial), at(0)).await;
        desk.push(&[404, 200], at(1)).await;
        desk.settle(first, NewReplyText::Letter(Box::new(reply())), at(2)).await;
        let due = desk.shift.replies_to_send(1, &[], at(3)).await.unwrap().remove(0);
        hand_over(&desk.store, &due, Whereabouts::Taken, at(3)).await;
        let other = REPORT.replace("essai-1", "essai-2").replace("07:50:00", "07:55:00");
        let second = desk.receive(&mail("sih@ch-armor.test", "Lits de midi", &other), at(3600)).await;
        desk.push(&[200], at(3601)).await;
        desk.settle(second, NewReplyText::Silent("intégré, aucun accusé demandé".to_owned()), at(3602)).await;
        let waiting = REPORT.replace("essai-1", "essai-3").replace("C01-A", "C02-A");
        desk.receive(&mail("lits@ch-armor.test", "Lits du soir", &waiting), at(7200)).await;
        let patient = desk.receive_rejected("lits@ch-armor.test", "Dossier de Camille", Code::M06, at(7300)).await;
        desk.settle(patient, NewReplyText::Silent("document de patient".to_owned()), at(7301)).await;
        let strange = desk.receive_rejected("=cmd|calc@ch-armor.test", "Formule", Code::M02, at(7400)).await;
        desk.settle(strange, NewReplyText::Silent("@SUM(1)".to_owned()), at(7401)).await;
        desk
    }

    async fn receive(&self, raw: &str, now: Timestamp) -> MailId {
        let message = message::read(raw.as_bytes(), &message::MessageLimits::default());
        let rules = Rules::default();
        let bench = Bench { referential: None, rules: &rules, at: now };
        let documents = message.candidates().iter().map(|candidate| judged(candidate, &bench)).collect();
        self.record(raw, JudgedMail { documents, ..letterhead(&message, "traites") }, now).await
    }

    /// A mail rejected as a whole.
    async fn receive_rejected(&self, from: &str, subject: &str, code: Code, now: Timestamp) -> MailId {
        let raw = mail(from, subject, "");
        let message = message::read(raw.as_bytes(), &message::MessageLimits::default());
        let defects = vec![Defect::new(code, Place::mail())];
        let verdict = Some(Verdict::Rejete);
        self.record(&raw, JudgedMail { defects, verdict, ..letterhead(&message, "rejets") }, now).await
    }

    async fn record(&self, raw: &str, judged: JudgedMail, now: Timestamp) -> MailId {
        let (account, raw) = ("boite", raw.as_bytes());
        let position = format!("p{}", now.as_second());
        let received = Received { account, position: &position, raw, size: raw.len() as u64, headers_only: false };
        self.store.receive(&self.duty, &[received], now).await.unwrap();
        let id = self.store.to_judge(account, 1).await.unwrap()[0].id;
        assert_eq!(self.store.record(&self.duty, id, &judged, now).await.unwrap(), Recorded::Stands);
        id
    }

    /// Has the ROR answer every row that waits with these statuses, one request after the other.
    async fn push(&self, statuses: &[u16], now: Timestamp) {
        for batch in self.shift.claim(9, now).await.unwrap() {
            for row in batch.rows {
                let operations = ["replace", "add"].into_iter().zip(statuses);
                let probes: Vec<Probe> = operations.map(|(operation, status)| probe(operation, *status)).collect();
                let closing = Closing::Acknowledged { genre_code: None };
                self.store.close_rows(&[&row.answered(probes, closing, now, now)]).await.unwrap();
            }
        }
    }

    async fn settle(&self, id: MailId, answer: NewReplyText, now: Timestamp) {
        let outcome = self.store.settled_outcomes(&[id]).await.unwrap().pop().unwrap().1;
        self.store.settle(&self.settling, &[Settlement { mail: id, outcome, answer }], now).await.unwrap();
    }

    fn journal(&self, command: &str, arguments: &[&str]) -> Ran {
        let config = self.folder.path().join("config.toml");
        ran(&program().args(["journal", command, "--config"]).arg(config).args(arguments).output().unwrap())
    }
}

fn at(seconds: i64) -> Timestamp {
    AT.parse::<Timestamp>().unwrap() + SignedDuration::from_secs(seconds)
}

fn mail(from: &str, subject: &str, report: &str) -> String {
    format!(
        "From: {from}\r\nSubject: {subject}\r\nMessage-ID: <{}@ch-armor.test>\r\nMIME-Version: 1.0\r\n\
         Content-Type: application/xml; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\
         Content-Disposition: attachment; filename=\"rapport.xml\"\r\n\r\n{report}",
        subject.replace(' ', "-").to_lowercase()
    )
}

fn judged(candidate: &message::Candidate, bench: &Bench<'_>) -> JudgedDocument {
    let reading = report::read(&candidate.name, &candidate.bytes, &report::DocumentLimits::default());
    let (head, mentions) = (reading.head.clone(), reading.mentions());
    let context = Context {
        referential: None,
        sender: None,
        received_at: bench.at,
        rules: bench.rules,
        identifiant_reused: false,
    };
    let judgement = judgement::judge(reading, &context);
    JudgedDocument { head, prior: Prior::New, mentions, updates: judgement.updates, defects: judgement.defects }
}

fn letterhead(message: &message::Message, folder: &str) -> JudgedMail {
    JudgedMail {
        folder: folder.to_owned(),
        sender: message.sender().cloned(),
        message_id: message.message_id().map(str::to_owned),
        defects: Vec::new(),
        documents: Vec::new(),
        unrecognised: false,
        verdict: None,
    }
}

fn probe(operation: &str, status: u16) -> Probe {
    let failure = (status == 404).then(|| "indicateur absent du ROR".to_owned());
    Probe { operation: operation.to_owned(), status: Some(status), duration_ms: 12, failure, answer: String::new() }
}

fn reply() -> NewReply {
    let content = "From: dispolits@eai.test\r\nContent-Type: text/plain; charset=utf-8\r\n\
                   Content-Transfer-Encoding: 8bit\r\n\r\nVotre envoi a été partiellement intégré.\r\n";
    NewReply {
        kind: ReplyKind::Reponse,
        message_id: "reponse@eai.test".to_owned(),
        sender: "lits@ch-armor.test".parse().unwrap(),
        recipients: vec!["lits@ch-armor.test".parse().unwrap(), "direction@ch-armor.test".parse().unwrap()],
        return_path: None,
        content: content.as_bytes().to_vec(),
        rejections: 1,
        copy: None,
    }
}

#[tokio::test]
async fn the_list_is_one_line_a_mail() {
    let desk = Desk::filled().await;
    insta::assert_snapshot!(desk.journal("list", &[]).out);
}

#[tokio::test]
async fn filters_combine() {
    let desk = Desk::filled().await;
    let check = |filters: &[&str], expected: &[&str]| {
        let ran = desk.journal("export", filters);
        assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{filters:?}");
        let numbers: Vec<&str> = ran.out.lines().skip(1).map(|line| line.split(';').next().unwrap()).collect();
        assert_eq!(numbers, expected, "{filters:?}");
    };
    check(&[], &["5", "4", "3", "2", "1"]);
    check(&["--expediteur", "LITS@ch-armor.test"], &["4", "3", "1"]);
    check(&["--expediteur", "lits@ch-armor.test", "--verdict", "rejete"], &["4"]);
    check(&["--verdict", "en-cours"], &["3"]);
    check(&["--verdict", "doublon"], &[]);
    check(&["--code", "C01"], &["1"]);
    check(&["--code", "c01"], &["1"]);
    check(&["--code", "C01", "--verdict", "integre"], &[]);
    check(&["--finess", "350054680"], &["3", "2", "1"]);
    check(&["--finess", "350054680", "--service", "C01-A"], &["2", "1"]);
    check(&["--service", "C02-A"], &["3"]);
    check(&["--finess", "299900100"], &[]);
    check(&["--depuis", "2026-11-23T09:00:00+01:00"], &["5", "4", "3", "2"]);
    check(&["--depuis", "2026-11-23T09:00", "--avant", "2026-11-23T10:00"], &["2"]);
    check(&["--depuis", "2026-11-23", "--avant", "2026-11-24", "--service", "C01-A"], &["2", "1"]);
    check(&["--depuis", "2026-11-24"], &[]);
    assert_eq!(desk.journal("list", &["--limite", "2"]).out.lines().count(), 3);
}

#[tokio::test]
async fn a_mail_is_told_so_that_the_telephone_can_be_answered() {
    let desk = Desk::filled().await;
    for number in ["1", "2", "3", "4"] {
        let ran = desk.journal("show", &[number]);
        assert_eq!((ran.code, ran.err.as_str()), (0, ""));
        insta::assert_snapshot!(format!("courriel-{number}"), ran.out);
        assert!(!ran.out.contains("Camille"), "the subject of a patient document");
    }
    let store = desk.store.clone();
    store.moved(&desk.duty, &[MailId::of(1)], at(9000)).await.unwrap();
    store.purge_content(&Expiry::at(at(9000))).await.unwrap();
    assert!(desk.journal("show", &["1"]).out.contains("(contenu effacé au terme de sa conservation)"));
}

#[tokio::test]
async fn a_row_that_waits_for_too_long_is_shown_as_late() {
    let desk = Desk::empty().await;
    let now = Clock::System.now();
    for (name, age) in [("vieux", 7200), ("neuf", 60)] {
        let received = now - SignedDuration::from_secs(age);
        let text = REPORT.replace("essai-1", name).replace("C01-A", name);
        // Judged by the clock of the machine: a fixed day would be too old one day.
        let text = text.replace("2026-11-23T07:50:00+01:00", &format!("{received:.0}"));
        let text = text.replace("2026-11-23T07:55:00+01:00", &format!("{received:.0}"));
        desk.receive(&mail("lits@ch-armor.test", name, &text), received).await;
    }
    let config = fs::read_to_string(desk.folder.path().join("config.toml")).unwrap();
    fs::write(desk.folder.path().join("config.toml"), config.replace("365000d", "1h")).unwrap();
    assert_eq!(desk.journal("show", &["1"]).out.matches(" : en attente, en retard (jugée le ").count(), 2);
    assert_eq!(desk.journal("show", &["2"]).out.matches("en retard").count(), 0);
}

#[tokio::test]
async fn a_later_entry_in_the_ror_is_shown_beside_ours() {
    let desk = Desk::empty().await;
    desk.receive(&mail("lits@ch-armor.test", "nous", REPORT), at(0)).await;
    let row = &desk.shift.claim(1, at(1)).await.unwrap()[0].rows[0];
    let later = Closing::Overtaken { date: "2026-11-23T09:30:00Z".parse().unwrap(), nombre: 77 };
    desk.store.close_rows(&[&row.answered(Vec::new(), later, at(2), at(2))]).await.unwrap();
    let shown = desk.journal("show", &["1"]).out;
    let ours = format!("relevé du {} : dépassée par un relevé plus récent\n", in_paris(row.update.date_releve));
    let theirs = "    le ROR porte 77, relevé du 23/11/2026 à 10:30\n";
    assert!(shown.contains(&format!("{ours}{theirs}")), "{shown}");
}

#[tokio::test]
async fn a_number_that_nobody_has_is_told() {
    let desk = Desk::filled().await;
    for number in ["6", "0", "9223372036854775807"] {
        let ran = desk.journal("show", &[number]);
        assert_eq!((ran.code, ran.out.as_str()), (2, ""));
        assert_eq!(ran.err, format!("erreur : aucun courriel ne porte le numéro {number}\n"));
    }
}

#[tokio::test]
async fn a_database_that_does_not_open_is_told_in_french() {
    let desk = Desk::empty().await;
    let (config, other) = (desk.folder.path().join("config.toml"), desk.folder.path().join("autre.db"));
    fs::write(&other, "ceci n’est pas une base").unwrap();
    let text = fs::read_to_string(&config).unwrap();
    let url = text.lines().find(|line| line.starts_with("url = \"sqlite://")).unwrap();
    for (url_instead, why) in [
        (format!("url = \"sqlite://{}\"", other.display()), "n’est pas une base SQLite, ou il est abîmé"),
        ("url = \"postgres://lits@127.0.0.1:1/lits\"".to_owned(), "le serveur refuse la connexion"),
    ] {
        fs::write(&config, text.replace(url, &url_instead)).unwrap();
        let ran = desk.journal("list", &[]);
        assert_eq!((ran.code, ran.err.lines().count()), (2, 1), "{}", ran.err);
        assert!(ran.err.contains(why) && !ran.err.contains("error"), "{}", ran.err);
    }
}

#[tokio::test]
async fn no_cell_of_the_export_is_a_formula() {
    let desk = Desk::filled().await;
    let ran = desk.journal("export", &[]);
    insta::assert_snapshot!("export", ran.out);
    for line in ran.out.lines() {
        let acts = line.split(';').any(|cell| cell.trim_start_matches('"').starts_with(['=', '+', '-', '@']));
        assert!(!acts, "{line}");
    }
    let json = desk.journal("export", &["--format", "json"]).out;
    let first: serde_json::Value = serde_json::from_str(json.lines().next().unwrap()).unwrap();
    assert_eq!(first["expediteur"], "=cmd|calc@ch-armor.test", "a program gets what there is");
}

#[tokio::test]
async fn the_export_of_defects_has_one_line_each() {
    let desk = Desk::filled().await;
    let ran = desk.journal("export", &["--defauts"]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    insta::assert_snapshot!("defauts", ran.out);
    let json = desk.journal("export", &["--defauts", "--format", "json", "--code", "C01"]).out;
    let [only] = json.lines().collect::<Vec<_>>().try_into().unwrap();
    let only: serde_json::Value = serde_json::from_str(only).unwrap();
    assert_eq!((&only["numero"], &only["code"], &only["ligne"]), (&1.into(), &"C01".into(), &6.into()));
    assert_eq!((&only["trouve"], &only["agir"]), (&"-3".into(), &serde_json::json!(["etablissement"])));
}

#[tokio::test]
async fn the_folder_that_a_mail_is_in_is_told() {
    let desk = Desk::filled().await;
    assert!(desk.journal("show", &["1"]).out.contains("Classement  à ranger dans le dossier « traites »\n"));
    desk.store.moved(&desk.duty, &[MailId::of(1)], at(60)).await.unwrap();
    let shown = desk.journal("show", &["1"]).out;
    assert!(shown.contains("Classement  dossier « traites », le 23/11/2026 à 08:01\n"), "{shown}");
}

#[tokio::test]
async fn the_balance_is_told_and_its_exit_code_says_whether_it_holds() {
    let desk = Desk::filled().await;
    let ran = desk.journal("balance", &[]);
    assert_eq!(ran.code, 0);
    insta::assert_snapshot!("bilan", ran.out);
    let json = desk.journal("balance", &["--format", "json"]).out;
    let balance: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!((&balance["recus"], &balance["en_cours"]), (&5.into(), &1.into()));
    assert_eq!(balance["equilibre"], true);
}

/// What is judged and still lies where it came is left undone.
#[tokio::test]
async fn mails_that_no_folder_takes_are_in_the_balance() {
    let desk = Desk::filled().await;
    let balance = |key: &str| -> (i32, serde_json::Value) {
        let ran = desk.journal("balance", &["--format", "json"]);
        (ran.code, serde_json::from_str::<serde_json::Value>(&ran.out).unwrap()[key].clone())
    };
    desk.store.begin_filing(&desk.duty, &[MailId::of(1), MailId::of(2)], at(60)).await.unwrap();
    assert_eq!(balance("non_classes"), (1, 2.into()));
    assert!(desk.journal("balance", &[]).out.contains("NON CLASSÉS"));
    desk.store.moved(&desk.duty, &[MailId::of(1)], at(61)).await.unwrap();
    desk.store.left(&desk.duty, &[MailId::of(2)], at(61)).await.unwrap();
    assert_eq!(
        (balance("non_classes").1, balance("non_deplaces"), balance("equilibre")),
        (0.into(), (1, 1.into()), (1, false.into()))
    );
    assert!(desk.journal("balance", &[]).out.contains("NON DÉPLACÉS"));
    desk.store.moved(&desk.duty, &[MailId::of(2)], at(62)).await.unwrap();
    assert_eq!(balance("equilibre"), (0, true.into()));
}

#[tokio::test]
async fn an_empty_store_is_no_failure() {
    let desk = Desk::empty().await;
    let check = |command: &str, out: &str| {
        let ran = desk.journal(command, &[]);
        assert_eq!((ran.code, ran.out.as_str(), ran.err.as_str()), (0, out, ""), "{command}");
    };
    check("list", "Aucun courriel ne correspond.\n");
    check("export", "numero;recu;expediteur;verdict;codes;capacites;reponse;message_id;boite\n");
    assert!(desk.journal("balance", &[]).out.starts_with("Courriels reçus                  0\n"));
}

/// `dispolits journal … | head -c 1`: more than a pipe holds, and nobody who reads it.
#[tokio::test]
async fn a_reader_that_leaves_is_no_failure() {
    let desk = Desk::empty().await;
    for rank in 0..300 {
        let subject = format!("{rank}-{}", "long".repeat(50));
        desk.receive(&mail("lits@ch-armor.test", &subject, &REPORT.replace("essai-1", &format!("e-{rank}"))), at(rank))
            .await;
    }
    let config = desk.folder.path().join("config.toml");
    let check = |arguments: &[&str]| {
        let mut command = program();
        command.args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        child.stdout.take().unwrap().read_exact(&mut [0]).unwrap();
        let ended = child.wait_with_output().unwrap();
        assert_eq!((ended.status.code(), ended.stderr.as_slice()), (Some(0), &b""[..]), "{arguments:?}");
    };
    let config = config.to_str().unwrap();
    check(&["journal", "export", "--config", config]);
    check(&["journal", "export", "--config", config, "--format", "json"]);
    check(&["journal", "list", "--config", config, "--limite", "300"]);
    check(&["config", "schema"]);
    check(&["completions", "zsh"]);
}
