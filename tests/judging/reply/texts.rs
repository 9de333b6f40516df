//! The text and the subject of each outcome.

use domain::defect::{Code, Defect};
use judging::reply::{ReplyKind, text};

use super::cases::{Case, all};
use super::{at, envelope, rendered};

fn check(case: &Case) {
    let mut envelope = envelope();
    envelope.back_to_normal = case.back;
    envelope.qualification = case.qualification;
    let rendered = rendered(&case.outcome, case.kind, &envelope);
    assert_eq!(rendered.text, text(&case.outcome, case.kind, case.back, case.qualification), "{}", case.name);
    for line in rendered.text.lines() {
        assert!(line.chars().count() <= 76, "{}: {line}", case.name);
    }
    let shown = format!("Objet : {}\n\n{}", rendered.subject, rendered.text);
    insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
        insta::assert_snapshot!(case.name, shown);
    });
}

#[test]
fn a_count_with_two_faults_is_one_rejected_count() {
    let mut outcome = super::cases::partly();
    outcome.documents[0].defects.push(Defect::new(Code::C07, at("SSR38888", 2)).found("-1"));
    let text = text(&outcome, ReplyKind::Reponse, false, false);
    assert!(text.contains("5 capacités\ntransmises, 1 rejetée."), "{text}");
}

#[test]
fn each_outcome_is_told_in_french() {
    all().iter().for_each(check);
}
