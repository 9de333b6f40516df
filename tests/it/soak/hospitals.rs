//! Who sends mails during the soak: each hospital plays one part, so that what must become of its mails does not depend
//! on which of them is settled first.

use std::fmt::Write;

/// Replies to one sender in an hour, as the configuration has it by default.
pub(super) const CAP: usize = 20;
/// How many mails that are answered a hospital sends before another one plays its part: below the cap.
const BUDGET: usize = 18;
pub(super) const DOMAIN: &str = "hopitaux.test";

/// What a hospital sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// Reports without a fault, copies of mails: no rejection ever, so nothing is told of success.
    Faultless,
    /// Reports to be tried.
    Trying,
    /// One document in two mails: one of them is told that it came twice.
    Twice,
    /// It asks for a receipt each time.
    Careful,
    /// Nothing but mistakes, beyond the cap too: each is told once, alone or in a digest.
    Careless,
    /// Mistakes and success in turn, one mail at a time: the first success after a mistake is told, and no other.
    Turning,
    /// As many mistakes as the cap allows, and some more once the clock was set back.
    Capped,
}

pub(super) struct Hospital {
    pub(super) finess: String,
    pub(super) sender: String,
    pub(super) contact: String,
    part: Part,
    /// Its services that the ROR has a rule against, one for each refusal to come.
    refused: usize,
    answered: usize,
    pub(super) failed_last: bool,
}

pub(super) struct Hospitals {
    pub(super) all: Vec<Hospital>,
    places: usize,
}

impl Hospitals {
    /// Enough of each part for so many mails about so many places of each.
    pub(super) fn for_mails(mails: usize, places: usize) -> Self {
        let some = |part: Part, count: usize| std::iter::repeat_n(part, count);
        let parts = some(Part::Faultless, 2)
            .chain(some(Part::Careless, 2))
            .chain(some(Part::Trying, mails / 100 + 2))
            .chain(some(Part::Twice, mails / 100 + 2))
            .chain(some(Part::Careful, mails / 100 + 2))
            .chain(some(Part::Turning, mails / 40 + 4))
            .chain(some(Part::Capped, mails / 60 + 3));
        let all = parts.enumerate().map(|(rank, part)| Hospital::new(rank, part, mails / 10 + 8)).collect();
        Self { all, places }
    }

    /// The hospital that plays a part now.
    pub(super) fn playing(&self, part: Part) -> usize {
        let fits = |hospital: &Hospital| {
            hospital.part == part && (hospital.answered < BUDGET || matches!(part, Part::Faultless | Part::Careless))
        };
        self.all.iter().position(fits).unwrap_or_else(|| panic!("too few hospitals play {part:?}"))
    }

    /// All that take turns and may do so once more.
    pub(super) fn turning(&self, most: usize) -> Vec<usize> {
        let fits = |hospital: &Hospital| hospital.part == Part::Turning && hospital.answered < BUDGET;
        (0..self.all.len()).filter(|rank| fits(&self.all[*rank])).take(most).collect()
    }

    pub(super) fn will_be_answered(&mut self, rank: usize, times: usize) {
        self.all[rank].answered += times;
    }

    pub(super) fn of_part(&self, part: Part) -> impl Iterator<Item = &Hospital> {
        self.all.iter().filter(move |hospital| hospital.part == part)
    }

    /// A service of this hospital that nothing was said about, and that the ROR has a rule against.
    pub(super) fn next_refused(&mut self, rank: usize) -> Option<String> {
        let hospital = &mut self.all[rank];
        hospital.refused = hospital.refused.checked_sub(1)?;
        Some(format!("REGLE-{}", hospital.refused))
    }

    /// The locations of the ROR, and those that it refuses.
    pub(super) fn locations(&self) -> (Vec<String>, Vec<String>) {
        let named = |hospital: &Hospital, service: String| format!("1{}/{service}", hospital.finess);
        let usual = |hospital| (0..self.places).map(move |place| named(hospital, service(place)));
        let refused = |hospital: &Hospital| {
            (0..hospital.refused).map(|rank| named(hospital, format!("REGLE-{rank}"))).collect::<Vec<_>>()
        };
        (self.all.iter().flat_map(usual).collect(), self.all.iter().flat_map(refused).collect())
    }

    /// The two files of the referential.
    pub(super) fn referential(&self) -> [String; 2] {
        let mut establishments = "finess;type;ej;nom;expediteurs;contact;cadence;etat\n".to_owned();
        let mut services = "finess;code;libelle;nature;etat;cadence\n".to_owned();
        for Hospital { finess, sender, contact, refused, .. } in &self.all {
            writeln!(establishments, "{finess};EG;;Hôpital {finess} (fictif);{sender};{contact};;ouvert").unwrap();
            let refused = (0..*refused).map(|rank| format!("REGLE-{rank}"));
            for code in (0..self.places).map(service).chain(refused) {
                writeln!(services, "{finess};{code};Médecine;;ouvert;").unwrap();
            }
        }
        [establishments, services]
    }

    /// Every mailbox that replies may go to.
    pub(super) fn boxes(&self) -> impl Iterator<Item = &str> {
        self.all.iter().flat_map(|hospital| [hospital.sender.as_str(), hospital.contact.as_str()])
    }
}

impl Hospital {
    fn new(rank: usize, part: Part, refused: usize) -> Self {
        let refused = if part == Part::Careless { refused } else { 0 };
        let (sender, contact) = (format!("lits-{rank}@{DOMAIN}"), format!("direction-{rank}@{DOMAIN}"));
        Self { finess: finess(rank), sender, contact, part, refused, answered: 0, failed_last: false }
    }
}

pub(super) fn service(place: usize) -> String {
    format!("SRV-{place}")
}

/// With Luhn's key at its end.
fn finess(rank: usize) -> String {
    let number = format!("3500{rank:04}");
    let digits = number.bytes().map(|digit| u32::from(digit - b'0'));
    let doubled = |digit: u32| digit * 2 / 10 + digit * 2 % 10;
    let sum: u32 =
        digits.rev().enumerate().map(|(rank, digit)| if rank % 2 == 0 { doubled(digit) } else { digit }).sum();
    format!("{number}{}", (10 - sum % 10) % 10)
}
