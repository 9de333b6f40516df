//! What narrows the journal: ready-made views, and a form in which everything combines.

use jiff::Timestamp;
use maud::{Markup, html};

use crate::WebState;
use crate::pages::components::badge;
use crate::query::Given;
use domain::defect::{Actor, Code};
use domain::labels;
use domain::outcome::paris;
use service::config::Config;
use store::search::MailStatus;

/// The views that are looked at every day.
fn views(now: Timestamp) -> [(&'static str, Given); 9] {
    let today = now.to_zoned_datetime(paris()).date();
    let all = Given::default();
    [
        ("Tout", all.clone()),
        ("Reçus aujourd’hui", all.with("du", today)),
        ("Avec un rejet", all.with("rejets", "oui")),
        ("Rejets à traiter", all.with("rejets", "oui").with("traite", "non")),
        ("L’établissement doit agir", all.with("agir", Actor::Etablissement.word())),
        ("Le GRADeS doit agir", all.with("agir", Actor::Grades.word())),
        ("L’exploitant doit agir", all.with("agir", Actor::Exploitant.word())),
        ("En quarantaine", all.with("verdict", "quarantaine")),
        ("En cours", all.with("verdict", "en-cours")),
    ]
}

/// Links to them.
pub(super) fn quick(given: &Given, now: Timestamp) -> Markup {
    let here = given.whole().address("/journal");
    html! {
        nav aria-label="Vues courantes" {
            ul.onglets {
                @for (name, view) in views(now) {
                    @let to = view.address("/journal");
                    li { a href=(to) aria-current=[(to == here).then_some("true")] { (name) } }
                }
            }
        }
    }
}

/// Every filter; what is wrong with what was asked stands above.
pub(super) fn form(given: &Given, state: &WebState, wrong: Option<&str>) -> Markup {
    let is_ready_made = views(state.now()).iter().any(|(_, view)| *view == given.whole());
    html! {
        details open[given.narrows() && !is_ready_made || wrong.is_some()] {
            summary { "Filtrer et rechercher" }
            form.filtres method="get" action="/journal" {
                @if let Some(wrong) = wrong { p.erreur role="alert" { "Recherche impossible : " (wrong) "." } }
                div.champs { (fields(given, state.config())) }
                @if let Some(sort) = given.get("tri") { input type="hidden" name="tri" value=(sort); }
                div.actions {
                    button { "Filtrer" }
                    a.bouton.discret href="/journal" { "Tout effacer" }
                }
            }
        }
    }
}

fn fields(given: &Given, config: &Config) -> Markup {
    html! {
        (day("du", "Reçus à partir du", given))
        (day("au", "Reçus jusqu’au", given))
        (text("finess", "Numéro FINESS", given))
        (text("service", "Code service", given))
        (text("expediteur", "Expéditeur (début ou entier)", given))
        (choice("verdict", "Verdict", "tous", &verdicts(), given))
        (choice("code", "Code de rejet", "tous", &codes(), given))
        (choice("agir", "Qui doit agir", "peu importe", &actors(), given))
        (choice("rejets", "Rejets", "avec ou sans", &[("oui".to_owned(), "au moins un rejet".to_owned())], given))
        (choice("traite", "Traité", "peu importe", &handled(), given))
        (text("identifiant", "Identifiant, Message-ID ou SHA-256 (début, ou entier sans accès au contenu)", given))
        @if config.all_mailboxes().count() > 1 { (choice("boite", "Boîte", "toutes", &mailboxes(config), given)) }
    }
}

/// A day is chosen in a calendar; an instant, which only an address can ask for, is kept as it is.
fn day(key: &str, name: &str, given: &Given) -> Markup {
    let kind = if given.get(key).is_some_and(|value| value.len() != "2026-11-23".len()) { "text" } else { "date" };
    input(key, name, kind, given)
}

fn text(key: &str, name: &str, given: &Given) -> Markup {
    input(key, name, "text", given)
}

fn input(key: &str, name: &str, kind: &str, given: &Given) -> Markup {
    html! {
        div {
            label for=(key) { (name) }
            input id=(key) name=(key) type=(kind) value=[given.get(key)] maxlength="254" autocomplete="off";
        }
    }
}

fn choice(key: &str, name: &str, none: &str, options: &[(String, String)], given: &Given) -> Markup {
    html! {
        div {
            label for=(key) { (name) }
            select id=(key) name=(key) {
                option value="" { (none) }
                @for (word, shown) in options {
                    option value=(word) selected[given.get(key) == Some(word.as_str())] { (shown) }
                }
            }
        }
    }
}

fn verdicts() -> Vec<(String, String)> {
    MailStatus::all().map(|one| (one.word().to_owned(), labels::verdict(one.word()).to_owned())).collect()
}

fn codes() -> Vec<(String, String)> {
    Code::ALL.iter().map(|code| (code.to_string(), format!("{code} – {}", code.sentence()))).collect()
}

fn actors() -> Vec<(String, String)> {
    let all = [Actor::Etablissement, Actor::Grades, Actor::Exploitant];
    all.map(|actor| (actor.word().to_owned(), badge::short(actor).to_owned())).to_vec()
}

fn handled() -> Vec<(String, String)> {
    [("non", "à traiter"), ("oui", "marqué comme traité")]
        .map(|(word, shown)| (word.to_owned(), shown.to_owned()))
        .to_vec()
}

fn mailboxes(config: &Config) -> Vec<(String, String)> {
    config.all_mailboxes().map(|one| (one.name.to_owned(), one.name.to_owned())).collect()
}
