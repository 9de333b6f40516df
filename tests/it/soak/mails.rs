//! What the hospitals of the soak send, each mail with what must become of it, known before it leaves.

use base::clock::Clock;
use fastrand::Rng;

use super::hospitals::{CAP, Hospitals, Part, service};
use super::seen::{Hash, hash};
use crate::crash::letter::{Count, INDICATORS, Indicator, mail, report};

const STRANGER: &str = "lits@inconnu.test";
/// Observations are made from so long ago on, in seconds, and until the other: never in the future, however far a clock
/// was set back.
const BEGIN: i64 = 20 * 3600;
const END: i64 = 2 * 3600;
/// How far back among the observations one may be that is told now.
const LATENESS: i64 = 12;

/// Where a mail must be filed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    Treated,
    Rejected,
    Ignored,
}

/// What its sender must be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Due {
    Nothing,
    /// Once, alone or in a digest.
    Rejection,
    /// Once, and not in a digest: the cap is not reached.
    RejectionAlone,
    BackToNormal,
    /// A disposition notification.
    Receipt,
    Trial,
    /// Of the mails of one document, all but one are told that it came twice.
    Twin(usize),
}

pub(super) struct Letter {
    /// Its Message-ID before the `@`, and its identifiant.
    pub(super) id: String,
    pub(super) sender: String,
    /// Whom a rejection is copied to.
    pub(super) contact: Option<String>,
    pub(super) bytes: Vec<u8>,
    /// Of its bytes, once it leaves.
    pub(super) hash: Hash,
    /// How many times these bytes were sent, and how many of them somebody took out of the mailbox.
    pub(super) sent: usize,
    pub(super) removed: usize,
    pub(super) fate: Fate,
    pub(super) verdict: &'static str,
    pub(super) due: Due,
    /// What the reply must say is wrong, and nothing else.
    pub(super) codes: &'static [&'static str],
    /// What the ROR must be told; nothing of a trial or of what it refuses.
    pub(super) counts: Vec<Count>,
    /// What it refuses.
    pub(super) refused: Vec<Count>,
}

/// A mail to deliver now: which letter, and a file name of its own.
#[derive(Debug, Clone)]
pub(super) struct Posting {
    pub(super) letter: usize,
    pub(super) unique: String,
}

pub(super) struct Mails {
    pub(super) letters: Vec<Letter>,
    pub(super) hospitals: Hospitals,
    rng: Rng,
    places: usize,
    start: i64,
    /// Between two observations, in seconds.
    step: i64,
    posted: usize,
    twins: usize,
    /// How many mails were settled when nothing was at fault last.
    pub(super) settled: usize,
    /// Whether a mail may be copied that is not settled, or that was copied before.
    pub(super) copies_meet: bool,
}

impl Mails {
    pub(super) fn new(seed: u64, mails: usize) -> Self {
        let places = (mails / 100).clamp(3, 40);
        let (start, step) =
            (Clock::System.now().as_second() - BEGIN, (BEGIN - END) / (3 * i64::try_from(mails).unwrap() + 300));
        let hospitals = Hospitals::for_mails(mails, places);
        Self {
            letters: Vec::new(),
            hospitals,
            rng: Rng::with_seed(seed),
            places,
            start,
            step,
            posted: 0,
            twins: 0,
            settled: 0,
            copies_meet: false,
        }
    }

    /// The next mails, at least so many: the kinds are drawn.
    pub(super) fn batch(&mut self, count: usize) -> Vec<Posting> {
        let mut postings = Vec::new();
        while postings.len() < count {
            match self.rng.u8(..12) {
                0 => postings.push(self.trial()),
                1 => postings.push(self.automatic()),
                2 => postings.push(self.copy()),
                3 => postings.extend(self.twice()),
                4 => postings.push(self.careful()),
                5 | 6 => postings.push(self.careless()),
                7 => postings.push(self.strange()),
                _ => postings.push(self.faultless()),
            }
        }
        postings
    }

    /// The next mail of each hospital that takes turns, if all before it is settled.
    pub(super) fn turn(&mut self, most: usize) -> Vec<Posting> {
        self.hospitals.turning(most).into_iter().map(|hospital| self.take_turn(hospital)).collect()
    }

    /// So many mistakes of a hospital that made none yet, or of one.
    pub(super) fn mistakes(&mut self, hospital: Option<usize>, count: usize) -> (usize, Vec<Posting>) {
        let hospital = hospital.unwrap_or_else(|| self.hospitals.playing(Part::Capped));
        self.hospitals.will_be_answered(hospital, CAP);
        let due = Due::RejectionAlone;
        let postings =
            (0..count).map(|_| self.write(hospital, "", BAD, |letter| Letter { due, ..letter.rejected(HALF) }));
        (hospital, postings.collect())
    }

