//! What the mail is, in short, and what can be done about it.

use maud::{Markup, html};

use super::view::{MailView, Sight};
use crate::pages::components::{badge, fact, moment};
use crate::{Visitor, WebState, query};
use domain::access::Right;
use domain::access::audit::name_of;
use domain::defect::size_in_words;
use domain::labels;
use domain::outcome::{Etat, Verdict};

pub(super) fn show(dossier: &MailView, state: &WebState) -> Markup {
    let entry = dossier.entry();
    html! {
        p.fil { a href="/journal" { "Journal" } " › courriel n° " (entry.numero) }
        h1 { "Courriel n° " (entry.numero) " " (badge::verdict(&entry.verdict)) }
        (in_short(dossier))
        dl.faits {
            (fact("Reçu", Some(html! { (moment::moment(entry.recu)) ", " (moment::ago(entry.recu, state.now())) })))
            (fact("Expéditeur", Some(sender(dossier))))
            (fact("Objet", Some(subject(dossier))))
            (fact("Boîte", Some(query::mailbox(state.config(), &entry.boite))))
            (fact("Traité", handled(dossier)))
            (fact("Doublon", entry.doublon_de.map(same_bytes)))
            (fact("Reçu de nouveau", copies(dossier)))
            (fact("Classement", dossier.mail.left_at.map(|at| html! {
                "laissé dans la boîte le " (moment::moment(at)) " : le serveur ne sait pas déplacer"
            })))
        }
        (identification(dossier))
    }
}

/// That nothing is left to do about it, if somebody said so.
fn handled(dossier: &MailView) -> Option<Markup> {
    let handled = dossier.handled.as_ref()?;
    Some(html! {
        "le " (moment::moment(handled.at)) " par " (name_of(&handled.who))
        @if !handled.note.is_empty() { " : " (handled.note) }
    })
}

/// What people quote to one another, seldom.
fn identification(dossier: &MailView) -> Markup {
    let entry = dossier.entry();
    html! {
        details {
            summary { "Message-ID, taille, empreinte" }
            dl.faits {
                (fact("Message-ID", entry.message_id.as_ref().map(|id| html! { code { (id) } })))
                (fact("Taille", Some(size_in_words(dossier.mail.size))))
                (fact("SHA-256", Some(html! { code.coupe { (entry.sha256) } })))
            }
        }
    }
}

fn same_bytes(first: i64) -> Markup {
    html! { "mêmes octets que le " a href={ "/courriels/" (first) } { "courriel n° " (first) } }
}

/// Later mails of the same bytes, or of the same documents.
fn copies(dossier: &MailView) -> Option<Markup> {
    let life = &dossier.life;
    let mut copies: Vec<i64> =
        life.doublons.iter().chain(life.documents.iter().flat_map(|one| &one.doublons)).copied().collect();
    copies.sort_unstable();
    copies.dedup();
    let links = html! {
        @for (rank, mail) in copies.iter().enumerate() {
            @if rank > 0 { ", " }
            a href={ "/courriels/" (mail) } { "courriel n° " (mail) }
        }
    };
    (!copies.is_empty()).then_some(links)
}

/// The answer to « why, who must act, what to mend », before any detail.
fn in_short(dossier: &MailView) -> Markup {
    let rejections = dossier.rejections();
    let Some(first) = rejections.first() else { return html! {} };
    let more = rejections.len() - 1;
    html! {
        section.essentiel aria-labelledby="essentiel" {
            h2 #essentiel { "En bref" }
            p {
                "Rejet " strong { (first.code()) } " : " (first.message())
                @if more > 0 { " (et " (more) @if more > 1 { " autres rejets" } @else { " autre rejet" } ")" }
            }
            p { "Doit agir : " strong { (labels::actors(&dossier.actors())) } "." }
            p { "À corriger : " (first.hint()) }
        }
    }
}

fn sender(dossier: &MailView) -> Markup {
    let written = || dossier.message().map(|message| message.from_text().to_owned());
    if let Some(address) = &dossier.entry().expediteur {
        return html! { a href={ "/journal?expediteur=" (query::encoded(address)) } { (address) } };
    }
    html! { (written().filter(|text| !text.is_empty()).unwrap_or_else(|| "(inconnu)".to_owned())) }
}

fn subject(dossier: &MailView) -> Markup {
    match (dossier.sight, dossier.message()) {
        (Sight::Patient, _) => html! { em { "non montré : document de patient" } },
        (Sight::Closed, _) => html! { em { "non montré : votre rôle ne donne pas accès aux contenus" } },
        (Sight::Open, None) => html! { em { "contenu effacé au terme de sa conservation" } },
        (Sight::Open, Some(message)) => html! { (message.subject().unwrap_or("(sans objet)")) },
    }
}

/// What somebody who may act can do about it: each leads to a page that explains and asks.
pub(super) fn actions(dossier: &MailView, visitor: &Visitor) -> Markup {
    let offered = if visitor.person.may(Right::Action) { offered(dossier) } else { Vec::new() };
    let path = format!("/courriels/{}", dossier.entry().numero);
    html! {
        @if !offered.is_empty() || downloads(dossier) {
            ul.actions aria-label="Actions" {
                @for (to, name) in offered { li { a.bouton href={ (path) "/" (to) } { (name) } } }
                @if downloads(dossier) {
                    li { a.bouton.discret href={ (path) "/brut" } { "Télécharger le courriel (.eml)" } }
                }
            }
        }
    }
}

fn downloads(dossier: &MailView) -> bool {
    dossier.sight == Sight::Open && dossier.mail.raw.is_some()
}

fn offered(dossier: &MailView) -> Vec<(&'static str, &'static str)> {
    let verdict = dossier.outcome.verdict;
    let is_waiting = dossier.rows.iter().any(|row| row.line.etat == Some(Etat::EnAttente));
    let is_rejected = !dossier.rejections().is_empty();
    let is_undelivered = dossier.replies.iter().any(|one| one.etat == "abandonnee" || one.returned_by.is_some());
    let may_be_judged_again = verdict.is_some() && is_rejected && dossier.mail.raw.is_some();
    let all = [
        (may_be_judged_again, "rejouer", "Rejouer…"),
        (is_waiting, "essayer", "Réessayer maintenant…"),
        (verdict == Some(Verdict::Quarantaine), "liberer", "Sortir de quarantaine…"),
        (!dossier.replies.is_empty(), "reponse", "Renvoyer la réponse…"),
        (is_rejected || is_undelivered, "traite", "Marquer comme traité…"),
    ];
    all.into_iter().filter(|(fits, ..)| *fits).map(|(_, to, name)| (to, name)).collect()
}
