//! The addresses of a server and of a proxy as people type and paste them. What is not understood is refused
//! in words before anything is looked up: a name that goes to a resolver tells who is asked for.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use crate::protocol::ids::OfficeId;
use crate::protocol::text::{fold_typed, fold_typed_hex, is_hidden};

/// A server: `scheme://host[:port]` in lower-case ASCII, without the scheme's own port. The path of a pasted
/// page does not matter; the office in its fragment does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerAddress {
    origin: String,
    is_onion: bool,
    /// From `#office=…`, as posters and links have it.
    pub office: Option<OfficeId>,
}

/// A SOCKS5 proxy, which resolves the names that it is given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProxyAddress {
    /// As ureq takes it. It may hold a password and is never shown.
    url: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ServerAddressError {
    #[error("not a server's address: it begins with http:// or https://")]
    Scheme,
    #[error("more than an address: it has a space, a line's end or a backslash in it")]
    Space,
    #[error("an address with a user name or password before @, which no server here asks for")]
    Credentials,
    #[error("not a server's name")]
    Host,
    #[error("not a port: it is a number from 1 to 65535")]
    Port,
    #[error("the office id behind #office= is not 32 hex digits, or there are two")]
    Office,
    #[error("a name in .onion is found through Tor alone, and no --proxy was given: nothing was looked up")]
    OnionWithoutProxy,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ProxyAddressError {
    #[error("not a proxy's address: it begins with socks5:// or socks5h://, and no other kind is used")]
    Scheme,
    #[error("the proxy's address has no port")]
    NoPort,
    #[error("not a proxy's port: it is a number from 1 to 65535")]
    Port,
    #[error("not a proxy's name, or more than a name and a port")]
    Host,
    #[error(
        "a proxy's user name and password are two words of letters, digits and - . _ ~, with : between them"
    )]
    Credentials,
}

impl ServerAddress {
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Whether the name means nothing outside Tor (RFC 7686).
    pub fn is_onion(&self) -> bool {
        self.is_onion
    }
}

impl ProxyAddress {
    pub(super) fn url(&self) -> &str {
        &self.url
    }
}

impl FromStr for ServerAddress {
    type Err = ServerAddressError;

    fn from_str(text: &str) -> Result<Self, ServerAddressError> {
        let text = trim(text);
        let (scheme, rest) = text.split_once("://").ok_or(ServerAddressError::Scheme)?;
        let own_port = match scheme.to_ascii_lowercase().as_str() {
            "http" => 80,
            "https" => 443,
            _ => return Err(ServerAddressError::Scheme),
        };
        if rest.contains(|character: char| character.is_whitespace() || character == '\\') {
            return Err(ServerAddressError::Space);
        }
        let (page, fragment) = rest.split_once('#').unwrap_or((rest, ""));
        let authority = page.split(['/', '?']).next().unwrap_or_default();
        if authority.contains('@') {
            return Err(ServerAddressError::Credentials);
        }
        let (host, port) = split_port(authority);
        let host = host_name(host).ok_or(ServerAddressError::Host)?;
        let port = port.map(|port| decode_port(port).ok_or(ServerAddressError::Port)).transpose()?;
        let port = port.filter(|port| *port != own_port).map_or_else(String::new, |port| format!(":{port}"));
        Ok(Self {
            origin: format!("{}://{host}{port}", scheme.to_ascii_lowercase()),
            is_onion: is_onion(&host),
            office: office_in(fragment)?,
        })
    }
}

impl FromStr for ProxyAddress {
    type Err = ProxyAddressError;

    fn from_str(text: &str) -> Result<Self, ProxyAddressError> {
        let text = trim(text);
        let (scheme, rest) = text.split_once("://").ok_or(ProxyAddressError::Scheme)?;
        if !matches!(scheme.to_ascii_lowercase().as_str(), "socks5" | "socks5h") {
            return Err(ProxyAddressError::Scheme);
        }
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        let (credentials, authority) = match rest.rsplit_once('@') {
            Some((credentials, authority)) => (credentials_of_proxy(credentials)?, authority),
            None => (String::new(), rest),
        };
        let (host, port) = split_port(authority);
        let host = host_name(host).filter(|host| !is_onion(host)).ok_or(ProxyAddressError::Host)?;
        let port = decode_port(port.ok_or(ProxyAddressError::NoPort)?).ok_or(ProxyAddressError::Port)?;
        // Always the kind that is told names: what this machine resolves, its resolver knows.
        Ok(Self { url: format!("socks5h://{credentials}{host}:{port}") })
    }
}