    /// A newer observation of all indicators of one place than any before: its location, and the mail.
    pub(super) fn newest_of(&mut self, place: usize) -> (String, Posting) {
        let hospital = self.hospitals.playing(Part::Faultless);
        let location = format!("1{}/{}", self.hospitals.all[hospital].finess, service(place));
        let observed = self.start + self.step * i64::try_from(self.posted).unwrap();
        let counts = INDICATORS.map(|indicator| self.count(&location, indicator, observed));
        (location, self.write_with(hospital, "", "", counts.into(), &service(place), |letter| letter))
    }

    /// A copy of a mail that somebody takes out of the mailbox again, or not.
    pub(super) fn copy(&mut self) -> Posting {
        let fits = |letter: &Letter| letter.due == Due::Nothing && letter.fate == Fate::Treated;
        let candidates = if self.copies_meet { &self.letters[..] } else { &self.letters[..self.settled] };
        let may = |letter: &Letter| fits(letter) && (self.copies_meet || letter.sent == 1);
        let fitting: Vec<usize> = (0..candidates.len()).filter(|rank| may(&candidates[*rank])).collect();
        match self.rng.choice(fitting) {
            Some(rank) => self.post(rank),
            None => self.faultless(),
        }
    }

    fn take_turn(&mut self, hospital: usize) -> Posting {
        let failed = self.hospitals.all[hospital].failed_last;
        let fails = self.rng.bool();
        self.hospitals.all[hospital].failed_last = fails;
        if fails || failed {
            self.hospitals.will_be_answered(hospital, 1);
        }
        match (fails, failed) {
            (true, _) => {
                let due = Due::RejectionAlone;
                self.write(hospital, "", BAD, |letter| Letter { due, ..letter.rejected(HALF) })
            }
            (false, true) => self.write(hospital, "", "", |letter| Letter { due: Due::BackToNormal, ..letter }),
            (false, false) => self.write(hospital, "", "", |letter| letter),
        }
    }

    fn faultless(&mut self) -> Posting {
        let hospital = self.hospitals.playing(Part::Faultless);
        self.write(hospital, "", "", |letter| letter)
    }

    fn trial(&mut self) -> Posting {
        let hospital = self.hospitals.playing(Part::Trying);
        self.hospitals.will_be_answered(hospital, 1);
        self.write(hospital, "", "", |letter| {
            let letter = letter.rewritten(" dateEmission", " mode=\"test\" dateEmission");
            Letter { due: Due::Trial, counts: Vec::new(), ..letter }
        })
    }

    fn automatic(&mut self) -> Posting {
        let hospital = self.hospitals.playing(Part::Faultless);
        let (id, sender) = (self.name(), self.hospitals.all[hospital].sender.clone());
        let bytes =
            mail(&id, &sender, "Auto-Submitted: auto-replied\r\n", "text/plain", "Je suis absent du bureau.\r\n");
        self.add(Letter { fate: Fate::Ignored, verdict: "ignore", ..Letter::bare(id, sender, bytes) })
    }

    fn twice(&mut self) -> [Posting; 2] {
        let hospital = self.hospitals.playing(Part::Twice);
        self.hospitals.will_be_answered(hospital, 1);
        self.twins += 1;
        let due = Due::Twin(self.twins);
        let first = self.write(hospital, "", "", |letter| Letter { due, ..letter });
        let (letter, id) = (&self.letters[first.letter], self.name());
        let text = String::from_utf8(letter.bytes.clone()).unwrap();
        let bytes = text.replace(&format!("<{}@", letter.id), &format!("<{id}@")).into_bytes();
        let twin = Letter { due, counts: letter.counts.clone(), ..Letter::bare(id, letter.sender.clone(), bytes) };
        [first, self.add(twin)]
    }

    fn careful(&mut self) -> Posting {
        let hospital = self.hospitals.playing(Part::Careful);
        self.hospitals.will_be_answered(hospital, 1);
        let header = format!("Disposition-Notification-To: <{}>\r\n", self.hospitals.all[hospital].sender);
        self.write(hospital, &header, "", |letter| Letter { due: Due::Receipt, ..letter })
    }

    fn careless(&mut self) -> Posting {
        let careless: Vec<usize> = {
            let senders: Vec<&String> =
                self.hospitals.of_part(Part::Careless).map(|hospital| &hospital.sender).collect();
            (0..self.hospitals.all.len()).filter(|rank| senders.contains(&&self.hospitals.all[*rank].sender)).collect()
        };
        let hospital = self.rng.choice(careless).unwrap();
        match self.rng.u8(..4) {
            0 => self.write_with(hospital, "", WRONG, Vec::new(), &service(0), |letter| letter.all_rejected(&["C02"])),
            1 => self.write(hospital, "", "", |letter| letter.rewritten("</service>", "").all_rejected(&["D01"])),
            2 => match self.hospitals.next_refused(hospital) {
                Some(code) => self.refused_by_the_ror(hospital, &code),
                None => self.careless(),
            },
            _ => self.write(hospital, "", BAD, |letter| letter.rejected(HALF)),
        }
    }

