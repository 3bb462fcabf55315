//! seal.json: digests of what the archive holds, and the sender's signature over them (PROTOCOL 2.3).

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

use super::FORMAT;
use super::ids::{Digest, Signature};
use super::limits::SEAL_JSON_BYTES_MAX;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SealJson {
    format: String,
    pub entries: Vec<Entry>,
    pub signature: Signature,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    pub path: String,
    pub size_bytes: u64,
    pub sha256: Digest,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("seal.json is not of this format")]
pub struct Error;

impl SealJson {
    pub fn new(entries: Vec<Entry>, signature: Signature) -> Self {
        Self { format: FORMAT.to_owned(), entries, signature }
    }

    pub fn encode(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("strings and numbers always serialize")
    }

    pub fn decode(bytes: &[u8]) -> Result<Self, Error> {
        if bytes.len() > SEAL_JSON_BYTES_MAX {
            return Err(Error);
        }
        let seal: Self = serde_json::from_slice(bytes).map_err(|_| Error)?;
        if seal.format != FORMAT || seal.encode() != bytes {
            return Err(Error);
        }
        Ok(seal)
    }
}

/// What the sender signs.
pub fn signed_bytes(entries: &[Entry]) -> Vec<u8> {
    let mut text = String::from("mohr/v1 seal\n");
    for entry in entries {
        writeln!(text, "{} {} {}", entry.sha256, entry.size_bytes, entry.path).expect("a string grows");
    }
    text.into_bytes()
}
