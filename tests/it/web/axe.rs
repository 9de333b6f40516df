//! Accessibility, checked by axe-core: the rules of WCAG 2.1 A and AA, and its good practices.
#![cfg(test)]

use std::fs;
use std::path::PathBuf;

use serde_json::Value;

use super::browser::Browser;

/// The last argument is what tells the driver that it is over.
const RUN: &str = "const done = arguments[arguments.length - 1];
    axe.run().then(result => done(result.violations), failure => done(String(failure)))";

/// Fails on anything that axe finds wrong in the page shown.
pub(crate) async fn check(browser: &Browser, page: &str) {
    browser.run(&source()).await;
    let found = browser.run_async(RUN).await;
    let violations = found.as_array().unwrap_or_else(|| panic!("{page}: axe did not run: {found}"));
    let told: Vec<String> = violations.iter().map(told).collect();
    assert!(told.is_empty(), "{page}:\n{}", told.join("\n"));
}

fn told(violation: &Value) -> String {
    let nodes = violation["nodes"].as_array().unwrap();
    let places: Vec<&str> = nodes.iter().take(3).filter_map(|node| node["html"].as_str()).collect();
    format!("{} ({}): {}", violation["id"], violation["help"], places.join(" | "))
}

/// The script, as a pinned package carries it.
fn source() -> String {
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| PathBuf::from("target"), PathBuf::from);
    let path = target.join("tools/axe/axe_playwright_python/axe.min.js");
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}, which tests/run installs: {error}", path.display()))
}
