//! The JSON that a server and its clients exchange, and the words of problems (PROTOCOL 4.3 to
//! 4.7). Both sides use these types; what a client reads in them is a server's word, to be
//! believed when `verify` has seen it.

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::address::Address;
use super::day::Day;
use super::erasure::ErasureOrder;
use super::ids::{CaseId, Digest, Id, Signature};
use super::memo::SealedMemo;
use super::secret::WriteToken;
use super::upload::MessageKind;

/// A message as every list shows it. Members that a later server adds are passed over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListedMessage {
    /// From 0 in its thread, without a gap.
    pub position: u64,
    pub kind: MessageKind,
    /// Nothing of one that is gone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size_bytes: Option<u64>,
    /// Erased: an order for it is listed, too, or it is missing.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub gone: bool,
    pub sha256: Digest,
    pub day: Day,
    /// Beside a message of the reporter, in her own listing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memo: Option<SealedMemo>,
}

/// `GET /mailbox`: one page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailboxPage {
    /// Nothing when the token names no mailbox.
    pub case: Option<CaseId>,
    /// The operator has dropped the case.
    pub dropped: bool,
    pub messages: Vec<ListedMessage>,
    pub orders: Vec<ErasureOrder>,
    /// The position behind this page, if there are more.
    pub next: Option<u64>,
}

/// `GET /cases`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CasesPage {
    pub cases: Vec<ListedReport>,
    /// The last case of this page, if there are more behind it.
    pub next: Option<CaseId>,
}

/// A case as everybody with a session sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListedReport {
    pub case: CaseId,
    pub report: ListedMessage,
}

/// The body of `POST /cases/read`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CasesRequest {
    pub cases: Vec<CaseRequest>,
}

/// What of a case is asked for: what stands behind the lengths that are known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CaseRequest {
    pub case: CaseId,
    /// Nothing for the journal and for one-way cases.
    pub write: Option<WriteToken>,
    pub mailbox: u64,
    pub office: u64,
}

/// The answer to `POST /cases/read`, in the order of the request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CasesAnswer {
    pub cases: Vec<ListedCase>,
}

/// The part of a case's two threads that was asked for. Both are empty for whoever has no right to them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListedCase {
    pub case: CaseId,
    pub mailbox: Vec<ListedMessage>,
    pub office: Vec<ListedMessage>,
    pub orders: Vec<ErasureOrder>,
    /// Whether to ask again behind these.
    pub more: bool,
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
    pub epoch: u64,
    /// The address that was dialled, as the profile lists it.
    pub address: Address,
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
    OneWay = 409 "one-way" "Nobody can be answered in this case";
    TusVersion = 412 "tus-version" "Only tus 1.0.0 is spoken";
    TooLarge = 413 "too-large" "Too large";
    MediaType = 415 "media-type" "Unsupported media type";
    Range = 416 "range" "No such range";
    NotASizeClass = 422 "not-a-size-class" "Not a size class";
    NotSealed = 422 "not-sealed" "Not a sealed message";
    Puzzle = 429 "puzzle" "Work is asked for";
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
    fn members_stand_in_the_order_of_the_protocol_and_strangers_are_passed_over() {
        let message = ListedMessage {
            position: 0,
            kind: MessageKind::Report,
            size_bytes: Some(32_768),
            gone: false,
            sha256: Digest::from_bytes([0xab; 32]),
            day: "2026-11-21".parse().unwrap(),
            memo: None,
        };
        let page = CasesPage {
            cases: vec![ListedReport { case: CaseId::from_bytes([1; 16]), report: message }],
            next: None,
        };
        let json = format!(
            "{{\"cases\":[{{\"case\":\"{}\",\"report\":{{\"position\":0,\"kind\":\"report\",\
             \"size_bytes\":32768,\"sha256\":\"{}\",\"day\":\"2026-11-21\"}}}}],\"next\":null}}",
            "01".repeat(16),
            "ab".repeat(32)
        );
        assert_eq!(serde_json::to_string(&page).unwrap(), json);
        assert_eq!(serde_json::from_str::<CasesPage>(&json).unwrap(), page);
        let later = json.replace("\"next\"", "\"mood\":[{}],\"next\"");
        assert_eq!(serde_json::from_str::<CasesPage>(&later).unwrap(), page);
        assert!(
            serde_json::from_str::<CasesPage>(&json.replace("\"position\":0", "\"position\":-1")).is_err()
        );
    }
}
