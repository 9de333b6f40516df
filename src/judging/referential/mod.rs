//! Who may report for which service: the establishments and services the agency knows.
//!
//! Two CSV files (UTF-8, `;`, header line), parsed as a whole: either every line is right or the
//! files are refused with every error listed.

mod csv_file;
mod watch;

use std::collections::BTreeMap;

use base::config_values::Span;
use domain::address::Address;
use domain::capacity::{Nature, ServiceCode};
use domain::finess::Finess;

pub use csv_file::LineError;
pub use watch::{Files, Refused, Texts, Watch};

/// The most codes suggested for an unknown one.
const SUGGESTIONS: usize = 3;

/// The establishments and services known to the agency, checked as a whole.
#[derive(Debug, Clone, Default)]
pub struct Referential {
    establishments: BTreeMap<Finess, Establishment>,
    services: BTreeMap<(Finess, ServiceCode), KnownService>,
}

/// EG (entité géographique, where beds are) or EJ (entité juridique, its owner).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlaceKind {
    /// Entité géographique.
    Eg,
    /// Entité juridique.
    Ej,
}

/// One line of `etablissements.csv`.
#[derive(Debug, Clone)]
pub struct Establishment {
    /// EG or EJ.
    pub kind: PlaceKind,
    /// The EJ an EG belongs to, if stated.
    pub ej: Option<Finess>,
    /// Name for people.
    pub name: String,
    /// Who may report for it.
    pub senders: Vec<Sender>,
    /// Where rejections of applicative mailboxes are copied.
    pub contact: Option<Address>,
    /// How often a report is expected.
    pub cadence: Option<Span>,
    /// Whether it is open.
    pub open: bool,
}

/// One line of `services.csv`.
#[derive(Debug, Clone)]
pub struct KnownService {
    /// Name for people.
    pub label: String,
    /// Beds or places, if only one of them is expected. For people: a report is not judged by it, since the ROR
    /// compares counts without their nature.
    pub nature: Option<Nature>,
    /// Whether it is open (RG_EXP_047).
    pub open: bool,
    /// How often a report is expected.
    pub cadence: Option<Span>,
}

/// What closes a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Closing {
    /// It is closed itself.
    Service,
    /// Its whole establishment is closed.
    Establishment,
}

/// An address, or every address of a domain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sender {
    /// One mailbox.
    Address(Address),
    /// `@domain`: every mailbox of exactly this domain, lower case without the `@`.
    Domain(String),
}

impl Sender {
    fn covers(&self, address: &Address) -> bool {
        match self {
            Self::Address(one) => one == address,
            Self::Domain(domain) => domain == address.domain(),
        }
    }
}

impl Referential {
    /// Reads both files. Every error is listed, in the order of the lines.
    pub fn parse(establishments: &[u8], services: &[u8]) -> Result<Self, Vec<LineError>> {
        csv_file::parse(establishments, services)
    }

    /// The establishment of this number, EG or EJ.
    pub fn establishment(&self, finess: Finess) -> Option<&Establishment> {
        self.establishments.get(&finess)
    }

    /// Whether anybody declared this sender.
    pub fn knows_sender(&self, sender: &Address) -> bool {
        self.establishments.values().any(|establishment| establishment.covers(sender))
    }

    /// Whether this sender may report for this establishment: declared for it, or for its EJ.
    pub fn may_send(&self, sender: &Address, finess: Finess) -> bool {
        let Some(establishment) = self.establishments.get(&finess) else { return false };
        let owner = establishment.ej.and_then(|ej| self.establishments.get(&ej));
        establishment.covers(sender) || owner.is_some_and(|owner| owner.covers(sender))
    }

    /// The open EG this sender may report for.
    pub fn establishments_of(&self, sender: &Address) -> Vec<Finess> {
        let open = |(finess, establishment): (&Finess, &Establishment)| {
            (establishment.kind == PlaceKind::Eg && establishment.open).then_some(*finess)
        };
        self.establishments.iter().filter_map(open).filter(|finess| self.may_send(sender, *finess)).collect()
    }

    /// Whether an address belongs to an establishment that this sender may report for: one that may report for it too,
    /// or its contact.
    pub fn is_of_establishment_of(&self, sender: &Address, address: &Address) -> bool {
        let belongs = |finess: Finess| {
            let contact = self.establishment(finess).and_then(|known| known.contact.as_ref());
            contact == Some(address) || self.may_send(address, finess)
        };
        self.establishments_of(sender).into_iter().any(belongs)
    }

    /// The service of this code in this establishment.
    pub fn service(&self, finess: Finess, code: &ServiceCode) -> Option<&KnownService> {
        self.services.get(&(finess, code.clone()))
    }

    /// What closes a known service: its own closing or that of its establishment, which the ROR passes on downwards
    /// (RG_EXP_043 to 046). `None` if it is open or not known.
    pub fn closing(&self, finess: Finess, code: &ServiceCode) -> Option<Closing> {
        let service = self.service(finess, code)?;
        let owner = self.establishment(finess).filter(|owner| !owner.open);
        owner.map(|_| Closing::Establishment).or((!service.open).then_some(Closing::Service))
    }

    /// The known codes of the establishment that look most like `code`, the nearest first.
    pub fn codes_like(&self, finess: Finess, code: &ServiceCode) -> Vec<&ServiceCode> {
        let distance = |known: &ServiceCode| {
            if known.is_like(code) {
                return 0;
            }
            strsim::damerau_levenshtein(&known.as_str().to_ascii_uppercase(), &code.as_str().to_ascii_uppercase())
        };
        let farthest = code.as_str().len() / 3 + 1;
        let mut near: Vec<_> = self
            .services
            .keys()
            .filter(|(owner, _)| *owner == finess)
            .map(|(_, known)| (distance(known), known))
            .filter(|(distance, _)| *distance <= farthest)
            .collect();
        near.sort();
        near.into_iter().take(SUGGESTIONS).map(|(_, known)| known).collect()
    }

    /// The services of an establishment, by code.
    pub fn services_of(&self, finess: Finess) -> impl Iterator<Item = (&ServiceCode, &KnownService)> {
        let own = self.services.iter().filter(move |((owner, _), _)| *owner == finess);
        own.map(|((_, code), service)| (code, service))
    }

    /// Every establishment, by number.
    pub fn establishments(&self) -> impl Iterator<Item = (Finess, &Establishment)> {
        self.establishments.iter().map(|(finess, establishment)| (*finess, establishment))
    }

    /// The services that nobody is declared to report for, neither for the establishment nor for its EJ.
    pub fn services_without_sender(&self) -> impl Iterator<Item = (Finess, &ServiceCode)> {
        let is_silent = |finess: &Finess| {
            let establishment = self.establishments.get(finess);
            let owner = establishment.and_then(|one| one.ej).and_then(|ej| self.establishments.get(&ej));
            establishment.into_iter().chain(owner).all(|one| one.senders.is_empty())
        };
        self.services.keys().filter(move |(finess, _)| is_silent(finess)).map(|(finess, code)| (*finess, code))
    }

    /// How many establishments and services it holds.
    pub fn size(&self) -> (usize, usize) {
        (self.establishments.len(), self.services.len())
    }
}

impl Establishment {
    fn covers(&self, sender: &Address) -> bool {
        self.senders.iter().any(|declared| declared.covers(sender))
    }
}
