//! The configuration file.

use std::collections::HashSet;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::http::log::Level;
use crate::protocol::address::Address;
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
    /// The offices that are served, each in a section `[[office]]`.
    #[serde(rename = "office")]
    pub offices: Vec<OfficeConfig>,
    #[serde(default)]
    pub limits: ServerLimits,
    #[serde(default)]
    pub log: Log,
}

/// One office. Paths are relative to the configuration file.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OfficeConfig {
    /// The names by which a request's `Host` chooses it: exactly the hosts of its profile's addresses.
    pub hosts: Vec<String>,
    /// The signed office profile.
    pub profile: PathBuf,
    /// The SQLite file; it must exist.
    pub database: PathBuf,
    /// The most that the database may grow to; as far as the disk goes unless it is said otherwise.
    pub database_bytes: Option<u64>,
}

#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServerLimits {
    /// The largest sealed message taken, in bytes; 256 MiB unless it is said otherwise.
    pub message_bytes: Option<u64>,
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
    #[error("{}: {rule}", .path.display())]
    Rule { path: PathBuf, rule: BrokenRule },
}

/// What the sections say that cannot be, each with what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BrokenRule {
    #[error("limits.message_bytes must be from {TEXT_SEALED_BYTES} to {SEALED_BYTES_MAX}")]
    MessageBytes,
    #[error("database_bytes of an office must be at least {DATABASE_BYTES_MIN}")]
    DatabaseBytes,
    #[error("there is no office: add a section [[office]] with hosts, profile and database")]
    NoOffice,
    #[error("an office without hosts is never reached: list the hosts of its profile's addresses")]
    NoHosts,
    #[error("{0:?} is no host: write the name alone, in lower case, without https://, port and brackets")]
    Host(String),
    #[error("two offices have the host {0}: a host belongs to one office")]
    SharedHost(String),
    #[error("two offices have the database {}: each needs a file of its own", .0.display())]
    SharedDatabase(PathBuf),
}

impl Config {
    /// Reads and checks a file. Whether databases and profiles are there and fit together is found out by
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
        for office in &mut config.offices {
            office.database = folder.join(&office.database);
            office.profile = folder.join(&office.profile);
        }
        match config.check() {
            Ok(()) => Ok(config),
            Err(rule) => Err(Error::Rule { path: path.to_owned(), rule }),
        }
    }

    /// What can be judged without looking at any other file.
    fn check(&self) -> Result<(), BrokenRule> {
        let message_bytes = self.limits.message_bytes.unwrap_or(SEALED_BYTES_MAX);
        if !(TEXT_SEALED_BYTES..=SEALED_BYTES_MAX).contains(&message_bytes) {
            return Err(BrokenRule::MessageBytes);
        }
        if self.offices.is_empty() {
            return Err(BrokenRule::NoOffice);
        }
        let (mut hosts, mut databases) = (HashSet::new(), HashSet::new());
        for office in &self.offices {
            if office.database_bytes.is_some_and(|bytes| bytes < DATABASE_BYTES_MIN) {
                return Err(BrokenRule::DatabaseBytes);
            }
            if office.hosts.is_empty() {
                return Err(BrokenRule::NoHosts);
            }
            for host in &office.hosts {
                if !is_host(host) {
                    return Err(BrokenRule::Host(host.clone()));
                }
                if !hosts.insert(host) {
                    return Err(BrokenRule::SharedHost(host.clone()));
                }
            }
            if !databases.insert(&office.database) {
                return Err(BrokenRule::SharedDatabase(office.database.clone()));
            }
        }
        Ok(())
    }
}

/// As the address of a profile has it.
fn is_host(host: &str) -> bool {
    [format!("http://{host}"), format!("http://[{host}]")]
        .iter()
        .any(|text| text.parse::<Address>().is_ok_and(|address| address.host() == host))
}

