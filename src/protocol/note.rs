//! C2SP signed notes (signed-note.md): a text, an empty line, a signature line. Of what the specification allows,
//! a profile has exactly one Ed25519 signature.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::ids::{OfficeId, Signature, Signer};

/// Signature type of Ed25519 in signed-note.md.
const ED25519: u8 = 0x01;
const SIGNATURE_PREFIX: &str = "\u{2014} ";

/// A note taken apart; nothing of it is verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note<'a> {
    /// With its last newline: exactly what is signed.
    pub text: &'a str,
    pub key_name: &'a str,
    pub key_hash: [u8; 4],
    pub signature: Signature,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a signed note with one Ed25519 signature")]
pub struct Error;

impl<'a> Note<'a> {
    pub fn decode(note: &'a str) -> Result<Self, Error> {
        let (before, signatures) = note.rsplit_once("\n\n").ok_or(Error)?;
        let text = note.get(..before.len() + 1).ok_or(Error)?;
        if text.chars().any(|character| character.is_control() && character != '\n') {
            return Err(Error);
        }
        let line = signatures.strip_prefix(SIGNATURE_PREFIX).ok_or(Error)?.strip_suffix('\n').ok_or(Error)?;
        let (key_name, blob) = line.split_once(' ').ok_or(Error)?;
        let blob: [u8; 68] = STANDARD.decode(blob).ok().and_then(|blob| blob.try_into().ok()).ok_or(Error)?;
        let (key_hash, signature) = blob.split_first_chunk().ok_or(Error)?;
        let signature = Signature::from_bytes(signature.try_into().map_err(|_| Error)?);
        Ok(Self { text, key_name, key_hash: *key_hash, signature })
    }

    pub fn encode(&self) -> String {
        let mut blob = self.key_hash.to_vec();
        blob.extend_from_slice(self.signature.as_bytes());
        format!("{}\n{SIGNATURE_PREFIX}{} {}\n", self.text, self.key_name, STANDARD.encode(blob))
    }
}

/// What is hashed (SHA-256, first four bytes) into the key hash of an office's root key.
pub fn key_hash_input(office: OfficeId, root: Signer) -> Vec<u8> {
    let mut input = office.to_string().into_bytes();
    input.extend_from_slice(&[b'\n', ED25519]);
    input.extend_from_slice(root.as_bytes());
    input
}

/// The verifier key in signed-note form: `<name>+<hash>+<base64>`.
pub fn verifier_key(office: OfficeId, key_hash: [u8; 4], root: Signer) -> String {
    let mut key = vec![ED25519];
    key.extend_from_slice(root.as_bytes());
    format!("{office}+{}+{}", super::ids::encode_hex(&key_hash), STANDARD.encode(key))
}
