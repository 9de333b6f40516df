//! Accounts, sessions, failures to sign in, marks and the audit log, on both engines.

use domain::access::audit::{AuditEntry, AuditHead, Broken, Deed, Verification};
use domain::access::{Lifetimes, Login, Means, PasswordHash, Role};
use jiff::{SignedDuration, Timestamp};
use store::maintenance::check;
use store::{Attempt, MailId, NewSession, NewUser, Stage, Store, StoreSettings, UserChange, heads};

use super::engine::{Engine, Home, on_both_engines};

on_both_engines!(
    an_account_lives_and_every_change_is_recorded,
    a_session_ends_with_its_account_and_with_time,
    failures_cost_a_pause_for_whoever_is_named,
    failures_lock_only_where_they_come_from,
    sessions_of_every_means_are_listed_and_ended,
    a_cut_end_and_a_lost_guard_are_seen,
    a_step_of_the_second_factor_is_used_once,
    the_chain_stays_one_chain_under_many_writers,
    the_log_refuses_to_be_changed,
    marks_are_made_and_taken_off,
);

fn now() -> Timestamp {
    "2026-11-23T08:00:00Z".parse().unwrap()
}

fn later(minutes: i64) -> Timestamp {
    now() + SignedDuration::from_mins(minutes)
}

fn login(text: &str) -> Login {
    text.parse().unwrap()
}

fn entry(deed: Deed, object: &str) -> AuditEntry {
    AuditEntry::new("local:chef", deed, object).changing("avant", "après").noting("é « ’ »")
}

fn anne() -> NewUser {
    NewUser {
        login: login("anne"),
        name: "Anne Martin".to_owned(),
        role: Role::Operateur,
        password: PasswordHash::stored("$argon2id$…".to_owned()),
        totp: None,
    }
}

fn session(digest: &str) -> NewSession {
    NewSession {
        digest: digest.to_owned(),
        stage: Stage::Ouverte,
        means: Means::Local,
        login: "anne".to_owned(),
        name: "Anne Martin".to_owned(),
        role: Role::Operateur,
        detail: String::new(),
        origin: "192.0.2.1".to_owned(),
    }
}

async fn with_anne(engine: Engine) -> (Home, Store) {
    let home = Home::new(engine).await;
    let store = Store::open(&home.settings()).await.unwrap();
    assert!(store.add_user(&anne(), &entry(Deed::CompteCree, "compte anne"), now()).await.unwrap());
    (home, store)
}

async fn deeds(store: &Store) -> Vec<String> {
    store.audit_after(0, 1000).await.unwrap().into_iter().map(|record| record.acte).collect()
}

async fn faults(store: &Store) -> Vec<String> {
    let mut verification = Verification::new(None);
    store.audit_after(0, 1000).await.unwrap().iter().for_each(|record| verification.take(record));
    verification.end().1.iter().map(ToString::to_string).collect()
}

async fn an_account_lives_and_every_change_is_recorded(engine: Engine) {
    let (_home, store) = with_anne(engine).await;
    assert!(!store.add_user(&anne(), &entry(Deed::CompteCree, "compte anne"), now()).await.unwrap());
    let change = async |change: UserChange, deed| {
        store.change_user(&login("anne"), &change, &entry(deed, "compte anne"), later(1)).await.unwrap()
    };
    assert!(change(UserChange::Role(Role::Lecteur), Deed::CompteModifie).await);
    assert!(change(UserChange::Lock, Deed::CompteVerrouille).await);
    assert!(change(UserChange::Password(PasswordHash::stored("autre".to_owned())), Deed::MotDePasse).await);
    assert!(change(UserChange::Totp(Some("ABC".to_owned())), Deed::SecondFacteur).await);
    let user = store.user(&login("anne")).await.unwrap().unwrap();
    assert_eq!((user.role, user.locked_at), (Role::Lecteur, Some(later(1))));
    assert_eq!((user.password.unwrap().as_str(), user.totp.as_deref()), ("autre", Some("ABC")));
    assert!(change(UserChange::Unlock, Deed::CompteDeverrouille).await);
    assert_eq!(store.users().await.unwrap()[0].locked_at, None);
    assert!(change(UserChange::Remove, Deed::CompteSupprime).await);
    assert!(!change(UserChange::Lock, Deed::CompteVerrouille).await);
    assert!(store.users().await.unwrap().is_empty());
    let expected = [
        "compte-cree",
        "compte-modifie",
        "compte-verrouille",
        "mot-de-passe",
        "second-facteur",
        "compte-deverrouille",
        "compte-supprime",
    ];
    assert_eq!(deeds(&store).await, expected);
    assert_eq!(faults(&store).await, [""; 0]);
}

