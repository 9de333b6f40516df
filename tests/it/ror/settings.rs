//! The `[ror]` section: what must be said, what may be, and the schema that explains it.

use std::path::Path;

use dispolits::ror::{GenreCode, Settings};

const LEAST: &str = r#"
base_url = "https://api.test"
token_url = "https://jetons.test/token"
client_id = "dispolits"
identity = { certificate = "client.pem", key = "client.key" }
genre_indifferencie = "04"
"#;

fn read(text: &str) -> Result<Settings, toml::de::Error> {
    toml::from_str(text)
}

#[test]
fn five_keys_are_enough() {
    let settings = read(LEAST).unwrap();
    assert_eq!(settings.genre_indifferencie, GenreCode::Indetermine);
    let seconds = [settings.timeout, settings.connect_timeout, settings.token_margin].map(|span| span.get().as_secs());
    assert_eq!(seconds, [20, 10, 30]);
    assert_eq!(settings.token_authorities(), None);
}

#[test]
fn none_of_the_five_can_be_left_out() {
    for line in LEAST.trim().lines() {
        let error = read(&LEAST.replace(line, "")).unwrap_err().to_string();
        let key = line.split(' ').next().unwrap();
        assert!(error.contains(key), "{key}: {error}");
    }
}

#[test]
fn unknown_keys_and_codes_are_errors() {
    for (text, expected) in [
        (LEAST.replace("\"04\"", "\"02\""), "`03` or `04`"),
        (format!("{LEAST}proxy = \"x\""), "proxy"),
        (format!("{LEAST}timeout = \"longtemps\""), "longtemps"),
    ] {
        let error = read(&text).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn the_token_endpoint_has_the_authorities_of_the_api_or_its_own() {
    let shared = read(&format!("{LEAST}ca = \"a.pem\"")).unwrap();
    assert_eq!(shared.token_authorities(), Some(Path::new("a.pem")));
    let own = read(&format!("{LEAST}ca = \"a.pem\"\ntoken_ca = \"b.pem\"")).unwrap();
    assert_eq!(own.token_authorities(), Some(Path::new("b.pem")));
}

#[test]
fn every_key_is_described_in_the_schema() {
    let schema = serde_json::to_value(schemars::schema_for!(Settings)).unwrap();
    let properties = schema["properties"].as_object().unwrap();
    assert_eq!(properties.len(), 13);
    for (key, property) in properties {
        assert!(property["description"].as_str().is_some_and(|text| text.len() > 20), "{key}: {property}");
    }
}

#[test]
fn genre_codes_are_read_as_they_are_written() {
    for genre in [GenreCode::Indifferencie, GenreCode::Indetermine] {
        assert_eq!(genre.to_string().parse(), Ok(genre));
    }
    assert!("01".parse::<GenreCode>().is_err());
}
