//! What is sent: which kind of message an upload becomes, which way it goes, and how `Upload-Metadata` says
//! so (PROTOCOL 2.2 and 4.2).

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use super::ids::{CaseId, Malformed};

/// It fixes who may send a message and which way it goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MessageKind {
    Report,
    FollowUp,
    Reply,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Direction {
    ToOffice,
    ToReporter,
}

impl MessageKind {
    pub const ALL: [Self; 3] = [MessageKind::Report, MessageKind::FollowUp, MessageKind::Reply];

    pub const fn as_str(self) -> &'static str {
        match self {
            MessageKind::Report => "report",
            MessageKind::FollowUp => "follow-up",
            MessageKind::Reply => "reply",
        }
    }

    pub const fn direction(self) -> Direction {
        match self {
            MessageKind::Report | MessageKind::FollowUp => Direction::ToOffice,
            MessageKind::Reply => Direction::ToReporter,
        }
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
        found.ok_or(Malformed { expected: "report, follow-up or reply" })
    }
}

/// The value of `Upload-Metadata`.
pub fn encode_metadata(kind: MessageKind, case: CaseId) -> String {
    format!("kind {},case {}", STANDARD.encode(kind.as_str()), STANDARD.encode(case.to_string()))
}

/// Exactly `kind` and `case`, each once, in either order.
pub fn decode_metadata(text: &str) -> Option<(MessageKind, CaseId)> {
    let (mut kind, mut case) = (None, None);
    for pair in text.split(',') {
        let (key, value) = pair.trim().split_once(' ')?;
        let value = String::from_utf8(STANDARD.decode(value).ok()?).ok()?;
        let taken = match key {
            "kind" => kind.replace(value.parse().ok()?).is_some(),
            "case" => case.replace(value.parse().ok()?).is_some(),
            _ => true,
        };
        if taken {
            return None;
        }
    }
    Some((kind?, case?))
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
    fn metadata_is_kind_and_case_and_nothing_else() {
        let case = format!("case {}", STANDARD.encode("00112233445566778899aabbccddeeff"));
        let kind = format!("kind {}", STANDARD.encode("follow-up"));
        for good in [format!("{kind},{case}"), format!("{case},{kind}"), format!("{case}, {kind}")] {
            let (kind, case) = decode_metadata(&good).unwrap();
            assert_eq!(
                (kind, case.to_string().as_str()),
                (MessageKind::FollowUp, "00112233445566778899aabbccddeeff")
            );
            assert_eq!(decode_metadata(&encode_metadata(kind, case)), Some((kind, case)));
        }
        for bad in [
            String::new(),
            kind.clone(),
            case.clone(),
            format!("{kind},{case},{kind}"),
            format!("{kind},{case},"),
            format!("{kind},{case},filename {}", STANDARD.encode("secret.pdf")),
            format!("{kind},case"),
            format!("{kind},case {}", STANDARD.encode("0011")),
            format!("{kind},case !!!"),
            format!("kind {},{case}", STANDARD.encode("note")),
            format!("kind {},{case}", STANDARD.encode([0xff, 0xfe])),
        ] {
            assert!(decode_metadata(&bad).is_none(), "{bad}");
        }
    }
}
