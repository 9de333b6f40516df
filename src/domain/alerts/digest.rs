//! What people are told: the news of some incidents in one message.

use std::str::FromStr;

use serde::Serialize;
use serde_json::{Value, json};

use super::{Incident, Severity, UnknownWord};
use crate::outcome::in_paris;

/// The most incidents told one by one in a message.
const LONGEST: usize = 50;

/// What happened to an incident.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Event {
    /// It opened.
    Ouverture,
    /// It became graver.
    Aggravation,
    /// It still lasts.
    Rappel,
    /// It is over.
    Cloture,
}

/// What happened to an incident, and how the incident stands now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct News {
    /// What happened.
    #[serde(rename = "evenement")]
    pub event: Event,
    /// The incident.
    #[serde(flatten)]
    pub incident: Incident,
}

/// One message of alert: openings first, the gravest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Digest {
    banner: Option<String>,
    news: Vec<News>,
}

impl FromStr for Event {
    type Err = UnknownWord;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        [Self::Ouverture, Self::Aggravation, Self::Rappel, Self::Cloture]
            .into_iter()
            .find(|event| event.word() == text)
            .ok_or_else(|| UnknownWord(text.to_owned()))
    }
}

impl Event {
    /// The word of the contract.
    pub fn word(self) -> &'static str {
        match self {
            Self::Ouverture => "ouverture",
            Self::Aggravation => "aggravation",
            Self::Rappel => "rappel",
            Self::Cloture => "cloture",
        }
    }

    fn label(self) -> &'static str {
        match self {
            Self::Ouverture => "OUVERTE",
            Self::Aggravation => "AGGRAVÉE",
            Self::Rappel => "TOUJOURS OUVERTE",
            Self::Cloture => "CLOSE",
        }
    }
}

impl Digest {
    /// These news in one message. `banner` says that it is no production, if so.
    pub fn new(mut news: Vec<News>, banner: Option<&str>) -> Self {
        news.sort_by_key(|one| (one.event, std::cmp::Reverse(one.incident.gravite), one.incident.numero));
        Self { banner: banner.map(str::to_owned), news }
    }

    /// One line.
    pub fn subject(&self) -> String {
        let what = match self.news.as_slice() {
            [one] => format!("alerte {} : {}", one.event.label().to_lowercase(), title(&one.incident)),
            _ => self.tally(),
        };
        let grave = self.news.iter().any(|one| one.event != Event::Cloture && one.incident.gravite == Severity::Grave);
        let mark = if grave { "[grave] " } else { "" };
        let banner = self.banner.as_ref().map(|banner| format!("[{banner}] ")).unwrap_or_default();
        format!("{banner}{mark}Dispolits : {what}")
    }

    /// The whole in plain text, line by line.
    pub fn text(&self) -> String {
        let told = self.news.iter().take(LONGEST).map(paragraph).collect::<Vec<_>>().join("\n");
        let rest = self.news.len().saturating_sub(LONGEST);
        let rest =
            if rest == 0 { String::new() } else { format!("\n… et {rest} autres : voyez le tableau de bord.\n") };
        let banner = self.banner.as_ref().map(|banner| format!("*** {banner} ***\n\n")).unwrap_or_default();
        format!("{banner}{told}{rest}")
    }

    /// The whole for programs; `text` is what people read in a chat.
    pub fn json(&self) -> Value {
        let text = format!("{}\n\n{}", self.subject(), self.text());
        json!({ "text": text, "environnement": self.banner, "alertes": self.news.iter().take(LONGEST).collect::<Vec<_>>(), "total": self.news.len() })
    }

    /// `2 alertes ouvertes, 1 close`.
    fn tally(&self) -> String {
        let count = |event| self.news.iter().filter(|one| one.event == event).count();
        let words = [
            (count(Event::Ouverture), "ouverte"),
            (count(Event::Aggravation), "aggravée"),
            (count(Event::Rappel), "toujours ouverte"),
            (count(Event::Cloture), "close"),
        ];
        let parts = words.into_iter().filter(|(count, _)| *count > 0);
        let parts = parts.map(|(count, word)| format!("{count} {word}{}", if count > 1 { "s" } else { "" }));
        format!("alertes, {}", parts.collect::<Vec<_>>().join(", "))
    }
}

fn title(incident: &Incident) -> String {
    format!("{} – {}", incident.kind.title(), incident.objet)
}

fn paragraph(news: &News) -> String {
    let incident = &news.incident;
    let head = format!("{} [{}] {}", news.event.label(), incident.gravite, title(incident));
    match (news.event, incident.clos_a) {
        (Event::Cloture, Some(end)) => {
            format!("{head}\n  Ouverte le {}, close le {}.\n", in_paris(incident.ouvert_a), in_paris(end))
        }
        _ => format!(
            "{head}\n  Depuis le {} : {}.\n  Que faire : {}\n",
            in_paris(incident.depuis),
            incident.phrase.trim_end_matches('.'),
            incident.remedy()
        ),
    }
}
