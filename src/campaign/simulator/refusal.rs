//! The refusals of the write service, in the words of its documentation (page « patch-capacitaire »).

use std::borrow::Cow;

use serde_json::{Value, json};

use super::fhirpath::{self, CAPACITY};
use super::key::IndicatorKey;

/// An answer that is not a success: a status and the issues of its `OperationOutcome`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SimulatedRefusal {
    pub(super) status: u16,
    issues: Vec<SimulatedIssue>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct SimulatedIssue {
    code: Cow<'static, str>,
    diagnostics: String,
    expression: Option<Expression>,
}

/// The documentation shows both shapes.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Expression {
    Array(String),
    Bare(String),
}

impl SimulatedRefusal {
    fn new(status: u16, code: &'static str, diagnostics: impl Into<String>, expression: Option<Expression>) -> Self {
        Self { status, issues: vec![SimulatedIssue { code: code.into(), diagnostics: diagnostics.into(), expression }] }
    }

    /// The indicator is not there: 404 with a bare string, as in the documentation.
    pub(super) fn indicator_absent() -> Self {
        let diagnostics = "Les données fournies ne permettent pas de déterminer l'indicateur à mettre à jour: Aucun indicateur présent en base ne correspond";
        Self::new(404, "not-found", diagnostics, Some(Expression::Bare(fhirpath::capacities())))
    }

    pub(super) fn location_unknown(identifier: &str) -> Self {
        let diagnostics = format!(
            "La Location avec l'identifiant externe de synchro OU l'identifiant unique de saisie : '{identifier}' n'a pas été trouvée."
        );
        Self::new(404, "not-found", diagnostics, Some(location()))
    }

    pub(super) fn location_not_unique() -> Self {
        Self::new(
            412,
            "multiple-matches",
            "La Location recherchée n'est pas unique, il y a '2' résultats",
            Some(location()),
        )
    }

    pub(super) fn wrong_nature() -> Self {
        let diagnostics =
            "Indicateur INDICATEUR_INCONNU : L'attribut 'natureCapacite' a un code différent de celui attendu";
        let expression = format!("Location.extension('{CAPACITY}').extension('capacityType')");
        Self::new(400, "business-rule", diagnostics, Some(Expression::Array(expression)))
    }

    pub(super) fn value_is_no_indicator(key: &IndicatorKey) -> Self {
        let diagnostics = format!("Les valeurs du nouvel objet ne correspondent pas à un indicateur valide : {key}");
        Self::new(400, "business-rule", diagnostics, Some(extension()))
    }

    pub(super) fn path_is_no_indicator(key: &IndicatorKey) -> Self {
        let diagnostics = format!("Les critères du FhirPath ne correspondent pas à un indicateur valide : {key}");
        Self::new(400, "business-rule", diagnostics, None)
    }

    /// Any other business rule; the words are ours.
    pub(super) fn business_rule(diagnostics: impl Into<String>) -> Self {
        Self::new(400, "business-rule", diagnostics, Some(extension()))
    }

    /// A request that is none for this service; the words are ours.
    pub(super) fn invalid(status: u16, diagnostics: impl Into<String>) -> Self {
        Self::new(status, "invalid", diagnostics, None)
    }

    pub(super) fn forbidden() -> Self {
        let diagnostics = "Le client n'a pas de droit d'écriture sur l'établissement de cette Location";
        Self::new(403, "forbidden", diagnostics, Some(location()))
    }

    /// Whatever is asked for.
    pub(super) fn of(status: u16, codes: &[String], text: Option<&str>, expression: Option<&str>) -> Self {
        let issue = |code: &String| SimulatedIssue {
            code: code.clone().into(),
            diagnostics: text.unwrap_or("Défaut demandé au simulateur").to_owned(),
            expression: expression.map(|text| Expression::Array(text.to_owned())),
        };
        Self { status, issues: codes.iter().map(issue).collect() }
    }

    pub(super) fn unprocessable() -> Self {
        Self::new(422, "value", "La demande ne peut pas être traitée", None)
    }

    /// The `OperationOutcome`; `swapped` writes arrays as bare strings and the reverse.
    pub(super) fn body(&self, swapped: bool) -> Value {
        let issues: Vec<Value> = self.issues.iter().map(|issue| issue.body(swapped)).collect();
        json!({"resourceType": "OperationOutcome", "issue": issues})
    }
}

impl SimulatedIssue {
    fn body(&self, swapped: bool) -> Value {
        let mut issue = json!({"severity": "error", "code": self.code, "diagnostics": self.diagnostics});
        let expression = match (&self.expression, swapped) {
            (None, _) => return issue,
            (Some(Expression::Array(text)), false) | (Some(Expression::Bare(text)), true) => json!([text]),
            (Some(Expression::Bare(text)), false) | (Some(Expression::Array(text)), true) => json!(text),
        };
        if let Some(issue) = issue.as_object_mut() {
            issue.insert("expression".to_owned(), expression);
        }
        issue
    }
}

fn location() -> Expression {
    Expression::Array("Location".to_owned())
}

fn extension() -> Expression {
    Expression::Array(format!("Location.extension('{CAPACITY}')"))
}
