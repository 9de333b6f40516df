//! Passwords and tokens: where they come from, and that they are never printed.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use schemars::JsonSchema;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize, Serializer};
use tokio::io::AsyncReadExt;
use tokio::process::{Child, Command};
use tokio::time::timeout;

/// No secret is longer, in bytes; a token with many claims takes a tenth of it.
const LONGEST: u64 = 64 * 1024;
/// The longest a command may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// Un mot de passe ou un jeton : écrit ici, lu dans un fichier ou demandé à un programme, à chaque
/// usage.
// Never printed: `Debug` and `Serialize` show `***`, or where it is read.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(untagged, deny_unknown_fields)]
pub enum Secret {
    /// Le secret lui-même.
    Inline(#[schemars(with = "String")] SecretString),
    /// Le fichier qui le contient ; une fin de ligne finale n’en fait pas partie.
    File {
        /// Chemin du fichier.
        file: PathBuf,
    },
    /// Le programme qui l’écrit sur sa sortie standard ; une fin de ligne finale n’en fait pas partie.
    Command {
        /// Le programme puis ses arguments, tels quels : aucun interpréteur de commandes ne les lit. Il
        /// a 30 s.
        command: Vec<String>,
    },
}

/// A secret that cannot be had. No variant holds any of it.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// The file is missing or unreadable.
    #[error("le fichier de secret {} est illisible", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file is there and says nothing.
    #[error("le fichier de secret {} est vide", .0.display())]
    Empty(PathBuf),
    /// A command without a program.
    #[error("la commande du secret est vide")]
    NoProgram,
    /// The program is missing, may not be run, or its output broke off.
    #[error("la commande du secret « {program} » ne peut pas être exécutée")]
    Run {
        /// Which.
        program: String,
        /// Why.
        source: io::Error,
    },
    /// The program ended with a failure; what it says of it is on the standard error it shares with us.
    #[error("la commande du secret « {program} » a échoué ({status})")]
    Failed {
        /// Which.
        program: String,
        /// How it ended.
        status: ExitStatus,
    },
    /// The program did not end; it was killed.
    #[error("la commande du secret « {0} » n’a rien donné en {secs} s", secs = PATIENCE.as_secs())]
    Slow(String),
    /// More bytes than any secret has.
    #[error("le secret dépasse {} Kio", LONGEST / 1024)]
    TooLong,
}

impl Secret {
    /// The secret as it is now. A command is run without a shell, 30 s at most, and killed if the
    /// caller gives up before; 64 KiB are read at most, of a file as well.
    pub async fn reveal(&self) -> Result<String, SecretError> {
        match (self.stored()?, self) {
            (Some(secret), _) => Ok(secret),
            (None, Self::Command { command }) => run(command).await,
            (None, _) => Ok(String::new()),
        }
    }

    /// The file that holds it, if one does.
    pub fn file(&self) -> Option<&Path> {
        match self {
            Self::File { file } => Some(file),
            Self::Inline(_) | Self::Command { .. } => None,
        }
    }

    /// The secret, unless a command must be run to know it: what can be checked beforehand.
    pub fn stored(&self) -> Result<Option<String>, SecretError> {
        match self {
            Self::Inline(secret) => Ok(Some(secret.expose_secret().to_owned())),
            Self::File { file } => read(file).map(Some),
            Self::Command { command } => program(command).map(|_| None),
        }
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::File { file } => BTreeMap::from([("file", file)]).serialize(serializer),
            Self::Inline(_) | Self::Command { .. } => serializer.serialize_str("***"),
        }
    }
}

fn read(path: &Path) -> Result<String, SecretError> {
    let unreadable = |source| SecretError::File { path: path.to_owned(), source };
    let mut bytes = Vec::new();
    File::open(path).and_then(|file| file.take(LONGEST + 1).read_to_end(&mut bytes)).map_err(unreadable)?;
    let secret = text(bytes)?.map_err(unreadable)?;
    if secret.is_empty() { Err(SecretError::Empty(path.to_owned())) } else { Ok(secret) }
}

fn program(command: &[String]) -> Result<&str, SecretError> {
    command.first().map(String::as_str).filter(|program| !program.is_empty()).ok_or(SecretError::NoProgram)
}

async fn run(command: &[String]) -> Result<String, SecretError> {
    let program = program(command)?;
    let failed = |source| SecretError::Run { program: program.to_owned(), source };
    let started = Command::new(program)
        .args(command.iter().skip(1))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn();
    let output = timeout(PATIENCE, output(started.map_err(failed)?)).await;
    let (bytes, status) = output.map_err(|_| SecretError::Slow(program.to_owned()))?.map_err(failed)?;
    let secret = text(bytes)?.map_err(failed)?;
    if status.success() { Ok(secret) } else { Err(SecretError::Failed { program: program.to_owned(), status }) }
}

