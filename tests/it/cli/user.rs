//! `dispolits user` and `dispolits journal audit`: accounts made unattended, and a record that tells who touched it.

use std::io::Write;
use std::process::Stdio;

use serde_json::Value;

use super::service::World;
use super::{Ran, program, ran};

const PASSWORD: &str = "quatre chevaux verts";

/// `dispolits user …`, with this on its standard input.
fn user(world: &World, arguments: &[&str], input: &str) -> Ran {
    let config = world.path("config.toml");
    let mut child = program()
        .arg("user")
        .args(arguments)
        .arg("--config")
        .arg(config)
        .env("SUDO_USER", "chef")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    ran(&child.wait_with_output().unwrap())
}

fn audit(world: &World, arguments: &[&str]) -> Ran {
    let config = world.path("config.toml");
    let (command, arguments) = arguments.split_first().unwrap();
    ran(&program().args(["journal", "audit", command, "--config"]).arg(config).args(arguments).output().unwrap())
}

async fn world() -> World {
    let world = World::new().await;
    world.store().await.close().await;
    world
}

#[tokio::test]
async fn an_account_is_made_changed_and_removed_unattended() {
    let world = world().await;
    let told = user(&world, &["add", "Anne", "--nom", "Anne Martin", "--role", "operateur"], PASSWORD);
    assert_eq!((told.code, told.err.as_str()), (0, ""));
    assert!(told.out.starts_with("Compte anne créé, rôle opérateur.\n"), "{}", told.out);
    assert!(told.out.contains("otpauth://totp/Dispolits:anne?secret="), "{}", told.out);
    let later = user(&world, &["add", "luc", "--enroler-plus-tard"], PASSWORD);
    assert!(later.code == 0 && !later.out.contains("otpauth:"), "{}", later.out);
    let again = user(&world, &["add", "anne"], PASSWORD);
    assert_eq!((again.code, again.err.as_str()), (2, "erreur : le compte « anne » existe déjà\n"));
    let listed = user(&world, &["list"], "").out;
    assert!(listed.contains("anne  opérateur  Anne Martin (second facteur enregistré, jamais connecté)\n"), "{listed}");
    assert!(listed.contains("luc  lecteur  luc (second facteur à enregistrer, jamais connecté)\n"), "{listed}");
    for (arguments, said) in [
        (&["role", "anne", "lecteur"][..], "rôle lecteur"),
        (&["lock", "anne"], "verrouillé"),
        (&["unlock", "anne"], "déverrouillé"),
        (&["reset", "anne", "--mot-de-passe", "--second-facteur"], "second facteur à enregistrer"),
        (&["remove", "anne"], "supprimé"),
    ] {
        let told = user(&world, arguments, "cinq vaches rouges\n");
        assert_eq!((told.code, told.err.as_str()), (0, ""), "{arguments:?}");
        assert!(told.out.contains(said), "{arguments:?}: {}", told.out);
    }
    for arguments in [&["lock", "anne"][..], &["role", "anne", "lecteur"], &["reset", "anne", "--mot-de-passe"]] {
        let told = user(&world, arguments, PASSWORD);
        assert_eq!((told.code, told.err.as_str()), (2, "erreur : aucun compte « anne »\n"), "{arguments:?}");
    }
    let listed = audit(&world, &["list", "--objet", "compte anne"]).out;
    assert_eq!(listed.matches("  commande:chef : compte anne, ").count(), 7, "{listed}");
    assert!(listed.contains("compte modifié\n    operateur → lecteur\n"), "{listed}");
    assert!(!listed.contains("argon2") && !listed.contains("secret="), "no secret in the log");
}

/// Sessions of every means are listed by a name, and ended by it, by their owner, or all.
#[tokio::test]
async fn sessions_are_listed_and_ended_by_command() {
    use base::clock::Clock;
    use domain::access::{Means, Role};
    use store::{NewSession, Stage};
    let world = world().await;
    let store = world.store().await;
    for (digest, means, login) in [
        ("a".repeat(64), Means::Local, "anne"),
        ("b".repeat(64), Means::OpenId, "899700"),
        ("c".repeat(64), Means::OpenId, "899701"),
    ] {
        let (stage, name, role) = (Stage::Ouverte, login.to_owned(), Role::Lecteur);
        let (login, detail, origin) = (login.to_owned(), String::new(), String::new());
        let new = NewSession { digest, stage, means, login, name, role, detail, origin };
        store.open_session(&new, None, None, Clock::System.now()).await.unwrap();
    }
    store.close().await;
    let listed = user(&world, &["sessions"], "").out;
    assert_eq!(listed.lines().count(), 3, "{listed}");
    assert!(listed.contains("aaaaaaaaaaaa  anne  lecteur  compte local (ouverte le "), "{listed}");
    let ended = |arguments: &[&str]| user(&world, arguments, "");
    assert_eq!(ended(&["disconnect", "899700"]).out, "Sessions fermées : 1.\n");
    assert_eq!(ended(&["disconnect", "--session", "aaaaaaaaaaaa"]).out, "Sessions fermées : 1.\n");
    let none = ended(&["disconnect", "--session", "aaaa"]);
    assert!(none.code == 2 && none.err.contains("aucune session ouverte de ce nom"), "{}", none.err);
    assert_eq!(ended(&["disconnect", "--toutes"]).out, "Sessions fermées : 1.\n");
    assert_eq!(user(&world, &["sessions"], "").out, "Aucune session ouverte.\n");
    assert_eq!(ended(&["disconnect"]).code, 2);
    let told = audit(&world, &["list", "--acte", "sessions-fermees"]).out;
    assert_eq!(told.matches("commande:chef").count(), 3, "{told}");
}

