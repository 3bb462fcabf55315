//! What is sent: which kind of message an upload becomes, which thread it goes to, and how `Upload-Metadata`
//! says so (PROTOCOL 2.2 and 4.2).

use std::collections::HashSet;
use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use super::ids::{CaseId, Malformed, WriteHash};
use super::record::ThreadName;

/// It fixes who may send a message and which thread it goes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MessageKind {
    Report,
    FollowUp,
    Reply,
    Record,
}

/// What an upload is to become, as `Upload-Metadata` says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UploadMetadata {
    pub kind: MessageKind,
    pub case: CaseId,
    /// With a report, and only then.
    pub write_hash: Option<WriteHash>,
}

/// The value of `kind` is filled to this, so that its length tells nothing.
const KIND_CHARACTERS: usize = 12;

impl MessageKind {
    pub const ALL: [Self; 4] =
        [MessageKind::Report, MessageKind::FollowUp, MessageKind::Reply, MessageKind::Record];

    pub const fn as_str(self) -> &'static str {
        match self {
            MessageKind::Report => "report",
            MessageKind::FollowUp => "follow-up",
            MessageKind::Reply => "reply",
            MessageKind::Record => "record",
        }
    }

    /// As the thread's digest binds it (PROTOCOL 2.5).
    pub const fn byte(self) -> u8 {
        match self {
            MessageKind::Report => 0,
            MessageKind::FollowUp => 1,
            MessageKind::Reply => 2,
            MessageKind::Record => 3,
        }
    }

    pub const fn thread(self) -> ThreadName {
        match self {
            MessageKind::Report | MessageKind::FollowUp | MessageKind::Reply => ThreadName::Mailbox,
            MessageKind::Record => ThreadName::Office,
        }
    }

    /// Whether it comes from the reporter.
    pub const fn is_from_reporter(self) -> bool {
        matches!(self, MessageKind::Report | MessageKind::FollowUp)
    }
}

impl fmt::Display for MessageKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for MessageKind {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        let found = Self::ALL.into_iter().find(|kind| kind.as_str() == text);
        found.ok_or(Malformed { expected: "report, follow-up, reply or record" })
    }
}

impl UploadMetadata {
    /// The value of `Upload-Metadata`.
    pub fn encode(&self) -> String {
        let kind = format!("{:KIND_CHARACTERS$}", self.kind.as_str());
        let mut text =
            format!("kind {},case {}", STANDARD.encode(kind), STANDARD.encode(self.case.to_string()));
        if let Some(write_hash) = self.write_hash {
            text.push_str(",write ");
            text.push_str(&STANDARD.encode(write_hash.to_string()));
        }
        text
    }

    /// `kind` and `case`, and `write` with a report and only then; each once, in any order,
    /// among keys that are passed over.
    pub fn decode(text: &str) -> Option<Self> {
        let (mut kind, mut case, mut write_hash) = (None, None, None);
        let mut keys = HashSet::new();
        for pair in text.split(',') {
            let pair = pair.trim_matches(' ');
            let (key, value) = pair.split_once(' ').unwrap_or((pair, ""));
            if key.is_empty() || !keys.insert(key) {
                return None;
            }
            match key {
                "kind" => kind = Some(decode_kind(&decode_value(value)?)?),
                "case" => case = Some(decode_value(value)?.parse().ok()?),
                "write" => write_hash = Some(decode_value(value)?.parse().ok()?),
                _ => {}
            }
        }
        let (kind, case) = (kind?, case?);
        ((kind == MessageKind::Report) == write_hash.is_some()).then_some(Self { kind, case, write_hash })
    }
}

fn decode_value(value: &str) -> Option<String> {
    String::from_utf8(STANDARD.decode(value).ok()?).ok()
}

fn decode_kind(value: &str) -> Option<MessageKind> {
    if value.len() != KIND_CHARACTERS {
        return None;
    }
    value.trim_end_matches(' ').parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_has_one_word_everywhere() {
        for kind in MessageKind::ALL {
            assert_eq!(kind.as_str().parse(), Ok(kind));
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.as_str());
        }
        for bad in ["", "Report", "followup", "follow_up", "report ", "note"] {
            assert!(bad.parse::<MessageKind>().is_err(), "{bad}");
        }
    }

    #[test]
    fn metadata_is_kind_and_case_and_with_a_report_the_write_hash() {
        let pair = |key: &str, value: &str| format!("{key} {}", STANDARD.encode(value));
        let case = pair("case", "00112233445566778899aabbccddeeff");
        let (report, reply) = (pair("kind", "report      "), pair("kind", "reply       "));
        let write = pair("write", &"ab".repeat(32));
        for good in [
            format!("{reply},{case}"),
            format!("{case}, {reply}"),
            format!("{reply},{case},{},is-new", pair("filename", "secret.pdf")),
            format!("{report},{case},{write}"),
        ] {
            let metadata = UploadMetadata::decode(&good).unwrap();
            assert_eq!(metadata.case.to_string(), "00112233445566778899aabbccddeeff");
            assert_eq!(UploadMetadata::decode(&metadata.encode()), Some(metadata));
        }
        for bad in [
            String::new(),
            reply.clone(),
            case.clone(),
            format!("{reply},{case},{reply}"),
            format!("{reply},{case},"),
            format!("{reply},{case},a,a"),
            format!("{reply},case"),
            format!("{reply},{}", pair("case", "0011")),
            format!("{reply},case !!!"),
            format!("{},{case}", pair("kind", "reply")),
            format!("{},{case}", pair("kind", "note        ")),
            format!("kind {},{case}", STANDARD.encode([0xff; 12])),
            format!("{reply},{case},{write}"),
            format!("{report},{case}"),
        ] {
            assert!(UploadMetadata::decode(&bad).is_none(), "{bad}");
        }
    }
}
