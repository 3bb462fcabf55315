//! What went wrong, for a person: a sentence that says what is wrong, one that says what has become of what
//! was being sent, and one that says what to do.

use std::fmt::Display;
use std::io::ErrorKind;
use std::path::Path;

use crate::client::{self, ProxyAddressError, ServerAddressError};
use crate::files;
use crate::protocol::day::Day;
use crate::seal::message::SealError;
use crate::verify::profile;

#[derive(Debug)]
pub struct Failure {
    /// Nothing where whoever was spoken to has gone.
    message: Option<String>,
    fate: Option<String>,
    hint: Option<String>,
    exit_code: u8,
}

impl Failure {
    pub(super) fn new(message: impl Display) -> Self {
        Self { message: Some(message.to_string()), fate: None, hint: None, exit_code: 1 }
    }

    pub(super) fn with_hint(message: impl Display, hint: impl Display) -> Self {
        Self { hint: Some(hint.to_string()), ..Self::new(message) }
    }

    /// Ends the command without a word.
    pub(super) fn quiet() -> Self {
        Self { message: None, fate: None, hint: None, exit_code: 1 }
    }

    /// The exit code is the one that shells give to what a signal ended.
    pub(super) fn interrupted(signal: i32) -> Self {
        let exit_code = u8::try_from(128 + signal).unwrap_or(1);
        Self { exit_code, ..Self::new("interrupted") }
    }

    /// What has become of what was being sent, or of what was made.
    pub(super) fn with_fate(self, fate: String) -> Self {
        Self { fate: Some(fate), ..self }
    }

    /// What is wrong, what has become of what was sent, and what to do.
    pub fn lines(&self) -> impl Iterator<Item = String> {
        let message = self.message.as_deref().map(without_number);
        let hint = self.hint.as_ref().map(|hint| format!("hint: {hint}"));
        [message, self.fate.clone(), hint].into_iter().flatten()
    }

    pub fn exit_code(&self) -> u8 {
        self.exit_code
    }
}

/// The number that the system gives its error says nothing to anybody here.
fn without_number(message: &str) -> String {
    let Some((before, after)) = message.split_once(" (os error ") else { return message.to_owned() };
    let Some((_, after)) = after.split_once(')') else { return message.to_owned() };
    format!("{before}{after}")
}

pub(super) fn client_failure(error: client::Error) -> Failure {
    use crate::client::Error;
    match error {
        Error::Unreachable(_) => {
            Failure::with_hint(error, "check the address, the connection and the proxy, and try again later")
        }
        Error::Problem { word, status } => refusal(&word, status),
        Error::RefusedBefore { status: 413 } => Failure::with_hint(
            error,
            "send less, and tell the office: what stands before its server takes too little",
        ),
        Error::RefusedBefore { .. } => {
            Failure::with_hint(error, "is the address right? If it is, try again later, and tell the office")
        }
        Error::UnexpectedAnswer(what) => Failure::with_hint(
            format!("what answers there does not speak as a mohr server of this version does ({what})"),
            "is the address right? If it is, something between you and the server may have answered: try again later",
        ),
        Error::Unavailable { .. } => {
            Failure::with_hint(error, "a server that starts again needs a minute: try again then")
        }
        Error::AddressNotListed { .. } => Failure::with_hint(
            error,
            "nobody was signed in. Through a tunnel, name the office's own address with --address; else do not use \
             this server",
        ),
        Error::Address(error) => Failure::with_hint(error, server_address_hint(error)),
        Error::Proxy(error) => Failure::with_hint(error, proxy_address_hint(error)),
    }
}

/// What a server's word of refusal says to whoever is refused.
fn refusal(word: &str, status: u16) -> Failure {
    let (message, hint) = match word {
        "unauthorized" => (
            "the server does not know who is asking",
            "the profile that it serves may not list you, or not with these keys: ask the office",
        ),
        "unknown-mailbox" | "not-found" => {
            ("the server has nothing of that name", "is it the right office, and the right code or case?")
        }
        "case-exists" => ("the server has such a case already", "try again: every report gets a new code"),
        "too-large" => ("the server does not take so much", "send less, or in several messages"),
        "storage-full" => ("the server has no room left", "tell the office, and try again later"),
        "busy" => ("the server has too much to do", "try again in a minute"),
        "internal" => ("the server failed", "try again later; if it goes on, tell the office"),
        _ => {
            let message = format!("the server refuses, and says: {word} (HTTP {status})");
            return Failure::with_hint(message, "is this mohr of the version that the server speaks?");
        }
    };
    Failure::with_hint(format!("{message} (HTTP {status})"), hint)
}

