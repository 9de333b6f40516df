//! What every test of the ROR needs: a PKI, a simulator, a client, updates.

use std::net::Ipv4Addr;
use std::path::PathBuf;

use base::clock::Clock;
use base::config_values::Span;
use campaign::simulator::{Behaviour, Lieu, Simulator, SimulatorSettings};
use dispolits::sandbox::pki::{self, Pki};
use domain::capacity::GenreCode;
use domain::capacity::{
    Affectation, Count, Crise, Fermeture, Genre, Indicator, IndicatorParts, Location, Nature, Nombre, Source, Statut,
    Supplement, Temporalite, Update,
};
use edges::ror::{Attempted, Client, Operation, Reader, RorSettings};
use tempfile::TempDir;

/// The identifiers of the simulator's locations, one for each behaviour.
pub(super) const NORMAL: &str = "SSR38888";
pub(super) const BEHAVIOURS: [(&str, Behaviour); 4] = [
    ("DOUBLE", Behaviour::EnDouble),
    ("INTERDIT", Behaviour::Interdit),
    ("REGLE", Behaviour::RegleMetier),
    ("AUTRE", Behaviour::RefusAutre),
];

/// A simulator and all that a client needs to reach it.
pub(super) struct Bench {
    _folder: TempDir,
    pub(super) pki: Pki,
    pub(super) clock: Clock,
    pub(super) simulator: Simulator,
}

impl Bench {
    pub(super) async fn start() -> Self {
        Self::with(|_| ()).await
    }

    /// A simulator whose settings are changed first.
    pub(super) async fn with(change: impl FnOnce(&mut SimulatorSettings)) -> Self {
        let (folder, pki) = make_pki();
        let clock = Clock::manual("2026-11-23T07:00:00Z".parse().unwrap());
        let any = (Ipv4Addr::LOCALHOST, 0).into();
        let mut lieux = vec![Lieu::normal(identifier(NORMAL))];
        lieux.extend(BEHAVIOURS.map(|(code, behaviour)| Lieu { behaviour, ..Lieu::normal(identifier(code)) }));
        let mut settings = SimulatorSettings {
            api: any,
            token: any,
            api_cert: pki.server.clone(),
            token_cert: pki.server.clone(),
            client_ca: pki.ca.clone(),
            lieux,
            genre_accepted: GenreCode::Indifferencie,
            token_lifetime: Span::seconds(300),
            reader: None,
            clock: clock.clone(),
        };
        change(&mut settings);
        let simulator = Simulator::start(settings).await.unwrap();
        Self { _folder: folder, pki, clock, simulator }
    }

    pub(super) fn settings(&self) -> RorSettings {
        settings(&self.pki, &self.simulator.base_url(), &self.simulator.token_url())
    }

    pub(super) fn client(&self) -> Client {
        self.client_with(|_| ())
    }

    pub(super) fn client_with(&self, change: impl FnOnce(&mut RorSettings)) -> Client {
        let mut settings = self.settings();
        change(&mut settings);
        Client::new(&settings, self.clock.clone()).unwrap()
    }

    /// What the simulator was asked, without the tokens: operation, status answered, applied.
    pub(super) fn writes(&self) -> Vec<(String, Option<u16>, bool)> {
        let writes = self.simulator.requests().into_iter().filter(|request| request.methode == "PATCH");
        writes.map(|write| (write.operation.unwrap_or_default(), write.statut, write.applique)).collect()
    }

    /// How often the token endpoint was asked.
    pub(super) fn token_demands(&self) -> usize {
        self.simulator.requests().iter().filter(|request| request.methode == "POST").count()
    }

    /// The numbers that the simulator holds.
    pub(super) fn numbers(&self) -> Vec<i64> {
        self.simulator.state().iter().map(|capacity| capacity.nombre).collect()
    }
}

