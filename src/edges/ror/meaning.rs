//! What a 4xx with an `OperationOutcome` means: a verdict on the count, a hindrance that passes, or our own fault.
//!
//! Decided on status, issue codes, detail codes and expressions. One thing has none of them: the 404 `not-found`
//! without an expression, where only the words tell a Location that is unknown from an address that is wrong. There a
//! verdict is given only if they name the Location we asked for, or say of a Location that it was not found.

use domain::defect::Code;

use super::failure::RorRefusal;
use super::operation_outcome::{Issue, OperationOutcome};
use super::path;

/// Issues that pass by themselves: `transient` with all that FHIR puts under it, and what HAPI answers to writes that
/// meet (HAPI-0550: 409 `conflict` or `processing`).
const PASSING: [&str; 9] = [
    "transient",
    "lock-error",
    "no-store",
    "exception",
    "timeout",
    "incomplete",
    "throttled",
    "conflict",
    "processing",
];
/// Those after which the request may nevertheless have been applied.
const IN_DOUBT: [&str; 4] = ["timeout", "incomplete", "exception", "no-store"];
/// Issues about the request or who sends it, whatever the count is.
const OF_THE_REQUEST: [&str; 4] = ["not-supported", "login", "expired", "security"];
/// Issues about the content, even where nothing says which part of it.
const OF_THE_DATA: [&str; 8] =
    ["business-rule", "multiple-matches", "duplicate", "value", "required", "invariant", "code-invalid", "too-long"];
/// Details that say that the type or the operation is not known there (CodeSystem operation-outcome).
const WRONG_ADDRESS: [&str; 3] = ["MSG_UNKNOWN_TYPE", "MSG_UNKNOWN_OPERATION", "MSG_OP_NOT_ALLOWED"];
/// Details that say that there is no such resource.
const NO_RESOURCE: [&str; 3] = ["MSG_NO_EXIST", "MSG_NO_MATCH", "MSG_DELETED_ID"];

/// What a 4xx with an `OperationOutcome` says of a request.
pub(super) enum Meaning {
    /// The indicator is not there yet: the documented cause for an `add`.
    IndicatorAbsent(RorRefusal),
    /// The table's refusal.
    Refusal(RorRefusal),
    /// It may succeed later without anyone acting.
    Passing {
        /// Whether the server asks for fewer requests, of whatever kind.
        throttled: bool,
        /// Whether it may nevertheless be applied.
        in_doubt: bool,
    },
    /// The server does not know this address, this method or this form: no count is to blame.
    NotOfTheData,
}

impl OperationOutcome {
    /// What a 4xx with this outcome means for a request about the Location of this identifier (ANS, page
    /// « patch-capacitaire »; FHIR R4, ValueSet issue-type).
    pub(super) fn meaning(&self, status: u16, identifier: &str) -> Meaning {
        let refusal = |code| RorRefusal { code, status, diagnostics: self.diagnostics() };
        match status {
            409 | 423 | 425 => self.passing(),
            403 if self.are_all(&["processing"]) => Meaning::Refusal(refusal(Code::R04)),
            404 | 405 | 406 | 415 => self.at_the_address(status, identifier),
            _ if self.are_all(&PASSING) => self.passing(),
            403 => Meaning::Refusal(refusal(Code::R04)),
            _ if self.are_all(&OF_THE_REQUEST) => Meaning::NotOfTheData,
            412 if self.has("multiple-matches") => Meaning::Refusal(refusal(Code::R02)),
            400 if self.has("business-rule") => Meaning::Refusal(refusal(Code::R03)),
            _ => Meaning::Refusal(refusal(Code::R05)),
        }
    }

    /// Whether a refusal with this outcome passes by itself.
    pub(super) fn passes(&self, status: u16) -> bool {
        matches!(self.meaning(status, ""), Meaning::Passing { .. })
    }

    fn passing(&self) -> Meaning {
        let in_doubt = self.errors().any(|issue| IN_DOUBT.contains(&issue.code.as_str()));
        Meaning::Passing { throttled: self.has("throttled"), in_doubt }
    }

    /// Statuses by which a server says that it has no such thing to ask. `processing`, which HAPI says of everything,
    /// is no hindrance that passes there.
    fn at_the_address(&self, status: u16, identifier: &str) -> Meaning {
        let refusal = |code| RorRefusal { code, status, diagnostics: self.diagnostics() };
        if self.are_all(&PASSING) && !self.are_all(&["processing", "incomplete"]) {
            return self.passing();
        }
        if status == 404 && self.errors().any(|issue| issue.says_no_location(identifier)) {
            return Meaning::Refusal(refusal(Code::R01));
        }
        if status == 404 && self.errors().any(|issue| issue.is_about("not-found", &path::capacities())) {
            return Meaning::IndicatorAbsent(refusal(Code::R05));
        }
        if self.errors().any(Issue::is_of_the_data) {
            Meaning::Refusal(refusal(Code::R05))
        } else {
            Meaning::NotOfTheData
        }
    }

    fn has(&self, code: &str) -> bool {
        self.errors().any(|issue| issue.code == code)
    }

    /// Whether there are errors, each of these codes.
    fn are_all(&self, codes: &[&str]) -> bool {
        self.has_error() && self.errors().all(|issue| codes.contains(&issue.code.as_str()))
    }
}

impl Issue {
    fn is_about(&self, code: &str, expression: &str) -> bool {
        self.code == code && self.expressions.iter().any(|named| named.trim().eq_ignore_ascii_case(expression))
    }

    fn says_no_location(&self, identifier: &str) -> bool {
        if self.code != "not-found" {
            return false;
        }
        match self.expressions.as_slice() {
            [] if self.has_detail(&WRONG_ADDRESS) => false,
            [] => self.has_detail(&NO_RESOURCE) || self.said.as_deref().is_some_and(|said| misses(said, identifier)),
            _ => self.is_about("not-found", "Location"),
        }
    }

    /// Whether it names a part of the content, or blames it.
    fn is_of_the_data(&self) -> bool {
        let in_location =
            |named: &String| named.trim().get(..8).is_some_and(|head| head.eq_ignore_ascii_case("Location"));
        OF_THE_DATA.contains(&self.code.as_str()) || self.expressions.iter().any(in_location)
    }

    fn has_detail(&self, codes: &[&str]) -> bool {
        self.details.iter().any(|detail| codes.contains(&detail.as_str()))
    }
}

/// Whether these words say that the Location is not there: they quote what was asked for, or say so of a Location and
/// not of the type.
fn misses(said: &str, identifier: &str) -> bool {
    // A path that is echoed says what was asked for, not what is missing.
    let said = said.to_lowercase();
    let told: Vec<&str> = said.split_whitespace().filter(|word| !word.contains("/location")).collect();
    let said = told.join(" ");
    let is_missing = || {
        [
            "pas été trouv",
            "introuvable",
            "inconnu",
            "n'existe pas",
            "n’existe pas",
            "not found",
            "not known",
            "not exist",
        ]
        .iter()
        .any(|words| said.contains(words))
    };
    let is_of_the_type =
        || ["resource type", "type de ressource", "type 'location'"].iter().any(|words| said.contains(words));
    said.contains(&identifier.to_lowercase()) || said.contains("location") && is_missing() && !is_of_the_type()
}
