//! Reading before writing: what somebody entered by hand after our observation is left in the ROR.

use base::clock::Clock;
use base::config_values::Secret;
use campaign::simulator::{Effect, ReadingClient};
use domain::outcome::Etat;
use edges::ror::{Client, Reader};

use super::Line;
use crate::ror::bench::{make_pki, settings};
use crate::store::bench::{at_location, beds};
use crate::store::engine::{Engine, on_both_engines};

async fn reading(engine: Engine) -> Line {
    Line::with(engine, |policy| policy.read_before_write = true).await
}

fn reads(line: &Line) -> usize {
    line.simulator.requests().iter().filter(|request| request.methode == "GET").count()
}

async fn a_later_manual_entry_is_left_and_both_are_shown(engine: Engine) {
    let line = reading(engine).await;
    line.store.report("avant", vec![beds(4, 5)]).await;
    line.round().await;
    line.store.report("main", vec![beds(7, 60)]).await;
    line.round().await;
    assert_eq!(line.numbers(), [7]);
    // As if the second had been entered by hand: the store knows nothing of it.
    line.store.execute("DELETE FROM attempts").await;
    line.store.execute("DELETE FROM updates WHERE nombre = 7").await;
    let ours = line.store.report("apres", vec![beds(5, 30)]).await;
    assert_eq!(line.round().await, 0, "nothing is written");
    assert_eq!(line.numbers(), [7]);
    assert_eq!(line.store.etats(ours).await, [Etat::Depassee]);
    let row = line.store.store.rows_of(ours).await.unwrap().remove(0);
    assert_eq!(row.held, Some((beds(7, 60).date_releve, 7)));
    assert_eq!(row.line.update.count.nombre.get(), 5);
}

async fn an_earlier_value_and_none_at_all_are_written_over(engine: Engine) {
    let line = reading(engine).await;
    line.store.report("a", vec![beds(4, 5)]).await;
    line.round().await;
    line.store.report("b", vec![beds(5, 30)]).await;
    line.round().await;
    assert_eq!(line.numbers(), [5]);
    assert_eq!(reads(&line), 2);
    // Of another indicator and of another location nothing is concluded.
    line.store.report("c", vec![at_location("SSR2", 6, 1)]).await;
    line.round().await;
    assert_eq!(line.numbers(), [5, 6]);
}

#[tokio::test]
async fn a_location_that_does_not_exist_is_told_by_the_write() {
    let line = reading(Engine::Sqlite).await;
    let mail = line.store.report("a", vec![at_location("ABSENT", 4, 5)]).await;
    line.round().await;
    assert_eq!(line.store.codes(mail).await, [domain::defect::Code::R01]);
}

#[tokio::test]
async fn without_the_option_nothing_is_read() {
    let line = Line::with(Engine::Sqlite, |_| ()).await;
    line.store.report("a", vec![beds(4, 5)]).await;
    line.round().await;
    assert_eq!((line.numbers(), reads(&line)), (vec![4], 0));
}

#[tokio::test]
async fn a_reading_that_fails_is_harmless() {
    let (_folder, pki) = make_pki();
    let client = Client::new(&settings(&pki, "https://localhost:1", "https://localhost:1/jeton"), Clock::System);
    let read = client.unwrap().held(&beds(1, 1)).await;
    assert!(!read.result.unwrap_err().is_unknown());
}

/// The four values, another client and its secret, on the wire; the one that writes bears none of them.
#[tokio::test]
async fn the_reader_is_a_client_of_its_own() {
    let reader = ReadingClient { client_id: "lecteur".to_owned(), secret: "mot de passe & co".to_owned() };
    let own = Reader {
        client_id: Some("lecteur".to_owned()),
        secret: Some(Secret::Inline("mot de passe & co".into())),
        profile_code: "CU20".to_owned(),
        profile_system: "1.2.3".to_owned(),
        role_code: "AUTRE".to_owned(),
        role_system: "4.5.6".to_owned(),
        ..Reader::default()
    };
    let line = Line::read_by(
        Engine::Sqlite,
        Some(reader),
        |api| api.reader = own,
        |policy| {
            policy.read_before_write = true;
        },
    )
    .await;
    line.store.report("a", vec![beds(4, 5)]).await;
    line.round().await;
    assert_eq!(line.numbers(), [4]);
    let requests = line.simulator.requests();
    let read = requests.iter().find(|request| request.methode == "GET").unwrap();
    assert_eq!(read.client.as_deref(), Some("lecteur"));
    let said: Vec<(&str, &str)> = read.ror.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let wanted = [
        ("ror-profil-utilisateur-code", "CU20"),
        ("ror-profil-utilisateur-system", "1.2.3"),
        ("ror-role-metier-code", "AUTRE"),
        ("ror-role-metier-system", "4.5.6"),
    ];
    assert_eq!(said, wanted);
    for write in requests.iter().filter(|request| request.methode == "PATCH") {
        assert_eq!((write.client.as_deref(), write.ror.len()), (Some("client de test"), 0));
    }
}

#[tokio::test]
async fn a_reader_with_the_wrong_secret_holds_rows_and_is_named() {
    let reader = ReadingClient { client_id: "lecteur".to_owned(), secret: "bon".to_owned() };
    let client_id = Some("lecteur".to_owned());
    let own = Reader { client_id, secret: Some(Secret::Inline("faux".into())), ..Reader::default() };
    let reads = |policy: &mut service::config::DeliverySection| policy.read_before_write = true;
    let line = Line::read_by(Engine::Sqlite, Some(reader), |api| api.reader = own, reads).await;
    let mail = line.store.report("a", vec![beds(4, 5)]).await;
    assert_eq!(line.round().await, 0);
    assert_eq!(line.store.etats(mail).await, [Etat::EnAttente]);
    let told = line.store.store.requests(mail).await.unwrap();
    let said = told.iter().filter_map(|request| request.echec.as_deref()).collect::<Vec<_>>().join(" ");
    assert!(said.contains("refuse le client") && !said.contains("faux"), "{said}");
}

#[tokio::test]
async fn a_read_service_that_is_locked_or_forbidden_writes_nothing() {
    for (statut, codes) in [(409, vec!["conflict"]), (400, vec!["transient"]), (403, vec!["forbidden"]), (500, vec![])]
    {
        let line = reading(Engine::Sqlite).await;
        let codes = codes.into_iter().map(str::to_owned).collect();
        line.simulator.inject(Effect::Lecture { statut, codes }.once());
        let mail = line.store.report("a", vec![beds(4, 5)]).await;
        assert_eq!(line.round().await, 0, "{statut}");
        assert_eq!(line.store.etats(mail).await, [Etat::EnAttente], "{statut}");
        line.store.advance(3600);
        line.round().await;
        assert_eq!(line.numbers(), [4], "{statut}");
    }
}

on_both_engines! {
    a_later_manual_entry_is_left_and_both_are_shown,
    an_earlier_value_and_none_at_all_are_written_over,
}
