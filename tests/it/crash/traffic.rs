//! What the hospitals send: mails of every kind, each with what must become of it, known before it leaves.

use std::fmt::Write;

use base::clock::Clock;
use fastrand::Rng;

use super::letter::{Answer, Count, Fate, INDICATORS, Indicator, Letter, mail, report};

/// A sender of whom nothing is ever rejected.
const FAULTLESS: &str = "sih@ch-armor.test";
/// A sender who makes every mistake; a copy of the rejections goes to the direction.
const CARELESS: &str = "lits@ch-armor.test";
pub(crate) const DIRECTION: &str = "direction-des-soins@ch-armor.test";
/// A sender who asks for a receipt each time.
pub(super) const CAREFUL: &str = "lits@clinique-iroise.test";
const STRANGER: &str = "lits@inconnu.test";

const ARMOR: &str = "350054680";
const IROISE: &str = "299900100";
/// A service of Armor that the ROR refuses by a rule of its own.
pub(crate) const REFUSED: &str = "REGLE";

/// Which hospitals take part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cast {
    All,
    /// Armor only: those whose mailboxes the submission server of the tests has.
    Armor,
}

/// The mails sent so far, and those to come.
pub(crate) struct Traffic {
    pub(crate) letters: Vec<Letter>,
    rng: Rng,
    cast: Cast,
    places: usize,
    start: i64,
    turn: usize,
    sent: usize,
}

/// A mail to deliver now: which letter, and a file name of its own.
pub(crate) struct Posting {
    pub(crate) letter: usize,
    pub(crate) unique: String,
}

impl Traffic {
    /// Mails about so many places of each establishment.
    pub(crate) fn new(seed: u64, places: usize, cast: Cast) -> Self {
        let start = Clock::System.now().as_second() - 3 * 3600;
        Self { letters: Vec::new(), rng: Rng::with_seed(seed), cast, places, start, turn: 0, sent: 0 }
    }

    /// The next mail: the kinds take turns, what is in them is drawn.
    pub(crate) fn next(&mut self) -> Posting {
        self.turn += 1;
        let letter = match self.turn % 12 {
            1 => self.write(FAULTLESS, ""),
            2 => self.half_bad(),
            3 if self.cast == Cast::All => self.with_receipt(),
            4 => self.rejected(),
            5 => self.same_document(),
            6 => self.same_identifier(),
            7 => return self.copy(),
            8 => self.trial(),
            9 => self.automatic(),
            10 => self.refused_by_the_ror(),
            11 if self.cast == Cast::All => self.strange(),
            _ => self.write(CARELESS, ""),
        };
        self.post(letter)
    }

    /// So many mails.
    pub(crate) fn batch(&mut self, count: usize) -> Vec<Posting> {
        (0..count).map(|_| self.next()).collect()
    }

    /// A mail of the faultless sender that must be put in quarantine.
    pub(crate) fn poison(&mut self) -> Posting {
        let letter = self.write(FAULTLESS, "");
        self.post(Letter { fate: Fate::Quarantined, counts: Vec::new(), document: None, ..letter })
    }

    /// A half bad report of newer counts than any before: something goes to the ROR, and an answer to its sender.
    pub(crate) fn telling(&mut self) -> Posting {
        let (finess, service) = self.place(CARELESS);
        let observed = self.start + 3600 + i64::try_from(self.letters.len()).unwrap();
        let counts = INDICATORS.map(|indicator| self.count(finess, &service, indicator, observed)).into();
        let letter = self.half_bad_with(finess, &service, counts);
        self.post(letter)
    }

    /// A mail whose sender asks for a receipt, and its twin: the same document in a mail that asks for none.
    pub(crate) fn twins(&mut self) -> [Posting; 2] {
        let original = self.with_receipt();
        let original = self.post(original);
        let twin = self.twin_of(original.letter);
        [original, self.post(twin)]
    }