    fn refused_by_the_ror(&mut self, hospital: usize, code: &str) -> Posting {
        let location = format!("1{}/{code}", self.hospitals.all[hospital].finess);
        let observed = self.observed();
        let count = self.count(&location, Indicator::Installed, observed);
        self.write_with(hospital, "", "", vec![count], code, |letter| {
            let (counts, refused) = (Vec::new(), letter.counts.clone());
            Letter { verdict: "rejete", counts, refused, ..letter.rejected(&["R03"]) }
        })
    }

    fn strange(&mut self) -> Posting {
        let hospital = self.hospitals.playing(Part::Faultless);
        let sender = self.hospitals.all[hospital].sender.clone();
        self.write(hospital, "", "", |letter| {
            let letter = letter.rewritten(&sender, STRANGER).all_rejected(&[]);
            Letter { due: Due::Nothing, contact: None, sender: STRANGER.to_owned(), ..letter }
        })
    }

    /// A report of three or all indicators of a place of its own.
    fn write(&mut self, hospital: usize, header: &str, bad: &str, change: impl FnOnce(Letter) -> Letter) -> Posting {
        let service = service(self.rng.usize(..self.places));
        let location = format!("1{}/{service}", self.hospitals.all[hospital].finess);
        let (observed, left_out) = (self.observed(), self.rng.usize(..5));
        let named = INDICATORS.iter().enumerate().filter(|(rank, _)| *rank != left_out);
        let counts = named.map(|(_, indicator)| self.count(&location, *indicator, observed)).collect();
        self.write_with(hospital, header, bad, counts, &service, change)
    }

    fn write_with(
        &mut self,
        hospital: usize,
        header: &str,
        bad: &str,
        counts: Vec<Count>,
        service: &str,
        change: impl FnOnce(Letter) -> Letter,
    ) -> Posting {
        let (id, from) = (self.name(), &self.hospitals.all[hospital]);
        let observed = counts.first().map_or(self.start, |count| count.observed);
        let xml = report(&id, &from.finess, service, observed, &counts, bad);
        let bytes = mail(&id, &from.sender, header, "application/xml", &xml);
        let contact = Some(from.contact.clone());
        let letter = Letter { contact, counts, ..Letter::bare(id, from.sender.clone(), bytes) };
        self.add(change(letter))
    }

    fn add(&mut self, letter: Letter) -> Posting {
        self.letters.push(Letter { hash: hash(&letter.bytes), ..letter });
        self.post(self.letters.len() - 1)
    }

    fn post(&mut self, letter: usize) -> Posting {
        self.letters[letter].sent += 1;
        self.posted += 1;
        Posting { letter, unique: format!("{:06}.{}", self.posted, self.letters[letter].id) }
    }

    fn count(&mut self, location: &str, indicator: Indicator, observed: i64) -> Count {
        // Fewer than there are: no warning beside the rejections.
        let number = if indicator == Indicator::Installed { self.rng.i64(1000..1900) } else { self.rng.i64(0..300) };
        Count { place: location.to_owned(), indicator, number, observed }
    }

    /// Somewhat older than one already sent, more often than not.
    fn observed(&mut self) -> i64 {
        let rank = i64::try_from(self.posted).unwrap() - self.rng.i64(0..LATENESS);
        self.start + self.step * rank.max(0)
    }

    fn name(&self) -> String {
        format!("envoi-{}", self.letters.len())
    }
}

const BAD: &str = "<capacite statut=\"occupe\" nombre=\"-1\"/>";
const HALF: &[&str] = &["C01"];
const WRONG: &str = "<capacite statut=\"occupe\" nombre=\"beaucoup\"/>";

impl Letter {
    fn bare(id: String, sender: String, bytes: Vec<u8>) -> Self {
        let (fate, verdict, due, contact) = (Fate::Treated, "integre", Due::Nothing, None);
        let (counts, refused, codes, hash) = (Vec::new(), Vec::new(), [].as_slice(), Hash::default());
        Self { id, sender, contact, bytes, hash, sent: 0, removed: 0, fate, verdict, due, codes, counts, refused }
    }

    /// Something of it is, and told.
    fn rejected(self, codes: &'static [&'static str]) -> Self {
        Self { verdict: "partiellement-integre", due: Due::Rejection, codes, ..self }
    }

    /// Nothing of it is good.
    fn all_rejected(self, codes: &'static [&'static str]) -> Self {
        Self { verdict: "rejete", fate: Fate::Rejected, counts: Vec::new(), ..self.rejected(codes) }
    }

    fn rewritten(self, from: &str, to: &str) -> Self {
        let text = String::from_utf8(self.bytes).unwrap();
        assert!(text.contains(from), "{from}");
        Self { bytes: text.replace(from, to).into_bytes(), ..self }
    }
}
