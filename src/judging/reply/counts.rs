//! Counts the rows of a report by where they stand, and says so in French.

use domain::outcome::{Etat, OutcomeLine};

/// How many rows stand where.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Tally {
    transmises: usize,
    en_attente: usize,
    depassees: usize,
    rejetees: usize,
    validees: usize,
    acceptees: usize,
}

impl Tally {
    /// Counts these rows.
    pub(super) fn of<'a>(lines: impl IntoIterator<Item = &'a OutcomeLine>) -> Self {
        let mut tally = Self::default();
        lines.into_iter().for_each(|line| tally.add(line));
        tally
    }

    /// Counts one row more.
    pub(super) fn add(&mut self, line: &OutcomeLine) {
        *match line.etat {
            Some(Etat::Transmise) => &mut self.transmises,
            Some(Etat::EnAttente) => &mut self.en_attente,
            Some(Etat::Depassee) => &mut self.depassees,
            Some(Etat::Rejetee) => &mut self.rejetees,
            Some(Etat::NonTransmiseTest) => &mut self.validees,
            None => &mut self.acceptees,
        } += 1;
    }

    /// Counts rows that Dispolits itself rejected with those that the ROR rejected.
    pub(super) fn with_rejected(self, count: usize) -> Self {
        Self { rejetees: self.rejetees + count, ..self }
    }

    /// « 5 capacités transmises, 1 rejetée »; empty when nothing was counted.
    pub(super) fn in_words(self) -> String {
        let noun = |count: usize| if count > 1 { "capacités " } else { "capacité " };
        let parts: Vec<_> = self.parts().into_iter().filter(|(count, ..)| *count > 0).collect();
        let say = |(rank, (count, one, many)): (usize, &(usize, &str, &str))| {
            let noun = if rank == 0 { noun(*count) } else { "" };
            format!("{count} {noun}{}", if *count > 1 { many } else { one })
        };
        parts.iter().enumerate().map(say).collect::<Vec<_>>().join(", ")
    }

    fn parts(self) -> [(usize, &'static str, &'static str); 6] {
        [
            (self.acceptees, "acceptée", "acceptées"),
            (self.transmises, "transmise", "transmises"),
            (self.validees, "validée", "validées"),
            (self.en_attente, "en attente", "en attente"),
            (self.depassees, "dépassée par un relevé plus récent", "dépassées par des relevés plus récents"),
            (self.rejetees, "rejetée", "rejetées"),
        ]
    }
}
