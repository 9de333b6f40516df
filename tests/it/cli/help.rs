//! The help of every command: in French, and as it was read aloud; the completion scripts.

use super::dispolits;

/// What clap says by itself.
const ENGLISH: [&str; 8] =
    ["Usage:", "Commands:", "Arguments:", "Options:", "possible values", "default:", "Print", "Possible values"];

fn help(command: &[&str], flag: &str) -> String {
    let ran = dispolits(&[command, &[flag]].concat());
    assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{command:?}");
    ran.out
}

/// The help of a command and of all below it, as people would come to them.
fn pages(command: &[&str], into: &mut Vec<String>) {
    let page = help(command, "--help");
    assert!(ENGLISH.iter().all(|word| !page.contains(word)), "{page}");
    assert_eq!(page, help(command, "-h"), "{command:?}: one help, short or long");
    into.push(format!("$ dispolits {}\n{page}", [command, &["--help"]].concat().join(" ")));
    let below = page.split_once("Commandes :\n").map_or("", |(_, rest)| rest.split("\n\n").next().unwrap());
    // A name begins two columns in; what goes on from the line before lies deeper.
    for name in below.lines().filter_map(|line| line.strip_prefix("  ")).filter(|line| !line.starts_with(' ')) {
        pages(&[command, &[name.split(' ').next().unwrap()]].concat(), into);
    }
}

#[test]
fn the_help_of_every_command() {
    let mut all = Vec::new();
    pages(&[], &mut all);
    assert!(all.len() > 20, "{}", all.len());
    insta::assert_snapshot!("aide", all.join("\n"));
}

#[test]
fn the_version() {
    assert_eq!(help(&[], "--version"), format!("dispolits {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn completions_name_every_command_and_describe_it_in_french() {
    for (shell, opening) in
        [("bash", "_dispolits()"), ("zsh", "#compdef dispolits"), ("fish", "function __fish_dispolits")]
    {
        let script = dispolits(&["completions", shell]);
        assert_eq!((script.code, script.err.as_str()), (0, ""));
        assert!(script.out.contains(opening), "{shell}");
        for name in ["sandbox", "journal", "balance", "--referentiel", "--dossier", "--help"] {
            let name = if shell == "fish" { name.trim_start_matches('-') } else { name };
            assert!(script.out.contains(name), "{shell}: {name}");
        }
        assert!(!script.out.contains("Print help"), "{shell}");
    }
}
