//! How long a page takes in a store with the history of a year: `tests/bench-search` asks for a large one.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use domain::outcome::paris;
use jiff::SignedDuration;
use store::MailId;
use store::search::{Cursor, Filter, Page, Sort};

use super::questions::{QUESTIONS, Question, at, establishment};
use super::region::{Region, finess};
use crate::store::engine::Engine;

/// Lines of a page, as the journal shows them.
const LINES: u32 = 50;

/// Times of one question on one engine.
struct Times(Vec<(Duration, usize)>);

impl Times {
    fn quantile(&self, share: f64) -> f64 {
        let mut all: Vec<Duration> = self.0.iter().map(|(time, _)| *time).collect();
        all.sort();
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "a rank"
        )]
        let rank = ((all.len() as f64 * share).ceil() as usize).clamp(1, all.len());
        all[rank - 1].as_secs_f64() * 1000.0
    }

    fn lines(&self) -> usize {
        self.0.iter().map(|(_, lines)| *lines).sum::<usize>() / self.0.len()
    }

    fn tell(&self, engine: Engine, name: &str) {
        println!(
            "| {name} | {} | {:.1} | {:.1} | {} |",
            engine.name(),
            self.quantile(0.5),
            self.quantile(0.95),
            self.lines()
        );
    }
}

/// The first page and one from the middle of the list, in each order.
async fn pages(region: &Region, question: &Question, tries: usize) -> Times {
    let mut times = Vec::new();
    for n in 0..tries {
        let filter = (question.filter)(n);
        for sort in question.sorts {
            let sort: Sort = sort.parse().unwrap();
            let first = Page { sort, from: None, limit: LINES };
            times.push(timed(region, &filter, &first).await);
            if let Some(deep) = middle(region, &filter, sort).await {
                times.push(timed(region, &filter, &Page { sort, from: Some(deep), limit: LINES }).await);
            }
        }
    }
    Times(times)
}

async fn timed(region: &Region, filter: &Filter, page: &Page) -> (Duration, usize) {
    let begin = Instant::now();
    let found = region.store.journal(filter, page).await.unwrap();
    (begin.elapsed(), found.lines.len())
}

/// A place deep in the list: that of a mail from the middle of the year, whatever sorts.
async fn middle(region: &Region, filter: &Filter, sort: Sort) -> Option<Cursor> {
    let around = Filter { since: Some(at(0.5).max(filter.since.unwrap_or(at(0.5)))), ..filter.clone() };
    let found = region.store.journal(&around, &Page { sort, from: None, limit: 1 }).await.unwrap();
    found.next
}

async fn dashboard(region: &Region, tries: usize) -> Vec<(&'static str, Times)> {
    let (store, now) = (&region.store, at(1.0));
    let before = |days: i64| now.checked_sub(SignedDuration::from_hours(24 * days)).unwrap();
    let mut all = Vec::new();
    macro_rules! measure {
        ($name:literal, $rows:expr) => {{
            let mut times = Vec::new();
            for n in 0..tries {
                let _ = n;
                let begin = Instant::now();
                let rows: usize = ($rows)(n).await;
                times.push((begin.elapsed(), rows));
            }
            all.push(($name, Times(times)));
        }};
    }
    measure!("flux horaire, 24 h", async |_| store.hourly_flow(before(1), now).await.unwrap().len());
    measure!("flux quotidien, 7 j", async |_| store.daily_flow(before(7), now, &paris()).await.unwrap().len());
    measure!("flux quotidien, 30 j", async |_| store.daily_flow(before(30), now, &paris()).await.unwrap().len());
    measure!("rejets par code, 30 j", async |_| store.rejections(before(30), now).await.unwrap().len());
    measure!("services silencieux (200)", async |_| store.places_observed_before(before(1), 200).await.unwrap().len());
    measure!("tous les services", async |_| store.places().await.unwrap().len());
    measure!("services figés (200)", async |_| {
        store.frozen_places(SignedDuration::from_hours(72), 200).await.unwrap().len()
    });
    measure!("services sans progrès (200)", async |_| {
        store.stalled_places(SignedDuration::from_hours(72), 200).await.unwrap().len()
    });
    measure!("envois en retard (200)", async |_| store.late_deliveries(now, 200).await.unwrap().len());
    measure!("un établissement : services", async |n| {
        store.places_of(finess()[establishment(n)]).await.unwrap().len()
    });
    measure!("un établissement : dernières valeurs", async |n| {
        store.levels(finess()[establishment(n)]).await.unwrap().len()
    });
    measure!("un courriel", async |n: usize| {
        let id = MailId::of(region.mails * (i64::try_from(n).unwrap() + 1) / (i64::try_from(tries).unwrap() + 1));
        store.life(id).await.unwrap().map_or(0, |life| life.capacites.len())
    });
    measure!("bilan de conservation", async |_| { usize::from(store.balance(None).await.unwrap().holds()) });
    all
}

fn setting(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// A few thousand mails, to see that every question is answered; as many as `BENCH_SEARCH_MAILS` says to measure.
#[tokio::test]
async fn every_question_is_answered() {
    let number = |name: &str, default: i64| setting(name).map_or(default, |text| text.parse().unwrap());
    let mails = number("BENCH_SEARCH_MAILS", 3000);
    let tries = usize::try_from(number("BENCH_SEARCH_TRIES", 2)).unwrap();
    let within = setting("BENCH_SEARCH_FOLDER").map_or_else(std::env::temp_dir, PathBuf::from);
    let engines: Vec<Engine> = match setting("BENCH_SEARCH_ENGINE") {
        Some(name) => vec![name.parse().unwrap()],
        None => Engine::ALL.to_vec(),
    };
    println!("| question | base | p50 (ms) | p95 (ms) | lignes |\n|---|---|---:|---:|---:|");
    for engine in engines {
        let region = Region::new(engine, mails, &within).await;
        for question in QUESTIONS {
            pages(&region, question, tries).await.tell(engine, question.name);
        }
        for (name, times) in dashboard(&region, tries).await {
            times.tell(engine, name);
        }
        region.end().await;
    }
}
