//! The dashboard: within seconds, what is wrong, who is silent, what came and what became of it.

mod flow;
mod service_health;
mod silent;

use axum::extract;
use axum::http::Uri;
use maud::{Markup, html};

use super::components::{number, plural};
use crate::layout;
use crate::layout::Tab;
use crate::{Visitor, WebRefusal, WebState};
use domain::access::Right;
use domain::labels;
use domain::outcome::Verdict;
use flow::Period;
use store::Balance;

pub(super) async fn show(
    extract::State(state): extract::State<WebState>,
    uri: Uri,
    visitor: Visitor,
) -> Result<Markup, WebRefusal> {
    visitor.require(Right::Metadonnees)?;
    let period = Period::read(&uri)?;
    let body = html! {
        h1 { "Tableau de bord" }
        (service_health::show(&state).await?)
        (silent::show(&state))
        (flow::show(&state, period).await?)
        (balance(&state).await?)
    };
    Ok(layout::page(&visitor, &state, Tab::Bord, "Tableau de bord", &body))
}

/// Every mail received has one outcome, or is in progress.
async fn balance(state: &WebState) -> Result<Markup, WebRefusal> {
    let balance = state.store().balance(None).await?;
    Ok(html! {
        section aria-labelledby="bilan" {
            h2 #bilan { "Conservation : tout ce qui est reçu a une issue" }
            (verified(&balance))
            ul.tuiles {
                li { strong { (number(balance.recus)) } a href="/journal" { "reçus" } }
                @for (word, mails) in balance.outcomes() {
                    li { strong { (number(mails)) } a href={ "/journal?verdict=" (word) } { (named(word, mails)) } }
                }
            }
        }
    })
}

fn verified(balance: &Balance) -> Markup {
    html! {
        ul.signaux {
            @if balance.holds() {
                li.va { "Le compte est juste : reçus = somme des issues." }
            } @else {
                li.grave {
                    "Le compte n’est pas juste : "
                    (plural(balance.missing(), "courriel reçu n’a", "courriels reçus n’ont")) " aucune issue. "
                    "Prévenez l’exploitant de Dispolits."
                }
            }
        }
    }
}

fn named(word: &str, mails: i64) -> String {
    let many = mails > 1;
    match word.parse() {
        Ok(Verdict::Integre) if many => "intégrés".to_owned(),
        Ok(Verdict::PartiellementIntegre) if many => "partiellement intégrés".to_owned(),
        Ok(Verdict::Rejete) if many => "rejetés".to_owned(),
        Ok(Verdict::Ignore) if many => "ignorés".to_owned(),
        Ok(Verdict::Doublon) if many => "doublons".to_owned(),
        _ => labels::verdict(word).to_owned(),
    }
}
