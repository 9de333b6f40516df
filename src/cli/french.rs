//! clap in French: help texts, and what it says of a wrong command line.

use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, ArgAction, Command};

/// The most values that a help text lists.
const VALUES_LIMIT: usize = 10;

/// The same command, and those below it, with French help.
pub(super) fn localized(command: Command) -> Command {
    let names: Vec<String> = command.get_subcommands().map(|one| one.get_name().to_owned()).collect();
    let template = template(&command);
    let version = command.get_version().map(|_| version_flag());
    let help = Arg::new("aide").short('h').long("help").action(ArgAction::Help).help("Montre cette aide");
    let command = command
        .disable_help_flag(true)
        .disable_help_subcommand(true)
        .disable_version_flag(true)
        .help_template(template)
        .subcommand_value_name("COMMANDE")
        .mut_args(described)
        .arg(help)
        .args(version);
    names.into_iter().fold(command, |command, name| command.mut_subcommand(name, localized))
}

fn template(command: &Command) -> String {
    let mut template = "{about-with-newline}\nUtilisation : {usage}\n\n".to_owned();
    if command.get_positionals().next().is_some() {
        template.push_str("Arguments :\n{positionals}\n\n");
    }
    if command.has_subcommands() {
        template.push_str("Commandes :\n{subcommands}\n\n");
    }
    template + "Options :\n{options}{after-help}"
}

fn version_flag() -> Arg {
    Arg::new("version").short('V').long("version").action(ArgAction::Version).help("Montre la version")
}

/// Values and default written into the help: clap itself would name them in English.
fn described(arg: Arg) -> Arg {
    if !matches!(arg.get_action(), ArgAction::Set | ArgAction::Append) {
        return arg;
    }
    let values: Vec<String> = arg.get_possible_values().iter().map(|value| value.get_name().to_owned()).collect();
    let default: Vec<_> = arg.get_default_values().iter().map(|value| value.to_string_lossy().into_owned()).collect();
    let listed = (1..=VALUES_LIMIT).contains(&values.len());
    let values = listed.then(|| format!(" [valeurs : {}]", values.join(", ")));
    let default = (!default.is_empty()).then(|| format!(" [par défaut : {}]", default.join(", ")));
    // The derive gives a long help only to a comment of several paragraphs: none here has one.
    let help = arg.get_help().map(ToString::to_string);
    let help: String = [help, values, default].into_iter().flatten().collect();
    arg.help(help).hide_possible_values(true).hide_default_value(true)
}

/// Prints help and version as they are; errors in French, with exit code 2.
pub(super) fn report(error: &clap::Error) -> ExitCode {
    // A reader that went away is no failure of ours.
    let (code, _) = match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            (super::SUCCESS, writeln!(io::stdout(), "{}", rendered(error, &io::stdout())))
        }
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            (super::FAILURE, writeln!(io::stderr(), "{}", rendered(error, &io::stderr())))
        }
        kind => {
            let sentence = in_words(kind, error);
            (
                super::FAILURE,
                writeln!(io::stderr(), "erreur : {sentence}\n\nPour l’aide : ajoutez --help à la commande."),
            )
        }
    };
    ExitCode::from(code)
}

/// Bold on a terminal only; without the line end.
fn rendered(error: &clap::Error, to: &impl IsTerminal) -> String {
    let text = error.render();
    let text = if to.is_terminal() { text.ansi().to_string() } else { text.to_string() };
    text.trim_end().to_owned()
}

fn in_words(kind: ErrorKind, error: &clap::Error) -> String {
    let argument = context(error, ContextKind::InvalidArg);
    let value = context(error, ContextKind::InvalidValue);
    let sentence = match kind {
        ErrorKind::UnknownArgument if argument.starts_with('-') => format!("l’option « {argument} » n’existe pas"),
        ErrorKind::UnknownArgument => format!("« {argument} » est de trop"),
        ErrorKind::InvalidSubcommand => {
            format!("la commande « {} » n’existe pas", context(error, ContextKind::InvalidSubcommand))
        }
        ErrorKind::MissingRequiredArgument => format!("il manque : {argument}"),
        ErrorKind::MissingSubcommand => "il manque une commande".to_owned(),
        ErrorKind::InvalidValue if value.is_empty() => format!("l’option « {argument} » demande une valeur"),
        ErrorKind::InvalidValue => format!("valeur « {value} » inconnue pour {argument}"),
        ErrorKind::ValueValidation => format!("valeur « {value} » refusée pour {argument} : {}", reason(error)),
        ErrorKind::TooManyValues => format!("l’option « {argument} » ne prend pas de valeur « {value} »"),
        ErrorKind::InvalidUtf8 => "un argument n’est pas un texte en UTF-8".to_owned(),
        ErrorKind::ArgumentConflict => conflict(&argument, &context(error, ContextKind::PriorArg)),
        _ => "ligne de commande incorrecte".to_owned(),
    };
    format!("{sentence}{}", suggestion(error))
}

fn reason(error: &clap::Error) -> String {
    std::error::Error::source(error).map(ToString::to_string).unwrap_or_default()
}

fn conflict(argument: &str, prior: &str) -> String {
    if argument == prior {
        format!("l’option « {argument} » ne peut être donnée qu’une fois")
    } else {
        format!("« {argument} » et « {prior} » s’excluent")
    }
}

fn suggestion(error: &clap::Error) -> String {
    let near = [ContextKind::SuggestedSubcommand, ContextKind::SuggestedArg, ContextKind::SuggestedValue]
        .into_iter()
        .map(|kind| context(error, kind))
        .find(|text| !text.is_empty());
    let valid = context(error, ContextKind::ValidValue);
    match near {
        Some(near) => format!(" ; vouliez-vous dire « {near} » ?"),
        None if !valid.is_empty() => format!(" ; valeurs admises : {valid}"),
        None => String::new(),
    }
}

fn context(error: &clap::Error, kind: ContextKind) -> String {
    match error.get(kind) {
        Some(ContextValue::String(text)) => text.clone(),
        Some(ContextValue::Strings(texts)) => texts.join(", "),
        _ => String::new(),
    }
}
