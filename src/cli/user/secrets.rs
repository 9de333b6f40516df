//! Passwords asked on the terminal or read from standard input, and the second factor, shown once.

use std::io::{self, IsTerminal, Read, Write};

use qrcode::QrCode;
use qrcode::render::unicode::Dense1x2;

use crate::cli::{CommandFailure, ExitOutcome, SUCCESS};
use base::random;
use domain::access::{Login, Password, PasswordHash, Totp};

/// No more is read from standard input, in bytes.
const LONGEST: u64 = 4096;

/// The password of an account: typed twice on a terminal, else the first line of standard input.
pub(super) fn password(login: &Login) -> Result<PasswordHash, CommandFailure> {
    let typed = if io::stdin().is_terminal() { ask()? } else { first_line()? };
    Ok(Password::new(&typed, login.as_str())?.hash(&random::bytes()?)?)
}

fn ask() -> Result<String, CommandFailure> {
    let typed = rpassword::prompt_password("Mot de passe (12 caractères au moins) : ")?;
    let again = rpassword::prompt_password("Une seconde fois : ")?;
    if typed == again { Ok(typed) } else { Err("les deux saisies diffèrent".into()) }
}

fn first_line() -> Result<String, CommandFailure> {
    let mut text = String::new();
    io::stdin().lock().take(LONGEST).read_to_string(&mut text)?;
    let line = text.lines().next().filter(|line| !line.is_empty());
    line.map(str::to_owned).ok_or_else(|| "un mot de passe est attendu sur l’entrée standard".into())
}

/// A new second factor.
pub(super) fn second_factor() -> Result<Totp, CommandFailure> {
    Ok(Totp::new(random::bytes()?)?)
}

/// Shows it, as a picture too on a terminal.
pub(super) fn show(out: &mut impl Write, totp: &Totp, login: &Login) -> ExitOutcome {
    let uri = totp.uri("Dispolits", login.as_str());
    writeln!(
        out,
        "Second facteur, à enregistrer dans une application de codes à usage unique ; il n’est montré qu’ici :"
    )?;
    writeln!(out, "{uri}")?;
    if io::stdout().is_terminal()
        && let Ok(code) = QrCode::new(&uri)
    {
        // Light on dark: most terminals are dark.
        let picture = code.render::<Dense1x2>().dark_color(Dense1x2::Dark).light_color(Dense1x2::Light).build();
        writeln!(out, "{picture}")?;
    }
    Ok(SUCCESS)
}
