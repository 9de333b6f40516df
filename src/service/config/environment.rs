//! Environment variables over the file: `DISPOLITS__ROR__API__CLIENT_ID` replaces `client_id` of
//! `[ror.api]`.
//!
//! A value is taken as the text it is, so that `03` or a password of digits keeps its zeros; only
//! the keys that the schema says are whole numbers, truth values, lists or tables are read as such.

use std::collections::BTreeMap;

use serde_json::Value as Json;
use toml::{Table, Value};

/// What every variable begins with.
const PREFIX: &str = "DISPOLITS__";

/// Puts the variables over the table. A value that cannot be read is left as text, which the
/// configuration then refuses by its key.
pub(super) fn overlay(table: &mut Table, variables: impl Iterator<Item = (String, String)>, schema: &Json) {
    let kinds = kinds(schema);
    for (name, text) in variables {
        let Some(path) = name.strip_prefix(PREFIX) else { continue };
        let keys: Vec<String> = path.split("__").map(str::to_ascii_lowercase).collect();
        let typed = keys.last().is_some_and(|key| kinds.get(key).is_some_and(|typed| *typed));
        let value = if typed { read(&text) } else { None };
        insert(table, &keys, value.unwrap_or(Value::String(text)));
    }
}

/// A value as TOML writes it.
fn read(text: &str) -> Option<Value> {
    let line = format!("value = {text}");
    line.parse::<Table>().ok()?.remove("value")
}

fn insert(table: &mut Table, keys: &[String], value: Value) {
    match keys {
        [] => {}
        [key] => {
            table.insert(key.clone(), value);
        }
        [key, rest @ ..] => {
            let inner = table.entry(key.clone()).or_insert_with(|| Value::Table(Table::new()));
            if !inner.is_table() {
                *inner = Value::Table(Table::new());
            }
            if let Value::Table(inner) = inner {
                insert(inner, rest, value);
            }
        }
    }
}

/// Each key of the schema, and whether its value is anything but text.
fn kinds(schema: &Json) -> BTreeMap<String, bool> {
    let mut kinds = BTreeMap::new();
    collect(schema, &mut kinds);
    kinds
}

fn collect(schema: &Json, kinds: &mut BTreeMap<String, bool>) {
    match schema {
        Json::Object(object) => {
            if let Some(Json::Object(properties)) = object.get("properties") {
                kinds.extend(properties.iter().map(|(key, value)| (key.clone(), is_typed(value))));
            }
            object.values().for_each(|value| collect(value, kinds));
        }
        Json::Array(values) => values.iter().for_each(|value| collect(value, kinds)),
        _ => {}
    }
}

fn is_typed(property: &Json) -> bool {
    let typed = |word: &Json| matches!(word.as_str(), Some("integer" | "number" | "boolean" | "array" | "object"));
    match property.get("type") {
        Some(Json::Array(words)) => words.iter().any(typed),
        Some(word) => typed(word),
        None => property.get("$ref").and_then(Json::as_str).is_some_and(|name| name.ends_with("Schedule")),
    }
}
