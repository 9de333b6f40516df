//! The mailbox: reached, opened, and what waits in it.

use std::time::Duration;

use jiff::Timestamp;

use super::handshake::{Endpoint, Opening, REVOCATION, STARTTLS, TLS};
use super::phrases::{counted, whole};
use super::step::{Outcome, Section, StepFailure, Trial};
use super::tcp::{DNS, TCP, Target};
use super::tls_failure::TlsRefusals;
use super::{LONGEST, maildir};
use base::clock::Clock;
use base::tls::revocation::Revocation;
use domain::outcome::in_paris;
use edges::mailbox::{
    Auth, Hindrance, ImapSettings, Mailbox, MailboxError, MailboxInspection, MailboxSetupError, Quota, Security,
    WaitingMails,
};
use service::config::{MailboxFault, NamedMailbox};

const SETTINGS: &str = "réglages";
const LOGIN: &str = "identification";
const MAILS: &str = "courriels";
const FILING: &str = "classement";
const QUOTA: &str = "quota";
/// From this share of its quota on, in percent, a mailbox soon refuses mails.
const FULL: u64 = 90;

/// What reading the section gave.
pub(super) type Read = Result<Mailbox, MailboxFault>;

pub(super) async fn section(named: NamedMailbox<'_>, read: Read, revocation: &Revocation, clock: &Clock) -> Section {
    match (&named.section.imap, &named.section.maildir) {
        (Some(imap), _) => server(named, read, imap, revocation, clock).await,
        (None, Some(settings)) => maildir::section(named, read, settings, clock).await,
        (None, None) => trial(named, "sans serveur ni dossier", &[], LONGEST).end(),
    }
}

/// The trial of a mailbox that is at such a place.
pub(super) fn trial(named: NamedMailbox<'_>, place: &str, planned: &[&'static str], limit: Duration) -> Trial {
    let name = named.further().map(|name| format!(" {name}")).unwrap_or_default();
    Trial::new("boite", format!("Boîte aux lettres{name} ({place})"), planned, limit).of(named.further())
}

async fn server(
    named: NamedMailbox<'_>,
    read: Read,
    imap: &ImapSettings,
    revocation: &Revocation,
    clock: &Clock,
) -> Section {
    let planned = match imap.security {
        Security::Starttls => [SETTINGS, DNS, TCP, STARTTLS, TLS, REVOCATION, LOGIN, MAILS, FILING, QUOTA].as_slice(),
        Security::Tls => [SETTINGS, DNS, TCP, TLS, REVOCATION, LOGIN, MAILS, FILING, QUOTA].as_slice(),
    };
    let place = format!("{}:{}", imap.host, imap.port);
    let mut trial = trial(named, &place, planned, imap.timeout.get().min(LONGEST));
    let endpoint = Endpoint { revocation: revocation.clone(), ..endpoint(imap, &named.key()) };
    let settings = prepare(named, read);
    try_server(&mut trial, settings, imap, &endpoint, clock.now()).await;
    trial.end()
}

fn endpoint(imap: &ImapSettings, key: &str) -> Endpoint {
    Endpoint {
        target: Target::new(&imap.host, imap.port, format!("{key}.imap.host")),
        opening: if imap.security == Security::Tls { Opening::Tls } else { Opening::Imap },
        ca: imap.ca.clone(),
        identity: imap.identity.clone(),
        revocation: Revocation::default(),
        section: format!("{key}.imap"),
    }
}

async fn try_server(
    trial: &mut Trial,
    settings: Result<(Mailbox, String), StepFailure>,
    imap: &ImapSettings,
    endpoint: &Endpoint,
    now: Timestamp,
) -> Option<()> {
    let mailbox = trial.step(SETTINGS, async { settings }).await?.checking(endpoint.revocation.clone());
    let stream = endpoint.open(trial).await?;
    // The service opens its own connection, and so does the next step: one at a time.
    drop(stream);
    let refusals = endpoint.refusals();
    let mut look = trial.step(LOGIN, login(&mailbox, imap, &refusals)).await?;
    trial.step(MAILS, mails(&mut look, &refusals, now)).await?;
    let _ = trial.step(FILING, filing(&mut look, &refusals)).await;
    quota(trial, &look);
    look.close().await;
    Some(())
}

