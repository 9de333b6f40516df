//! The path of a defect in words: « établissement 350054680, service SSR38888, capacité n° 2 ».

use super::excerpt;

/// A path in words, or as it is where it follows no pattern known here.
pub(super) fn path_in_words(path: &str) -> String {
    let words: Option<Vec<String>> = steps(path).into_iter().map(step_in_words).collect();
    words.map_or_else(|| excerpt(path), |words| words.join(", "))
}

/// The steps between slashes; a slash inside brackets belongs to a sender's value.
fn steps(path: &str) -> Vec<&str> {
    let mut depth = 0_usize;
    let at_slash = |character: char| {
        match character {
            '[' => depth += 1,
            ']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        character == '/' && depth == 0
    };
    path.split(at_slash).filter(|step| !step.is_empty()).collect()
}

fn step_in_words(step: &str) -> Option<String> {
    if let Some(attribute) = step.strip_prefix('@') {
        return Some(format!("attribut « {attribute} »"));
    }
    match step.strip_suffix(']').and_then(|step| step.split_once('[')) {
        Some(("etablissement", key)) => Some(keyed("établissement", key)),
        Some(("service", key)) => Some(keyed("service", key)),
        Some(("capacite", key)) if is_rank(key) => Some(format!("capacité n° {key}")),
        Some(("capacite", words)) => Some(format!("capacité « {words} »")),
        Some((name, key)) => Some(format!("élément « {name} » n° {key}")),
        None if step.contains(['[', ']']) => None,
        None => Some(format!("élément « {step} »")),
    }
}

/// A short number is a rank, but for services, whose codes may be short; anything else is the item’s
/// own number or code.
fn keyed(name: &str, key: &str) -> String {
    if name != "service" && is_rank(key) { format!("{name} n° {key}") } else { format!("{name} {key}") }
}

fn is_rank(key: &str) -> bool {
    key.len() <= 4 && key.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::path_in_words;

    fn check(path: &str, expected: &str) {
        assert_eq!(path_in_words(path), expected);
    }

    #[test]
    fn paths_are_said_in_words() {
        check(
            "etablissement[350054680]/service[SSR38888]/capacite[2]/@nombre",
            "établissement 350054680, service SSR38888, capacité n° 2, attribut « nombre »",
        );
        check("service[A]/capacite[disponible, femme]", "service A, capacité « disponible, femme »");
        check("etablissement[1]/service[12]/@code", "établissement n° 1, service 12, attribut « code »");
        check("service[A/B]/@code", "service A/B, attribut « code »");
        check("/disponibilites/@mode", "élément « disponibilites », attribut « mode »");
        check("BEDS[3]", "élément « BEDS » n° 3");
        check("odd]path[", "odd]path[");
        check("", "");
    }
}