async fn a_session_ends_with_its_account_and_with_time(engine: Engine) {
    let (_home, store) = with_anne(engine).await;
    let lifetimes = Lifetimes::default();
    let found = async |digest: &str, at| store.session(digest, &lifetimes, at).await.unwrap();
    store.open_session(&session("un"), None, None, now()).await.unwrap();
    let told = entry(Deed::Connexion, "compte anne");
    store.open_session(&session("deux"), Some("un"), Some(&told), later(1)).await.unwrap();
    assert!(found("un", later(1)).await.is_none(), "its token was replaced");
    assert_eq!(found("deux", later(30)).await.unwrap().role, Role::Operateur);
    assert!(found("deux", later(31)).await.is_none(), "idle");
    store.see_session("deux", later(30)).await.unwrap();
    assert!(found("deux", later(31)).await.is_some());

    let change = async |change| {
        store.change_user(&login("anne"), &change, &entry(Deed::CompteModifie, "compte anne"), later(31)).await.unwrap()
    };
    change(UserChange::Role(Role::Lecteur)).await;
    assert!(found("deux", later(31)).await.is_none(), "a change of role ends it");
    store.open_session(&session("trois"), None, None, later(32)).await.unwrap();
    assert_eq!(found("trois", later(32)).await.unwrap().role, Role::Lecteur, "the role of now");
    assert_eq!(store.user(&login("anne")).await.unwrap().unwrap().seen_at, Some(later(32)));
    store.end_session("trois", Some(&entry(Deed::Deconnexion, "compte anne")), later(32)).await.unwrap();
    assert!(found("trois", later(32)).await.is_none());
    store.open_session(&session("quatre"), None, None, later(33)).await.unwrap();
    change(UserChange::Lock).await;
    store.open_session(&session("cinq"), None, None, later(34)).await.unwrap();
    assert!(found("cinq", later(34)).await.is_none(), "nobody is signed in to a locked account");
    assert_eq!(store.purge_sessions(&lifetimes, later(34 + 30)).await.unwrap(), 0);
    assert_eq!(store.purge_sessions(&lifetimes, later(34 + 31)).await.unwrap(), 1);
}

async fn failures_cost_a_pause_for_whoever_is_named(engine: Engine) {
    let (_home, store) = with_anne(engine).await;
    for name in ["anne", "personne"] {
        let attempt = async |at| match store.attempt(&login(name), "192.0.2.1", at).await.unwrap() {
            Attempt::Refused(until) => Some(until),
            Attempt::Counted(_) => None,
        };
        for _ in 0..5 {
            assert_eq!(attempt(now()).await, None);
        }
        assert_eq!(attempt(now()).await, Some(later(1)), "{name}");
        assert_eq!(attempt(later(1)).await, None);
        assert_eq!(attempt(later(1)).await, Some(later(3)), "the pause grows");
    }
    assert_eq!(deeds(&store).await, ["compte-cree", "connexion-bloquee", "connexion-bloquee"], "of anne alone");
    store.open_session(&session("un"), None, None, later(3)).await.unwrap();
    let forgotten = store.attempt(&login("anne"), "192.0.2.1", later(3)).await.unwrap();
    let Attempt::Counted(before) = forgotten else { panic!("forgotten once signed in") };
    assert_eq!(before.failures, 0);
    for _ in 0..9 {
        store.take_back(&login("anne"), "192.0.2.1", before).await.unwrap();
        assert_eq!(
            store.attempt(&login("anne"), "192.0.2.1", later(3)).await.unwrap(),
            forgotten,
            "a right one does not count"
        );
    }
    store.purge_sessions(&Lifetimes::default(), later(25 * 60)).await.unwrap();
    let forgotten = store.attempt(&login("personne"), "192.0.2.1", later(25 * 60)).await.unwrap();
    assert!(matches!(forgotten, Attempt::Counted(_)));
}

