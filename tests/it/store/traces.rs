//! Traces: kept as long as they must be, and no longer.

use store::{NewTrace, TraceFilter};

use super::bench::Bench;
use super::engine::{Engine, on_both_engines};

fn trace(mailbox: &str, action: &'static str, failed: bool) -> NewTrace {
    let (request, answer) = ("5:4 → Traites".to_owned(), "fait".to_owned());
    NewTrace { mailbox: mailbox.to_owned(), who: "lits@region.test".to_owned(), action, request, answer, failed }
}

async fn traces_are_kept_until_their_time_has_come(engine: Engine) {
    let bench = Bench::new(engine).await;
    bench.store.trace(&[trace("une", "lecture", false), trace("deux", "envoi", true)], bench.now()).await.unwrap();
    bench.advance(3600);
    bench.store.trace(&[trace("une", "classement", false)], bench.now()).await.unwrap();
    let actions = async |filter: TraceFilter| {
        let traces = bench.store.traces(&filter, 10).await.unwrap();
        traces.into_iter().map(|trace| trace.action).collect::<Vec<_>>()
    };
    assert_eq!(actions(TraceFilter::default()).await, ["classement", "envoi", "lecture"]);
    assert_eq!(actions(TraceFilter { failed: true, ..TraceFilter::default() }).await, ["envoi"]);
    let of_one = TraceFilter { mailbox: Some("une".to_owned()), until: Some(bench.now()), ..TraceFilter::default() };
    assert_eq!(actions(of_one).await, ["lecture"]);
    assert_eq!(bench.store.purge_traces(bench.now()).await.unwrap(), 2);
    assert_eq!(actions(TraceFilter::default()).await, ["classement"]);
}

on_both_engines! {
    traces_are_kept_until_their_time_has_come,
}
