//! A report tried before it is sent: what a hospital drops here is judged, shown, and kept nowhere.
//!
//! Open to whoever comes, where the configuration says so. It uses the referential, but shows nothing of it that the
//! file does not name.

use axum::extract::multipart::{MultipartError, MultipartRejection};
use axum::extract::{self, DefaultBodyLimit, Multipart};
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Extension, Router};
use maud::{Markup, html};
use tokio::sync::Semaphore;

use super::components::{badge, defect, listing, plural};
use crate::layout;
use crate::layout::Tab;
use crate::{Via, Visitor, WebRefusal, WebState};
use domain::defect::{Defect, excerpt};
use domain::labels;
use judging::dry_run;
use judging::dry_run::{Bench, Checked};

/// The largest file, in bytes.
const MAX_FILE: usize = 2_000_000;
/// What a form adds around its file.
const ENVELOPE: usize = 16 * 1024;
/// The most counts listed.
const MOST: usize = 500;
/// Files taken in at one time, each with as many bytes as the largest.
static UPLOADS: Semaphore = Semaphore::const_new(8);
/// Files judged at one time: nobody may take the machine from the mails.
static AT_ONE_TIME: Semaphore = Semaphore::const_new(2);

/// Its address.
pub(super) fn routes() -> Router<WebState> {
    let limit = DefaultBodyLimit::max(MAX_FILE + ENVELOPE);
    Router::new().route("/verifier", get(ask).post(judge).layer(limit))
}

/// Whoever came, signed in or not.
type Whoever = Result<Visitor, WebRefusal>;

async fn ask(extract::State(state): extract::State<WebState>, visitor: Whoever) -> Result<Markup, WebRefusal> {
    is_open(&state)?;
    Ok(page(&state, &visitor, &form(None)))
}

async fn judge(
    extract::State(state): extract::State<WebState>,
    Extension(via): Extension<Via>,
    visitor: Whoever,
    file: Result<Multipart, MultipartRejection>,
) -> Result<(StatusCode, Markup), WebRefusal> {
    is_open(&state)?;
    state.gates().pass_file(via.address)?;
    let _upload = UPLOADS.try_acquire().map_err(|_| WebRefusal::TooMany)?;
    let file =
        file.map_err(|_| WebRefusal::Bad("ce formulaire ne se lit pas ; recommencez depuis la page".to_owned()))?;
    let asked = |status, wrong: &str| Ok((status, page(&state, &visitor, &form(Some(wrong)))));
    let (name, bytes) = match received(file).await {
        Ok(Some(file)) => file,
        Ok(None) => return asked(StatusCode::BAD_REQUEST, "Choisissez un fichier qui ne soit pas vide."),
        Err(failure) => return asked(failure.status(), refused(&failure)),
    };
    let checked = checked(&state, name, bytes).await?;
    Ok((StatusCode::OK, page(&state, &visitor, &html! { (result(&checked)) (form(None)) })))
}

fn is_open(state: &WebState) -> Result<(), WebRefusal> {
    if state.web().check_page { Ok(()) } else { Err(WebRefusal::NotFound) }
}

/// The first file of the form that is not empty.
async fn received(mut form: Multipart) -> Result<Option<(String, Vec<u8>)>, MultipartError> {
    while let Some(field) = form.next_field().await? {
        let name = excerpt(field.file_name().unwrap_or_default());
        let bytes = field.bytes().await?;
        if !name.is_empty() && !bytes.is_empty() {
            return Ok(Some((name, bytes.to_vec())));
        }
    }
    Ok(None)
}

fn refused(failure: &MultipartError) -> &'static str {
    match failure.status() {
        StatusCode::PAYLOAD_TOO_LARGE => "Ce fichier dépasse 2 Mo.",
        _ => "Le fichier n’est pas arrivé entier ; réessayez.",
    }
}