/// Marks of writing direction come along when an address is copied out of Persian text.
fn trim(text: &str) -> &str {
    text.trim_matches(|character: char| character.is_whitespace() || is_hidden(character))
}

/// Host and, behind a colon, port; an address of IPv6 stands in brackets.
fn split_port(authority: &str) -> (&str, Option<&str>) {
    match authority.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, Some(port)),
        _ => (authority, None),
    }
}

fn decode_port(text: &str) -> Option<u16> {
    let digits = fold_typed(text);
    let plain = digits.bytes().all(|byte| byte.is_ascii_digit());
    digits.parse().ok().filter(|port| plain && *port != 0)
}

/// The host as it is dialled: in ASCII and lower case, names of other scripts in the form that DNS knows.
fn host_name(text: &str) -> Option<String> {
    if let Some(inside) = text.strip_prefix('[') {
        let address: Ipv6Addr = inside.strip_suffix(']')?.parse().ok()?;
        return Some(format!("[{address}]"));
    }
    let host = if text.is_ascii() {
        text.to_ascii_lowercase()
    } else if let Ok(address) = fold_typed(text).parse::<Ipv4Addr>() {
        address.to_string()
    } else {
        // As browsers do it, so that what is copied out of one leads to the same place.
        idna::domain_to_ascii_strict(text.trim_end_matches('.')).ok()?
    };
    let host = host.strip_suffix('.').unwrap_or(&host);
    let is_label = |label: &str| {
        let byte = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_');
        (1..=63).contains(&label.len()) && label.bytes().all(byte)
    };
    (host.len() <= 253 && host.split('.').all(is_label)).then(|| host.to_owned())
}

fn is_onion(host: &str) -> bool {
    host == "onion" || host.ends_with(".onion")
}

/// A mistyped or cut id must never count as none.
fn office_in(fragment: &str) -> Result<Option<OfficeId>, ServerAddressError> {
    let mut found = None;
    for given in fragment.split('&').filter_map(|part| part.strip_prefix("office=")) {
        let id = fold_typed_hex(&given.replace("%20", "")).parse().map_err(|_| ServerAddressError::Office)?;
        if found.is_some_and(|found| found != id) {
            return Err(ServerAddressError::Office);
        }
        found = Some(id);
    }
    Ok(found)
}

