//! Exactly what is filtered, whole: written as it is read, so that no export is too large.

use axum::body::{Body, Bytes};
use axum::extract;
use axum::http::Uri;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use futures_util::stream::{self, TryStreamExt};

use crate::query;
use crate::query::{Given, JournalQuery, Wrong};
use crate::{Visitor, WebRefusal, WebState, visibility};
use domain::access::Right;
use domain::csv;
use domain::labels;
use domain::outcome::{in_paris, whole_seconds};
use service::config::Config;
use store::StoreError;
use store::search::{JournalEntry, SearchExport};

/// For people, beside the instants and words of machines: the hour of Paris, and what the pages say.
const COLUMNS: [&str; 16] = [
    "numero",
    "recu",
    "recu_paris",
    "expediteur",
    "etablissements",
    "verdict",
    "verdict_en_clair",
    "codes",
    "agir",
    "qui_doit_agir",
    "capacites",
    "reponse",
    "reponse_en_clair",
    "message_id",
    "boite",
    "traite",
];

/// For spreadsheets.
pub(super) async fn csv(
    extract::State(state): extract::State<WebState>,
    uri: Uri,
    visitor: Visitor,
) -> Result<Response, WebRefusal> {
    let export = begun(&state, &uri, &visitor)?;
    let head: Vec<u8> = [csv::MARK, &csv::record(COLUMNS.map(str::to_owned))].concat();
    let config = state.config().clone();
    let page =
        move |lines: Vec<JournalEntry>| lines.iter().flat_map(|line| csv::record(cells(line, &config))).collect();
    Ok(saved("text/csv; charset=utf-8", "journal.csv", head, export, page, Vec::new()))
}

/// For programs: an array, one object a line.
pub(super) async fn json(
    extract::State(state): extract::State<WebState>,
    uri: Uri,
    visitor: Visitor,
) -> Result<Response, WebRefusal> {
    let export = begun(&state, &uri, &visitor)?;
    let (config, referential) = (state.config().clone(), state.referential());
    let mut separator = "\n";
    let page = move |lines: Vec<JournalEntry>| {
        let mut text = String::new();
        for line in lines {
            text.push_str(std::mem::replace(&mut separator, ",\n"));
            text.push_str(&object(visibility::line(&visitor, &referential, line), &config));
        }
        text.into_bytes()
    };
    Ok(saved("application/json", "journal.json", b"[".to_vec(), export, page, b"\n]\n".to_vec()))
}

fn begun(state: &WebState, uri: &Uri, visitor: &Visitor) -> Result<SearchExport, WebRefusal> {
    visitor.require(Right::Metadonnees)?;
    let bad = |wrong: Wrong| WebRefusal::Bad(wrong.0);
    let asked = Given::read(uri)
        .map_err(bad)?
        .whole()
        .asked(state.config(), visitor)
        .and_then(JournalQuery::answerable)
        .map_err(bad)?;
    Ok(state.store().export(asked.filter, asked.page.sort))
}

/// An answer that is written page by page. Where the store fails it breaks off, so that nobody takes a part for all.
fn saved(
    kind: &'static str,
    name: &str,
    head: Vec<u8>,
    export: SearchExport,
    page: impl FnMut(Vec<JournalEntry>) -> Vec<u8> + Send + 'static,
    tail: Vec<u8>,
) -> Response {
    let body = stream::try_unfold((export, page), |(mut export, mut page)| async move {
        let lines = export.next().await?;
        Ok::<_, StoreError>((!lines.is_empty()).then(|| (Bytes::from(page(lines)), (export, page))))
    });
    let once = |bytes| stream::iter([Ok::<_, StoreError>(Bytes::from(bytes))]);
    let whole = futures_util::StreamExt::chain(once(head), body);
    let whole = futures_util::StreamExt::chain(whole, once(tail));
    let headers = [(CONTENT_TYPE, kind.to_owned()), (CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\""))];
    (headers, Body::from_stream(whole.map_err(std::io::Error::other))).into_response()
}

fn object(line: JournalEntry, config: &Config) -> String {
    let boite = query::mailbox(config, &line.boite).to_owned();
    // Only texts, numbers and lists: it cannot fail.
    serde_json::to_string(&JournalEntry { boite, ..line }).unwrap_or_default()
}

fn cells(line: &JournalEntry, config: &Config) -> [String; 16] {
    let actors = super::lines::actors(line);
    let agir: Vec<&str> = actors.iter().map(|actor| actor.word()).collect();
    let places: Vec<&str> = line.lieux.iter().map(|place| place.finess.as_str()).collect();
    [
        line.numero.to_string(),
        whole_seconds(line.recu),
        in_paris(line.recu),
        line.expediteur.clone().unwrap_or_default(),
        places.join(" "),
        line.verdict.clone(),
        labels::verdict(&line.verdict).to_owned(),
        line.codes.join(" "),
        agir.join(" "),
        labels::actors(&actors),
        labels::rows(&line.lignes),
        line.reponse.clone().unwrap_or_default(),
        labels::answer(line.reponse.as_deref()).to_owned(),
        line.message_id.clone().unwrap_or_default(),
        query::mailbox(config, &line.boite).to_owned(),
        if line.traite { "oui" } else { "non" }.to_owned(),
    ]
}
