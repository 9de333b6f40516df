//! The journal of an empty store, served on a free loopback port, and browsers that keep their cookie.

use std::any::Any;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use base::clock::Clock;
use domain::access::audit::{AuditEntry, Deed};
use domain::access::{Login, Password, Role, Totp};
use judging::referential::Watch;
use service::alerting::FreshnessCache;
use service::config::Config;
use service::health::Heartbeat;
use store::{NewUser, Store};

use base::tls;
use campaign::cahier;
use jiff::{SignedDuration, Timestamp};
use reqwest::header::{COOKIE, HeaderMap, LOCATION, SET_COOKIE};
use reqwest::{Client, Method, RequestBuilder, Response, StatusCode};
use tempfile::TempDir;
use tokio::net::TcpListener;
use web::WebState;

use crate::store::engine::{Engine, Home};

/// The password of everybody here.
pub(crate) const PASSWORD: &str = "quatre chevaux verts";
/// The secret of everybody's second factor.
pub(crate) const SECRET: [u8; 20] = *b"12345678901234567890";

pub(crate) struct Site {
    config: Config,
    pub(crate) store: Store,
    pub(crate) clock: Clock,
    pub(crate) address: SocketAddr,
    /// The referential that the pages go by.
    pub(crate) watch: Arc<Mutex<Watch>>,
    _kept: Box<dyn Any + Send>,
}

/// A browser: its cookie, and the token of the last form that it saw.
pub(crate) struct Browser {
    http: Client,
    base: String,
    pub(crate) cookie: Option<String>,
    /// What makes it a known device.
    pub(crate) device: Option<String>,
    pub(crate) token: String,
    /// What it sends with every request.
    pub(crate) headers: HeaderMap,
}

/// What a browser got.
pub(crate) struct Page {
    pub(crate) status: StatusCode,
    pub(crate) to: Option<String>,
    pub(crate) set_cookie: Option<String>,
    /// The cookie of the device.
    pub(crate) device: Option<String>,
    pub(crate) text: String,
}

pub(crate) fn now() -> Timestamp {
    "2026-11-23T08:00:00Z".parse().unwrap()
}

impl Site {
    /// With these lines below `[web]`.
    pub(crate) async fn new(engine: Engine, web: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::new(engine).await;
        let store = Store::open(&home.settings()).await.unwrap();
        let config = config(&folder, &home, web);
        Self::of(&config, store, Clock::manual(now()), Box::new((home, folder))).await
    }

    /// Of a store that others fill, gone with what is kept.
    pub(crate) async fn of(config: &Config, store: Store, clock: Clock, kept: Box<dyn Any + Send>) -> Self {
        let watch = Arc::new(Mutex::new(Watch::load(config.referential.clone()).unwrap()));
        let settings = config.web.clone().unwrap();
        let (pulse, bulletin) = (Heartbeat::new(clock.clone()), FreshnessCache::default());
        let (time, known) = (clock.clone(), Arc::clone(&watch));
        let state = WebState::new(config, &settings, time, store.clone(), pulse, known, bulletin);
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let service = web::router(state).into_make_service_with_connect_info::<SocketAddr>();
        tokio::spawn(async move { axum::serve(listener, service).await.unwrap() });
        Self { config: config.clone(), store, clock, address, watch, _kept: kept }
    }

    /// The same store under a changed configuration, as after a restart: another address.
    pub(crate) async fn restarted(&self, change: impl FnOnce(&mut Config)) -> Self {
        let mut config = self.config.clone();
        change(&mut config);
        Self::of(&config, self.store.clone(), self.clock.clone(), Box::new(())).await
    }

    /// Makes an account with a second factor.
    pub(crate) async fn account(&self, login: &str, role: Role) {
        self.account_with(login, role, Some(totp().secret())).await;
    }

    pub(crate) async fn account_with(&self, login: &str, role: Role, totp: Option<String>) {
        let new = NewUser {
            login: login.parse().unwrap(),
            name: format!("Nom de {login}"),
            role,
            password: Password::new(PASSWORD, login).unwrap().hash(&[7; 16]).unwrap(),
            totp,
        };
        let entry = AuditEntry::new("essai", Deed::CompteCree, format!("compte {login}"));
        assert!(self.store.add_user(&new, &entry, self.clock.now()).await.unwrap());
    }

    pub(crate) fn browser(&self) -> Browser {
        Browser {
            http: client(),
            base: format!("http://{}", self.address),
            cookie: None,
            device: None,
            token: String::new(),
            headers: HeaderMap::new(),
        }
    }

    /// A browser that is signed in.
    pub(crate) async fn signed_in(&self, login: &str) -> Browser {
        let mut browser = self.browser();
        let page = browser.password(login, PASSWORD).await;
        assert_eq!(page.to.as_deref(), Some("/connexion/code"), "{}", page.text);
        let page = browser.code(&self.code()).await;
        assert_eq!(page.to.as_deref(), Some("/"), "{}", page.text);
        browser.get("/compte").await;
        browser
    }

    /// The code of now; the next one needs another step.
    pub(crate) fn code(&self) -> String {
        totp().code(self.clock.now())
    }

    pub(crate) fn pass(&self, minutes: i64) {
        self.clock.advance(SignedDuration::from_mins(minutes));
    }