fn credentials_of_proxy(text: &str) -> Result<String, ProxyAddressError> {
    let word = |text: &str| {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~');
        (1..=255).contains(&text.len()) && text.bytes().all(plain)
    };
    match text.split_once(':') {
        Some((user, password)) if word(user) && word(password) => Ok(format!("{text}@")),
        _ => Err(ProxyAddressError::Credentials),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server(text: &str) -> Result<String, ServerAddressError> {
        text.parse().map(|address: ServerAddress| address.origin)
    }

    #[test]
    fn an_address_is_used_as_people_write_it() {
        for (typed, origin) in [
            ("https://office.example", "https://office.example"),
            (" HTTPS://Office.Example:443/fa/report?x=1#top \n", "https://office.example"),
            ("http://127.0.0.1:8080/", "http://127.0.0.1:8080"),
            ("http://[::1]:8080/fa", "http://[::1]:8080"),
            ("http://[0:0:0:0:0:0:0:1]", "http://[::1]"),
            ("http://۱۲۷.۰.۰.۱:۸۰۸۰", "http://127.0.0.1:8080"),
            ("https://office.example.", "https://office.example"),
            ("\u{200f}https://office.example\u{200e}", "https://office.example"),
            ("https://بازرسی.ایران/fa/", "https://xn--mgbb2adg23g.xn--mgba3a4f16a"),
            ("https://ＯＦＦＩＣＥ。example", "https://office.example"),
            ("https://my_host", "https://my_host"),
            ("https://off\u{200b}ice.example", "https://office.example"),
        ] {
            assert_eq!(server(typed).as_deref(), Ok(origin), "{typed}");
        }
    }

    #[test]
    fn what_is_not_understood_is_refused_in_words() {
        use ServerAddressError::{Credentials, Host, Port, Scheme, Space};
        for (typed, error) in [
            ("office.example", Scheme),
            ("", Scheme),
            ("ftp://office.example", Scheme),
            ("https//office.example", Scheme),
            ("https://office .example", Space),
            ("https://office.example see you", Space),
            ("https:\\\\office.example", Scheme),
            ("https://office.example\\fa", Space),
            ("https://user:secret@office.example", Credentials),
            ("https://user@[::1]:1", Credentials),
            ("https://", Host),
            ("https:///fa/", Host),
            ("https://office..example", Host),
            ("https://office%2eexample", Host),
            ("https://[::1", Host),
            ("https://[zz]", Host),
            ("https://office.example:", Port),
            ("https://office.example:0", Port),
            ("https://office.example:65536", Port),
            ("https://office.example:+80", Port),
            ("https://office.example:http", Port),
        ] {
            assert_eq!(server(typed), Err(error), "{typed}");
        }
    }

    #[test]
    fn a_name_in_onion_is_known_in_every_spelling() {
        for typed in [
            "http://abc.onion",
            "http://sub.abc.onion",
            "HTTP://ABC.ONION:80/fa",
            "http://abc.onion.",
            "http://abc.Onion.:8080",
            "http://abc。ｏｎｉｏｎ",
            "http://onion",
        ] {
            assert!(typed.parse::<ServerAddress>().unwrap().is_onion(), "{typed}");
        }
        for typed in ["http://abc.onion.example", "http://myonion", "http://abc.example/x.onion"] {
            assert!(!typed.parse::<ServerAddress>().unwrap().is_onion(), "{typed}");
        }
    }

    #[test]
    fn the_office_of_a_pasted_page_is_taken() {
        let office = |text: &str| text.parse::<ServerAddress>().map(|address| address.office);
        let id: OfficeId = "071e9bf1e1a521169979ea222adc0f4a".parse().unwrap();
        for typed in [
            "http://a.example/fa/report#office=071e9bf1e1a521169979ea222adc0f4a",
            "http://a.example/#office=071E9BF1E1A5%202116%209979ea222adc0f4a&office=071e9bf1e1a521169979ea222adc0f4a",
            "http://a.example#x=1&office=۰۷۱e9bf1e1a521169979ea222adc0f4a",
        ] {
            assert_eq!(office(typed), Ok(Some(id)), "{typed}");
        }
        assert_eq!(office("http://a.example/?office=1#top"), Ok(None));
        for typed in [
            "http://a.example/#office=071e9bf1",
            "http://a.example/#office=",
            "http://a.example/#office=071e9bf1e1a521169979ea222adc0f4a&office=071e9bf1e1a521169979ea222adc0f4b",
        ] {
            assert_eq!(office(typed), Err(ServerAddressError::Office), "{typed}");
        }
    }

    #[test]
    fn a_proxy_is_used_or_refused() {
        use ProxyAddressError::{Credentials, Host, NoPort, Port, Scheme};
        let proxy = |text: &str| text.parse().map(|proxy: ProxyAddress| proxy.url);
        for (typed, url) in [
            ("socks5://127.0.0.1:9050", "socks5h://127.0.0.1:9050"),
            ("SOCKS5H://LocalHost:9150/", "socks5h://localhost:9150"),
            ("socks5://a:b@127.0.0.1:9050", "socks5h://a:b@127.0.0.1:9050"),
            ("socks5://[::1]:9050", "socks5h://[::1]:9050"),
        ] {
            assert_eq!(proxy(typed).as_deref(), Ok(url), "{typed}");
        }
        for (typed, error) in [
            ("127.0.0.1:9050", Scheme),
            ("http://127.0.0.1:8118", Scheme),
            ("socks4a://127.0.0.1:9050", Scheme),
            ("socks://127.0.0.1:9050", Scheme),
            ("socks5://127.0.0.1", NoPort),
            ("socks5://[::1]", NoPort),
            ("socks5://127.0.0.1:", Port),
            ("socks5://127.0.0.1:99999", Port),
            ("socks5://:9050", Host),
            ("socks5://127.0.0.1:9050/x", Port),
            ("socks5://abc.onion:9050", Host),
            ("socks5://a@127.0.0.1:9050", Credentials),
            ("socks5://a:@127.0.0.1:9050", Credentials),
            ("socks5://a:b/c@127.0.0.1:9050", Credentials),
        ] {
            assert_eq!(proxy(typed), Err(error), "{typed}");
        }
    }
}
