//! What came in, hour by hour or day by day, and what was rejected for which cause.

use axum::extract::Query;
use axum::http::Uri;
use jiff::{SignedDuration, Timestamp};
use maud::{Markup, html};

use crate::pages::components::chart;
use crate::pages::components::chart::Bar;
use crate::pages::components::{moment, number, plural};
use crate::query::Given;
use crate::{WebRefusal, WebState};
use domain::outcome::paris;
use store::search::{Flow, Rejections};

/// Over which time one looks back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Period {
    Day,
    Week,
    Month,
}

impl Period {
    const ALL: [Self; 3] = [Self::Day, Self::Week, Self::Month];

    /// What the address asks for; a day, if nothing.
    pub(super) fn read(uri: &Uri) -> Result<Self, WebRefusal> {
        let unknown = || WebRefusal::Bad("cette adresse n’existe pas : periode vaut 24h, 7j ou 30j".to_owned());
        let Query(pairs) = Query::<Vec<(String, String)>>::try_from_uri(uri).map_err(|_| unknown())?;
        match pairs.as_slice() {
            [] => Ok(Self::Day),
            [(key, word)] if key == "periode" => {
                Self::ALL.into_iter().find(|one| one.word() == word).ok_or_else(unknown)
            }
            _ => Err(unknown()),
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Day => "24h",
            Self::Week => "7j",
            Self::Month => "30j",
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Day => "24 heures",
            Self::Week => "7 jours",
            Self::Month => "30 jours",
        }
    }

    fn hours(self) -> i64 {
        match self {
            Self::Day => 24,
            Self::Week => 24 * 7,
            Self::Month => 24 * 30,
        }
    }

    /// The slots of its chart: hours, or days where hours could not be told apart.
    async fn flow(self, state: &WebState, since: Timestamp, now: Timestamp) -> Result<Vec<Flow>, WebRefusal> {
        let store = state.store();
        match self {
            Self::Day | Self::Week => Ok(store.hourly_flow(since, now).await?),
            Self::Month => Ok(store.daily_flow(since, now, &paris()).await?),
        }
    }

    fn bar(self, rank: usize, flow: &Flow) -> Bar {
        let (full, short, every) = match self {
            Self::Day => ("%d/%m à %Hh", "%Hh", 3),
            Self::Week => ("%d/%m à %Hh", "%d/%m", 24),
            Self::Month => ("%d/%m/%Y", "%d/%m", 3),
        };
        let label = if rank.is_multiple_of(every) { moment::written(flow.debut, short) } else { String::new() };
        Bar {
            name: moment::written(flow.debut, full),
            label,
            received: flow.recus,
            integrated: flow.integres + flow.partiellement_integres,
            rejected: flow.rejetes,
        }
    }
}

pub(super) async fn show(state: &WebState, period: Period) -> Result<Markup, WebRefusal> {
    let now = state.now();
    let since = now.saturating_sub(SignedDuration::from_hours(period.hours() - 1)).unwrap_or(now);
    let flow = period.flow(state, since, now).await?;
    // From the first slot on, so that every figure and every link tells of the same time.
    let since = flow.first().map_or(since, |first| first.debut);
    let rejections = state.store().rejections(since, now).await?;
    let bars: Vec<Bar> = flow.iter().enumerate().map(|(rank, flow)| period.bar(rank, flow)).collect();
    let title = format!("Courriels reçus, intégrés et rejetés sur {} : {}", period.name(), total(&bars));
    Ok(html! {
        section aria-labelledby="flux" {
            h2 #flux { "Courriels reçus, intégrés, rejetés" }
            (choice(period))
            p { (total(&bars)) }
            (chart::bars(&bars, &title))
            (figures(&bars))
        }
        section aria-labelledby="rejets" {
            h2 #rejets { "Rejets par cause, sur " (period.name()) }
            (causes(&rejections, since))
        }
    })
}

fn choice(period: Period) -> Markup {
    html! {
        nav aria-label="Période" {
            ul.onglets {
                @for one in Period::ALL {
                    li {
                        a href={ "/?periode=" (one.word()) "#flux" } aria-current=[(one == period).then_some("true")] {
                            (one.name())
                        }
                    }
                }
            }
        }
    }
}

fn total(bars: &[Bar]) -> String {
    let sum = |value: fn(&Bar) -> i64| bars.iter().map(value).sum();
    let (received, integrated, rejected) =
        (sum(|bar| bar.received), sum(|bar| bar.integrated), sum(|bar| bar.rejected));
    format!(
        "{} : {} au moins en partie, {}, {} (ignorés, doublons, en quarantaine ou en cours).",
        plural(received, "reçu", "reçus"),
        plural(integrated, "intégré", "intégrés"),
        plural(rejected, "rejeté", "rejetés"),
        plural(received - integrated - rejected, "autre", "autres"),
    )
}

/// The chart as figures.
fn figures(bars: &[Bar]) -> Markup {
    html! {
        details {
            summary { "Les chiffres du graphique" }
            table {
                caption { "Courriels par période ; les périodes sans courriel sont omises" }
                thead { tr {
                    th scope="col" { "Période" } th.nombre scope="col" { "Reçus" } th.nombre scope="col" { "Intégrés" }
                    th.nombre scope="col" { "Rejetés" }
                } }
                tbody {
                    @for bar in bars.iter().filter(|bar| bar.received > 0) {
                        tr {
                            th scope="row" { (bar.name) } td.nombre { (number(bar.received)) }
                            td.nombre { (number(bar.integrated)) } td.nombre { (number(bar.rejected)) }
                        }
                    }
                }
            }
        }
    }
}

fn causes(rejections: &[Rejections], since: Timestamp) -> Markup {
    let view = Given::default().with("du", domain::outcome::whole_seconds(since));
    html! {
        @if rejections.is_empty() { p { "Aucun rejet." } } @else {
            div.large {
                table.cartes {
                    caption { "Courriels dont quelque chose est rejeté" }
                    thead { tr {
                        th scope="col" { "Code" } th.nombre scope="col" { "Courriels" }
                        th scope="col" { "Ce qui est refusé" }
                        th scope="col" { "Doit agir" }
                    } }
                    tbody { @for one in rejections { (cause(one, &view)) } }
                }
            }
        }
    }
}

fn cause(one: &Rejections, view: &Given) -> Markup {
    html! {
        tr {
            th scope="row" data-nom="Code" {
                a href=(view.with("code", one.code).address("/journal")) { strong { (one.code) } }
            }
            td.nombre data-nom="Courriels" { (number(one.courriels)) }
            td data-nom="Refusé" { (one.code.sentence()) }
            td data-nom="Doit agir" { span { (crate::pages::components::badge::actors(one.code.actors())) } }
        }
    }
}
