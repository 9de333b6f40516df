//! No page reads a table whole: each statement of every search is looked at, whichever way it goes.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fmt::Debug;
use std::sync::Once;

use domain::defect::Actor;
use domain::outcome::paris;
use jiff::SignedDuration;
use sqlx::Executor;
use sqlx::sqlite::SqlitePool;
use store::search::{Filter, Page, Sort};
use store::{MailId, Store};
use tracing::field::{Field, Visit};
use tracing::{Event, Metadata, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};

use super::questions::{QUESTIONS, at};
use super::region::{Region, finess};
use crate::store::engine::Engine;
use crate::store::plans::{Server, scans, shown, sqlite_plan};

thread_local! {
    /// The statements that were traced on this thread since somebody began to listen.
    static HEARD: RefCell<Option<BTreeSet<String>>> = const { RefCell::new(None) };
}

/// Gives statements to whoever listens on their thread. One for all tests and for good: where each test brought a
/// subscriber of its own, a trace that two came by at once could stay unheard.
struct Listening;

impl<S: Subscriber> Layer<S> for Listening {
    fn enabled(&self, metadata: &Metadata<'_>, _: Context<'_, S>) -> bool {
        metadata.target() == "dispolits::recherche"
    }

    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        HEARD.with_borrow_mut(|heard| heard.iter_mut().for_each(|heard| event.record(&mut Message(heard))));
    }
}

struct Message<'a>(&'a mut BTreeSet<String>);

impl Visit for Message<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        if field.name() == "message" {
            self.0.insert(format!("{value:?}"));
        }
    }
}

/// Asks everything that pages ask.
async fn ask_everything(store: &Store) {
    for question in QUESTIONS {
        for sort in question.sorts {
            let sort: Sort = sort.parse().unwrap();
            for n in 0..3 {
                let filter = (question.filter)(n);
                let mut page = Page { sort, from: None, limit: 1 };
                store.journal_by_every_way(&filter, &page).await.unwrap();
                page.from = store.journal(&filter, &page).await.unwrap().next;
                store.journal_by_every_way(&filter, &page).await.unwrap();
            }
        }
    }
    let (hour, now) = (SignedDuration::from_hours(1), at(1.0));
    store.hourly_flow(at(0.99), now).await.unwrap();
    store.daily_flow(at(0.9), now, &paris()).await.unwrap();
    store.rejections(at(0.9), now).await.unwrap();
    store.places().await.unwrap();
    store.places_observed_before(now, 10).await.unwrap();
    store.frozen_places(hour, 10).await.unwrap();
    store.stalled_places(hour, 10).await.unwrap();
    store.late_deliveries(now, 10).await.unwrap();
    for finess in finess().into_iter().take(3) {
        store.places_of(finess).await.unwrap();
        store.levels(finess).await.unwrap();
    }
    store.life(MailId::of(3)).await.unwrap().unwrap();
}

/// The statements of what is asked meanwhile, on this thread.
async fn heard(asking: impl Future<Output = ()>) -> BTreeSet<String> {
    static LISTENING: Once = Once::new();
    LISTENING.call_once(|| {
        tracing::subscriber::set_global_default(tracing_subscriber::registry().with(Listening)).unwrap();
    });
    HEARD.set(Some(BTreeSet::new()));
    asking.await;
    HEARD.take().unwrap()
}

async fn statements() -> BTreeSet<String> {
    let region = Region::new(Engine::Sqlite, 300, &std::env::temp_dir()).await;
    let heard = heard(Box::pin(ask_everything(&region.store))).await;
    region.end().await;
    assert!(heard.len() > 150, "only {} statements heard", heard.len());
    heard
}

/// The whole journal in its order, of which a page is taken: what is read is what is shown.
fn is_the_list_itself(step: &str) -> bool {
    ["journal_by_reception", "journal_by_sender", "journal_by_verdict"].iter().any(|index| step.contains(index))
}

#[tokio::test]
async fn no_page_reads_a_whole_table() {
    let statements = statements().await;
    let region = Region::new(Engine::Sqlite, 20_000, &std::env::temp_dir()).await;
    let pool = SqlitePool::connect(&region.url).await.unwrap();
    let mut faults = Vec::new();
    for statement in &statements {
        let plan = sqlite_plan(&pool, statement).await;
        let sorts = plan.iter().any(|step| step.contains("TEMP B-TREE FOR ORDER BY"));
        let found = scans(&pool, statement).await;
        let found = found.into_iter().filter(|step| sorts || !is_the_list_itself(step));
        faults.extend(found.map(|step| format!("{step} in {statement}")));
    }
    assert!(faults.is_empty(), "{} of {}\n{}", faults.len(), statements.len(), faults.join("\n"));
    pool.close().await;
    region.end().await;
}

/// Filters that thousands of mails of a store of 70 000 pass.
fn numerous() -> [Filter; 3] {
    let any = Filter::default;
    [
        Filter { rejected: true, ..any() },
        Filter { actor: Some(Actor::Etablissement), ..any() },
        Filter { rejected: true, since: Some(at(0.1)), ..any() },
    ]
}

async fn ask_in_every_order(store: &Store) {
    for filter in numerous() {
        for sort in ["-recu", "recu", "expediteur", "-expediteur", "verdict", "-verdict"] {
            let mut page = Page { sort: sort.parse().unwrap(), from: None, limit: 5 };
            page.from = store.journal(&filter, &page).await.unwrap().next;
            store.journal(&filter, &page).await.unwrap();
        }
    }
}

#[tokio::test]
async fn what_many_mails_are_rejected_for_is_never_sorted() {
    let region = Region::new(Engine::Sqlite, 70_000, &std::env::temp_dir()).await;
    let statements = heard(Box::pin(ask_in_every_order(&region.store))).await;
    let pool = SqlitePool::connect(&region.url).await.unwrap();
    let pages: Vec<&String> = statements.iter().filter(|one| one.starts_with("SELECT d.mail_id")).collect();
    assert!(pages.len() >= 12, "only {} pages in {statements:?}", pages.len());
    for page in pages {
        let plan = sqlite_plan(&pool, page).await;
        let steps = plan.join("\n");
        assert!(
            plan.iter().any(|step| step.contains("facets_by_")) && !steps.contains("TEMP B-TREE"),
            "{steps} in {page}"
        );
    }
    pool.close().await;
    region.end().await;
}

#[tokio::test]
async fn no_page_reads_a_whole_table_of_a_server() {
    let mut server = Server::new().await;
    for setting in ["hashjoin", "mergejoin", "bitmapscan"] {
        server.session.execute(sqlx::AssertSqlSafe(format!("SET enable_{setting} = off"))).await.unwrap();
    }
    let statements = statements().await;
    let mut faults = Vec::new();
    for statement in &statements {
        let sorts = server.plan(statement).await.iter().any(|node| shown(node).contains("Sort"));
        let found = server.scans(statement).await;
        let found = found.into_iter().filter(|node| sorts || !is_the_list_itself(node));
        faults.extend(found.map(|node| format!("{node} in {statement}")));
    }
    assert!(faults.is_empty(), "{} of {}\n{}", faults.len(), statements.len(), faults.join("\n"));
}
