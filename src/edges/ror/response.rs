//! From an answer of the write service to what it means for the count.

use super::client::{Operation, Receipt};
use super::failure::{OurFault, PushFailure, RorRefusal};
use super::http::{ANSWER_LIMIT, HttpAnswer, Loss};
use super::meaning::Meaning;
use super::operation_outcome::OperationOutcome;

/// An answer that does not stop the algorithm.
pub(super) enum Answered {
    /// Applied.
    Done(Receipt),
    /// The documented 404 on the capacity path, with the refusal it is where no `add` can follow.
    IndicatorAbsent(RorRefusal),
    /// The token is no longer accepted.
    TokenRefused,
}

/// The meaning of an answer to a `PATCH` of the Location of this identifier.
pub(super) fn judge(operation: Operation, identifier: &str, answer: &HttpAnswer) -> Result<Answered, PushFailure> {
    match answer.status {
        200..=299 => receipt(operation, answer).map(Answered::Done),
        300..=399 => Err(PushFailure::OurSide(OurFault::Redirected { status: answer.status })),
        401 => Ok(Answered::TokenRefused),
        408 | 429 | 500..=599 => Err(PushFailure::Busy { status: answer.status, retry_after: answer.retry_after }),
        400..=499 => refusal(answer, identifier),
        _ => Err(unexpected(answer, "code HTTP hors norme")),
    }
}

/// What the loss of an answer means for a `PATCH`.
pub(super) fn lost(loss: Loss) -> PushFailure {
    match loss {
        Loss::NotSent(cause) => PushFailure::Unreachable(format!("le ROR est injoignable : {cause}")),
        Loss::Lost(cause) => PushFailure::Unknown(cause),
        Loss::CertificateRefused { alert, presented } => {
            PushFailure::OurSide(OurFault::CertificateRefused { alert, presented })
        }
        Loss::NotARequest(cause) => PushFailure::OurSide(OurFault::NotARequest(cause)),
    }
}

/// A 4xx is a refusal only if the ROR's own application wrote it, and of the count only if it speaks of it.
fn refusal(answer: &HttpAnswer, identifier: &str) -> Result<Answered, PushFailure> {
    let Some(outcome) = OperationOutcome::parse(&answer.body) else { return Err(without_outcome(answer)) };
    let (status, retry_after) = (answer.status, answer.retry_after);
    match outcome.meaning(status, identifier) {
        Meaning::IndicatorAbsent(refusal) => Ok(Answered::IndicatorAbsent(refusal)),
        Meaning::Refusal(refusal) => Err(PushFailure::Refused(refusal)),
        Meaning::Passing { throttled: true, .. } => Err(PushFailure::Busy { status, retry_after }),
        Meaning::Passing { in_doubt, .. } => {
            Err(PushFailure::Postponed { status, said: outcome.diagnostics(), retry_after, in_doubt })
        }
        Meaning::NotOfTheData => Err(OurFault::WrongAddress { status, said: outcome.diagnostics() }.into()),
    }
}

/// Conflicts, locks and a request that came too early pass, whoever says so (RFC 9110 15.5.10, RFC 4918 11.3, RFC 8470).
fn without_outcome(answer: &HttpAnswer) -> PushFailure {
    let (status, retry_after) = (answer.status, answer.retry_after);
    match status {
        409 | 423 | 425 => {
            PushFailure::Postponed { status, said: "sans précision".to_owned(), retry_after, in_doubt: false }
        }
        _ => PushFailure::OurSide(OurFault::NotFromTheRor { status }),
    }
}

/// A success is believed if it carries what the documentation promises (`ETag`, `Last-Modified`),
/// or at least nothing that the ROR would not write.
///
/// The body is not specified beyond « identifiant fonctionnel de la ressource », and the whole
/// Location may be longer than what we read: it is never required.
fn receipt(operation: Operation, answer: &HttpAnswer) -> Result<Receipt, PushFailure> {
    if OperationOutcome::parse(&answer.body).is_some_and(|outcome| outcome.has_error()) {
        return Err(unexpected(answer, "succès qui contient une erreur"));
    }
    if is_page(answer) {
        return Err(unexpected(answer, "page HTML"));
    }
    if !has_validator(answer) && !is_plausible_body(answer) {
        return Err(unexpected(answer, "ni ETag, ni Last-Modified, ni contenu FHIR"));
    }
    Ok(Receipt { operation, etag: answer.etag.clone(), last_modified: answer.last_modified.clone() })
}

fn has_validator(answer: &HttpAnswer) -> bool {
    answer.etag.is_some() || answer.last_modified.is_some()
}

fn is_plausible_body(answer: &HttpAnswer) -> bool {
    let is_object = || serde_json::from_slice::<serde_json::Value>(&answer.body).is_ok_and(|json| json.is_object());
    let begins_object = || answer.body.trim_ascii_start().first() == Some(&b'{');
    answer.body.trim_ascii().is_empty() || if answer.cut { begins_object() } else { is_object() }
}

/// A sign-in or error page of something in between, served as a success.
fn is_page(answer: &HttpAnswer) -> bool {
    let head: Vec<u8> = answer.body.iter().take(512).map(u8::to_ascii_lowercase).collect();
    let head = String::from_utf8_lossy(&head);
    answer.content_type.as_deref().is_some_and(|kind| kind.contains("html"))
        || head.contains("<html")
        || head.contains("<!doctype html")
}

fn unexpected(answer: &HttpAnswer, why: &'static str) -> PushFailure {
    PushFailure::OurSide(OurFault::UnexpectedAnswer { status: answer.status, why })
}

/// The first 2 kB of an answer as text safe to keep, without the token if the answer repeats it.
pub(super) fn excerpt(answer: &HttpAnswer, token: &str) -> String {
    let body = String::from_utf8_lossy(&answer.body);
    let short = super::sanitize::shorten(&body.replace(token, "***"), EXCERPT_CHARS);
    if answer.cut { format!("{short} (réponse coupée à {} kio)", ANSWER_LIMIT / 1024) } else { short }
}

/// The most characters of an answer that are kept: 2 kB in all but exotic scripts.
const EXCERPT_CHARS: usize = 2000;
