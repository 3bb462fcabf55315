//! Where an office's server is reached, as the profile lists it and sessions are signed for it (PROTOCOL 3
//! and 4.4).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize};

use super::ids::{Malformed, deserialize_text};
use super::limits::ADDRESS_BYTES_MAX;

/// `scheme://host[:port]` in ASCII lower case, without a path and without the scheme's own port.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct Address(String);

impl Address {
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The host name, or an address of the internet protocol; without brackets or port.
    pub fn host(&self) -> &str {
        host_of(self.authority())
    }

    /// Whether it names the machine on which it is dialled.
    pub fn is_loopback(&self) -> bool {
        let host = self.host();
        host == "localhost"
            || host.ends_with(".localhost")
            || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
    }

    fn authority(&self) -> &str {
        self.0.split_once("://").map_or("", |(_, authority)| authority)
    }
}

/// The host of `host[:port]`, in brackets or not.
pub fn host_of(authority: &str) -> &str {
    match authority.strip_prefix('[') {
        Some(rest) => rest.split_once(']').map_or(rest, |(host, _)| host),
        None => authority.split_once(':').map_or(authority, |(host, _)| host),
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Address {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        if is_address(text) {
            Ok(Self(text.to_owned()))
        } else {
            Err(Malformed { expected: "an address such as https://report.example.org, without a path" })
        }
    }
}

impl<'de> Deserialize<'de> for Address {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserialize_text(deserializer)
    }
}

fn is_address(text: &str) -> bool {
    let Some((scheme, authority)) = text.split_once("://") else { return false };
    let own_port = match scheme {
        "http" => 80,
        "https" => 443,
        _ => return false,
    };
    let (host, port) = match authority.strip_prefix('[') {
        Some(rest) => match rest.split_once(']') {
            Some((host, port)) if host.parse::<std::net::Ipv6Addr>().is_ok() => (host, port),
            _ => return false,
        },
        None => authority.split_at(authority.find(':').unwrap_or(authority.len())),
    };
    let host_byte = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'-' | b':');
    text.len() <= ADDRESS_BYTES_MAX
        && !host.is_empty()
        && host.bytes().all(host_byte)
        && (port.is_empty() || is_port(port, own_port))
}

/// `:` and a decimal port without leading zeros that is not the scheme's own.
fn is_port(text: &str, own_port: u16) -> bool {
    let Some(digits) = text.strip_prefix(':') else { return false };
    digits.parse::<u16>().is_ok_and(|port| port != 0 && port != own_port && port.to_string() == digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_one_spelling() {
        for (good, host, loopback) in [
            ("https://report.example.org", "report.example.org", false),
            ("http://127.0.0.1:8080", "127.0.0.1", true),
            ("http://localhost:8080", "localhost", true),
            ("http://[::1]:8080", "::1", true),
            ("https://10.0.0.7", "10.0.0.7", false),
            ("http://abcdefghij234567.onion", "abcdefghij234567.onion", false),
        ] {
            let address: Address = good.parse().unwrap();
            assert_eq!((address.host(), address.is_loopback()), (host, loopback), "{good}");
        }
        for bad in [
            "report.example.org",
            "https://",
            "https://Report.example.org",
            "https://report.example.org/",
            "https://report.example.org:443",
            "http://report.example.org:80",
            "http://report.example.org:080",
            "http://report.example.org:0",
            "http://report.example.org:65536",
            "http://report.example.org:+8",
            "http://user@report.example.org",
            "http://[::1",
            "http://[zz]",
            "ftp://report.example.org",
            "https://بازرسی.ایران",
        ] {
            assert!(bad.parse::<Address>().is_err(), "{bad}");
        }
    }
}