/// Nobody keeps an account locked by naming it, and what is kept of failures stays bounded.
async fn failures_lock_only_where_they_come_from(engine: Engine) {
    let (_home, store) = with_anne(engine).await;
    let attempt = async |origin: &str| store.attempt(&login("anne"), origin, now()).await.unwrap();
    for rank in 0..150 {
        for _ in 0..6 {
            attempt(&format!("198.51.100.{rank}")).await;
        }
    }
    assert!(matches!(attempt("198.51.100.7").await, Attempt::Refused(_)));
    assert!(
        matches!(attempt("203.0.113.9").await, Attempt::Refused(_)),
        "one more network beyond all that are told apart"
    );
    assert!(!store.knows_device(&login("anne"), "telephone", now()).await.unwrap());
    for device in 0..12 {
        store.know_device(&login("anne"), &format!("appareil{device}"), later(device)).await.unwrap();
    }
    let knows = async |device: &str, at| store.knows_device(&login("anne"), device, at).await.unwrap();
    assert_eq!(
        [knows("appareil1", later(20)).await, knows("appareil2", later(20)).await],
        [false, true],
        "the last ten"
    );
    assert!(!store.knows_device(&login("luc"), "appareil2", later(20)).await.unwrap(), "of one account");
    assert!(!knows("appareil2", later(91 * 24 * 60)).await, "not for ever");
    let told = entry(Deed::CompteVerrouille, "compte anne");
    assert!(store.change_user(&login("anne"), &UserChange::Lock, &told, now()).await.unwrap());
    assert!(!knows("appareil11", later(20)).await, "gone with the sessions");
}

/// Sessions of every means are listed and ended.
async fn sessions_of_every_means_are_listed_and_ended(engine: Engine) {
    let (_home, store) = with_anne(engine).await;
    let of = |digest: &str, means: Means, who: &str| NewSession { means, login: who.to_owned(), ..session(digest) };
    for (rank, new) in
        [of("un", Means::Local, "anne"), of("deux", Means::OpenId, "anne"), of("trois", Means::OpenId, "zoe")]
            .into_iter()
            .enumerate()
    {
        store.open_session(&new, None, None, later(i64::try_from(rank).unwrap())).await.unwrap();
    }
    let lifetimes = Lifetimes::default();
    let listed = async |at| {
        let open = store.sessions(&lifetimes, at).await.unwrap();
        open.into_iter().map(|one| one.digest).collect::<Vec<_>>()
    };
    assert_eq!(listed(later(5)).await, ["trois", "deux", "un"]);
    assert_eq!(listed(later(30)).await, ["trois", "deux"], "those that go on");
    let ended = ["un", "deux", "personne"].map(str::to_owned);
    let done = store.end_sessions(&ended, &entry(Deed::SessionsFermees, "compte anne"), later(6)).await.unwrap();
    assert_eq!((done, listed(later(6)).await), (2, vec!["trois".to_owned()]));
    assert_eq!(deeds(&store).await, ["compte-cree", "sessions-fermees"]);
    assert_eq!(store.end_sessions(&ended, &entry(Deed::SessionsFermees, "x"), later(6)).await.unwrap(), 0);
    assert_eq!(deeds(&store).await.len(), 2, "nothing ended, nothing told");
}

/// A head that was kept elsewhere shows that the end was cut off, and a check names a guard that is gone.
async fn a_cut_end_and_a_lost_guard_are_seen(engine: Engine) {
    let (home, store) = with_anne(engine).await;
    let settings = |path: &std::path::Path| StoreSettings { audit_head: Some(path.to_owned()), ..home.settings() };
    let folder = tempfile::tempdir().unwrap();
    let (path, beyond) = (folder.path().join("tete"), folder.path().join("coupee"));
    assert_eq!(heads::last(&path).unwrap(), None);
    let head = store.audit_head().await.unwrap();
    assert_eq!(store.audit_holds(&AuditHead::empty()).await.unwrap(), None);
    assert_eq!(store.audit_holds(&head).await.unwrap(), None);
    heads::append(&path, &AuditHead::empty(), now()).unwrap();
    heads::append(&path, &head, now()).unwrap();
    assert_eq!(heads::last(&path).unwrap(), Some(head.clone()));
    std::fs::write(&path, format!("{}\n2026-11-23T08:00:00Z 7:abc", std::fs::read_to_string(&path).unwrap())).unwrap();
    assert_eq!(heads::last(&path).unwrap(), Some(head.clone()), "a line that a crash cut is none");
    let findings = async |settings: &StoreSettings| check(settings).await.unwrap().findings;
    assert_eq!(findings(&settings(&path)).await, Vec::<String>::new());

    let further = AuditHead { number: head.number + 1, ..head.clone() };
    heads::append(&beyond, &further, now()).unwrap();
    let told = findings(&settings(&beyond)).await.join(" ");
    assert!(told.contains("la fin du journal manque : il s’arrête à 1, la tête conservée est à 2"), "{told}");
    assert!(matches!(store.audit_holds(&further).await.unwrap(), Some(Broken::Cut { found: 1, kept: 2 })));
    let other = AuditHead { hash: "0".repeat(64), ..head };
    assert_eq!(store.audit_holds(&other).await.unwrap(), Some(Broken::Rewritten(1)));

    home.execute(match engine {
        Engine::Sqlite => "DROP TRIGGER audit_kept",
        Engine::Postgres => "ALTER TABLE audit DISABLE TRIGGER audit_kept",
    })
    .await;
    let told = findings(&settings(&path)).await.join(" ");
    assert!(told.contains("le déclencheur audit_kept, qui empêche de le modifier, manque ou est désactivé"), "{told}");
}

