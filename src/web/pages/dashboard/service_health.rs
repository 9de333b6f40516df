//! How the service does: open alerts, mailboxes, the ROR, what waits.

use jiff::Timestamp;
use maud::{Markup, html};

use crate::pages::components::{moment, place, plural};
use crate::{WebRefusal, WebState};
use service::health::{Diagnosis, Faults, Mailbox, Trouble};
use store::QueueStats;
use store::search::LateDelivery;

/// Late deliveries told one by one.
const LATE: u32 = 10;

pub(super) async fn show(state: &WebState) -> Result<Markup, WebRefusal> {
    let now = state.now();
    let late_after = state.config().ror.delivery.late_after.signed();
    let late_before = now.saturating_sub(late_after).unwrap_or(now);
    let vitals = state.store().vitals(late_after, now).await?;
    let late = state.store().late_deliveries(late_before, LATE).await?;
    let standing = state.pulse().standing();
    Ok(html! {
        section aria-labelledby="etat" {
            h2 #etat { "État du service" }
            ul.signaux {
                (super::super::alerts::signals(state).await?)
                (diagnosis(state))
                @for mailbox in &standing.mailboxes { (of_mailbox(mailbox, now)) }
                (of_ror(&standing, &vitals, now))
                (waiting(&vitals, now))
            }
            (late_deliveries(&late, state))
        }
    })
}

/// What keeps the worker itself from its work.
fn diagnosis(state: &WebState) -> Markup {
    let diagnosis = Diagnosis::of(state.pulse(), &state.config().health);
    // What is told of each mailbox says it with the server's words.
    let troubles = diagnosis.troubles.iter().filter(|trouble| !matches!(trouble, Trouble::Refusing { .. }));
    html! { @for trouble in troubles { li.grave { (trouble) } } }
}

fn of_mailbox(mailbox: &Mailbox, now: Timestamp) -> Markup {
    html! {
        @match (&mailbox.fault, mailbox.last_sweep) {
            (Some(fault), _) => li.grave {
                "Boîte " (mailbox.name) " : la relève échoue depuis le " (moment::moment(fault.since)) " ("
                (moment::ago(fault.since, now)) ") : " (fault.cause)
            },
            (None, Some(at)) if mailbox.elsewhere => li.va {
                "Boîte " (mailbox.name) " : relevée par un autre service, " (moment::ago(at, now))
            },
            (None, None) if mailbox.elsewhere => li.attention {
                "Boîte " (mailbox.name) " : tenue par un autre service, dont aucune relève n’est encore connue"
            },
            (None, Some(at)) if !mailbox.refusing.is_empty() => li.attention {
                "Boîte " (mailbox.name) " : relevée, " (moment::ago(at, now)) " ; des courriels jugés y restent"
            },
            (None, Some(at)) => li.va { "Boîte " (mailbox.name) " : relevée, " (moment::ago(at, now)) },
            (None, None) => li.attention { "Boîte " (mailbox.name) " : pas encore de relève complète" },
        }
        @for (folder, fault) in &mailbox.refusing {
            li.attention {
                "Boîte " (mailbox.name) " : le dossier « " (folder) " » refuse les courriels jugés depuis le "
                (moment::moment(fault.since)) " (" (moment::ago(fault.since, now)) ") : " (fault.cause)
            }
        }
        @if let Some((mails, fault)) = &mailbox.unread {
            li.grave {
                "Boîte " (mailbox.name) " : " (plural(*mails, "courriel reste non lu", "courriels restent non lus"))
                " depuis le " (moment::moment(fault.since)) " (" (moment::ago(fault.since, now)) ") : " (fault.cause)
            }
        }
        @if mailbox.unmoved > 0 {
            li.attention {
                "Boîte " (mailbox.name) " : "
                (plural(mailbox.unmoved, "courriel jugé y reste", "courriels jugés y restent"))
                ", que son serveur ne sait pas déplacer"
            }
        }
    }
}

fn of_ror(standing: &Faults, vitals: &QueueStats, now: Timestamp) -> Markup {
    html! {
        @match (&standing.ror, vitals.last_acknowledged) {
            (Some(fault), _) => li.grave {
                "ROR : envois suspendus depuis le " (moment::moment(fault.since)) " ("
                (moment::ago(fault.since, now)) ") : " (fault.cause)
            },
            (None, Some(at)) => li.va { "ROR : dernier accusé de réception " (moment::ago(at, now)) },
            (None, None) => li { "ROR : rien n’a encore été transmis" },
        }
        @for (whom, fault) in &standing.refused {
            li.grave { "Accès refusé (" (whom) ") depuis le " (moment::moment(fault.since)) " : " (fault.cause) }
        }
    }
}

fn waiting(vitals: &QueueStats, now: Timestamp) -> Markup {
    let since = |oldest: Option<Timestamp>| {
        html! { @if let Some(at) = oldest { ", la plus ancienne " (moment::ago(at, now)) } }
    };
    html! {
        @for unjudged in &vitals.unjudged {
            li.attention {
                (plural(unjudged.mails, "courriel attend", "courriels attendent")) " d’être jugés, le plus ancien reçu "
                (moment::ago(unjudged.oldest, now))
            }
        }
        @if vitals.queue.waiting > 0 {
            li.attention[vitals.queue.late > 0] {
                (plural(vitals.queue.waiting, "ligne attend", "lignes attendent")) " le ROR"
                @if vitals.queue.late > 0 { ", dont " (vitals.queue.late) " en retard" }
                (since(vitals.queue.oldest))
            }
        }
        @if vitals.replies.waiting > 0 {
            li {
                (plural(vitals.replies.waiting, "réponse attend", "réponses attendent")) " de partir"
                (since(vitals.replies.oldest))
            }
        }
    }
}

fn late_deliveries(late: &[LateDelivery], state: &WebState) -> Markup {
    let (referential, now) = (state.referential(), state.now());
    html! {
        @if !late.is_empty() {
            h3 { "Livraisons en retard" }
            ul {
                @for one in late {
                    li {
                        a href={ "/courriels/" (one.courriel) } { "courriel n° " (one.courriel) } ", "
                        (place::service(&one.finess, &one.service, &referential)) ", "
                        (place::establishment(&one.finess, &referential)) " : "
                        (plural(one.lignes, "ligne", "lignes")) ", jugées " (moment::ago(one.depuis, now))
                    }
                }
            }
        }
    }
}
