//! `dispolits simulator`: the simulated ROR alone, for trying an EAI against it.

use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;

use clap::Args;

use super::signals::Signals;
use super::{ExitOutcome, SUCCESS, value};
use crate::sandbox::{pki, place};
use base::clock::Clock;
use base::config_values::Span;
use campaign::cahier;
use campaign::simulator::{ReadingClient, Simulator, SimulatorSettings};
use domain::capacity::GenreCode;

/// The faults that can be asked for, as they are written.
const FAULTS: &str = "Défauts à provoquer (POST /_simulateur/defauts, en JSON ; DELETE les oublie tous) :
  {\"defaut\":\"lent\",\"ms\":5000}           traité, répondu après 5 s
  {\"defaut\":\"statut\",\"statut\":503}      non traité ; aussi 429, 500, 502, 504
  {\"defaut\":\"statut\",\"statut\":429,\"retry_after\":\"30\"}
  {\"defaut\":\"coupure-avant\"}            non traité, connexion coupée
  {\"defaut\":\"reponse-perdue\"}           traité, connexion coupée
  {\"defaut\":\"tardif\",\"ms\":5000}         jamais répondu, traité après 5 s
  {\"defaut\":\"passerelle\",\"statut\":403}  refus nu d’une passerelle ; aussi 404
  {\"defaut\":\"interdit\"}                 403 du ROR : droits insuffisants
  {\"defaut\":\"refus\",\"statut\":409,\"codes\":[\"conflict\"]}   OperationOutcome du ROR ; aussi 423
                                        lock-error, 425, 400 transient, 404 ou 405 not-supported ;
                                        \"texte\", \"expression\" et \"retry_after\" au besoin
  {\"defaut\":\"jumeau\"}                   traité, et tenu aussi sous l’autre code du genre indifférencié
  {\"defaut\":\"lecture\",\"statut\":403}     refus du service de lecture
  {\"defaut\":\"charabia\"}                 200 sans réponse FHIR
  {\"defaut\":\"expression-inversee\"}      « expression » en texte pour tableau, et l’inverse
  {\"defaut\":\"jeton-expire\"}             tous les jetons oubliés
  {\"defaut\":\"jeton\",\"statut\":401}       refus du serveur de jetons
Chacun peut porter \"identifiant\" (un seul lieu), \"indicateur\" (les seuls indicateurs de ces codes :
{\"statut\":\"03\"}), \"apres\" (requêtes épargnées d’abord) et \"fois\".

  curl --cacert simulateur-pki/ca.pem --json '{\"defaut\":\"statut\",\"statut\":503,\"fois\":3}' \\
       https://localhost:8443/_simulateur/defauts";

#[derive(Debug, Args)]
#[command(after_help = FAULTS)]
pub(super) struct SimulatorArguments {
    /// Adresse d’écoute de l’API.
    #[arg(long, value_name = "ADRESSE", value_parser = value::listening, default_value = "127.0.0.1:8443")]
    api: SocketAddr,
    /// Adresse d’écoute du serveur de jetons, qui exige un certificat client.
    #[arg(long, value_name = "ADRESSE", value_parser = value::listening, default_value = "127.0.0.1:8444")]
    jeton: SocketAddr,
    /// Dossier où écrire les certificats de test, conservé.
    #[arg(long, value_name = "DOSSIER", default_value = "simulateur-pki")]
    dossier: PathBuf,
    /// Code accepté pour le genre indifférencié, 03 ou 04.
    #[arg(long, value_name = "CODE", default_value = "04")]
    genre: GenreCode,
    /// Client « consommateur » et son secret, seul admis alors à lire, et sans certificat.
    #[arg(long, value_name = "CLIENT:SECRET")]
    lecteur: Option<ReaderClient>,
}

/// `client:secret`.
#[derive(Debug, Clone)]
struct ReaderClient(ReadingClient);

impl FromStr for ReaderClient {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (client_id, secret) = text.split_once(':').ok_or("attendu un client et son secret : CLIENT:SECRET")?;
        Ok(Self(ReadingClient { client_id: client_id.to_owned(), secret: secret.to_owned() }))
    }
}

pub(super) async fn run(arguments: SimulatorArguments) -> ExitOutcome {
    let mut signals = Signals::listen()?;
    let pki = pki::make(&arguments.dossier, Clock::System.now())?;
    let simulator = Simulator::start(SimulatorSettings {
        api: arguments.api,
        token: arguments.jeton,
        api_cert: pki.server.clone(),
        token_cert: pki.server.clone(),
        client_ca: pki.ca.clone(),
        lieux: cahier::world()?.lieux.iter().map(place).collect(),
        genre_accepted: arguments.genre,
        token_lifetime: Span::seconds(300),
        reader: arguments.lecteur.map(|ReaderClient(reader)| reader),
        clock: Clock::System,
    })
    .await?;
    let mut out = std::io::stdout();
    writeln!(out, "ROR simulé en service, avec les lieux du cahier de tests ; Ctrl-C pour l’arrêter.")?;
    writeln!(out, "  API                 {}", simulator.base_url())?;
    writeln!(out, "  jetons              {}", simulator.token_url())?;
    writeln!(out, "  autorité            {}", pki.ca.display())?;
    writeln!(out, "  certificat client   {}", pki.client.certificate.display())?;
    writeln!(out, "  clé du client       {}", pki.client.key.display())?;
    writeln!(out, "  état                {}/_simulateur/etat", simulator.base_url())?;
    writeln!(out, "  requêtes            {}/_simulateur/requetes", simulator.base_url())?;
    writeln!(out, "  défauts à provoquer POST {}/_simulateur/defauts", simulator.base_url())?;
    signals.stop().await;
    simulator.shutdown().await;
    Ok(SUCCESS)
}
