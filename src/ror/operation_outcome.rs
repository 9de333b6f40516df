//! The FHIR `OperationOutcome`, read as leniently as the ROR writes it, and what it means.

use serde::Deserialize;
use serde_json::Value;

use crate::defect::Code;

use super::failure::Refusal;
use super::path;
use super::text;

/// The most issues that are read; the rest of a longer list is passed over.
const ISSUES: usize = 50;
/// The most characters of diagnostics that are kept.
const DIAGNOSTICS_CHARS: usize = 600;

/// An `OperationOutcome`, whatever its Content-Type says.
pub(super) struct OperationOutcome {
    issues: Vec<Issue>,
}

struct Issue {
    severity: Option<String>,
    code: String,
    diagnostics: Option<String>,
    expressions: Vec<String>,
}

/// What a 4xx with an `OperationOutcome` says of a request.
pub(super) enum Meaning {
    /// The indicator is not there yet: the documented cause for an `add`.
    IndicatorAbsent(Refusal),
    /// The table's refusal.
    Refusal(Refusal),
}

impl OperationOutcome {
    /// The outcome in a body, if the body claims to be one.
    pub(super) fn parse(body: &[u8]) -> Option<Self> {
        let wire: Wire = serde_json::from_slice(body).ok()?;
        (wire.resource_type == "OperationOutcome")
            .then(|| Self { issues: wire.issue.iter().take(ISSUES).map(Issue::read).collect() })
    }

    /// Whether it reports an error at all; some servers put good news in an outcome.
    pub(super) fn has_error(&self) -> bool {
        self.issues.iter().any(Issue::is_error)
    }

    /// What a 4xx with this outcome means (ANS, page « patch-capacitaire »).
    pub(super) fn meaning(&self, status: u16) -> Meaning {
        let code = match status {
            404 if self.names("not-found", "Location") => Code::R01,
            412 if self.has("multiple-matches") => Code::R02,
            400 if self.has("business-rule") => Code::R03,
            403 => Code::R04,
            _ => Code::R05,
        };
        let refusal = Refusal { code, status, diagnostics: self.diagnostics() };
        if code == Code::R05 && status == 404 && self.names("not-found", &path::capacities()) {
            Meaning::IndicatorAbsent(refusal)
        } else {
            Meaning::Refusal(refusal)
        }
    }

    fn has(&self, code: &str) -> bool {
        self.issues.iter().any(|issue| issue.is_error() && issue.code == code)
    }

    fn names(&self, code: &str, expression: &str) -> bool {
        let is_named = |issue: &Issue| issue.expressions.iter().any(|named| named.trim() == expression);
        self.issues.iter().any(|issue| issue.is_error() && issue.code == code && is_named(issue))
    }

    fn diagnostics(&self) -> String {
        let said: Vec<&str> = self.issues.iter().filter_map(|issue| issue.diagnostics.as_deref()).collect();
        match said.as_slice() {
            [] => text::shorten(&self.codes(), DIAGNOSTICS_CHARS),
            said => text::shorten(&said.join(" ; "), DIAGNOSTICS_CHARS),
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
            diagnostics: field("diagnostics").or(details),
            expressions: wire.get("expression").map(strings).unwrap_or_default(),
        }
    }

    /// A missing severity counts as an error: FHIR requires it, the ROR may forget it.
    fn is_error(&self) -> bool {
        self.severity.as_deref().is_none_or(|severity| matches!(severity, "error" | "fatal"))
    }
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
struct Wire {
    #[serde(rename = "resourceType")]
    resource_type: String,
    #[serde(default)]
    issue: Vec<Value>,
}
