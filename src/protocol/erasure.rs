//! Orders of erasure, in clear (PROTOCOL 2.12). Whether one is to be obeyed, `verify::erasure` says.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

use super::day::Day;
use super::ids::{CaseId, Digest, OfficeId};
use super::limits::{ACT_LIST_MAX, INTEGER_MAX, SECONDS_MAX};
use super::person::{PersonSignature, is_epoch};
use super::record::ThreadName;

/// Which messages of one thread of a case are to go, and who says so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErasureOrder {
    pub thread: ThreadName,
    pub day: Day,
    /// By rising position.
    pub messages: Vec<ErasedMessage>,
    pub signatures: Vec<PersonSignature>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErasedMessage {
    pub position: u64,
    pub sha256: Digest,
}

impl ErasureOrder {
    /// Whether it stays within the bounds of the format.
    pub fn is_well_formed(&self) -> bool {
        (1..=ACT_LIST_MAX).contains(&self.messages.len())
            && self.messages.windows(2).all(|pair| pair[0].position < pair[1].position)
            && self.messages.iter().all(|message| message.position <= INTEGER_MAX)
            && (1..=SECONDS_MAX).contains(&self.signatures.len())
            && self.signatures.iter().all(|signature| is_epoch(signature.epoch))
    }

    pub fn names(&self, thread: ThreadName, position: u64, sha256: Digest) -> bool {
        self.thread == thread && self.messages.contains(&ErasedMessage { position, sha256 })
    }

    /// What the persons sign.
    pub fn signed_bytes(&self, office: OfficeId, case: CaseId) -> Vec<u8> {
        let mut text = format!("mohr/v1 erase\n{office}\n{case}\n{}\n{}\n", self.thread.as_str(), self.day);
        for message in &self.messages {
            writeln!(text, "{} {}", message.position, message.sha256).expect("a string grows");
        }
        text.into_bytes()
    }
}
