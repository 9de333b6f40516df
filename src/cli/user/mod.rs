//! `dispolits user`: the local accounts of the journal on the web. Each command is recorded in the audit log.

mod secrets;
mod sessions;

use std::io::{self, Write};
use std::path::PathBuf;

use clap::builder::PossibleValuesParser;
use clap::{ArgGroup, Args, Subcommand};

use super::{CommandFailure, ExitOutcome, SUCCESS};
use base::clock::Clock;
use base::random;
use domain::access::audit::{AuditEntry, Deed};
use domain::access::{Login, Role, Totp};
use domain::outcome::in_paris;
use service::config::Config;
use store::{NewUser, Store, User, UserChange};

#[derive(Debug, Subcommand)]
pub(super) enum UserCommand {
    /// Crée un compte ; le mot de passe est demandé, ou lu sur l’entrée standard.
    Add(Add),
    /// Liste les comptes.
    List(UsersStore),
    /// Change le rôle d’un compte.
    Role {
        #[command(flatten)]
        account: Account,
        /// Nouveau rôle.
        #[arg(value_name = "RÔLE", value_parser = roles())]
        role: String,
    },
    /// Verrouille un compte et ferme ses sessions.
    Lock(Account),
    /// Déverrouille un compte et oublie ses échecs de connexion.
    Unlock(Account),
    /// Donne un autre mot de passe, ou fait enregistrer un autre second facteur ; ferme les sessions.
    Reset(Reset),
    /// Liste les sessions ouvertes du journal sur le web, comptes locaux et OpenID Connect.
    Sessions(UsersStore),
    /// Ferme des sessions : celles d’une personne, quel que soit son moyen de connexion, une seule, ou toutes.
    Disconnect(Disconnect),
    /// Supprime un compte ; ce qu’il a fait reste au journal d’audit.
    Remove(Account),
}

#[derive(Debug, Args)]
pub(super) struct UsersStore {
    /// Fichier de configuration.
    #[arg(long, value_name = "FICHIER")]
    config: PathBuf,
}

#[derive(Debug, Args)]
pub(super) struct Account {
    #[command(flatten)]
    place: UsersStore,
    /// Identifiant de connexion.
    #[arg(value_name = "IDENTIFIANT")]
    login: Login,
}

#[derive(Debug, Args)]
#[command(group(ArgGroup::new("lesquelles").required(true).args(["qui", "session", "toutes"])))]
pub(super) struct Disconnect {
    #[command(flatten)]
    place: UsersStore,
    /// Identifiant de la personne, comme le donne « user sessions ».
    #[arg(value_name = "IDENTIFIANT")]
    qui: Option<String>,
    /// Une seule session, par le nom que donne « user sessions ».
    #[arg(long, value_name = "SESSION")]
    session: Option<String>,
    /// Toutes les sessions.
    #[arg(long)]
    toutes: bool,
}

#[derive(Debug, Args)]
pub(super) struct Add {
    #[command(flatten)]
    account: Account,
    /// Nom de la personne ; à défaut, l’identifiant.
    #[arg(long, value_name = "NOM")]
    nom: Option<String>,
    /// Rôle.
    #[arg(long, default_value = "lecteur", value_name = "RÔLE", value_parser = roles())]
    role: String,
    /// Laisse la personne enregistrer son second facteur à sa première connexion, au lieu de le montrer ici.
    #[arg(long)]
    enroler_plus_tard: bool,
}

#[derive(Debug, Args)]
#[command(group(ArgGroup::new("quoi").required(true).multiple(true).args(["mot_de_passe", "second_facteur"])))]
pub(super) struct Reset {
    #[command(flatten)]
    account: Account,
    /// Donne un autre mot de passe.
    #[arg(long)]
    mot_de_passe: bool,
    /// Fait enregistrer un autre second facteur à la prochaine connexion.
    #[arg(long)]
    second_facteur: bool,
}

fn roles() -> PossibleValuesParser {
    PossibleValuesParser::new(Role::ALL.map(Role::word))
}

pub(super) async fn run(command: UserCommand) -> ExitOutcome {
    match command {
        UserCommand::Add(arguments) => add(arguments).await,
        UserCommand::List(place) => list(&place.open().await?).await,
        UserCommand::Sessions(place) => sessions::list(&place).await,
        UserCommand::Disconnect(arguments) => sessions::end(&arguments).await,
        UserCommand::Role { account, role } => change_role(&account, role.parse()?).await,
        UserCommand::Lock(account) => {
            account.change(&UserChange::Lock, Deed::CompteVerrouille, "verrouillé, ses sessions sont fermées").await
        }
        UserCommand::Unlock(account) => {
            account.change(&UserChange::Unlock, Deed::CompteDeverrouille, "déverrouillé").await
        }
        UserCommand::Reset(arguments) => reset(&arguments).await,
        UserCommand::Remove(account) => account.change(&UserChange::Remove, Deed::CompteSupprime, "supprimé").await,
    }
}

impl UsersStore {
    async fn open(&self) -> Result<Store, CommandFailure> {
        Ok(Store::open_existing(&Config::load(&self.config)?.store).await?)
    }

