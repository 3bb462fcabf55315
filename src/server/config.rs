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
            .map_err(|error| Error::Parse { path: path.to_owned(), message: error.to_string() })?;
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
