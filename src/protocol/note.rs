//! C2SP signed notes (signed-note.md): a text, an empty line, signature lines. A reader looks for the one
//! of the key it knows and passes over the others.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::ids::{OfficeId, Signature, Signer};
use super::limits::NOTE_SIGNATURES_MAX;

/// Signature type of Ed25519 in signed-note.md.
const ED25519: u8 = 0x01;
const SIGNATURE_PREFIX: &str = "\u{2014} ";

/// A note taken apart; nothing of it is verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note<'a> {
    /// With its last newline: exactly what is signed.
    pub text: &'a str,
    /// In their order: at least one, at most 16.
    pub signatures: Vec<NoteSignature<'a>>,
}

/// One signature line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoteSignature<'a> {
    pub key_name: &'a str,
    pub key_hash: [u8; 4],
    /// Nothing where the line is of another kind of key.
    pub signature: Option<Signature>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a signed note")]
pub struct Error;

impl<'a> Note<'a> {
    pub fn decode(note: &'a str) -> Result<Self, Error> {
        let (before, lines) = note.rsplit_once("\n\n").ok_or(Error)?;
        let text = note.get(..before.len() + 1).ok_or(Error)?;
        if text.chars().any(|character| character.is_control() && character != '\n') {
            return Err(Error);
        }
        let lines = lines.strip_suffix('\n').ok_or(Error)?;
        if lines.split('\n').count() > NOTE_SIGNATURES_MAX {
            return Err(Error);
        }
        let signatures = lines.split('\n').map(NoteSignature::decode).collect::<Result<_, _>>()?;
        Ok(Self { text, signatures })
    }

    /// The Ed25519 signature of the key with this name and hash.
    pub fn signature(&self, key_name: &str, key_hash: [u8; 4]) -> Option<Signature> {
        self.signatures.iter().find(|line| line.key_name == key_name && line.key_hash == key_hash)?.signature
    }
}

impl<'a> NoteSignature<'a> {
    fn decode(line: &'a str) -> Result<Self, Error> {
        let (key_name, blob) =
            line.strip_prefix(SIGNATURE_PREFIX).ok_or(Error)?.split_once(' ').ok_or(Error)?;
        let blob = STANDARD.decode(blob).map_err(|_| Error)?;
        let (key_hash, signature) = blob.split_first_chunk().ok_or(Error)?;
        if key_name.is_empty() || signature.is_empty() {
            return Err(Error);
        }
        Ok(Self {
            key_name,
            key_hash: *key_hash,
            signature: signature.try_into().ok().map(Signature::from_bytes),
        })
    }
}

/// The note with one Ed25519 signature. `text` ends in a newline.
pub fn encode_note(text: &str, key_name: &str, key_hash: [u8; 4], signature: Signature) -> String {
    let mut blob = key_hash.to_vec();
    blob.extend_from_slice(signature.as_bytes());
    format!("{text}\n{SIGNATURE_PREFIX}{key_name} {}\n", STANDARD.encode(blob))
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