    /// A newer observation of every indicator that was ever sent.
    pub(crate) fn everything_anew(&mut self) -> Vec<Posting> {
        let latest = self.start + 2 * 3600;
        let finesses: &[_] = if self.cast == Cast::All { &[ARMOR, IROISE] } else { &[ARMOR] };
        let all: Vec<(&str, usize)> =
            finesses.iter().flat_map(|finess| (0..self.places).map(move |place| (*finess, place))).collect();
        let mut postings = Vec::new();
        for (finess, place) in all {
            let counts: Vec<Count> =
                INDICATORS.iter().map(|indicator| self.count(finess, &service(place), *indicator, latest)).collect();
            let sender = if finess == ARMOR { FAULTLESS } else { CAREFUL };
            let letter = self.letter(sender, "", finess, &service(place), counts, "");
            let answer = if sender == CAREFUL { Answer::Perhaps } else { Answer::Never };
            postings.push(self.post(Letter { answer, ..letter }));
        }
        postings
    }

    fn post(&mut self, letter: Letter) -> Posting {
        self.letters.push(letter);
        self.deliver(self.letters.len() - 1)
    }

    fn deliver(&mut self, letter: usize) -> Posting {
        self.letters[letter].copies += 1;
        self.sent += 1;
        Posting { letter, unique: format!("{:06}.{}", self.sent, self.letters[letter].id) }
    }

    /// A right report of two or three counts; the careless sender is told of a success after a rejection.
    fn write(&mut self, sender: &'static str, header: &str) -> Letter {
        let (finess, service) = self.place(sender);
        let counts = self.counts(finess, &service);
        let letter = self.letter(sender, header, finess, &service, counts, "");
        Letter { answer: if sender == CARELESS { Answer::Perhaps } else { Answer::Never }, ..letter }
    }

    fn with_receipt(&mut self) -> Letter {
        let header = format!("Disposition-Notification-To: <{CAREFUL}>\r\n");
        Letter { answer: Answer::Once, ..self.write(CAREFUL, &header) }
    }

    fn half_bad(&mut self) -> Letter {
        let (finess, service) = self.place(CARELESS);
        let counts = self.counts(finess, &service);
        self.half_bad_with(finess, &service, counts)
    }

    fn half_bad_with(&mut self, finess: &str, service: &str, counts: Vec<Count>) -> Letter {
        let bad = "<capacite statut=\"occupe\" nombre=\"-1\"/>";
        let letter = self.letter(CARELESS, "", finess, service, counts, bad);
        Letter { fate: Fate::Partly, answer: Answer::Once, copied: true, ..letter }
    }

    fn rejected(&mut self) -> Letter {
        let bad = "<capacite statut=\"occupe\" nombre=\"beaucoup\"/>";
        let letter = self.letter(CARELESS, "", ARMOR, "SRV-0", Vec::new(), bad);
        let letter = Letter { fate: Fate::Rejected, answer: Answer::Once, copied: true, ..letter };
        // Of what cannot be read nobody but its sender hears.
        if self.rng.bool() { letter } else { Letter { copied: false, ..letter.rewritten("</service>", "") } }
    }

    fn strange(&mut self) -> Letter {
        let letter = self.write(CARELESS, "").rewritten(CARELESS, STRANGER);
        let counts = Vec::new();
        Letter { sender: STRANGER, fate: Fate::Rejected, answer: Answer::Never, document: None, counts, ..letter }
    }

    fn trial(&mut self) -> Letter {
        let letter = self.write(FAULTLESS, "").rewritten(" dateEmission", " mode=\"test\" dateEmission");
        Letter { trial: true, answer: Answer::Once, ..letter }
    }

    fn automatic(&mut self) -> Letter {
        let id = self.name();
        let text = "Je suis absent du bureau.\r\n";
        let bytes = mail(&id, CARELESS, "Auto-Submitted: auto-replied\r\n", "text/plain", text);
        Letter { fate: Fate::Ignored, ..Letter::bare(id, CARELESS, bytes) }
    }

    fn refused_by_the_ror(&mut self) -> Letter {
        let observed = self.observed();
        let counts = vec![self.count(ARMOR, REFUSED, Indicator::Installed, observed)];
        let letter = self.letter(CARELESS, "", ARMOR, REFUSED, counts, "");
        Letter { answer: Answer::Perhaps, copied: true, ..letter }
    }

    /// The document of an earlier mail in another mail, which asks for no receipt: if it is the first to be judged, it
    /// is integrated in silence.
    fn same_document(&mut self) -> Letter {
        let earlier = self.earlier(|letter| letter.document.is_some() && !letter.trial && letter.counts.len() > 1);
        let Some(earlier) = earlier else { return self.write(FAULTLESS, "") };
        self.twin_of(earlier)
    }