/// The mailbox as the service would open it, and what it is called in the store.
pub(super) fn prepare(named: NamedMailbox<'_>, read: Read) -> Result<(Mailbox, String), StepFailure> {
    let key = named.key();
    let wrong = |error: &(dyn std::error::Error + 'static)| {
        let remedy = match &named.section.imap {
            Some(_) => format!("corrigez la section [{key}] ; la rubrique des certificats dit ce qui leur manque"),
            None => format!("corrigez la section [{key}.folders]"),
        };
        StepFailure::new(whole(error), remedy)
    };
    let mailbox = read.map_err(|error| wrong(&error))?;
    let detail = mailbox.account().to_owned();
    Ok((mailbox, detail))
}

async fn login<'a>(
    mailbox: &'a Mailbox,
    imap: &ImapSettings,
    refusals: &TlsRefusals<'_>,
) -> Result<(MailboxInspection<'a>, String), StepFailure> {
    let look = mailbox.look().await.map_err(|error| refusal(&error, imap.auth, refusals))?;
    let proof = match imap.auth {
        Auth::Plain => "mot de passe",
        Auth::External => "certificat client, SASL EXTERNAL",
        Auth::Xoauth2 => "jeton, SASL XOAUTH2",
    };
    Ok((look, format!("compte {} accepté ({proof})", imap.user)))
}

/// What a refused login asks of the operator depends on what was shown.
fn refusal(error: &MailboxError, auth: Auth, refusals: &TlsRefusals<'_>) -> StepFailure {
    let section = &refusals.endpoint.section;
    match (error, auth) {
        (MailboxError::CredentialRefused(_), Auth::Xoauth2) => StepFailure::new(
            whole(error),
            format!(
                "vérifiez {section}.user et {section}.token : un jeton échu, ou demandé pour un autre service (« scope »), se montre ainsi ; c’est au programme ou à la tâche qui le produit de le renouveler"
            ),
        ),
        (MailboxError::Unsupported(_), _) => StepFailure::new(
            whole(error),
            format!(
                "changez {section}.auth, ou demandez à l’opérateur d’ouvrir cette identification pour cette boîte ; beaucoup de serveurs ne l’offrent qu’à qui présente un certificat ({section}.identity)"
            ),
        ),
        _ => failure(error, refusals),
    }
}

async fn mails(
    look: &mut MailboxInspection<'_>,
    refusals: &TlsRefusals<'_>,
    now: Timestamp,
) -> Result<((), String), StepFailure> {
    let waiting = look.waiting().await.map_err(|error| failure(&error, refusals))?;
    let noticed = if look.announces() {
        "le serveur annonce les arrivées (IDLE)"
    } else {
        "le serveur n’annonce pas les arrivées (IDLE) : elles attendent la relève suivante"
    };
    Ok(((), format!("{} ; {noticed}", told(&waiting, now))))
}

/// What waits, and since when.
pub(super) fn told(waiting: &WaitingMails, now: Timestamp) -> String {
    let number = counted(waiting.number, "courriel en attente", "courriels en attente");
    match waiting.oldest {
        None => number,
        Some(oldest) => {
            let hours = (now.as_second() - oldest.as_second()).max(0) / 3600;
            let late = if hours >= 24 { " : la relève ne tourne pas, ou ne suit pas" } else { "" };
            format!("{number}, le plus ancien du {}{late}", in_paris(oldest))
        }
    }
}

async fn filing(look: &mut MailboxInspection<'_>, refusals: &TlsRefusals<'_>) -> Result<((), String), StepFailure> {
    if !look.moves() {
        let told = "le serveur n’offre ni MOVE ni UIDPLUS : les courriels jugés restent dans la boîte, sans être rejugés ; videz-la de temps à autre";
        return Ok(((), told.to_owned()));
    }
    let missing = look.missing_folders().await.map_err(|error| failure(&error, refusals))?;
    match look.hindrances(&missing).as_slice() {
        [] => Ok(((), told_folders(&missing))),
        hindrances => Err(hindered(hindrances, &refusals.endpoint.section)),
    }
}

/// Mails would be read, judged and answered, and stay where they are.
fn hindered(hindrances: &[Hindrance], section: &str) -> StepFailure {
    let told: Vec<String> = hindrances.iter().map(told_hindrance).collect();
    let needs_prefix = hindrances.iter().find_map(|one| match one {
        Hindrance::Prefix { folder, prefixes } => prefixes.first().map(|prefix| format!("{prefix}{folder}")),
        Hindrance::Rights { .. } => None,
    });
    let remedy = match needs_prefix {
        Some(example) => format!(
            "écrivez les noms complets dans [{}.folders], par exemple « {example} »",
            section.trim_end_matches(".imap")
        ),
        None => "demandez ces droits à l’opérateur de la boîte (ACL, RFC 4314) ; sans eux, les courriels seraient jugés et répondus, mais resteraient dans le dossier relevé".to_owned(),
    };
    StepFailure::new(told.join(" ; "), remedy)
}

