//! What `dispolits config check` says of the keys of a login, for each way to log in.

use super::service::World;
use super::{Ran, program, ran};

const KEYS: [(&str, &str); 4] = [
    ("user", "\"bal\""),
    ("password", "\"x\""),
    ("token", "{ command = [\"/bin/echo\", \"x\"] }"),
    ("identity", "IDENTITY"),
];

/// A section of a server with these keys.
fn section(name: &str, auth: &str, keys: &str, world: &World) -> String {
    let identity = ["certificate", "key"].map(|key| {
        let file = if key == "key" { "client.key" } else { "client.pem" };
        format!("{key} = \"{}\"", world.path("pki").join(file).display())
    });
    let keys = KEYS.iter().filter(|(key, _)| keys.split(' ').any(|given| given == *key));
    let keys: Vec<String> = keys.map(|(key, value)| format!("{key} = {value}\n")).collect();
    let keys = keys.concat().replace("IDENTITY", &format!("{{ {} }}", identity.join(", ")));
    let auth = if auth.is_empty() { String::new() } else { format!("auth = \"{auth}\"\n") };
    format!("[{name}]\nhost = \"serveur.test\"\nport = 1\n{auth}{keys}")
}

fn checked(world: &World, section: &str) -> Ran {
    world.configure(section);
    ran(&program().args(["config", "check", "--config"]).arg(world.path("config.toml")).output().unwrap())
}

#[tokio::test]
async fn missing_and_superfluous_keys_are_named() {
    let world = World::new().await;
    let cases = [
        ("mailboxes.autre.imap", "", "user password", ""),
        ("mailboxes.autre.imap", "plain", "user token", "donnez password ; retirez token"),
        ("mailboxes.autre.imap", "plain", "user password identity", ""),
        ("mailboxes.autre.imap", "xoauth2", "user token identity", ""),
        ("mailboxes.autre.imap", "xoauth2", "user password", "retirez password ; donnez token"),
        ("mailboxes.autre.imap", "external", "user identity", ""),
        (
            "mailboxes.autre.imap",
            "external",
            "user password token",
            "retirez password ; retirez token ; donnez identity",
        ),
        ("smtp", "", "", ""),
        ("smtp", "", "user password", ""),
        ("smtp", "", "user", "donnez password"),
        ("smtp", "", "token", "retirez token"),
        ("smtp", "plain", "token", "donnez user ; donnez password ; retirez token"),
        ("smtp", "xoauth2", "user token", ""),
        ("smtp", "xoauth2", "user password", "retirez password ; donnez token"),
        ("smtp", "xoauth2", "token password", "donnez user ; retirez password"),
        ("smtp", "external", "identity", ""),
        ("smtp", "external", "user identity", ""),
        ("smtp", "external", "user password", "retirez password ; donnez identity"),
        ("smtp", "none", "identity", ""),
        ("smtp", "none", "user password token", "retirez user ; retirez password ; retirez token"),
    ];
    for (name, auth, keys, expected) in cases {
        let ran = checked(&world, &section(name, auth, keys, &world));
        if expected.is_empty() {
            assert_eq!(ran.code, 0, "{name} {auth} {keys}: {}", ran.err);
            continue;
        }
        assert_eq!(ran.code, 2, "{name} {auth} {keys}: {}", ran.out);
        let (_, told) = ran.err.split_once("auth = ").expect(&ran.err);
        let (_, told) = told.split_once(" : ").unwrap();
        let words: Vec<String> =
            told.split(" ; ").map(|one| one.split([' ', ',']).take(2).collect::<Vec<_>>().join(" ")).collect();
        assert_eq!(words.join(" ; "), expected, "{name} {auth} {keys}");
    }
}