/// A PKI that lives as long as its folder.
pub(crate) fn make_pki() -> (TempDir, Pki) {
    let folder = tempfile::tempdir().unwrap();
    // Certificates are verified by the machine's clock.
    let pki = pki::make(&folder.path().join("pki"), Clock::System.now()).unwrap();
    (folder, pki)
}

pub(crate) fn settings(pki: &Pki, base_url: &str, token_url: &str) -> RorSettings {
    RorSettings {
        base_url: base_url.to_owned(),
        token_url: token_url.to_owned(),
        client_id: "client de test".to_owned(),
        ca: Some(pki.ca.clone()),
        token_ca: None::<PathBuf>,
        identity: pki.client.clone().into(),
        api_identity: None,
        genre_indifferencie: GenreCode::Indifferencie,
        timeout: Span::seconds(20),
        connect_timeout: Span::seconds(10),
        token_margin: Span::seconds(30),
        scope: None,
        reader: Reader::default(),
    }
}

pub(super) fn identifier(code: &str) -> String {
    format!("1350054680/{code}")
}

pub(super) fn location(code: &str) -> Location {
    Location::new("350054680".parse().unwrap(), code.parse().unwrap())
}

/// The available places of the documentation's example, for the undifferentiated genre.
pub(super) fn available(nombre: i64) -> Update {
    update(NORMAL, indicator(Statut::Disponible, |_| ()), nombre)
}

pub(super) fn update(code: &str, indicator: Indicator, nombre: i64) -> Update {
    Update {
        location: location(code),
        count: Count { indicator, nature: Nature::Place, nombre: Nombre::new(nombre).unwrap() },
        date_releve: "2025-02-26T15:17:33.987Z".parse().unwrap(),
        source: Source::BedManagement,
    }
}

pub(crate) fn indicator(statut: Statut, change: impl FnOnce(&mut IndicatorParts)) -> Indicator {
    let mut parts = IndicatorParts {
        statut,
        temporalite: Temporalite::Courant,
        genre: None,
        fermeture: None,
        supplement: (statut == Statut::Supplementaire).then_some(Supplement::Mobilise),
        crise: None,
        affectation: Affectation::Aucune,
    };
    change(&mut parts);
    Indicator::new(parts).unwrap()
}

/// At least one indicator for each status and each attribute value.
pub(super) fn every_kind() -> Vec<Indicator> {
    let mut kinds: Vec<Indicator> =
        [Statut::Installe, Statut::Occupe, Statut::Reserve].map(|statut| indicator(statut, |_| ())).to_vec();
    for genre in [Genre::Femme, Genre::Homme, Genre::Indifferencie] {
        kinds.push(indicator(Statut::Disponible, |parts| parts.genre = Some(genre)));
    }
    for fermeture in [Fermeture::Reactivable, Fermeture::NonReactivable, Fermeture::Indetermine] {
        kinds.push(indicator(Statut::Ferme, |parts| parts.fermeture = Some(fermeture)));
    }
    for supplement in [Supplement::Mobilise, Supplement::SansRh, Supplement::AvecRh] {
        for crise in [None, Some(Crise::Pmie1), Some(Crise::Sse)] {
            kinds.push(indicator(Statut::Supplementaire, |parts| {
                parts.supplement = Some(supplement);
                parts.crise = crise;
            }));
        }
    }
    for temporalite in
        [Temporalite::UneHeure, Temporalite::VingtQuatreHeures, Temporalite::QuaranteHuitHeures, Temporalite::SeptJours]
    {
        kinds.push(indicator(Statut::Disponible, |parts| parts.temporalite = temporalite));
    }
    for affectation in [Affectation::CovidPlus, Affectation::CovidMoins] {
        kinds.push(indicator(Statut::Installe, |parts| parts.affectation = affectation));
    }
    kinds
}

/// The exchanges as operation and status.
pub(super) fn steps(attempted: &Attempted) -> Vec<(Operation, Option<u16>)> {
    attempted.exchanges.iter().map(|exchange| (exchange.operation, exchange.status)).collect()
}
