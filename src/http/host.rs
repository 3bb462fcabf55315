//! For whom a request is: the name in `Host`, and nothing else that it says of hosts. `X-Forwarded-Host`,
//! `Forwarded` and the like are whatever a client writes into them.

use axum::http::header::HOST;
use axum::http::{HeaderMap, Uri};

use crate::protocol::address::host_of;
use crate::protocol::api::ProblemWord;

use super::headers::{is_digits, single};
use super::problem::Problem;

/// In lower case, without brackets and port. A request that names none, or two, is malformed.
pub fn requested_host(uri: &Uri, headers: &HeaderMap) -> Result<String, Problem> {
    let named = single(headers, &HOST)?.ok_or(ProblemWord::Malformed)?.to_ascii_lowercase();
    // The target of a request may name a host, too.
    if uri.authority().is_some_and(|authority| !authority.as_str().eq_ignore_ascii_case(&named)) {
        return Err(ProblemWord::Malformed.into());
    }
    let host = host_of(&named);
    let in_brackets = named.strip_prefix('[');
    let behind = in_brackets.unwrap_or(&named).strip_prefix(host).unwrap_or_default();
    let behind = if in_brackets.is_some() { behind.strip_prefix(']').unwrap_or("[") } else { behind };
    let port = behind.strip_prefix(':').unwrap_or(behind);
    if host.is_empty() || !(port.is_empty() || is_digits(port)) {
        return Err(ProblemWord::Malformed.into());
    }
    Ok(host.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    fn host(target: &str, lines: &[&'static str]) -> Option<String> {
        let headers = lines.iter().map(|line| (HOST, HeaderValue::from_static(line)));
        let mut map = HeaderMap::new();
        headers.for_each(|(name, value)| {
            map.append(name, value);
        });
        requested_host(&target.parse().unwrap(), &map).ok()
    }

    #[test]
    fn a_host_is_named_once() {
        for (line, name) in [
            ("report.example.org", "report.example.org"),
            ("Report.Example.ORG:8080", "report.example.org"),
            ("127.0.0.1:8080", "127.0.0.1"),
            ("[::1]:8080", "::1"),
            ("[::1]", "::1"),
            ("x:", "x"),
        ] {
            assert_eq!(host("/", &[line]).as_deref(), Some(name), "{line}");
        }
        for bad in ["", ":80", "x:y", "x:x", "x:80:80", "x:80 ", "[]:80", "[::1"] {
            assert_eq!(host("/", &[bad]), None, "{bad}");
        }
        assert_eq!(host("/", &[]), None);
        assert_eq!(host("/", &["a", "a"]), None);
        assert_eq!(host("/", &["a", "b"]), None);
        assert_eq!(host("http://a:80/x", &["a:80"]).as_deref(), Some("a"));
        assert_eq!(host("http://a/x", &["b"]), None);
        assert_eq!(host("http://a/x", &[]), None);
    }
}
