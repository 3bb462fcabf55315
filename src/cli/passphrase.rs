//! Passphrases: from a prompt, or from a file that somebody chose to keep. Never from an argument or the
//! environment.

use std::path::{Path, PathBuf};

use age::secrecy::{ExposeSecret as _, SecretString};
use clap::Args;
use zeroize::Zeroizing;

use super::Failure;
use super::files::read_file;
use crate::seal::key_file::{self, PASSPHRASE_CHARACTERS_MIN, passphrase_characters};

#[derive(Args)]
pub struct PassphraseArguments {
    /// Read the passphrase from the first line of this file instead of asking
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
}

impl PassphraseArguments {
    /// From a file where one is named, else asked for.
    pub fn of_file(path: &Option<PathBuf>) -> Self {
        Self { passphrase_file: path.clone() }
    }

    /// From a file of its own where one is named, else as these arguments say it.
    pub fn or(own: &Option<PathBuf>, otherwise: &Self) -> Self {
        Self { passphrase_file: own.as_ref().or(otherwise.passphrase_file.as_ref()).cloned() }
    }

    /// The passphrase of a key file that exists.
    pub fn ask(&self, what: &str) -> Result<SecretString, Failure> {
        match &self.passphrase_file {
            Some(path) => read_passphrase(path),
            None => prompt(&format!("Passphrase of {what}: ")),
        }
    }

    /// A passphrase for a new key file; asked for twice.
    pub fn choose(&self, what: &str) -> Result<SecretString, Failure> {
        let passphrase = match &self.passphrase_file {
            Some(path) => read_passphrase(path)?,
            None => {
                let first = prompt(&format!("New passphrase for {what}: "))?;
                let second = prompt("Once more: ")?;
                if first.expose_secret() != second.expose_secret() {
                    return Err(Failure::new("the two passphrases differ"));
                }
                first
            }
        };
        if passphrase_characters(&passphrase) < PASSPHRASE_CHARACTERS_MIN {
            return Err(Failure::with_hint(
                format!(
                    "a passphrase of less than {PASSPHRASE_CHARACTERS_MIN} characters is too easily guessed"
                ),
                "six words drawn at random are good and can be remembered",
            ));
        }
        Ok(passphrase)
    }
}

pub fn key_file_failure(error: key_file::Error) -> Failure {
    use key_file::Error;
    let hint = match &error {
        Error::Armored => "seal it again without armor: age -d FILE | age -p > NEW.age",
        Error::InTheOpen => "seal it: age -p FILE > NEW.age, and wipe the open one",
        Error::OtherKind { .. } | Error::NotByPassphrase | Error::Content(_) => "is it the right file?",
        Error::Passphrase => "type it again: capitals and the keyboard's language count",
        Error::NotAKeyFile => "is it the right file?",
        Error::TooMuchWork | Error::Seal(_) => return Failure::new(error),
    };
    Failure::with_hint(error, hint)
}

fn read_passphrase(path: &Path) -> Result<SecretString, Failure> {
    let bytes = Zeroizing::new(read_file(path)?);
    let text =
        std::str::from_utf8(&bytes).map_err(|_| Failure::new("the passphrase file is not UTF-8 text"))?;
    // Some editors put a mark before the first letter that nobody sees or types.
    let line = text.trim_start_matches('\u{feff}').lines().next().unwrap_or_default();
    if line.is_empty() {
        return Err(Failure::new(format!("{}: the first line is empty", path.display())));
    }
    Ok(SecretString::from(line))
}

fn prompt(question: &str) -> Result<SecretString, Failure> {
    let answer = rpassword::prompt_password(question).map_err(|error| {
        Failure::with_hint(format!("no passphrase can be asked for here: {error}"), "use --passphrase-file")
    })?;
    Ok(SecretString::from(answer))
}