fn told_hindrance(hindrance: &Hindrance) -> String {
    match hindrance {
        Hindrance::Prefix { folder, prefixes } => {
            let prefixes: Vec<String> = prefixes.iter().map(|prefix| format!("« {prefix} »")).collect();
            format!(
                "le dossier « {folder} » ne pourra être créé : sur ce serveur, le nom d’un dossier commence par {}",
                prefixes.join(" ou ")
            )
        }
        Hindrance::Rights { folder, had, lacking } => {
            let lacking: Vec<String> = lacking.chars().map(told_right).collect();
            format!("dossier « {folder} » : ce compte n’a pas le droit {} (il a : {had})", lacking.join(", ni "))
        }
    }
}

/// RFC 4314, section 2.1.
fn told_right(letter: char) -> String {
    let what = match letter {
        'i' => "d’y ajouter des courriels",
        'k' => "de le créer",
        'r' => "de le lire",
        's' => "d’y marquer un courriel comme lu",
        't' => "d’y marquer un courriel comme effacé",
        _ => "d’en retirer un courriel",
    };
    format!("{what} ({letter})")
}

/// Which folders are there, and which will be made.
pub(super) fn told_folders(missing: &[String]) -> String {
    if missing.is_empty() {
        "les cinq dossiers sont là".to_owned()
    } else {
        format!("à créer par le service à sa première relève : {}", missing.join(", "))
    }
}

fn quota(trial: &mut Trial, look: &MailboxInspection<'_>) {
    match look.quota() {
        None => trial.note(QUOTA, Outcome::NonFait { raison: "le serveur n’annonce pas de quota".to_owned() }),
        Some(quota) => trial.note_result(QUOTA, judge_quota(&quota)),
    }
}

fn judge_quota(quota: &Quota) -> Result<String, StepFailure> {
    let share = quota.used.saturating_mul(100).checked_div(quota.limit).unwrap_or(100);
    let told = format!("{} Mio sur {} Mio ({share} %)", quota.used / 1024, quota.limit / 1024);
    if share < FULL {
        return Ok(told);
    }
    Err(StepFailure::new(
        format!("la boîte est presque pleine : {told} ; pleine, elle refusera les envois des établissements"),
        "videz les dossiers de classement des courriels anciens (le journal de Dispolits les garde), ou faites agrandir la boîte par l’opérateur",
    ))
}

/// What an error of the mailbox asks of the operator.
pub(super) fn failure(error: &MailboxError, refusals: &TlsRefusals<'_>) -> StepFailure {
    let section = &refusals.endpoint.section;
    let remedy = match error {
        MailboxError::CertificateRefused { said, .. } => return refusals.of_our_certificate(said),
        MailboxError::CredentialRefused(text) => {
            let remedy = format!(
                "vérifiez {section}.user et {section}.password ; un mot de passe changé, un compte bloqué ou une boîte non ouverte à IMAP se montrent ainsi"
            );
            return refusals.of_login(text, whole(error), remedy);
        }
        MailboxError::FolderMissing { .. } => {
            format!("corrigez {section}.folder : c’est le nom exact du dossier sur le serveur")
        }
        MailboxError::ReadOnly(_) => {
            "demandez à l’opérateur les droits de déplacer et d’effacer dans ce dossier".to_owned()
        }
        MailboxError::Unsupported(_) | MailboxError::UidValidityMissing => {
            "demandez à l’opérateur d’ouvrir cette fonction du serveur : Dispolits ne peut s’en passer".to_owned()
        }
        MailboxError::Setup(MailboxSetupError::Secret(_)) => {
            "faites-le vous-même sous le compte du service : le fichier doit lui être lisible, le programme lui répondre"
                .to_owned()
        }
        MailboxError::Setup(_) | MailboxError::Io { .. } => {
            "corrigez ce fichier ou ses droits ; il doit être lisible par l’utilisateur du service".to_owned()
        }
        _ => "réessayez dans quelques minutes ; si cela dure, montrez cette ligne à l’opérateur".to_owned(),
    };
    StepFailure::new(whole(error), remedy)
}
