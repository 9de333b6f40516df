//! What nobody may do: without the right, without the form's token, on what is not there.

use base::clock::Clock;
use jiff::SignedDuration;
use reqwest::StatusCode;
use service::pipeline::ReplyRules;

use super::scene::Scene;

#[tokio::test(flavor = "multi_thread")]
async fn only_who_may_act_acts() {
    let scene = Scene::open(&["c01-capacite-negative"]).await;
    let number = scene.mail("c01-capacite-negative").number();
    let of_mail =
        ["rejouer", "liberer", "essayer", "reponse", "traite"].map(|what| format!("/courriels/{number}/{what}"));
    let others =
        ["/causes/C01/rejouer", "/etablissements/350054680/silence", "/etablissements/350054680/relance", "/doubles/1"];
    let paths: Vec<String> = of_mail.into_iter().chain(others.map(str::to_owned)).collect();
    // All that is wrong with it is who sends it.
    let next_month = Clock::System.now() + SignedDuration::from_hours(30 * 24);
    let until = next_month.strftime("%Y-%m-%d").to_string();
    let fields = [("note", "x"), ("nature", "reponse"), ("empreinte", "x"), ("jusque", until.as_str())];
    let (mut lea, mut oscar, mut nobody) =
        (scene.site.signed_in("lea").await, scene.operator().await, scene.site.browser());
    for path in &paths {
        assert_eq!(lea.get(path).await.status, StatusCode::FORBIDDEN, "{path}");
        assert_eq!(lea.post(path, &fields).await.status, StatusCode::FORBIDDEN, "{path}");
        assert_eq!(nobody.get(path).await.status, StatusCode::SEE_OTHER, "{path}");
        assert_eq!(nobody.post(path, &fields).await.status, StatusCode::SEE_OTHER, "{path}");
        oscar.get(path).await;
        assert_eq!(oscar.post_bare(path, &fields).await.status, StatusCode::FORBIDDEN, "{path}: no token");
    }
    assert_eq!(scene.told(&format!("courriel {number}")).await.len(), 0, "nothing was done");
    assert_eq!(scene.told("etablissement 350054680").await.len(), 0);
    for path in [
        "/courriels/999/traite",
        "/courriels/999/rejouer",
        "/causes/Z99/rejouer",
        "/etablissements/350000000/silence",
        "/doubles/999",
    ] {
        assert_eq!(oscar.get(path).await.status, StatusCode::NOT_FOUND, "{path}");
        assert_eq!(oscar.post(path, &fields).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    scene.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reminder_never_goes_to_a_patient_nor_to_ourselves() {
    let scene = Scene::open(&[]).await;
    let mut config = scene.config.clone();
    config.reply.allowed_domains =
        ["ch-armor.test", "patient.mssante.fr", "x.patient.mssante.fr"].map(str::to_owned).to_vec();
    config.reply.own_addresses = vec!["eai@ch-armor.test".parse().unwrap()];
    let rules = ReplyRules::new(&config).unwrap();
    for (address, expected) in [
        ("lits@ch-armor.test", true),
        ("eai@ch-armor.test", false),
        ("1234@patient.mssante.fr", false),
        ("1234@x.patient.mssante.fr", false),
        ("lits@autre.test", false),
    ] {
        assert_eq!(rules.may_remind(&address.parse().unwrap()), expected, "{address}");
    }
    scene.close().await;
}
