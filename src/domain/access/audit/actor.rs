//! Who did a deed, as records name them, `local:anne.martin`, and as people do.

use crate::access::Means;

/// Where whoever runs a command is known.
const COMMAND: (&str, &str) = ("commande", "ligne de commande");

/// Their name alone, for their colleagues.
pub fn name_of(who: &str) -> &str {
    parts(who).map_or(who, |(_, name)| name)
}

/// Where they are known, for auditors: « compte local ». Nothing where the record does not say.
pub fn source_of(who: &str) -> Option<&'static str> {
    parts(who).map(|(source, _)| source)
}

fn parts(who: &str) -> Option<(&'static str, &str)> {
    let (word, name) = who.split_once(':')?;
    let means = Means::ALL.into_iter().map(|means| (means.word(), means.in_words()));
    let (_, source) = means.chain([COMMAND]).find(|(known, _)| *known == word)?;
    Some((source, name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_told_from_its_source() {
        let told = |who| (name_of(who), source_of(who));
        assert_eq!(told("local:anne.martin"), ("anne.martin", Some("compte local")));
        assert_eq!(told("certificat:CN=a:b,C=FR"), ("CN=a:b,C=FR", Some("certificat")));
        assert_eq!(told("commande:chef"), ("chef", Some("ligne de commande")));
        assert_eq!(told("essai"), ("essai", None));
    }
}
