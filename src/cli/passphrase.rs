//! Passphrases: from a prompt, or from a file that somebody chose to keep. Never from an argument or the environment.

use std::path::{Path, PathBuf};

use age::secrecy::{ExposeSecret as _, SecretString};
use clap::Args;
use zeroize::Zeroizing;

use super::{Failure, read_file};

#[derive(Args)]
pub struct PassphraseArguments {
    /// Read the passphrase from the first line of this file instead of asking
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
}

const BYTES_MIN: usize = 12;

impl PassphraseArguments {
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
        if passphrase.expose_secret().len() < BYTES_MIN {
            return Err(Failure::with_hint(
                format!("a passphrase of less than {BYTES_MIN} characters is too easily guessed"),
                "six words drawn at random are good and can be remembered",
            ));
        }
        Ok(passphrase)
    }
}

fn read_passphrase(path: &Path) -> Result<SecretString, Failure> {
    let bytes = Zeroizing::new(read_file(path)?);
    let text =
        std::str::from_utf8(&bytes).map_err(|_| Failure::new("the passphrase file is not UTF-8 text"))?;
    let line = text.lines().next().unwrap_or_default();
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
