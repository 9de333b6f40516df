//! What came of a letter for each of its recipients.

use crate::{Result, StoreError};
use domain::address::Address;

/// Where a letter is for one recipient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Handing {
    /// The recipient.
    pub to: Address,
    /// Where the letter is.
    pub whereabouts: Whereabouts,
}

/// Where a letter is, each more final than the one before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Whereabouts {
    /// With us, to be sent; with the server's last answer, if it was tried.
    Waiting(String),
    /// Nowhere: the recipient was refused for good, with this answer, or given up.
    Refused(String),
    /// With the server, which took it over.
    Taken,
}

impl Whereabouts {
    /// The word of the store and of exports: `attend`, `refuse`, `pris`.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Waiting(_) => "attend",
            Self::Refused(_) => "refuse",
            Self::Taken => "pris",
        }
    }

    /// What the server last said, if it did not take the letter.
    pub fn answer(&self) -> Option<&str> {
        match self {
            Self::Waiting(answer) | Self::Refused(answer) => Some(answer.as_str()).filter(|answer| !answer.is_empty()),
            Self::Taken => None,
        }
    }

    fn rank(&self) -> u8 {
        match self {
            Self::Waiting(_) => 0,
            Self::Refused(_) => 1,
            Self::Taken => 2,
        }
    }
}

/// Every recipient of a letter with where the letter is for it. Where nothing was noted of one, the state of the letter holds.
pub(super) fn read(recipients: &str, noted: &str, etat: &str) -> Result<Vec<Handing>> {
    let noted = noted.lines().map(line).collect::<Result<Vec<_>>>()?;
    let found = |to: &Address| noted.iter().find(|one| one.to == *to).map(|one| one.whereabouts.clone());
    let otherwise = || match etat {
        "envoyee" => Whereabouts::Taken,
        "abandonnee" => Whereabouts::Refused(String::new()),
        _ => Whereabouts::Waiting(String::new()),
    };
    let all = recipients.split(' ').map(crate::parse::<Address>);
    all.map(|to| to.map(|to| Handing { whereabouts: found(&to).unwrap_or_else(otherwise), to })).collect()
}

/// How many have it.
pub(super) fn taken(all: &[Handing]) -> usize {
    all.iter().filter(|one| one.whereabouts == Whereabouts::Taken).count()
}

/// As it is noted.
pub(super) fn written(all: &[Handing]) -> String {
    let line = |one: &Handing| {
        let answer = one.whereabouts.answer().unwrap_or_default().replace(['\n', '\r'], " ");
        format!("{} {} {answer}", one.whereabouts.word(), one.to).trim_end().to_owned()
    };
    all.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// What is kept of a letter that is sent once more: who has it, unless everyone has.
pub(super) fn of_the_reached(recipients: &str, noted: &str, etat: &str) -> Result<String> {
    let mut all = read(recipients, noted, etat)?;
    let everyone = all.len();
    all.retain(|one| one.whereabouts == Whereabouts::Taken);
    Ok(if all.len() == everyone { String::new() } else { written(&all) })
}

/// Takes over what is more final: what another worker noted meanwhile is not taken back.
pub(super) fn merge(known: &mut [Handing], news: &[Handing]) {
    for one in known {
        let new = news.iter().find(|new| new.to == one.to && new.whereabouts.rank() >= one.whereabouts.rank());
        if let Some(new) = new {
            one.whereabouts.clone_from(&new.whereabouts);
        }
    }
}

/// Why it did not get to everyone, in one line; `None` if it did.
pub(super) fn failure(all: &[Handing]) -> Option<String> {
    let told = |one: &Handing| {
        let answer = one.whereabouts.answer()?;
        Some(if all.len() == 1 { answer.to_owned() } else { format!("{} : {answer}", one.to) })
    };
    all.iter().filter_map(told).reduce(|all, one| format!("{all} ; {one}"))
}

fn line(line: &str) -> Result<Handing> {
    let mut parts = line.splitn(3, ' ');
    let (word, to) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let answer = parts.next().unwrap_or_default().to_owned();
    let whereabouts = match word {
        "attend" => Whereabouts::Waiting(answer),
        "refuse" => Whereabouts::Refused(answer),
        "pris" => Whereabouts::Taken,
        other => return Err(StoreError::Corrupt(format!("remise d’une réponse : « {other} »"))),
    };
    Ok(Handing { to: crate::parse(to)?, whereabouts })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_noted_is_read_back_and_never_made_less_final() {
        let recipients = "a@x.test b@x.test c@x.test";
        let mut all = read(recipients, "", "a-envoyer").unwrap();
        assert!(all.iter().all(|one| one.whereabouts == Whereabouts::Waiting(String::new())));
        let news = |places: [Whereabouts; 3]| {
            let named = recipients.split(' ').zip(places);
            named.map(|(to, place)| Handing { to: to.parse().unwrap(), whereabouts: place }).collect::<Vec<_>>()
        };
        let later = || Whereabouts::Waiting("450 plus\ntard".to_owned());
        let never = || Whereabouts::Refused("550 non".to_owned());
        merge(&mut all, &news([Whereabouts::Taken, later(), never()]));
        let noted = written(&all);
        assert_eq!(noted, "pris a@x.test\nattend b@x.test 450 plus tard\nrefuse c@x.test 550 non");
        assert_eq!(failure(&all).unwrap(), "b@x.test : 450 plus\ntard ; c@x.test : 550 non");
        let mut all = read(recipients, &noted, "a-envoyer").unwrap();
        merge(&mut all, &news([never(), never(), later()]));
        assert_eq!(written(&all), "pris a@x.test\nrefuse b@x.test 550 non\nrefuse c@x.test 550 non");
        assert_eq!(failure(&read("a@x.test", "pris a@x.test", "envoyee").unwrap()), None);
        assert_eq!(of_the_reached(recipients, &noted, "envoyee").unwrap(), "pris a@x.test");
        assert_eq!(of_the_reached(recipients, "", "envoyee").unwrap(), "");
        assert!(read("a@x.test", "perdu a@x.test", "envoyee").is_err());
    }

    #[test]
    fn a_letter_of_which_nothing_was_noted_is_where_its_state_says() {
        for (etat, place) in [("envoyee", Whereabouts::Taken), ("abandonnee", Whereabouts::Refused(String::new()))] {
            assert_eq!(read("a@x.test", "", etat).unwrap()[0].whereabouts, place, "{etat}");
        }
    }
}
