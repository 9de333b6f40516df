//! What was answered, as its sender saw it.

use std::collections::BTreeSet;

use jiff::Timestamp;
use maud::{Markup, html};

use super::view::{MailView, Sight};
use crate::pages::components::{badge, fact, moment};
use domain::labels;
use reading::message;
use store::{Handing, StoredReply};

pub(super) fn show(dossier: &MailView) -> Markup {
    html! {
        section aria-labelledby="reponses" {
            h2 #reponses { "Réponse à l’expéditeur" }
            @if dossier.replies.is_empty() { p { (none(dossier)) } }
            @for reply in &dossier.replies { (one(reply, dossier.sight)) }
        }
    }
}

fn none(dossier: &MailView) -> String {
    match &dossier.entry().reponse {
        Some(reason) => format!("Aucune réponse : {reason}."),
        None => "Pas encore de réponse.".to_owned(),
    }
}

fn one(reply: &StoredReply, sight: Sight) -> Markup {
    let closed = reply.closed_at.and_then(|at| Timestamp::from_millisecond(at).ok());
    html! {
        article.reponse {
            h3 { (labels::reply_kind(&reply.kind)) " " (state(reply)) }
            dl.faits {
                (fact("À", Some(recipients(reply))))
                (fact("Le", closed.map(moment::moment)))
                (fact("Dernier échec", reply.failure.as_deref()))
                (fact("Avis du serveur", notice(reply)))
                (fact("Sans le courriel d’origine", reply.lightened.as_ref().map(|why| format!("le serveur en refuse le contenu : {why}"))))
            }
            @if sight == Sight::Open && !reply.content.is_empty() { pre.lettre tabindex="0" { (text(reply)) } }
        }
    }
}

/// Who got it, who waits, who was refused: told apart where they differ.
fn recipients(reply: &StoredReply) -> Markup {
    let place = |one: &Handing| labels::handing(one.whereabouts.word());
    let differ = reply.handings.windows(2).any(|pair| pair.iter().map(place).collect::<BTreeSet<_>>().len() > 1);
    html! {
        @for (rank, one) in reply.handings.iter().enumerate() {
            @if rank > 0 { ", " }
            (one.to)
            @if differ { " (" (place(one)) ")" }
        }
    }
}

fn state(reply: &StoredReply) -> Markup {
    let (class, word) = match (reply.etat.as_str(), reply.returned_by) {
        (_, Some(_)) => ("mauvais", "non remise"),
        ("abandonnee", None) => ("mauvais", "abandonnée"),
        (state, None) => {
            let (reached, of) = (reply.reached(), reply.handings.len());
            let class = if state == "envoyee" && reached == of { "bon" } else { "attente" };
            (class, labels::answer_to(state, reached, of))
        }
    };
    badge::framed(class, word)
}

fn notice(reply: &StoredReply) -> Option<Markup> {
    let told = reply.notice.as_deref().or(reply.returned_by.map(|_| "non remise"))?;
    Some(html! {
        (told)
        @if let Some(by) = reply.returned_by {
            " (avis : " a href={ "/courriels/" (by.number()) } { "courriel n° " (by.number()) } ")"
        }
    })
}

fn text(reply: &StoredReply) -> String {
    let lines = message::text_of(&reply.content);
    lines.lines().map(super::super::components::visible).collect::<Vec<_>>().join("\n")
}
