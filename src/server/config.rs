//! The configuration file.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::http::log::Level;
use crate::protocol::limits::{SEALED_BYTES_MAX, TEXT_SEALED_BYTES};

/// A database smaller than this holds next to nothing and is a slip of the pen.
const DATABASE_BYTES_MIN: u64 = 1024 * 1024;

/// What a server needs to know. Unknown members are errors: a misspelt limit must not be no limit.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Where to listen. Meant for loopback, behind an onion service or a TLS proxy.
    #[serde(deserialize_with = "deserialize_listen")]
    pub listen: SocketAddr,
    /// The SQLite file; it must exist. Relative to the configuration file, as is `profile`.
    pub database: PathBuf,
    /// The signed office profile.
    pub profile: PathBuf,
    #[serde(default)]
    pub limits: ServerLimits,
    #[serde(default)]
    pub log: Log,
}

#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServerLimits {
    /// The largest sealed message taken, in bytes; 256 MiB unless it is said otherwise.
    pub message_bytes: Option<u64>,
    /// The most that the database may grow to, in bytes; as far as the disk goes unless it is said otherwise.
    pub database_bytes: Option<u64>,
}

#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Log {
    #[serde(default)]
    pub level: Level,
}

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("{}: {source}", .path.display())]
    Read { path: PathBuf, source: std::io::Error },
    #[error("{}: {message}", .path.display())]
    Parse { path: PathBuf, message: String },
    #[error("{}: limits.message_bytes must be from {TEXT_SEALED_BYTES} to {SEALED_BYTES_MAX}", .path.display())]
    MessageBytes { path: PathBuf },
    #[error("{}: limits.database_bytes must be at least {DATABASE_BYTES_MIN}", .path.display())]
    DatabaseBytes { path: PathBuf },
}

impl Config {
    /// Reads and checks a file. Whether the database and the profile are there is found out by
    /// [`super::serve`].
    pub fn load(path: &Path) -> Result<Self, Error> {
        let text =
            std::fs::read_to_string(path).map_err(|source| Error::Read { path: path.to_owned(), source })?;
        Self::parse(&text, path)
    }

    fn parse(text: &str, path: &Path) -> Result<Self, Error> {
        let mut config: Config = toml::from_str(text)
            .map_err(|error| Error::Parse { path: path.to_owned(), message: in_one_line(&error, text) })?;
        let folder = path.parent().unwrap_or(Path::new(""));
        config.database = folder.join(&config.database);
        config.profile = folder.join(&config.profile);
        let message_bytes = config.limits.message_bytes.unwrap_or(SEALED_BYTES_MAX);
        if !(TEXT_SEALED_BYTES..=SEALED_BYTES_MAX).contains(&message_bytes) {
            return Err(Error::MessageBytes { path: path.to_owned() });
        }
        if config.limits.database_bytes.is_some_and(|bytes| bytes < DATABASE_BYTES_MIN) {
            return Err(Error::DatabaseBytes { path: path.to_owned() });
        }
        Ok(config)
    }
}

/// An address and a port. A name is not looked up: it may stand for several addresses, and another one tomorrow.
pub fn parse_listen(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| {
        let text = match text.rsplit_once(':') {
            Some(("localhost" | "", port)) => format!("127.0.0.1:{port}"),
            _ => "127.0.0.1:8080".to_owned(),
        };
        format!("it takes an address in numbers and a port, such as {text}; a name is not looked up")
    })
}

fn deserialize_listen<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<SocketAddr, D::Error> {
    parse_listen(&String::deserialize(deserializer)?)
        .map_err(|words| serde::de::Error::custom(format!("listen: {words}")))
}

/// What is wrong and in which line, without the drawing that TOML's own words come with.
fn in_one_line(error: &toml::de::Error, text: &str) -> String {
    let message = error.message().replace('\n', ", ");
    let before = error.span().and_then(|span| text.get(..span.start));
    match before {
        Some(before) => format!("line {}: {message}", before.matches('\n').count() + 1),
        None => message,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Config, Error> {
        Config::parse(text, Path::new("/srv/mohr/server.toml"))
    }

    const SMALLEST: &str = "listen = '127.0.0.1:8080'\ndatabase = 'mohr.db'\nprofile = 'keys/profile.note'\n";

    #[test]
    fn paths_are_relative_to_the_file() {
        let config = parse(SMALLEST).unwrap();
        assert_eq!(config.database, Path::new("/srv/mohr/mohr.db"));
        assert_eq!(config.profile, Path::new("/srv/mohr/keys/profile.note"));
        assert_eq!(config.log.level, Level::Info);
        let absolute = parse(&SMALLEST.replace("mohr.db", "/var/lib/mohr.db")).unwrap();
        assert_eq!(absolute.database, Path::new("/var/lib/mohr.db"));
    }

    #[test]
    fn all_that_can_be_said() {
        let text = format!(
            "{SMALLEST}[limits]\nmessage_bytes = 2097152\ndatabase_bytes = 10737418240\n[log]\nlevel = 'off'\n"
        );
        let config = parse(&text).unwrap();
        assert_eq!(config.limits.message_bytes, Some(2_097_152));
        assert_eq!(config.limits.database_bytes, Some(10_737_418_240));
        assert_eq!(config.log.level, Level::Off);
    }

    #[test]
    fn a_slip_is_told_in_one_line() {
        let told = |text: &str| parse(text).unwrap_err().to_string();
        assert_eq!(
            told(&SMALLEST.replace("127.0.0.1:8080", "localhost:8080")),
            "/srv/mohr/server.toml: line 1: listen: it takes an address in numbers and a port, such as \
             127.0.0.1:8080; a name is not looked up"
        );
        for bad in ["", "listen", "listen = 5", &format!("{SMALLEST}databse = 'x'\n"), "\u{1b}[2J"] {
            assert!(!told(bad).contains(char::is_control), "{bad}");
        }
        assert!(told(&format!("{SMALLEST}databse = 'x'\n")).contains("line 4: unknown field `databse`"));
    }

    #[test]
    fn slips_of_the_pen_are_errors() {
        for bad in [
            "",
            "listen = '127.0.0.1:8080'\n",
            &SMALLEST.replace("127.0.0.1:8080", "localhost"),
            &format!("{SMALLEST}databse = 'x'\n"),
            &format!("{SMALLEST}[limits]\nmessage_byte = 1\n"),
            &format!("{SMALLEST}[limits]\nmessage_bytes = 1000\n"),
            &format!("{SMALLEST}[limits]\nmessage_bytes = 999999999999\n"),
            &format!("{SMALLEST}[limits]\ndatabase_bytes = 10\n"),
            &format!("{SMALLEST}[limits]\ndatabase_bytes = -1\n"),
            &format!("{SMALLEST}[log]\nlevel = 'loud'\n"),
        ] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }
}