    pub(crate) async fn deeds(&self) -> Vec<String> {
        let records = self.store.audit_after(0, 1000).await.unwrap();
        records.into_iter().map(|record| format!("{} {}", record.qui, record.acte)).collect()
    }
}

pub(crate) fn totp() -> Totp {
    Totp::new(SECRET).unwrap()
}

pub(crate) fn login(text: &str) -> Login {
    text.parse().unwrap()
}

impl Browser {
    pub(crate) async fn get(&mut self, path: &str) -> Page {
        self.send(Method::GET, path, None).await
    }

    /// Sends a form, with the token of the last one seen.
    pub(crate) async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Page {
        let token = self.token.clone();
        let fields = [&[("jeton", token.as_str())], fields].concat();
        self.post_bare(path, &fields).await
    }

    /// Sends a form as it is.
    pub(crate) async fn post_bare(&mut self, path: &str, fields: &[(&str, &str)]) -> Page {
        let encoded =
            |text: &str| percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string();
        let form: Vec<String> =
            fields.iter().map(|(name, value)| format!("{}={}", encoded(name), encoded(value))).collect();
        self.send(Method::POST, path, Some(form.join("&"))).await
    }

    pub(crate) async fn password(&mut self, login: &str, password: &str) -> Page {
        self.post_bare("/connexion", &[("identifiant", login), ("mot_de_passe", password)]).await
    }

    pub(crate) async fn code(&mut self, code: &str) -> Page {
        self.get("/connexion/code").await;
        self.post("/connexion/code", &[("code", code)]).await
    }

    async fn send(&mut self, method: Method, path: &str, form: Option<String>) -> Page {
        let url = if path.starts_with("http") { path.to_owned() } else { format!("{}{path}", self.base) };
        let request = self.http.request(method, url).headers(self.headers.clone());
        let cookies: Vec<&str> = [&self.cookie, &self.device].into_iter().flatten().map(String::as_str).collect();
        let request = if cookies.is_empty() { request } else { request.header(COOKIE, cookies.join("; ")) };
        let page = page(with_form(request, form)).await;
        if let Some(device) = &page.device {
            self.device = Some(device.split(';').next().unwrap().to_owned());
        }
        if let Some(cookie) = &page.set_cookie {
            let pair = cookie.split(';').next().unwrap();
            self.cookie = (!pair.ends_with('=')).then(|| pair.to_owned());
        }
        if let Some((_, rest)) = page.text.split_once("name=\"jeton\" value=\"") {
            self.token = rest.split('"').next().unwrap().to_owned();
        }
        page
    }
}

fn with_form(request: RequestBuilder, form: Option<String>) -> RequestBuilder {
    match form {
        Some(form) => request.header("content-type", "application/x-www-form-urlencoded").body(form),
        None => request,
    }
}

async fn page(request: RequestBuilder) -> Page {
    let response: Response = request.send().await.unwrap();
    let header = |name| response.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
    let (status, to) = (response.status(), header(LOCATION));
    let set: Vec<String> =
        response.headers().get_all(SET_COOKIE).iter().map(|value| value.to_str().unwrap().to_owned()).collect();
    let of = |device: bool| set.iter().find(|cookie| cookie.contains("dispolits-appareil=") == device).cloned();
    let (set_cookie, device) = (of(false), of(true));
    Page { status, to, set_cookie, device, text: response.text().await.unwrap() }
}

/// A client that follows nothing.
fn client() -> Client {
    let tls = rustls::ClientConfig::builder_with_provider(tls::provider())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth();
    let client = Client::builder().tls_backend_preconfigured(tls).timeout(crate::PATIENCE);
    client.redirect(reqwest::redirect::Policy::none()).no_proxy().build().unwrap()
}

fn config(folder: &TempDir, home: &Home, web: &str) -> Config {
    let world = cahier::world().unwrap();
    let inside = |name: &str| folder.path().join(name).display().to_string();
    std::fs::write(inside("etablissements.csv"), world.etablissements_csv).unwrap();
    std::fs::write(inside("services.csv"), world.services_csv).unwrap();
    let text = format!(
        "environnement = \"qualification\"\n[mailbox.maildir]\npath = \"{boite}\"\n\
         [referential]\netablissements = \"{etablissements}\"\nservices = \"{services}\"\n\
         [ror.api]\nbase_url = \"https://ror.test\"\ntoken_url = \"https://jeton.test\"\nclient_id = \"essai\"\n\
         genre_indifferencie = \"04\"\nidentity = {{ certificate = \"c.pem\", key = \"k.pem\" }}\n\
         [store]\nurl = \"{store}\"\n\
         [reply]\nfrom = \"dispolits@eai.test\"\nallowed_domains = [\"ch-armor.test\"]\n\
         transport = \"maildir\"\nmaildir = \"{reponses}\"\n\
         [web]\nlisten = \"127.0.0.1:0\"\n{web}",
        boite = inside("boite"),
        etablissements = inside("etablissements.csv"),
        services = inside("services.csv"),
        store = home.settings().url,
        reponses = inside("reponses"),
    );
    let path = inside("config.toml");
    std::fs::write(&path, text).unwrap();
    Config::load(std::path::Path::new(&path)).unwrap()
}
