//! Where somebody was going before they had to sign in.

/// The longest that is led back to, in bytes.
const LONGEST: usize = 2000;

/// A path of ours, with its query: what leads elsewhere leads to the dashboard.
pub(super) fn ours(asked: Option<&str>) -> String {
    let path = asked.unwrap_or("/");
    let is_ours = path.starts_with('/')
        && !path.starts_with("//")
        && path.len() <= LONGEST
        && path.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\')
        && !["/connexion", "/deconnexion"].iter().any(|own| path.starts_with(own));
    if is_ours { path.to_owned() } else { "/".to_owned() }
}

#[test]
fn nothing_leads_elsewhere() {
    assert_eq!(ours(Some("/journal?du=2026-11-23")), "/journal?du=2026-11-23");
    for asked in [
        "",
        "journal",
        "//autre.test",
        "/\\autre.test",
        "https://autre.test",
        "/a\r\nSet-Cookie: x",
        "/é",
        "/connexion",
    ] {
        assert_eq!(ours(Some(asked)), "/", "{asked}");
    }
    assert_eq!(ours(Some(&format!("/{}", "a".repeat(2000)))), "/");
    assert_eq!(ours(None), "/");
}
