//! What a PostgreSQL server must be, and how it is reached.

use std::os::unix::fs::{PermissionsExt, chown};

use base::config_values::Secret;
use sqlx::{AssertSqlSafe, Executor};
use store::{Store, StoreError, StoreSettings};

use crate::dovecot::Pki;
use crate::postgres::{Cluster, USER, create, session};

async fn order(cluster: &Cluster, statements: &[&str]) {
    let mut session = session(&cluster.url("postgres")).await;
    for statement in statements {
        session.execute(AssertSqlSafe((*statement).to_owned())).await.unwrap();
    }
    session.execute("SELECT pg_reload_conf()").await.unwrap();
}

/// The error of opening, however soon the server takes a changed setting over.
async fn refused(settings: &StoreSettings, until: fn(&StoreError) -> bool) -> StoreError {
    loop {
        match Store::open(settings).await {
            Err(error) if until(&error) => return error,
            Err(error) => panic!("{error}"),
            Ok(store) => store.close().await,
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn a_server_that_may_forget_is_refused() {
    let cluster = Cluster::start();
    create(&cluster, "lits").await;
    let settings = StoreSettings::at(cluster.url("lits"));
    let forgetful = format!("ALTER ROLE {USER} SET synchronous_commit = off");
    order(&cluster, &[&forgetful]).await;
    Store::open(&settings).await.expect("the session is durable whatever the default").close().await;
    order(&cluster, &["ALTER SYSTEM SET fsync = off"]).await;
    let error = refused(&settings, |error| matches!(error, StoreError::Setting { .. })).await;
    assert_eq!(error.to_string(), "serveur PostgreSQL refusé : fsync = off, il faut fsync = on");
    assert!(!error.is_transient());
}

#[tokio::test]
async fn a_database_in_another_encoding_is_refused() {
    let cluster = Cluster::start();
    order(&cluster, &["CREATE DATABASE vieille ENCODING 'SQL_ASCII' TEMPLATE template0"]).await;
    let error = Store::open(&StoreSettings::at(cluster.url("vieille"))).await.unwrap_err();
    assert!(error.to_string().contains("server_encoding = SQL_ASCII"), "{error}");
}

#[tokio::test]
async fn the_password_comes_from_its_setting_and_never_from_the_url() {
    let cluster = Cluster::start();
    create(&cluster, "lits").await;
    order(
        &cluster,
        &[
            "CREATE ROLE eai LOGIN PASSWORD 'très secret'",
            "ALTER DATABASE lits OWNER TO eai",
            "GRANT ALL ON DATABASE lits TO eai",
        ],
    )
    .await;
    std::fs::write(
        cluster.data().join("pg_hba.conf"),
        format!("host all eai all scram-sha-256\nlocal all {USER} trust\n"),
    )
    .unwrap();
    order(&cluster, &[]).await;
    let url = cluster.tcp_url("eai", "lits");
    let with =
        |password: &str| StoreSettings { password: Some(Secret::Inline(password.into())), ..StoreSettings::at(&url) };
    let wrong = refused(&with("faux"), |error| !error.to_string().contains("pg_hba")).await;
    assert!(!wrong.is_transient() && !wrong.is_of_one_record(), "{wrong}");
    Store::open(&with("très secret")).await.unwrap().close().await;
    for url in ["postgres://eai:secret@serveur.test/lits", "postgres://eai@serveur.test/lits?password=secret"] {
        let error = Store::open(&StoreSettings::at(url)).await.unwrap_err();
        assert!(matches!(error, StoreError::PasswordInUrl) && !error.to_string().contains("secret@"), "{error}");
    }
}

#[tokio::test]
async fn an_encrypted_server_is_verified() {
    let cluster = Cluster::start();
    create(&cluster, "lits").await;
    let data = cluster.data();
    let pki = Pki::new(&data);
    for file in ["server", "server-key"] {
        let owner = std::os::unix::fs::MetadataExt::uid(&std::fs::metadata(&data).unwrap());
        std::fs::set_permissions(pki.path(file), PermissionsExt::from_mode(0o600)).unwrap();
        chown(pki.path(file), Some(owner), None).unwrap();
    }
    order(
        &cluster,
        &[
            "ALTER SYSTEM SET ssl_cert_file = 'server.pem'",
            "ALTER SYSTEM SET ssl_key_file = 'server-key.pem'",
            "ALTER SYSTEM SET ssl = on",
        ],
    )
    .await;
    std::fs::write(data.join("pg_hba.conf"), format!("hostssl all all all trust\nlocal all {USER} trust\n")).unwrap();
    order(&cluster, &[]).await;
    let url = cluster.tcp_url(USER, "lits").replace("127.0.0.1", "localhost") + "?sslmode=verify-full";
    let by = |authority: &str| StoreSettings { ca: Some(pki.path(authority)), ..StoreSettings::at(&url) };
    refused(&by("stranger-ca"), |error| error.to_string().contains("certificate")).await;
    Store::open(&by("ca")).await.unwrap().close().await;
}

#[tokio::test]
async fn a_server_that_is_not_there_is_told_in_french() {
    let nowhere = Store::open(&StoreSettings::at("postgres://eai@127.0.0.1:1/lits")).await.unwrap_err();
    assert!(nowhere.is_transient(), "{nowhere}");
    let wrong = Store::open(&StoreSettings::at("mysql://eai@serveur.test/lits")).await.unwrap_err();
    assert!(wrong.to_string().contains("postgres://utilisateur@serveur/base"), "{wrong}");
    let empty = Cluster::start();
    let error = Store::open_existing(&StoreSettings::at(empty.url("postgres"))).await.unwrap_err();
    assert!(error.to_string().contains("n’a jamais été lancé"), "{error}");
}
