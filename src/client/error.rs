//! What can go wrong between a client and a server, and which of it passes by itself (PROTOCOL 4.7).

use super::address::{ProxyAddressError, ServerAddressError};
use crate::protocol::api::{ProblemWord, decode_problem_urn};

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Address(#[from] ServerAddressError),
    #[error(transparent)]
    Proxy(#[from] ProxyAddressError),
    #[error("{dialled} is no address of this office's server; the office profile lists {listed}")]
    AddressNotListed { dialled: String, listed: String },
    #[error("the server cannot be reached ({0})")]
    Unreachable(String),
    /// What a proxy says whose server is away for a moment; an answer of ours has a problem document.
    #[error("the server is not there just now: something before it answers (HTTP {status})")]
    Unavailable { status: u16 },
    #[error("the server refuses: {word} (HTTP {status})")]
    Problem { word: String, status: u16 },
    /// An error without a problem document that does not pass: a proxy's, such as its own bound of lengths.
    #[error("something before the server refuses (HTTP {status})")]
    RefusedBefore { status: u16 },
    #[error("the server's answer is not of this protocol ({0})")]
    UnexpectedAnswer(&'static str),
}

impl Error {
    /// Worth another try: the line broke, a proxy's server is away, or the server has too much to do.
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Unreachable(_) | Self::Unavailable { .. } => true,
            Self::Problem { word, .. } => word == ProblemWord::Busy.as_str(),
            Self::Address(_)
            | Self::Proxy(_)
            | Self::AddressNotListed { .. }
            | Self::RefusedBefore { .. }
            | Self::UnexpectedAnswer(_) => false,
        }
    }

    /// Whether the server said this word.
    pub fn is_problem(&self, asked: ProblemWord) -> bool {
        matches!(self, Self::Problem { word, .. } if word == asked.as_str())
    }

    /// What an answer says that is no success. `body` is the beginning of it.
    pub(super) fn from_answer(status: u16, body: &[u8]) -> Self {
        // Whatever else the document holds is not looked at.
        #[derive(serde::Deserialize)]
        struct ProblemType {
            r#type: String,
        }
        let document = serde_json::from_slice::<ProblemType>(body).ok();
        match document.as_ref().and_then(|document| decode_problem_urn(&document.r#type)) {
            Some(word) => Self::Problem { word: word.to_owned(), status },
            None => Self::from_status(status),
        }
    }

    /// The same for an answer that has no body.
    pub(super) fn from_status(status: u16) -> Self {
        match status {
            408 | 429 | 502 | 503 | 504 => Self::Unavailable { status },
            400..600 => Self::RefusedBefore { status },
            _ => Self::UnexpectedAnswer("a status that is neither success nor error"),
        }
    }

    pub(super) fn from_io(error: &std::io::Error) -> Self {
        Self::Unreachable(error.kind().to_string())
    }
}

impl From<ureq::Error> for Error {
    fn from(error: ureq::Error) -> Self {
        Self::Unreachable(match error {
            ureq::Error::Io(error) => error.kind().to_string(),
            ureq::Error::Timeout(_) => "no answer in time".to_owned(),
            ureq::Error::HostNotFound => "no such host".to_owned(),
            ureq::Error::ConnectionFailed => "no connection".to_owned(),
            ureq::Error::Tls(_) => "no secure connection".to_owned(),
            _ => "the connection broke".to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_passes_is_told_from_what_does_not() {
        let busy = br#"{"type":"urn:mohr:problem:busy","title":"x","status":503}"#;
        let full = br#"{"type":"urn:mohr:problem:storage-full","title":"x","status":507}"#;
        let page = b"<html><title>502 Bad Gateway</title></html>";
        assert!(Error::from_answer(503, busy).is_passing());
        assert!(!Error::from_answer(507, full).is_passing());
        for status in [429, 502, 503, 504] {
            assert!(Error::from_answer(status, page).is_passing(), "{status}");
        }
        for status in [400, 403, 404, 413, 500, 507] {
            assert_eq!(Error::from_answer(status, page), Error::RefusedBefore { status });
            assert!(!Error::RefusedBefore { status }.is_passing());
        }
        assert!(!Error::from_answer(302, b"").is_passing());
    }
}
