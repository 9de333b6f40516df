//! The frame of every page: banner of the environment, navigation, who is signed in.

use maud::{DOCTYPE, Markup, html};

use crate::WebState;
use crate::current_user::Visitor;
use domain::access::Right;
use service::config::Environnement;

/// The tabs of the navigation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tab {
    /// The dashboard.
    Bord,
    /// The journal.
    Journal,
    /// The establishments.
    Etablissements,
    /// The alerts.
    Alertes,
    /// Where a file is tried.
    Verifier,
    /// The audit log.
    Audit,
    /// None of them.
    Aucun,
}

/// The tabs, where they lead, and the right without which they are not shown.
const TABS: [(Tab, &str, &str, Right); 6] = [
    (Tab::Bord, "/", "Tableau de bord", Right::Metadonnees),
    (Tab::Journal, "/journal", "Journal", Right::Metadonnees),
    (Tab::Etablissements, "/etablissements", "Établissements", Right::Metadonnees),
    (Tab::Alertes, "/alertes", "Alertes", Right::Metadonnees),
    (Tab::Verifier, "/verifier", "Vérifier", Right::Metadonnees),
    (Tab::Audit, "/audit", "Journal d’audit", Right::Administration),
];

/// Those that lead somewhere for this visitor.
fn tabs(visitor: &Visitor, state: &WebState) -> impl Iterator<Item = (Tab, &'static str, &'static str)> {
    let is_open = |tab: Tab| tab != Tab::Verifier || state.web().check_page;
    let shown = TABS.into_iter().filter(move |(tab, _, _, right)| visitor.person.may(*right) && is_open(*tab));
    shown.map(|(tab, to, name, _)| (tab, to, name))
}

/// A page for someone who is signed in.
pub fn page(visitor: &Visitor, state: &WebState, tab: Tab, title: &str, body: &Markup) -> Markup {
    let top = html! {
        nav aria-label="Navigation principale" {
            ul {
                @for (one, to, name) in tabs(visitor, state) {
                    li { a href=(to) aria-current=[(one == tab).then_some("page")] { (name) } }
                }
            }
        }
        div.qui {
            a href="/compte" { (visitor.person.name()) }
            form method="post" action="/deconnexion" {
                input type="hidden" name="jeton" value=(visitor.token.0);
                button.lien { "Se déconnecter" }
            }
        }
    };
    document(Some(state.config().environnement), title, &top, body)
}

/// A page for whoever comes, signed in or not.
pub fn public(environnement: Environnement, title: &str, body: &Markup) -> Markup {
    document(Some(environnement), title, &html! {}, body)
}

/// A title and one sentence.
pub fn bare(title: &str, sentence: &str) -> Markup {
    document(None, title, &html! {}, &html! { h1 { (title) } p { (sentence) } p { a href="/" { "Tableau de bord" } } })
}

fn document(environnement: Option<Environnement>, title: &str, top: &Markup, body: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="fr" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) " – Dispolits" }
                link rel="stylesheet" href=(crate::style::PATH);
            }
            body {
                a.evitement href="#contenu" { "Aller au contenu" }
                @if environnement == Some(Environnement::Qualification) {
                    aside.bandeau aria-label="Environnement" {
                        "Environnement de qualification : rien ici ne vaut pour la production."
                    }
                }
                header { a.marque href="/" { "Dispolits" } (top) }
                main #contenu tabindex="-1" { (body) }
            }
        }
    }
}
