//! The JSON that a server and its clients exchange, and the words of problems (PROTOCOL 4.3, 4.4 and 4.6).
//! Both sides use these types; what a client reads in them is a server's word, to be believed when `verify`
//! has seen it.

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::day::Day;
use super::ids::{CaseId, Digest, Id, Signature};
use super::upload::Direction;

/// A message as every list shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListedMessage {
    /// From 0, without a gap.
    pub position: u64,
    pub direction: Direction,
    pub size_bytes: u64,
    pub sha256: Digest,
    pub day: Day,
}

/// `GET /mailbox`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListedMailbox {
    /// Nothing when the token names no mailbox.
    pub case: Option<CaseId>,
    pub messages: Vec<ListedMessage>,
}

/// `GET /cases/<case>`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListedCase {
    pub case: CaseId,
    pub messages: Vec<ListedMessage>,
}

/// `GET /cases`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CasesPage {
    pub cases: Vec<ListedCase>,
    /// The last case of this page, if there are more behind it.
    pub next: Option<CaseId>,
}

/// The answer to `POST /inspector/challenge`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IssuedChallenge {
    /// 32 random bytes.
    pub challenge: Digest,
}

/// The body of `POST /inspector/session`. The signature is over `verify::signature::session_bytes`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SessionRequest {
    pub inspector: Id,
    pub challenge: Digest,
    pub signature: Signature,
}

/// The answer to `POST /inspector/session`. No `Debug`: it holds a secret.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IssuedSession {
    /// In hex.
    pub session: Zeroizing<String>,
    pub expires_in_seconds: u64,
}

/// Makes of one table the words of problems, their statuses and their titles.
macro_rules! problem_words {
    ($($variant:ident = $status:literal $word:literal $title:literal;)*) => {
        /// Why a request was refused. A server knows no other word; a client may meet a later one.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum ProblemWord { $($variant),* }

        impl ProblemWord {
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),* }
            }

            /// The HTTP status that goes with it.
            pub const fn status(self) -> u16 {
                match self { $(Self::$variant => $status),* }
            }

            /// For people; the same whatever the request was.
            pub const fn title(self) -> &'static str {
                match self { $(Self::$variant => $title),* }
            }

            /// The `type` of its problem document.
            pub const fn urn(self) -> &'static str {
                match self { $(Self::$variant => concat!("urn:mohr:problem:", $word)),* }
            }
        }
    };
}

problem_words! {
    Malformed = 400 "malformed" "The request does not parse";
    Unauthorized = 401 "unauthorized" "No valid authorization";
    UnknownMailbox = 404 "unknown-mailbox" "No such mailbox";
    NotFound = 404 "not-found" "Not found";
    MethodNotAllowed = 405 "method-not-allowed" "Method not allowed";
    CaseExists = 409 "case-exists" "The case is taken";
    OffsetMismatch = 409 "offset-mismatch" "The upload stands elsewhere";
    Finished = 409 "finished" "The upload is complete";
    TusVersion = 412 "tus-version" "Only tus 1.0.0 is spoken";
    TooLarge = 413 "too-large" "Too large";
    MediaType = 415 "media-type" "Unsupported media type";
    Range = 416 "range" "No such range";
    NotASizeClass = 422 "not-a-size-class" "Not a size class";
    NotSealed = 422 "not-sealed" "Not a sealed message";
    Internal = 500 "internal" "The server failed";
    Busy = 503 "busy" "The server is busy";
    StorageFull = 507 "storage-full" "The storage is full";
}

/// The word in the `type` of a problem document, also one that this program does not know: letters and
/// hyphens, for it is shown to a person.
pub fn decode_problem_urn(urn: &str) -> Option<&str> {
    let word = urn.strip_prefix("urn:mohr:problem:")?;
    let plain = word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-');
    (word.len() <= 40 && plain).then_some(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn problem_words_are_read_back_and_strangers_are_bounded() {
        for word in ProblemWord::ALL {
            assert_eq!(decode_problem_urn(word.urn()), Some(word.as_str()));
            assert!((400..600).contains(&word.status()) && !word.title().is_empty());
        }
        assert_eq!(decode_problem_urn("urn:mohr:problem:of-tomorrow"), Some("of-tomorrow"));
        let long = format!("urn:mohr:problem:{}", "a".repeat(41));
        for bad in ["", "about:blank", "urn:mohr:problem:\u{1b}[2J", "urn:mohr:problem:Busy", &long] {
            assert_eq!(decode_problem_urn(bad), None, "{bad}");
        }
    }

    #[test]
    fn members_stand_in_the_order_of_the_protocol() {
        let message = ListedMessage {
            position: 0,
            direction: Direction::ToOffice,
            size_bytes: 32_768,
            sha256: Digest::from_bytes([0xab; 32]),
            day: "2026-11-21".parse().unwrap(),
        };
        let page = CasesPage {
            cases: vec![ListedCase { case: CaseId::from_bytes([1; 16]), messages: vec![message] }],
            next: None,
        };
        let json = format!(
            "{{\"cases\":[{{\"case\":\"{}\",\"messages\":[{{\"position\":0,\"direction\":\"to-office\",\
             \"size_bytes\":32768,\"sha256\":\"{}\",\"day\":\"2026-11-21\"}}]}}],\"next\":null}}",
            "01".repeat(16),
            "ab".repeat(32)
        );
        assert_eq!(serde_json::to_string(&page).unwrap(), json);
        assert_eq!(serde_json::from_str::<CasesPage>(&json).unwrap(), page);
        assert!(serde_json::from_str::<CasesPage>(&json.replace("\"next\"", "\"more\"")).is_err());
    }
}
