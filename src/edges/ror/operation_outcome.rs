//! The FHIR `OperationOutcome`, read as leniently as the ROR writes it; `meaning` says what it means.

use serde::Deserialize;
use serde_json::Value;

use super::sanitize;

/// The most issues that are read; the rest of a longer list is passed over.
const ISSUES: usize = 50;
/// The most characters of diagnostics that are kept.
const DIAGNOSTICS_CHARS: usize = 600;

/// An `OperationOutcome`, whatever its Content-Type says.
pub(super) struct OperationOutcome {
    issues: Vec<Issue>,
}

/// One of its issues.
pub(super) struct Issue {
    severity: Option<String>,
    /// The code of the issue (ValueSet issue-type).
    pub(super) code: String,
    /// The codes of its details, for example `MSG_UNKNOWN_TYPE` (CodeSystem operation-outcome).
    pub(super) details: Vec<String>,
    /// What it says, for people.
    pub(super) said: Option<String>,
    /// What it is about; the older element `location` where there is no `expression`.
    pub(super) expressions: Vec<String>,
}

impl OperationOutcome {
    /// The outcome in a body, if the body claims to be one.
    pub(super) fn parse(body: &[u8]) -> Option<Self> {
        let wire: OutcomeWire = serde_json::from_slice(body).ok()?;
        (wire.resource_type == "OperationOutcome")
            .then(|| Self { issues: wire.issue.iter().take(ISSUES).map(Issue::read).collect() })
    }

    /// Whether it reports an error at all; some servers put good news in an outcome.
    pub(super) fn has_error(&self) -> bool {
        self.issues.iter().any(Issue::is_error)
    }

    /// The issues that report an error.
    pub(super) fn errors(&self) -> impl Iterator<Item = &Issue> {
        self.issues.iter().filter(|issue| issue.is_error())
    }

    /// What the issues say, joined and shortened; their codes if they say nothing.
    pub(super) fn diagnostics(&self) -> String {
        let said: Vec<&str> = self.issues.iter().filter_map(|issue| issue.said.as_deref()).collect();
        match said.as_slice() {
            [] => sanitize::shorten(&self.codes(), DIAGNOSTICS_CHARS),
            said => sanitize::shorten(&said.join(" ; "), DIAGNOSTICS_CHARS),
        }
    }

    fn codes(&self) -> String {
        let codes: Vec<&str> = self.issues.iter().map(|issue| issue.code.as_str()).collect();
        if codes.is_empty() { "sans précision".to_owned() } else { codes.join(", ") }
    }
}

impl Issue {
    fn read(wire: &Value) -> Self {
        let field = |name: &str| wire.get(name).and_then(Value::as_str).map(str::to_owned);
        let details = wire.pointer("/details/text").and_then(Value::as_str).map(str::to_owned);
        Self {
            severity: field("severity"),
            code: field("code").unwrap_or_default(),
            details: wire.pointer("/details/coding").map(codes).unwrap_or_default(),
            said: field("diagnostics").or(details),
            expressions: wire.get("expression").or_else(|| wire.get("location")).map(strings).unwrap_or_default(),
        }
    }

    /// A missing severity counts as an error: FHIR requires it, the ROR may forget it.
    fn is_error(&self) -> bool {
        self.severity.as_deref().is_none_or(|severity| matches!(severity, "error" | "fatal"))
    }
}

fn codes(codings: &Value) -> Vec<String> {
    let codings = codings.as_array().into_iter().flatten();
    codings.filter_map(|coding| coding.get("code")?.as_str()).map(str::to_owned).collect()
}

/// The ROR writes `expression` as an array, as FHIR has it, or as a bare string.
fn strings(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => vec![text.clone()],
        Value::Array(items) => items.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        _ => Vec::new(),
    }
}

#[derive(Deserialize)]
struct OutcomeWire {
    #[serde(rename = "resourceType")]
    resource_type: String,
    #[serde(default)]
    issue: Vec<Value>,
}
