//! What `deploy/config.example.toml` says in the place of what only the site knows.

use toml::Value;

use super::Config;

/// What is to be replaced.
const PLACEHOLDER: &str = "a-remplacer";
/// The domain that nobody has (RFC 2606).
const DOMAIN: &str = ".example";

impl Config {
    /// The keys whose value is still that of the example, as `ror.api.client_id`.
    pub fn left_from_example(&self) -> Vec<String> {
        let mut keys = Vec::new();
        if let Ok(whole) = Value::try_from(self) {
            collect("", &whole, &mut keys);
        }
        keys
    }
}

fn collect(key: &str, value: &Value, keys: &mut Vec<String>) {
    match value {
        Value::Table(table) => {
            for (name, value) in table {
                let key = if key.is_empty() { name.clone() } else { format!("{key}.{name}") };
                collect(&key, value, keys);
            }
        }
        Value::Array(values) if values.iter().any(is_left) => keys.push(key.to_owned()),
        value if is_left(value) => keys.push(key.to_owned()),
        _ => {}
    }
}

fn is_left(value: &Value) -> bool {
    value.as_str().is_some_and(|text| text.contains(PLACEHOLDER) || host_end(text).ends_with(DOMAIN))
}

/// The text up to the path of a URL and without a port.
fn host_end(text: &str) -> &str {
    let after = text.split_once("://").map_or(text, |(_, rest)| rest);
    let host = after.split('/').next().unwrap_or(after);
    host.split_once(':').map_or(host, |(host, _)| host)
}
