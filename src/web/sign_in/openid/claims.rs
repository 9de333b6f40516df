//! Who the provider's claims speak of, and what role the configuration gives them.

use serde_json::{Map, Value};

use super::error::OpenIdError;
use domain::access::Role;
use service::config::OpenId;

/// The longest subject or name that is kept, in characters.
const LONGEST: usize = 200;
/// The most values of a claim that are looked at.
const MOST: usize = 500;

/// Somebody that the provider knows and the configuration lets in.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct ClaimValues {
    pub(super) subject: String,
    pub(super) name: String,
    pub(super) role: Role,
    /// What gave the role, to be judged again at each request: the configuration may change meanwhile.
    pub(super) values: Vec<String>,
}

/// Who it is; an error without a subject, or if no value gives a role.
pub(super) fn identity(settings: &OpenId, claims: &Map<String, Value>) -> Result<ClaimValues, OpenIdError> {
    let text = |claim: &str| claims.get(claim).and_then(Value::as_str).map(shortened).filter(|text| !text.is_empty());
    let subject = text(&settings.subject_claim).ok_or(OpenIdError::NoSubject)?;
    let values = values(claims.get(&settings.role_claim));
    let role = settings.roles.role_of(&values).ok_or(OpenIdError::NoRole)?;
    let full = [text("given_name"), text("family_name")].into_iter().flatten().collect::<Vec<_>>().join(" ");
    let name = text(&settings.name_claim).or_else(|| Some(full).filter(|full| !full.is_empty()));
    Ok(ClaimValues { name: name.unwrap_or_else(|| subject.clone()), subject, role, values })
}

/// A text, or the texts of a list: the first ones, if it is long.
fn values(claim: Option<&Value>) -> Vec<String> {
    match claim {
        Some(Value::String(text)) => vec![text.clone()],
        Some(Value::Array(all)) => all.iter().filter_map(Value::as_str).take(MOST).map(str::to_owned).collect(),
        _ => Vec::new(),
    }
}

fn shortened(text: &str) -> String {
    text.chars().filter(|character| !character.is_control()).take(LONGEST).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(claims: &Value) -> Result<ClaimValues, OpenIdError> {
        let settings = toml::from_str(
            "issuer = \"https://psc.test\"\nclient_id = \"d\"\nsubject_claim = \"SubjectNameID\"\nrole_claim = \"groupes\"\n\
             [roles]\nlecteur = [\"tous\"]\nadministrateur = [\"chefs\"]",
        );
        identity(&settings.unwrap(), claims.as_object().unwrap())
    }

    #[test]
    fn the_greatest_role_of_any_value_is_given() {
        let claims = serde_json::json!({"SubjectNameID": "899700218896", "groupes": ["autres", "tous", "chefs"],
            "given_name": "Anne", "family_name": "Martin"});
        let anne = known(&claims).unwrap();
        assert_eq!((anne.subject.as_str(), anne.name.as_str()), ("899700218896", "Anne Martin"));
        assert_eq!(anne.role, Role::Administrateur);
        let one = known(&serde_json::json!({"SubjectNameID": "1", "groupes": "tous"})).unwrap();
        assert_eq!((one.name.as_str(), one.role), ("1", Role::Lecteur));
    }

    #[test]
    fn without_subject_or_role_nobody_comes_in() {
        let check = |claims: Value| known(&claims).unwrap_err().to_string();
        assert!(check(serde_json::json!({"groupes": "tous"})).contains("identifiant"));
        for roles in [serde_json::json!("autres"), serde_json::json!({"tous": true}), serde_json::json!(null)] {
            assert!(check(serde_json::json!({"SubjectNameID": "1", "groupes": roles})).contains("rôle"));
        }
    }
}