fn server_address_hint(error: ServerAddressError) -> &'static str {
    match error {
        ServerAddressError::Scheme => {
            "write https://office.example, or http:// with the name of an onion service"
        }
        ServerAddressError::Space => "copy the address alone, or put it in quotation marks",
        ServerAddressError::Credentials => "leave out what stands before @",
        ServerAddressError::Host => {
            "write https://office.example; a name in another script is written as it stands in a browser, or as \
             the browser copies it (xn--…)"
        }
        ServerAddressError::Port => "write https://office.example, or behind it a colon and the port",
        ServerAddressError::Office => {
            "copy the whole address again, or give the id from a poster with --office"
        }
        ServerAddressError::OnionWithoutProxy => {
            "start Tor and add --proxy socks5://127.0.0.1:9050 (Tor Browser's own port is 9150)"
        }
    }
}

fn proxy_address_hint(error: ProxyAddressError) -> &'static str {
    match error {
        ProxyAddressError::NoPort => {
            "Tor's is socks5://127.0.0.1:9050, Tor Browser's socks5://127.0.0.1:9150"
        }
        ProxyAddressError::Credentials => "Tor needs neither: socks5://127.0.0.1:9050",
        ProxyAddressError::Scheme | ProxyAddressError::Port | ProxyAddressError::Host => {
            "it looks like socks5://127.0.0.1:9050"
        }
    }
}

pub(super) fn profile_failure(error: profile::Error) -> Failure {
    use crate::verify::profile::Error;
    let hint = match &error {
        Error::Foreign { .. } => "do not use this server: it is not the office you asked for",
        Error::Older { .. } => "the server may be going back to old keys: ask the office by another way",
        Error::Expired { .. } => {
            return Failure::with_hint(
                &error,
                format!(
                    "this computer's clock says {}. If that is not today, set it; if it is, the office has to sign a \
                     new profile: tell it",
                    Day::today()
                ),
            );
        }
        Error::OtherText { .. } => {
            "somebody signed another profile than the one that was seen: ask the office by another way"
        }
        Error::Signature | Error::RootChain | Error::Note | Error::Document(_) => {
            "do not use this server before the office says that it is right"
        }
    };
    Failure::with_hint(error, hint)
}

pub(super) fn seal_failure(error: SealError) -> Failure {
    let hint = match &error {
        SealError::Nobody => "leave fewer inspectors out, or turn to another office",
        SealError::TextTooLong { .. } => "shorten it, or attach it as a file",
        SealError::TooLarge => "send less, or in several messages",
        SealError::Message(_) => "are there more than 99 files, or one whose name is longer than 255 bytes?",
        SealError::Recipient => "the office's profile is at fault: tell it",
        SealError::Unlisted(_) => "the office's profile has changed: open the case again",
        SealError::Age(_) => "try again; if it goes on, this program is at fault",
    };
    Failure::with_hint(error, hint)
}

/// A file or standard input that cannot be read.
pub(super) fn unreadable(what: &dyn Display, error: &std::io::Error) -> Failure {
    let hint = match error.kind() {
        // Ctrl-C while a secret is asked for comes as an error of the prompt.
        ErrorKind::Interrupted => return Failure::interrupted(2),
        ErrorKind::NotFound | ErrorKind::NotADirectory => "is the path right?",
        ErrorKind::PermissionDenied => "may this user read it?",
        ErrorKind::IsADirectory => "it is a folder: name a file",
        _ => "can another program read it?",
    };
    Failure::with_hint(format!("{what}: {error}"), hint)
}

pub(super) fn not_written(path: &Path, error: files::Error) -> Failure {
    let hint = if path.symlink_metadata().is_ok() {
        "choose another name: nothing is overwritten"
    } else {
        "is the folder there, is there room in it, and may this user write to it?"
    };
    Failure::with_hint(error, hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_of_an_error_of_the_system_is_left_out() {
        assert_eq!(without_number("a.txt: No such file (os error 2)"), "a.txt: No such file");
        assert_eq!(without_number("a (os error 2) b"), "a b");
        assert_eq!(without_number("a (os error 2"), "a (os error 2");
    }
}
