//! The fail points: each is somewhere in the code, and no build but that of the tests has them.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use base::fail_point::STEPS;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

#[test]
fn every_step_is_in_the_code_and_in_the_list() {
    let mut found = BTreeSet::new();
    collect(&Path::new(ROOT).join("src"), &mut found);
    let listed: BTreeSet<String> = STEPS.iter().map(ToString::to_string).collect();
    assert_eq!(found, listed);
    assert_eq!(listed.len(), STEPS.len(), "a step is listed twice");
}

/// The names in the calls of the macro.
fn collect(folder: &Path, found: &mut BTreeSet<String>) {
    for path in folder.read_dir().unwrap().map(|entry| entry.unwrap().path()) {
        if path.is_dir() {
            collect(&path, found);
        } else {
            let text = std::fs::read_to_string(&path).unwrap_or_default();
            let calls = text.split("fail_point!(\"").skip(1);
            found.extend(calls.map(|call| call.split('"').next().unwrap().to_owned()));
        }
    }
}

/// What cargo would build for anybody: without the dependencies of the tests, without a flag.
#[test]
fn a_build_for_use_has_no_fail_points() {
    let features = tree(&["--edges", "no-dev"]);
    assert_eq!(features, "", "features of a normal build");
    assert_eq!(tree(&["--edges", "no-dev", "--features", "fail-points"]), "fail-points", "the question is well put");
}

fn tree(arguments: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO"));
    command.args(["tree", "--offline", "--locked", "--depth", "0", "--format", "{f}"]).args(arguments);
    let output = command.current_dir(ROOT).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}
