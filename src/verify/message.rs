//! From the plaintext of a message to something believed of somebody (PROTOCOL 2.7).

use super::digest::sha256;
use super::signature::is_signed_by;
use crate::protocol::archive::{self, Archive};
use crate::protocol::ids::{Digest, Signature, Signer};
use crate::protocol::limits::MESSAGE_JSON_BYTES_MAX;
use crate::protocol::message::Message;
use crate::protocol::seal_json::{self, Entry, SealJson};

/// A message.json and a seal.json that decode and agree. Whose word it is, nobody has checked, and its files
/// are not read: `verify::case` judges it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unverified {
    pub message: Message,
    /// SHA-256 of message.json: two messages of a case with the same one are a replay.
    pub digest: Digest,
    seal: SealJson,
}

/// Why a plaintext is no message. Carries nothing of what the sender wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Archive(#[from] archive::Error),
    #[error(transparent)]
    Message(#[from] crate::protocol::message::Error),
    #[error(transparent)]
    Seal(#[from] seal_json::Error),
    #[error("seal.json does not agree with what the archive holds")]
    Digests,
}

impl Unverified {
    /// The text before the files: their sizes agree, their digests are for whoever reads them.
    pub fn decode(message_json: &[u8], seal_json: &[u8]) -> Result<Self, Error> {
        if message_json.len() > MESSAGE_JSON_BYTES_MAX {
            return Err(crate::protocol::message::Error::TooLong.into());
        }
        let message = Message::decode(message_json)?;
        let seal = SealJson::decode(seal_json)?;
        let (first, files) = seal.entries.split_first().ok_or(Error::Digests)?;
        let agrees = *first == entry(archive::MESSAGE_PATH.to_owned(), message_json)
            && files.len() == message.files.len()
            && files.iter().zip(&message.files).enumerate().all(|(index, (entry, file))| {
                entry.path == archive::file_path(index) && entry.size_bytes == file.size_bytes
            });
        let digest = first.sha256;
        if agrees { Ok(Self { message, digest, seal }) } else { Err(Error::Digests) }
    }

    /// A whole archive, its files with it: each is what seal.json says.
    pub fn decode_archive(plaintext: &[u8]) -> Result<(Self, Vec<&[u8]>), Error> {
        let archive = Archive::decode(plaintext)?;
        let text = Self::decode(archive.message_json, archive.seal_json)?;
        if entries(&archive) == text.seal.entries { Ok((text, archive.files)) } else { Err(Error::Digests) }
    }

    /// What seal.json says of message.json and of every file.
    pub fn seal(&self) -> &SealJson {
        &self.seal
    }

    /// What seal.json says of the file with this index.
    pub fn file_entry(&self, index: usize) -> Option<&Entry> {
        self.seal.entries.get(index.checked_add(1)?)
    }

    /// Whether this signer signed message.json and every file as seal.json gives them.
    pub fn is_signed_by(&self, signer: &Signer) -> bool {
        is_signed_by(signer, &self.seal.signature, &seal_json::signed_bytes(&self.seal.entries))
    }

    /// Whether this signer, as a second person, signed the same message and files.
    pub fn is_seconded_by(&self, signer: &Signer, signature: &Signature) -> bool {
        let Some(bytes) = second_bytes(&self.message, &self.seal.entries) else { return false };
        is_signed_by(signer, signature, &bytes)
    }

    /// Whether one of its extensions must be understood by a program newer than this one.
    pub fn is_of_newer_version(&self) -> bool {
        self.message.extensions.is_of_newer_version() || self.seal.extensions.is_of_newer_version()
    }
}

/// What a second person signs: the entries of the message with its seconds left out. Nothing for a message
/// that breaks a rule of the format.
pub fn second_bytes(message: &Message, entries: &[Entry]) -> Option<Vec<u8>> {
    let message_json = message.without_seconds().encode().ok()?;
    let mut entries = entries.to_vec();
    *entries.first_mut()? = entry(archive::MESSAGE_PATH.to_owned(), &message_json);
    Some(seal_json::second_bytes(&entries))
}

/// The digests of an archive's entries, as seal.json lists them: message.json first, itself left out.
pub fn entries(archive: &Archive<'_>) -> Vec<Entry> {
    let files = archive.files.iter().enumerate().map(|(index, file)| entry(archive::file_path(index), file));
    std::iter::once(entry(archive::MESSAGE_PATH.to_owned(), archive.message_json)).chain(files).collect()
}

fn entry(path: String, content: &[u8]) -> Entry {
    Entry { path, size_bytes: content.len() as u64, sha256: sha256(content) }
}
