//! seal.json: digests of what the archive holds, and the sender's signature over them (PROTOCOL 2.3).

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

use super::FORMAT;
use super::extensions::Extensions;
use super::ids::{Digest, Signature};
use super::limits::SEAL_JSON_BYTES_MAX;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SealJson {
    format: String,
    pub entries: Vec<Entry>,
    pub signature: Signature,
    /// Outside the signature.
    pub extensions: Extensions,
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
        Self { format: FORMAT.to_owned(), entries, signature, extensions: Extensions::default() }
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
    lines("mohr/v1 seal\n", entries)
}

/// What a second person signs: the entries of the same message without its seconds (PROTOCOL 2.7).
pub fn second_bytes(entries: &[Entry]) -> Vec<u8> {
    lines("mohr/v1 second\n", entries)
}

fn lines(purpose: &str, entries: &[Entry]) -> Vec<u8> {
    let mut text = String::from(purpose);
    for entry in entries {
        writeln!(text, "{} {} {}", entry.sha256, entry.size_bytes, entry.path).expect("a string grows");
    }
    text.into_bytes()
}