    /// The secret of a second factor as the database keeps it.
    async fn kept(&self, login: &Login, totp: Option<&Totp>) -> Result<Option<String>, CommandFailure> {
        let Some(secret) = totp.map(Totp::secret) else { return Ok(None) };
        let web = Config::load(&self.config)?.web;
        let key = match &web {
            Some(web) => web.local.factor_key().await?,
            None => None,
        };
        Ok(Some(match key {
            Some(key) => key.seal(login, &secret, random::bytes()?)?,
            None => secret,
        }))
    }
}

impl Account {
    fn entry(&self, deed: Deed) -> AuditEntry {
        AuditEntry::new(super::who(), deed, format!("compte {}", self.login))
    }

    async fn change(&self, change: &UserChange, deed: Deed, done: &str) -> ExitOutcome {
        let store = self.place.open().await?;
        self.carry_out(&store, change, &self.entry(deed)).await?;
        say(&format!("Compte {} : {done}.", self.login))
    }

    async fn carry_out(&self, store: &Store, change: &UserChange, entry: &AuditEntry) -> Result<(), CommandFailure> {
        if store.change_user(&self.login, change, entry, Clock::System.now()).await? {
            return Ok(());
        }
        Err(format!("aucun compte « {} »", self.login).into())
    }
}

async fn add(arguments: Add) -> ExitOutcome {
    let Add { account, nom, role, enroler_plus_tard } = arguments;
    let store = account.place.open().await?;
    let role: Role = role.parse()?;
    if store.user(&account.login).await?.is_some() {
        return Err(taken(&account.login));
    }
    let password = secrets::password(&account.login)?;
    let totp = if enroler_plus_tard { None } else { Some(secrets::second_factor()?) };
    let new = NewUser {
        login: account.login.clone(),
        name: nom.unwrap_or_else(|| account.login.to_string()),
        role,
        password,
        totp: account.place.kept(&account.login, totp.as_ref()).await?,
    };
    let entry = account.entry(Deed::CompteCree).changing("", role.word());
    if !store.add_user(&new, &entry, Clock::System.now()).await? {
        return Err(taken(&account.login));
    }
    say(&format!("Compte {} créé, rôle {}.", account.login, role.in_words()))?;
    match totp {
        Some(totp) => secrets::show(&mut io::stdout().lock(), &totp, &account.login),
        None => say("Le second facteur sera enregistré à la première connexion."),
    }
}

fn taken(login: &Login) -> CommandFailure {
    format!("le compte « {login} » existe déjà").into()
}

async fn list(store: &Store) -> ExitOutcome {
    let users = store.users().await?;
    let mut out = io::stdout().lock();
    if users.is_empty() {
        writeln!(out, "Aucun compte.")?;
    }
    users.iter().try_for_each(|user| tell(&mut out, user))?;
    Ok(SUCCESS)
}

fn tell(out: &mut impl Write, user: &User) -> io::Result<()> {
    let locked = user.locked_at.map(|at| format!(", verrouillé le {}", in_paris(at))).unwrap_or_default();
    let factor = if user.totp.is_some() { "second facteur enregistré" } else { "second facteur à enregistrer" };
    let seen = user.seen_at.map_or("jamais connecté".to_owned(), |at| format!("connecté le {}", in_paris(at)));
    writeln!(out, "{}  {}  {} ({factor}, {seen}{locked})", user.login, user.role.in_words(), user.name)
}

async fn change_role(account: &Account, role: Role) -> ExitOutcome {
    let store = account.place.open().await?;
    let before = store.user(&account.login).await?.map(|user| user.role.word()).unwrap_or_default();
    let entry = account.entry(Deed::CompteModifie).changing(before, role.word());
    account.carry_out(&store, &UserChange::Role(role), &entry).await?;
    say(&format!("Compte {} : rôle {}, ses sessions sont fermées.", account.login, role.in_words()))
}

async fn reset(arguments: &Reset) -> ExitOutcome {
    let account = &arguments.account;
    let store = account.place.open().await?;
    if store.user(&account.login).await?.is_none() {
        return Err(format!("aucun compte « {} »", account.login).into());
    }
    if arguments.mot_de_passe {
        let change = UserChange::Password(secrets::password(&account.login)?);
        let entry = account.entry(Deed::CompteReinitialise).changing("", "mot de passe");
        account.carry_out(&store, &change, &entry).await?;
        say(&format!("Compte {} : nouveau mot de passe, ses sessions sont fermées.", account.login))?;
    }
    if arguments.second_facteur {
        let entry = account.entry(Deed::CompteReinitialise).changing("", "second facteur");
        account.carry_out(&store, &UserChange::Totp(None), &entry).await?;
        say(&format!("Compte {} : second facteur à enregistrer à la prochaine connexion.", account.login))?;
    }
    Ok(SUCCESS)
}

fn say(sentence: &str) -> ExitOutcome {
    writeln!(io::stdout(), "{sentence}")?;
    Ok(SUCCESS)
}