    fn twin_of(&self, earlier: usize) -> Letter {
        let (earlier, id) = (self.letters[earlier].clone(), self.name());
        let bytes = mail(&id, earlier.sender, "", "application/xml", &earlier.xml);
        let answer = if earlier.sender == CAREFUL { Answer::Never } else { earlier.answer };
        Letter { id, bytes, copies: 0, answer, ..earlier }
    }

    /// The identifiant of an earlier document over another content.
    fn same_identifier(&mut self) -> Letter {
        let earlier = self.earlier(|letter| letter.sender == CARELESS && letter.document.is_some() && !letter.trial);
        let letter = self.write(CARELESS, "");
        let Some(earlier) = earlier.map(|rank| self.letters[rank].id.clone()) else { return letter };
        let (from, to) = (format!("identifiant=\"{}\"", letter.id), format!("identifiant=\"{earlier}\""));
        letter.rewritten(&from, &to)
    }

    /// The bytes of an earlier mail once more.
    fn copy(&mut self) -> Posting {
        match self.earlier(|letter| letter.fate != Fate::Quarantined) {
            Some(rank) => self.deliver(rank),
            None => self.next(),
        }
    }

    fn earlier(&mut self, fits: impl Fn(&Letter) -> bool) -> Option<usize> {
        let fitting: Vec<usize> = (0..self.letters.len()).filter(|rank| fits(&self.letters[*rank])).collect();
        self.rng.choice(fitting)
    }

    fn place(&mut self, sender: &str) -> (&'static str, String) {
        (if sender == CAREFUL { IROISE } else { ARMOR }, service(self.rng.usize(..self.places)))
    }

    fn counts(&mut self, finess: &str, service: &str) -> Vec<Count> {
        let observed = self.observed();
        let left_out = self.rng.usize(..5);
        let named = INDICATORS.iter().enumerate().filter(|(rank, _)| *rank != left_out);
        let named: Vec<Indicator> = named.map(|(_, indicator)| *indicator).collect();
        named.into_iter().map(|indicator| self.count(finess, service, indicator, observed)).collect()
    }

    fn count(&mut self, finess: &str, service: &str, indicator: Indicator, observed: i64) -> Count {
        Count { place: format!("1{finess}/{service}"), indicator, number: self.rng.i64(0..1900), observed }
    }

    /// Often older than one already sent, at times of the same instant.
    fn observed(&mut self) -> i64 {
        self.start + 30 * self.rng.i64(0..120)
    }

    fn name(&self) -> String {
        format!("envoi-{}", self.letters.len())
    }

    fn letter(
        &self,
        sender: &'static str,
        header: &str,
        finess: &str,
        service: &str,
        counts: Vec<Count>,
        bad: &str,
    ) -> Letter {
        let id = self.name();
        let observed = counts.first().map_or(self.start, |count| count.observed);
        let xml = report(&id, finess, service, observed, &counts, bad);
        let bytes = mail(&id, sender, header, "application/xml", &xml);
        let document = Some(format!("{sender} {id}"));
        Letter { document, counts, xml, ..Letter::bare(id, sender, bytes) }
    }
}

fn service(place: usize) -> String {
    format!("SRV-{place}")
}

/// The locations of the ROR about which mails are sent, the refused one left out.
pub(crate) fn places(count: usize) -> Vec<String> {
    let all = [ARMOR, IROISE].into_iter().flat_map(|finess| (0..count).map(move |place| (finess, service(place))));
    all.map(|(finess, service)| format!("1{finess}/{service}")).collect()
}

/// The two files of the referential.
pub(crate) fn referential(count: usize) -> [String; 2] {
    let etablissements = format!(
        "finess;type;ej;nom;expediteurs;contact;cadence;etat\n\
         {ARMOR};EG;;Centre hospitalier d’Armor (fictif);{CARELESS} {FAULTLESS};{DIRECTION};;ouvert\n\
         {IROISE};EG;;Clinique de l’Iroise (fictif);{CAREFUL};;;ouvert\n"
    );
    let mut services = "finess;code;libelle;nature;etat;cadence\n".to_owned();
    for place in places(count).into_iter().chain([format!("1{ARMOR}/{REFUSED}")]) {
        let (finess, code) = place.strip_prefix('1').and_then(|place| place.split_once('/')).unwrap();
        writeln!(services, "{finess};{code};Médecine;;ouvert;").unwrap();
    }
    [etablissements, services]
}
