//! The office's address as a poster has it: one that whoever reads it can reach,
//! and that a cheap printer can print.

use std::str::FromStr;

use crate::protocol::ids::OfficeId;

/// A longer address would make the modules of a slip's QR code too fine for a cheap
/// printer and a cheap phone.
const ADDRESS_BYTES_MAX: usize = 100;

/// Where citizens reach the office: scheme, host, and a port that is not the scheme's own. No path: mohr has
/// the whole host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PosterAddress {
    pub(super) origin: String,
    pub(super) onion: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum AddressError {
    #[error("not an address that begins with https://")]
    Scheme,
    #[error("http:// shows everybody on the way what is read and written")]
    Plain,
    #[error("more than the server's name")]
    Path,
    #[error("not a name that is found from everywhere")]
    Host,
    #[error("not the address of an onion service")]
    Onion,
    #[error("longer than {ADDRESS_BYTES_MAX} characters")]
    Long,
}

impl AddressError {
    pub(super) fn hint(self) -> &'static str {
        match self {
            Self::Scheme | Self::Plain => {
                "it is https://office.example/, or http:// with the name of an onion service"
            }
            Self::Path => "leave out what stands before @ or behind the name: https://office.example/",
            Self::Host => "it is a name such as office.example, in ASCII (xn--… for others), and no number",
            Self::Onion => "56 letters and digits and .onion, as in the file hostname that Tor wrote",
            Self::Long => "a shorter name gives a QR code that more phones can read",
        }
    }
}

impl FromStr for PosterAddress {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let text = text.trim().to_ascii_lowercase();
        let (scheme, rest) = text.split_once("://").ok_or(AddressError::Scheme)?;
        let own_port = match scheme {
            "https" => 443,
            "http" => 80,
            _ => return Err(AddressError::Scheme),
        };
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        if rest.contains(['/', '?', '#', '@', '\\']) {
            return Err(AddressError::Path);
        }
        let (host, port) = match rest.split_once(':') {
            Some((host, port)) => (host, parse_port(port).ok_or(AddressError::Host)?),
            None => (rest, own_port),
        };
        if !is_public_name(host) {
            return Err(AddressError::Host);
        }
        let onion = host.strip_suffix(".onion").map(|name| name.rsplit('.').next().unwrap_or(name));
        match onion {
            Some(service) if !is_onion_service(service) => return Err(AddressError::Onion),
            None if scheme == "http" => return Err(AddressError::Plain),
            _ => {}
        }
        let port = if port == own_port { String::new() } else { format!(":{port}") };
        let origin = format!("{scheme}://{host}{port}");
        if origin.len() > ADDRESS_BYTES_MAX {
            return Err(AddressError::Long);
        }
        Ok(Self { origin, onion: onion.is_some() })
    }
}

impl PosterAddress {
    /// What the QR code says: the page in this language, which compares the office it finds with the
    /// fragment. A browser keeps the fragment to itself.
    pub(super) fn url(&self, language: &str, office: OfficeId) -> String {
        format!("{}/{language}/#office={office}", self.origin)
    }
}

fn parse_port(text: &str) -> Option<u16> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|port| digits && *port != 0)
}

/// Labels of letters, digits and hyphens with dots between them, the last of them not a number.
fn is_public_name(host: &str) -> bool {
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let Some((_, last)) = host.rsplit_once('.') else { return false };
    host.len() <= 253 && host.split('.').all(is_label) && !last.bytes().all(|byte| byte.is_ascii_digit())
}

/// Base32 of a key, a checksum and the version, 3, whose last letter is always d (Tor's rend-spec-v3).
fn is_onion_service(name: &str) -> bool {
    name.len() == 56
        && name.ends_with('d')
        && name.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'2'..=b'7'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_public_and_whole() {
        let onion = format!("{}d.onion", "a2".repeat(27) + "b");
        let normalized = |text: &str| text.parse::<PosterAddress>().map(|address| address.origin);
        let office = Ok("https://office.example".to_owned());
        assert_eq!(normalized("https://office.example"), office);
        assert_eq!(normalized(" HTTPS://Office.Example:443/ "), office);
        assert_eq!(normalized("https://office.example:8443/"), Ok("https://office.example:8443".to_owned()));
        assert_eq!(normalized(&format!("http://{onion}/")), Ok(format!("http://{onion}")));
        assert_eq!(normalized(&format!("https://fa.{onion}")), Ok(format!("https://fa.{onion}")));
        let refused = [
            ("office.example", AddressError::Scheme),
            ("ftp://office.example", AddressError::Scheme),
            ("javascript://office.example", AddressError::Scheme),
            ("http://office.example", AddressError::Plain),
            ("http://127.0.0.1:8080/", AddressError::Host),
            ("https://office.example/fa/", AddressError::Path),
            ("https://office.example/?a", AddressError::Path),
            ("https://office.example#a", AddressError::Path),
            ("https://office.example@evil.example", AddressError::Path),
            ("https://office.example\\evil", AddressError::Path),
            ("https://localhost", AddressError::Host),
            ("https://", AddressError::Host),
            ("https://[::1]/", AddressError::Host),
            ("https://192.0.2.1", AddressError::Host),
            ("https://office..example", AddressError::Host),
            ("https://-office.example", AddressError::Host),
            ("https://گزارش.example", AddressError::Host),
            ("https://office.example:0", AddressError::Host),
            ("https://office.example:+80", AddressError::Host),
            ("https://office.example:65536", AddressError::Host),
            ("https://office.example\"><script>", AddressError::Host),
            ("http://office.onion/", AddressError::Onion),
            ("http://expyuzz4wqqyqhjn.onion/", AddressError::Onion),
        ];
        for (text, error) in refused {
            assert_eq!(normalized(text), Err(error), "{text}");
        }
        let label = "a".repeat(40);
        let longest = format!("https://{label}.{}.example", "b".repeat(ADDRESS_BYTES_MAX - 8 - 41 - 8));
        assert_eq!(normalized(&longest), Ok(longest.clone()));
        assert_eq!(normalized(&format!("{longest}s")), Err(AddressError::Long));
    }
}
