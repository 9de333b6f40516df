//! A browser driven by the WebDriver protocol (W3C, « WebDriver », classic): Chromium by its own driver.
#![cfg(test)]

use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::desk;
use crate::served::until;

/// Everything else of Chromium reaches for the outside, or for a screen.
const ARGUMENTS: [&str; 12] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--lang=fr",
    // Letters in grey: a picture of a page is then small.
    "--disable-lcd-text",
];
/// The key under which the protocol names an element.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// How large the window is, and whether it is a phone’s.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Screen {
    Wide,
    Phone,
}

/// One window.
pub(crate) struct Browser {
    driver: Child,
    http: reqwest::Client,
    session: String,
    _profile: TempDir,
}

impl Browser {
    pub(crate) async fn open(screen: Screen) -> Self {
        let (driver, port) = start();
        let http = desk::client();
        let profile = tempfile::Builder::new().prefix("chromium").tempdir().unwrap();
        let base = format!("http://127.0.0.1:{port}/session");
        let wanted = capabilities(screen, &profile);
        let answer = http.post(&base).json(&wanted).send().await.unwrap().json::<Value>().await.unwrap();
        let id = answer["value"]["sessionId"].as_str().unwrap_or_else(|| panic!("no session: {answer}"));
        Self { driver, http, session: format!("{base}/{id}"), _profile: profile }
    }

    /// Shows a page and waits until it is there.
    pub(crate) async fn go(&self, address: &str) {
        self.post("url", json!({ "url": address })).await;
    }

    /// Waits until the address holds this: a click answers before the page that it asks for is there.
    pub(crate) async fn arrive(&self, part: &str) {
        until(part, async || self.get("url").await.as_str().unwrap().contains(part)).await;
    }

    pub(crate) async fn title(&self) -> String {
        self.get("title").await.as_str().unwrap().to_owned()
    }

    /// What a reader sees of the first element that a selector finds.
    pub(crate) async fn text(&self, selector: &str) -> String {
        let element = self.find(selector).await;
        self.get(&format!("element/{element}/text")).await.as_str().unwrap().to_owned()
    }

    /// How many elements a selector finds.
    pub(crate) async fn count(&self, selector: &str) -> usize {
        let found = self.post("elements", json!({ "using": "css selector", "value": selector })).await;
        found.as_array().unwrap().len()
    }

    pub(crate) async fn click(&self, selector: &str) {
        let element = self.find(selector).await;
        self.post(&format!("element/{element}/click"), json!({})).await;
    }

    /// Puts a text into a field, in the place of what was there.
    pub(crate) async fn fill(&self, selector: &str, text: &str) {
        let element = self.find(selector).await;
        self.post(&format!("element/{element}/clear"), json!({})).await;
        self.type_into(&element, text).await;
    }

    /// Gives a file to a field.
    pub(crate) async fn give_file(&self, selector: &str, path: &str) {
        let element = self.find(selector).await;
        self.type_into(&element, path).await;
    }

    /// Chooses in a list by the words shown.
    pub(crate) async fn choose(&self, selector: &str, words: &str) {
        let element = self.find(selector).await;
        self.type_into(&element, words).await;
    }

    /// Runs a script in the page, as a tester does: the page itself may run none.
    pub(crate) async fn run(&self, script: &str) -> Value {
        self.post("execute/sync", json!({ "script": script, "args": [] })).await
    }

    /// Runs a script that calls its last argument when it is done.
    pub(crate) async fn run_async(&self, script: &str) -> Value {
        self.post("execute/async", json!({ "script": script, "args": [] })).await
    }

    /// The page as a PNG, down to so many pixels.
    pub(crate) async fn picture(&self, screen: Screen, tallest: u64) -> Vec<u8> {
        let height = self.run("return document.documentElement.scrollHeight").await.as_u64().unwrap().min(tallest);
        let width = screen.width();
        let metrics =
            json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": screen == Screen::Phone });
        self.cdp("Emulation.setDeviceMetricsOverride", metrics).await;
        let shot = self.get("screenshot").await;
        BASE64_STANDARD.decode(shot.as_str().unwrap()).unwrap()
    }

    async fn cdp(&self, command: &str, params: Value) {
        self.post("goog/cdp/execute", json!({ "cmd": command, "params": params })).await;
    }

    async fn type_into(&self, element: &str, text: &str) {
        self.post(&format!("element/{element}/value"), json!({ "text": text })).await;
    }

    async fn find(&self, selector: &str) -> String {
        until(selector, async || self.count(selector).await > 0).await;
        let found = self.post("element", json!({ "using": "css selector", "value": selector })).await;
        found[ELEMENT].as_str().unwrap().to_owned()
    }

    async fn get(&self, path: &str) -> Value {
        self.value(self.http.get(format!("{}/{path}", self.session)), path).await
    }

    async fn post(&self, path: &str, body: Value) -> Value {
        self.value(self.http.post(format!("{}/{path}", self.session)).json(&body), path).await
    }

    async fn value(&self, request: reqwest::RequestBuilder, what: &str) -> Value {
        let mut answer = request.send().await.unwrap().json::<Value>().await.unwrap();
        let value = answer["value"].take();
        assert!(value.get("error").is_none(), "{what}: {}", value["message"]);
        value
    }
}

impl Screen {
    pub(crate) fn width(self) -> u64 {
        match self {
            Self::Wide => 1200,
            Self::Phone => 390,
        }
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // The driver ends the browsers it started with itself when it is asked to; killed, it leaves them.
        let quit = Command::new("kill").args(["-TERM", &self.driver.id().to_string()]).status();
        if quit.is_err() {
            let _ = self.driver.kill();
        }
        let _ = self.driver.wait();
        // One that was just starting outlives even that.
        let group = format!("-{}", self.driver.id());
        let _ = Command::new("kill").args(["-KILL", "--", &group]).stderr(Stdio::null()).status();
    }
}

fn capabilities(screen: Screen, profile: &TempDir) -> Value {
    let size = format!("--window-size={},900", screen.width());
    let profile = format!("--user-data-dir={}", profile.path().display());
    let arguments: Vec<&str> = ARGUMENTS.into_iter().chain([size.as_str(), profile.as_str()]).collect();
    let options = json!({ "args": arguments, "prefs": { "intl.accept_languages": "fr" } });
    json!({ "capabilities": { "alwaysMatch": { "browserName": "chrome", "goog:chromeOptions": options } } })
}

/// The driver, on a port of its choice. Chromium stands still under libfaketime, so both go by the machine's clock: what
/// the pages ask of it, the age of cookies, is counted from when they come.
fn start() -> (Child, u16) {
    let mut driver = Command::new("chromedriver")
        .arg("--port=0")
        .env("LANGUAGE", "fr")
        .env_remove("LD_PRELOAD")
        .process_group(0)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap_or_else(|error| panic!("chromedriver, of the Debian package chromium-driver: {error}"));
    let lines = BufReader::new(driver.stdout.take().unwrap()).lines();
    let port = lines.map_while(Result::ok).find_map(|line| {
        line.strip_prefix("ChromeDriver was started successfully on port ")?.trim_end_matches('.').parse().ok()
    });
    (driver, port.expect("chromedriver tells its port"))
}
