//! The house rules that a machine can hold, from the members of the workspace down to the length of a file.

mod circles;
mod dependencies;
mod glossary;
mod members;
mod paths;
mod readers;
mod tidy;
mod tree;

#[track_caller]
fn fail_on(faults: &[String]) {
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}
