//! The way of one mail through the store: received, judged, each count claimed and closed. All of it durable, on
//! whatever disk the temporary folder is.

use std::time::Duration;

use divan::Bencher;
use jiff::Timestamp;
use store::{
    Closing, JudgedDocument, JudgedMail, Prior, Received, Recorded, Store, StoreSettings, TaskLease, WorkerLease,
    sha256,
};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::hospital::{self, SENDER};

const ACCOUNT: &str = "maildir:essai";

struct Desk {
    runtime: Runtime,
    store: Store,
    shift: WorkerLease,
    duty: TaskLease,
    now: Timestamp,
    _folder: TempDir,
}

/// A mail and what its judgement says.
struct Mail {
    raw: Vec<u8>,
    judged: JudgedMail,
}

#[divan::bench(sample_count = 50, sample_size = 1)]
fn store_a_mail(bencher: Bencher<'_, '_>) {
    let (desk, mut number) = (Desk::new(), 0);
    bencher
        .with_inputs(|| {
            number += 1;
            desk.mail(number)
        })
        .bench_local_values(|mail| desk.runtime.block_on(desk.carry(&mail)));
}

impl Desk {
    fn new() -> Self {
        let (runtime, folder) = (Runtime::new().unwrap(), tempfile::tempdir().unwrap());
        let settings = StoreSettings::at(format!("sqlite://{}", folder.path().join("essai.db").display()));
        let (store, shift, duty) = runtime.block_on(async {
            let store = Store::open(&settings).await.unwrap();
            let shift = WorkerLease::new(store.clone(), "essai", Duration::from_hours(1));
            shift.begin().await.unwrap();
            let duty = shift.take_mailbox(ACCOUNT).await.unwrap().unwrap();
            (store, shift, duty)
        });
        Self { runtime, store, shift, duty, now: "2026-11-23T08:00:00Z".parse().unwrap(), _folder: folder }
    }

    fn mail(&self, number: usize) -> Mail {
        let raw = hospital::mail(number, 1000, self.now);
        let (reading, updates) = hospital::judged(&raw, self.now);
        let (head, mentions) = (reading.head.clone(), reading.mentions());
        let document = JudgedDocument { head, prior: Prior::New, mentions, updates, defects: Vec::new() };
        let judged = JudgedMail {
            folder: "traites".to_owned(),
            sender: Some(SENDER.parse().unwrap()),
            message_id: Some(format!("releve-{number}@ch-armor.test")),
            defects: Vec::new(),
            documents: vec![document],
            unrecognised: false,
            verdict: None,
        };
        Mail { raw, judged }
    }

    async fn carry(&self, mail: &Mail) {
        let (store, duty, now) = (&self.store, &self.duty, self.now);
        let size = mail.raw.len() as u64;
        let received = Received { account: ACCOUNT, position: "1:1", raw: &mail.raw, size, headers_only: false };
        store.receive(duty, &[received], now).await.unwrap();
        let id = store.newest_mail(&sha256(&mail.raw), None).await.unwrap().unwrap();
        assert_eq!(store.record(duty, id, &mail.judged, now).await.unwrap(), Recorded::Stands);
        for batch in self.shift.claim(100, now).await.unwrap() {
            let acknowledged = || Closing::Acknowledged { genre_code: None };
            let answers: Vec<_> =
                batch.rows.iter().map(|row| row.answered(Vec::new(), acknowledged(), now, now)).collect();
            store.close_rows(&answers.iter().collect::<Vec<_>>()).await.unwrap();
        }
    }
}
