//! From the plaintext of a message to something believed of somebody (PROTOCOL 2.7).

use crate::protocol::archive::{self, Archive};
use crate::protocol::ids::{Digest, Signer};
use crate::protocol::message::{File, Message};
use crate::protocol::seal_json::{self, SealJson};

use super::digest::sha256;
use super::signature::is_signed_by;

/// A message that decodes and whose digests agree. Whose word it is, nobody has checked: see
/// [`Unverified::is_signed_by`].
#[derive(Debug)]
pub struct Unverified<'a> {
    pub message: Message,
    /// SHA-256 of message.json: two messages of a case with the same one are a replay.
    pub digest: Digest,
    pub files: Vec<UnverifiedFile<'a>>,
    seal: SealJson,
}

#[derive(Debug)]
pub struct UnverifiedFile<'a> {
    pub file: File,
    pub sha256: Digest,
    pub bytes: &'a [u8],
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

impl<'a> Unverified<'a> {
    pub fn decode(plaintext: &'a [u8]) -> Result<Self, Error> {
        let archive = Archive::decode(plaintext)?;
        let message = Message::decode(archive.message_json)?;
        let seal = SealJson::decode(archive.seal_json)?;
        if entries(&archive) != seal.entries || message.files.len() != archive.files.len() {
            return Err(Error::Digests);
        }
        let files = message.files.iter().cloned().zip(&archive.files).zip(&seal.entries[1..]);
        let files: Vec<_> = files
            .map(|((file, bytes), entry)| UnverifiedFile { file, sha256: entry.sha256, bytes })
            .collect();
        if files.iter().any(|file| file.file.size_bytes != file.bytes.len() as u64) {
            return Err(Error::Digests);
        }
        Ok(Self { message, digest: seal.entries[0].sha256, files, seal })
    }

    /// Whether this signer signed message.json and every file as they were read.
    pub fn is_signed_by(&self, signer: &Signer) -> bool {
        is_signed_by(signer, &self.seal.signature, &seal_json::signed_bytes(&self.seal.entries))
    }
}

/// The digests of an archive's entries, as seal.json lists them: message.json first, itself left out.
pub fn entries(archive: &Archive<'_>) -> Vec<seal_json::Entry> {
    let entry = |path: String, content: &[u8]| seal_json::Entry {
        path,
        size_bytes: content.len() as u64,
        sha256: sha256(content),
    };
    let files = archive.files.iter().enumerate().map(|(index, file)| entry(archive::file_path(index), file));
    std::iter::once(entry(archive::MESSAGE_PATH.to_owned(), archive.message_json)).chain(files).collect()
}