/// An address and a port. A name is not looked up: it may stand for several
/// addresses, and another one tomorrow.
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

    const SMALLEST: &str = "listen = '127.0.0.1:8080'\n[[office]]\nhosts = ['a.example']\n\
        database = 'mohr.db'\nprofile = 'keys/profile.note'\n";
    const SECOND: &str =
        "[[office]]\nhosts = ['b.example', '::1', '127.0.0.1']\ndatabase = 'b.db'\nprofile = 'b.note'\n";

    #[test]
    fn paths_are_relative_to_the_file() {
        let config = parse(SMALLEST).unwrap();
        assert_eq!(config.offices[0].database, Path::new("/srv/mohr/mohr.db"));
        assert_eq!(config.offices[0].profile, Path::new("/srv/mohr/keys/profile.note"));
        assert_eq!(config.log.level, Level::Info);
        let absolute = parse(&SMALLEST.replace("mohr.db", "/var/lib/mohr.db")).unwrap();
        assert_eq!(absolute.offices[0].database, Path::new("/var/lib/mohr.db"));
    }

    #[test]
    fn all_that_can_be_said() {
        let text = format!(
            "{SMALLEST}database_bytes = 10737418240\n{SECOND}[limits]\nmessage_bytes = 2097152\n[log]\nlevel = 'off'\n"
        );
        let config = parse(&text).unwrap();
        assert_eq!(config.limits.message_bytes, Some(2_097_152));
        assert_eq!(config.offices.len(), 2);
        assert_eq!(config.offices[0].database_bytes, Some(10_737_418_240));
        assert_eq!(config.offices[1].database_bytes, None);
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
        assert!(told(&format!("{SMALLEST}databse = 'x'\n")).contains("line 6: unknown field `databse`"));
    }

    #[test]
    fn slips_of_the_pen_are_errors() {
        for bad in [
            "",
            "listen = '127.0.0.1:8080'\n",
            // How one office was once configured.
            "listen = '127.0.0.1:8080'\ndatabase = 'mohr.db'\nprofile = 'profile.note'\n",
            &SMALLEST.replace("127.0.0.1:8080", "localhost"),
            &format!("{SMALLEST}databse = 'x'\n"),
            &format!("{SMALLEST}database_bytes = -1\n"),
            &format!("{SMALLEST}[limits]\nmessage_byte = 1\n"),
            &format!("{SMALLEST}[limits]\ndatabase_bytes = 10737418240\n"),
            &format!("{SMALLEST}[log]\nlevel = 'loud'\n"),
        ] {
            assert!(matches!(parse(bad), Err(Error::Parse { .. })), "{bad}");
        }
        let host = |host: &str| SMALLEST.replace("a.example", host);
        for (bad, rule) in [
            ("listen = '127.0.0.1:8080'\noffice = []\n".to_owned(), BrokenRule::NoOffice),
            (format!("{SMALLEST}[limits]\nmessage_bytes = 1000\n"), BrokenRule::MessageBytes),
            (format!("{SMALLEST}[limits]\nmessage_bytes = 999999999999\n"), BrokenRule::MessageBytes),
            (format!("{SMALLEST}database_bytes = 10\n"), BrokenRule::DatabaseBytes),
            (SMALLEST.replace("'a.example'", ""), BrokenRule::NoHosts),
            (host("A.example"), BrokenRule::Host("A.example".to_owned())),
            (host("a.example:80"), BrokenRule::Host("a.example:80".to_owned())),
            (host("https://a.example"), BrokenRule::Host("https://a.example".to_owned())),
            (host("[::1]"), BrokenRule::Host("[::1]".to_owned())),
            (host(""), BrokenRule::Host(String::new())),
            (
                format!("{SMALLEST}{SECOND}").replace("b.ex", "a.ex"),
                BrokenRule::SharedHost("a.example".to_owned()),
            ),
            (
                format!("{SMALLEST}{SECOND}").replace("b.db", "mohr.db"),
                BrokenRule::SharedDatabase("/srv/mohr/mohr.db".into()),
            ),
        ] {
            assert!(matches!(parse(&bad), Err(Error::Rule { rule: found, .. }) if found == rule), "{rule}");
        }
    }
}