/// The pipe is closed before the end is awaited: a program with too much to say then fails.
async fn output(mut child: Child) -> io::Result<(Vec<u8>, ExitStatus)> {
    let mut bytes = Vec::new();
    if let Some(stdout) = child.stdout.take() {
        stdout.take(LONGEST + 1).read_to_end(&mut bytes).await?;
    }
    Ok((bytes, child.wait().await?))
}

/// Without the trailing line end; an error inside if it is no UTF-8.
fn text(bytes: Vec<u8>) -> Result<io::Result<String>, SecretError> {
    if u64::try_from(bytes.len()).is_ok_and(|length| length > LONGEST) {
        return Err(SecretError::TooLong);
    }
    let text = String::from_utf8(bytes).map_err(|_| io::Error::from(io::ErrorKind::InvalidData));
    Ok(text.map(|text| text.trim_end_matches(['\r', '\n']).to_owned()))
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn shell(script: &str) -> Secret {
        Secret::Command { command: ["sh", "-c", script].map(str::to_owned).to_vec() }
    }

    async fn check(script: &str, expected: &str) {
        let told = match shell(script).reveal().await {
            Ok(secret) => format!("le secret « {secret} »"),
            Err(error) => error.to_string(),
        };
        assert!(told.contains(expected), "{script}: {told}, expected {expected}");
    }

    #[tokio::test]
    async fn a_command_gives_its_output_or_says_why_not() {
        check("printf 'jéton\\r\\n'", "le secret « jéton »").await;
        check("printf ' a b\\n\\n'", "le secret «  a b »").await;
        check("echo jeton; exit 3", "« sh » a échoué (exit status: 3)").await;
        check("kill -9 $$", "« sh » a échoué (signal: 9").await;
        check("head -c 65537 /dev/zero", "dépasse 64 Kio").await;
        check("yes", "dépasse 64 Kio").await;
        check("printf '\\377'", "ne peut pas être exécutée").await;
    }

    #[tokio::test]
    async fn a_command_is_no_shell_line() {
        let command = ["echo", "$HOME; *"].map(str::to_owned).to_vec();
        assert_eq!(Secret::Command { command }.reveal().await.unwrap(), "$HOME; *");
        let absent = Secret::Command { command: vec!["/nulle/part".to_owned()] };
        assert!(matches!(absent.reveal().await, Err(SecretError::Run { .. })));
        for command in [vec![], vec![String::new()]] {
            assert!(matches!(Secret::Command { command }.stored(), Err(SecretError::NoProgram)));
        }
    }

    #[tokio::test]
    async fn a_command_that_does_not_end_is_killed() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("pid");
        let slow = shell(&format!("echo $$ > {}; exec sleep 3600", file.display()));
        let revealed = tokio::spawn(async move { slow.reveal().await });
        while !file.exists() || std::fs::read_to_string(&file).unwrap().is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        tokio::time::pause();
        assert!(matches!(revealed.await.unwrap(), Err(SecretError::Slow(_))));
        let process = format!("/proc/{}/cmdline", std::fs::read_to_string(&file).unwrap().trim());
        while std::fs::read(&process).is_ok_and(|cmdline| !cmdline.is_empty()) {
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    #[tokio::test]
    async fn files_are_read_with_a_limit() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("secret");
        std::fs::write(&file, "mot de passe\n").unwrap();
        assert_eq!(Secret::File { file: file.clone() }.reveal().await.unwrap(), "mot de passe");
        let endless = Secret::File { file: "/dev/zero".into() };
        assert!(matches!(endless.reveal().await, Err(SecretError::TooLong)));
        std::fs::write(&file, "\n").unwrap();
        assert!(matches!(Secret::File { file: file.clone() }.reveal().await, Err(SecretError::Empty(_))));
        std::fs::remove_file(&file).unwrap();
        assert!(matches!(Secret::File { file }.stored(), Err(SecretError::File { .. })));
    }

    #[test]
    fn the_three_forms_are_not_mixed() {
        let parse = |text: &str| toml::from_str::<std::collections::BTreeMap<String, Secret>>(text);
        for text in ["a = \"x\"", "a = { command = [\"x\", \"y\"] }"] {
            let secrets = parse(text).unwrap();
            assert_eq!(toml::to_string(&secrets).unwrap().trim(), "a = \"***\"", "{text}");
        }
        let shown = toml::to_string(&parse("a = { file = \"/x\" }").unwrap()).unwrap();
        assert_eq!(shown.trim(), "[a]\nfile = \"/x\"", "where it is read is no secret");
        for text in ["a = {}", "a = { command = \"x y\" }", "a = { file = \"/x\", command = [\"x\"] }", "a = 1"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