async fn a_step_of_the_second_factor_is_used_once(engine: Engine) {
    let (_home, store) = with_anne(engine).await;
    let login = login("anne");
    assert!(store.use_totp_step(&login, 7).await.unwrap());
    assert!(!store.use_totp_step(&login, 7).await.unwrap());
    assert!(!store.use_totp_step(&login, 6).await.unwrap());
    let both = tokio::join!(store.use_totp_step(&login, 8), store.use_totp_step(&login, 8));
    assert_eq!([both.0.unwrap(), both.1.unwrap()].iter().filter(|used| **used).count(), 1);
}

async fn the_chain_stays_one_chain_under_many_writers(engine: Engine) {
    let home = Home::new(engine).await;
    let stores = [Store::open(&home.settings()).await.unwrap(), Store::open(&home.settings()).await.unwrap()];
    let writers = (0..40).map(|rank: usize| {
        let store = stores[rank % 2].clone();
        async move {
            let told = entry(Deed::Traiter, &format!("courriel {rank}"));
            store.record_deed(&told, later(i64::try_from(rank).unwrap())).await.unwrap()
        }
    });
    futures_util::future::join_all(writers).await;
    assert_eq!(deeds(&stores[0]).await.len(), 40);
    assert_eq!(faults(&stores[1]).await, [""; 0]);
    assert_eq!(stores[0].audit_head().await.unwrap().number, 40);
}

async fn the_log_refuses_to_be_changed(engine: Engine) {
    let (home, store) = with_anne(engine).await;
    for statement in ["UPDATE audit SET who = 'x'", "DELETE FROM audit"] {
        let refused = home.try_execute(statement).await.unwrap_err().to_string();
        assert!(refused.contains("le journal d'audit ne s"), "{refused}");
    }
    if engine == Engine::Postgres {
        assert!(home.try_execute("TRUNCATE audit").await.is_err());
    }
    assert_eq!(deeds(&store).await, ["compte-cree"]);
    // Who owns the database can go round that; then the chain tells.
    store.record_deed(&entry(Deed::Traiter, "courriel 1"), later(1)).await.unwrap();
    match engine {
        Engine::Sqlite => home.execute("DROP TRIGGER audit_unchanged").await,
        Engine::Postgres => home.execute("ALTER TABLE audit DISABLE TRIGGER USER").await,
    }
    home.execute("UPDATE audit SET note = 'autre' WHERE id = 1").await;
    assert_eq!(faults(&store).await, ["enregistrement 1 modifié, ou mis à la place d’un autre"]);
    if let Some(database) = home.database() {
        database.spoil();
    }
}

async fn marks_are_made_and_taken_off(engine: Engine) {
    let (_home, store) = with_anne(engine).await;
    let finess = "350054680".parse().unwrap();
    let told = entry(Deed::Silence, "etablissement 350054680");
    store.mute(finess, later(60), "travaux", &told, now()).await.unwrap();
    assert_eq!(store.mute_of(finess, later(59)).await.unwrap().unwrap().note, "travaux");
    assert_eq!(store.mutes(now()).await.unwrap().len(), 1);
    assert!(store.mutes(later(60)).await.unwrap().is_empty(), "it ends by itself");
    assert!(store.unmute(finess, &entry(Deed::FinSilence, "x"), now()).await.unwrap());
    assert!(!store.unmute(finess, &entry(Deed::FinSilence, "x"), now()).await.unwrap());
    let nothing = entry(Deed::Traiter, "courriel 9");
    assert!(!store.mark_handled(MailId::of(9), "vu", &nothing, now()).await.unwrap());
    assert!(!store.reopen(MailId::of(9), &nothing, now()).await.unwrap());
    assert_eq!(store.handled(MailId::of(9)).await.unwrap(), None);
    assert_eq!(deeds(&store).await, ["compte-cree", "silence", "fin-silence"]);
}