/// What is in the database in clear is sealed at the start once there is a key, and by `user add` from then on; the head
/// of the audit log is kept as it grows.
#[tokio::test]
async fn second_factors_are_sealed_and_the_head_is_kept_by_itself() {
    let world = world().await;
    assert_eq!(user(&world, &["add", "anne"], PASSWORD).code, 0);
    let kept = async |login: &str| {
        let store = world.store().await;
        let totp = store.user(&login.parse().unwrap()).await.unwrap().unwrap().totp.unwrap();
        store.close().await;
        totp
    };
    let clear = kept("anne").await;
    assert!(!clear.contains(':'), "{clear}");
    let web = "\n[web]\nlisten = \"127.0.0.1:0\"\n[web.local]\nfactor_key = \"0123456789abcdef0123456789abcdef\"\n";
    world.configure(web);
    let service = world.start();
    service.wait_for("secrets de seconds facteurs chiffrés : 1", 1);
    service.wait_for("tête du journal d’audit : 1:", 1);
    assert_eq!(service.stop().0.code(), Some(0));
    let sealed = kept("anne").await;
    assert!(sealed.starts_with("v1:") && !sealed.contains(&clear), "{sealed}");
    assert_eq!(user(&world, &["add", "luc"], PASSWORD).code, 0);
    assert!(kept("luc").await.starts_with("v1:"));
    // The key is lost: the diagnosis names whom it concerns.
    world.configure(&web.replace("0123456789abcdef\"", "fedcba9876543210\""));
    let config = world.path("config.toml");
    let doctor = ran(&program().args(["doctor", "--config"]).arg(&config).output().unwrap());
    assert!(doctor.out.contains("n’ouvre pas le second facteur de : anne, luc"), "{}", doctor.out);
}

#[tokio::test]
async fn a_weak_password_or_a_wrong_name_makes_no_account() {
    let world = world().await;
    for (arguments, input, said) in [
        (&["add", "anne"][..], "court", "au moins 12 caractères"),
        (&["add", "anne"], "", "un mot de passe est attendu sur l’entrée standard"),
        (&["add", "anne"], "je suis Anne Martin", "ne contient pas l’identifiant"),
        (&["add", "a b"], PASSWORD, "un identifiant de connexion a de 1 à 64 caractères"),
        (&["add", "anne", "--role", "chef"], PASSWORD, "valeur « chef » inconnue"),
        (&["reset", "anne"], PASSWORD, "il manque"),
    ] {
        let told = user(&world, arguments, input);
        assert_eq!(told.code, 2, "{arguments:?}: {}", told.out);
        assert!(told.err.contains(said), "{arguments:?}: {}", told.err);
    }
    assert_eq!(user(&world, &["list"], "").out, "Aucun compte.\n");
}

#[tokio::test]
async fn the_audit_log_is_exported_and_tells_who_changed_it() {
    let world = world().await;
    for name in ["anne", "luc", "eve"] {
        user(&world, &["add", name, "--enroler-plus-tard"], PASSWORD);
    }
    let whole = audit(&world, &["verify"]);
    assert!(whole.code == 0 && whole.out.starts_with("Journal d’audit entier : 3 actes.\n"), "{}", whole.out);
    let head = whole.out.lines().last().unwrap().rsplit_once(": ").unwrap().1.to_owned();
    let exported = audit(&world, &["export", "--du", "2020-01-01"]).out;
    let lines: Vec<Value> = exported.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 4);
    assert_eq!((&lines[1]["qui"], &lines[1]["acte"]), (&"commande:chef".into(), &"compte-cree".into()));
    assert_eq!(lines[3]["tete"], Value::from(head.as_str()));
    assert_eq!(audit(&world, &["export", "--au", "2020-01-01"]).out.lines().count(), 1, "the head alone");

    user(&world, &["lock", "eve"], "");
    assert_eq!(audit(&world, &["verify", "--tete", &head]).code, 0, "it grew, and holds what it held");
    let pool = sqlx::SqlitePool::connect(&format!("sqlite://{}", world.path("dispolits.db").display())).await.unwrap();
    for statement in ["DROP TRIGGER audit_unchanged", "DROP TRIGGER audit_kept", "DELETE FROM audit WHERE id = 2"] {
        sqlx::raw_sql(statement).execute(&pool).await.unwrap();
    }
    let broken = audit(&world, &["verify"]);
    assert_eq!(broken.code, 1);
    assert!(broken.out.starts_with("Défaut : enregistrements retirés : 2.\n"), "{}", broken.out);
    let config = world.path("config.toml");
    let checked = ran(&program().args(["store", "check", "--config"]).arg(config).output().unwrap());
    assert!(
        checked.code == 1 && checked.out.contains("journal d’audit : enregistrements retirés : 2"),
        "{}",
        checked.out
    );
    sqlx::raw_sql("DELETE FROM audit WHERE id > 1").execute(&pool).await.unwrap();
    assert_eq!(audit(&world, &["verify"]).code, 0, "a chain does not know its end");
    let cut = audit(&world, &["verify", "--tete", &head]);
    assert!(cut.code == 1 && cut.out.contains("la fin du journal manque"), "{}", cut.out);
    assert_eq!(audit(&world, &["verify", "--tete", "x"]).code, 2);
}
