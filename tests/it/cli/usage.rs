//! Wrong usage is told in French, on standard error, with exit code 2.

use super::dispolits;

fn check(arguments: &[&str], sentence: &str) {
    let ran = dispolits(arguments);
    assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{arguments:?}: {}", ran.err);
    let expected = format!("erreur : {sentence}\n\nPour l’aide : ajoutez --help à la commande.\n");
    assert_eq!(ran.err, expected, "{arguments:?}");
}

#[test]
fn wrong_usage_is_told_in_french() {
    check(&["chek"], "la commande « chek » n’existe pas ; vouliez-vous dire « check » ?");
    check(&["zzz"], "la commande « zzz » n’existe pas");
    check(&["check"], "il manque : <FICHIER>...");
    check(&["check", "--formt", "json", "a"], "l’option « --formt » n’existe pas ; vouliez-vous dire « --format » ?");
    check(&["check", "-x", "a"], "l’option « -x » n’existe pas");
    check(
        &["check", "--format", "xml", "a"],
        "valeur « xml » inconnue pour --format <FORME> ; valeurs admises : human, json",
    );
    check(
        &["check", "a", "--format"],
        "l’option « --format <FORME> » demande une valeur ; valeurs admises : human, json",
    );
    check(
        &["check", "--format", "jsn", "a"],
        "valeur « jsn » inconnue pour --format <FORME> ; vouliez-vous dire « json » ?",
    );
    let instant = "un instant s’écrit 2026-11-23, 2026-11-23T08:00 (heure de Paris) ou 2026-11-23T08:00:00+01:00";
    check(&["check", "--at", "hier", "a"], &format!("valeur « hier » refusée pour --at <INSTANT> : {instant}"));
    check(
        &["check", "--at", "2026-02-30", "a"],
        &format!("valeur « 2026-02-30 » refusée pour --at <INSTANT> : {instant}"),
    );
    check(&["run"], "il manque : --config <FICHIER>");
    check(
        &["run", "--config", "a", "--config", "b"],
        "l’option « --config <FICHIER> » ne peut être donnée qu’une fois",
    );
    check(&["sandbox", "--once=oui"], "l’option « --once » ne prend pas de valeur « oui »");
    check(&["sandbox", "tout"], "« tout » est de trop");
    check(&["journal", "show", "--config", "a"], "il manque : <NUMÉRO>");
    check(
        &["journal", "show", "--config", "a", "b"],
        "valeur « b » refusée pour <NUMÉRO> : un nombre entier est attendu",
    );
    check(
        &["journal", "list", "--config", "a", "--limite", "0"],
        "valeur « 0 » refusée pour --limite <NOMBRE> : un nombre entier à partir de 1 est attendu",
    );
    check(
        &["journal", "list", "--config", "a", "--expediteur", "b"],
        "valeur « b » refusée pour --expediteur <ADRESSE> : « b » n’est pas une adresse de messagerie",
    );
    check(
        &["journal", "list", "--config", "a", "--finess", "350054681"],
        "valeur « 350054681 » refusée pour --finess <NUMÉRO> : la clé de contrôle du numéro FINESS est fausse",
    );
    check(
        &["simulator", "--api", "ici"],
        "valeur « ici » refusée pour --api <ADRESSE> : une adresse d’écoute s’écrit 127.0.0.1:8443",
    );
    check(
        &["simulator", "--genre", "05"],
        "valeur « 05 » refusée pour --genre <CODE> : le code du genre indifférencié est « 03 » ou « 04 »",
    );
    check(
        &["completions", "cmd"],
        "valeur « cmd » inconnue pour <INTERPRÉTEUR> ; valeurs admises : bash, elvish, fish, powershell, zsh",
    );
}

#[test]
fn a_value_that_is_nearly_right_is_suggested() {
    check(
        &["journal", "list", "--config", "a", "--verdict", "rejeté"],
        "valeur « rejeté » inconnue pour --verdict <VERDICT> ; vouliez-vous dire « rejete » ?",
    );
    let ran = dispolits(&["journal", "list", "--config", "a", "--code", "Z99"]);
    assert!(ran.err.starts_with("erreur : valeur « Z99 » inconnue pour --code <CODE> ; valeurs admises : M01, M02"));
}

/// Without a command, the help: there is nothing to say of what is wrong.
#[test]
fn a_command_that_is_missing_gets_the_help() {
    for arguments in [&[][..], &["journal"], &["config"]] {
        let ran = dispolits(arguments);
        assert_eq!((ran.code, ran.out.as_str()), (2, ""));
        assert!(ran.err.contains("Commandes :"), "{}", ran.err);
    }
}