async fn checked(state: &WebState, name: String, bytes: Vec<u8>) -> Result<Checked, WebRefusal> {
    let turn = AT_ONE_TIME.try_acquire().map_err(|_| WebRefusal::TooMany)?;
    let (referential, at, config) = (state.referential(), state.now(), state.config().clone());
    let judged = tokio::task::spawn_blocking(move || {
        // The permit ends with the work, not with the request: whoever hangs up frees nothing.
        let _turn = turn;
        let rules = config.rules().ok()?;
        Some(dry_run::check(&name, &bytes, &Bench { referential: Some(&referential), rules: &rules, at }))
    });
    judged.await.ok().flatten().ok_or_else(|| WebRefusal::Conflict("le contrôle n’a pas abouti ; réessayez".to_owned()))
}

fn page(state: &WebState, visitor: &Whoever, body: &Markup) -> Markup {
    let title = "Vérifier un compte rendu";
    let body = html! { h1 { "Vérifier un compte rendu avant de l’envoyer" } (body) };
    match visitor {
        Ok(visitor) => layout::page(visitor, state, Tab::Verifier, title, &body),
        Err(_) => layout::public(state.config().environnement, title, &body),
    }
}

fn form(wrong: Option<&str>) -> Markup {
    html! {
        form.filtres method="post" action="/verifier" enctype="multipart/form-data" {
            p {
                "Le fichier est contrôlé comme le serait votre envoi. Rien n’est transmis au ROR, rien n’est conservé."
            }
            @if let Some(wrong) = wrong { p.erreur role="alert" #erreur { (wrong) } }
            label for="fichier" { "Fichier .xml, .zip ou .eml, 2 Mo au plus" }
            input #fichier type="file" name="fichier" required accept=".xml,.zip,.eml"
                aria-describedby=[wrong.map(|_| "erreur")];
            p.actions { button { "Vérifier" } }
        }
    }
}

fn result(checked: &Checked) -> Markup {
    html! {
        section aria-labelledby="resultat" {
            h2 #resultat { (checked.fichier) " " (badge::verdict(checked.verdict.word())) }
            p { (summary(checked)) }
            @for (rank, (text, defects)) in documents(checked).iter().enumerate() {
                @let anchor = format!("d{}-", rank + 1);
                (defect::list(defects, &anchor))
                @if let Some(text) = text { (listing::show(text, defects, &anchor)) }
            }
            (accepted(checked))
            (unchecked(checked))
        }
    }
}

/// The defects by the document they are in, in its order.
fn documents(checked: &Checked) -> Vec<(Option<&str>, Vec<&Defect>)> {
    let mut documents: Vec<(Option<&str>, Vec<&Defect>)> = Vec::new();
    for (defect, text) in checked.shown() {
        match documents.last_mut() {
            Some((last, defects)) if last.map(str::as_ptr) == text.map(str::as_ptr) => defects.push(defect),
            _ => documents.push((text, vec![defect])),
        }
    }
    documents
}

fn summary(checked: &Checked) -> String {
    let count = |count: usize, one, many| plural(i64::try_from(count).unwrap_or(i64::MAX), one, many);
    let rejections = checked.defauts.iter().filter(|defect| defect.is_rejection()).count();
    let accepted = match checked.lignes.len() {
        0 => "Aucune capacité ne serait transmise".to_owned(),
        some if checked.essai => {
            format!(
                "{} : essai (mode=\"test\"), rien ne serait transmis",
                count(some, "capacité valide", "capacités valides")
            )
        }
        some => count(some, "capacité serait transmise", "capacités seraient transmises"),
    };
    format!("{accepted} ; {}.", count(rejections, "rejet", "rejets"))
}

fn accepted(checked: &Checked) -> Markup {
    html! {
        @if !checked.lignes.is_empty() {
            details {
                summary { @if checked.essai { "Les capacités valides" } @else { "Les capacités qui seraient transmises" } }
                ul {
                    @for line in checked.lignes.iter().take(MOST) {
                        li {
                            (line.update.finess()) ", service " (line.update.location.service()) " : "
                            (labels::count(&line.update.count))
                        }
                    }
                }
            }
        }
    }
}

fn unchecked(checked: &Checked) -> Markup {
    let codes: Vec<&str> = checked.non_verifie.iter().map(|code| code.as_str()).collect();
    html! {
        @if !codes.is_empty() {
            p.note {
                "Non vérifié, faute de connaître l’expéditeur : " (codes.join(", "))
                ". Le fichier .eml d’un courriel le dit."
            }
        }
    }
}
