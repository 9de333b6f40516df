//! The `[ror]` section: what must be said, what may be, and the schema that explains it.

use std::path::Path;

use domain::capacity::GenreCode;
use edges::ror::RorSettings;

const LEAST: &str = r#"
base_url = "https://api.test"
token_url = "https://jetons.test/token"
client_id = "dispolits"
identity = { certificate = "client.pem", key = "client.key" }
genre_indifferencie = "04"
"#;

fn read(text: &str) -> Result<RorSettings, toml::de::Error> {
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
    let schema = serde_json::to_value(schemars::schema_for!(RorSettings)).unwrap();
    let properties = schema["properties"].as_object().unwrap();
    assert_eq!(properties.len(), 13);
    for (key, property) in properties {
        assert!(property["description"].as_str().is_some_and(|text| text.len() > 20), "{key}: {property}");
    }
}

#[test]
fn the_reader_is_the_writer_unless_it_is_said_and_never_half_of_one() {
    let reader = |lines: &str| read(&format!("{LEAST}[reader]\n{lines}")).unwrap().reader;
    assert!(read(LEAST).unwrap().reader.is_the_writer());
    assert!(reader("profile_code = \"CU20\"").is_the_writer(), "the same client, under another profile");
    assert!(!reader("client_id = \"lecteur\"").is_the_writer());
    let certificate = "identity = { certificate = \"l.pem\", key = \"l.key\" }";
    for (lines, fault) in [
        ("profile_code = \"CU20\"".to_owned(), None),
        ("client_id = \"lecteur\"\nsecret = \"s\"".to_owned(), None),
        (format!("client_id = \"lecteur\"\n{certificate}"), None),
        (format!("client_id = \"lecteur\"\nsecret = \"s\"\n{certificate}"), Some("pas les deux")),
        ("secret = \"s\"".to_owned(), Some("demande ror.api.reader.client_id")),
        ("client_id = \" \"".to_owned(), Some("client_id est vide")),
        ("role_code = \"\"".to_owned(), Some("quatre valeurs")),
        ("profile_system = \"à venir\"".to_owned(), Some("quatre valeurs")),
    ] {
        let found = reader(&lines).fault();
        assert_eq!(found.is_some(), fault.is_some(), "{lines}: {found:?}");
        assert!(fault.is_none_or(|fault| found.unwrap().contains(fault)), "{lines}: {found:?}");
    }
}

#[test]
fn genre_codes_are_read_as_they_are_written() {
    for genre in [GenreCode::Indifferencie, GenreCode::Indetermine] {
        assert_eq!(genre.to_string().parse(), Ok(genre));
    }
    assert!("01".parse::<GenreCode>().is_err());
}
