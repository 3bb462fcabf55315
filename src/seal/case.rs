//! A case opened message by message: what an inspector's or a reporter's own program shows of it.

use super::hybrid::Identity;
use super::message::open;
use crate::protocol::ids::Digest;
use crate::protocol::message::{Direction, File, Message};
use crate::protocol::one_way;
use crate::verify::digest::sha256;
use crate::verify::message::Unverified;
use crate::verify::thread::{Authenticity, ThreadReader, Warning};

/// One message of a case, opened as far as it opens.
#[derive(Debug)]
pub struct OpenedMessage {
    pub authenticity: Authenticity,
    pub warnings: Vec<Warning>,
    /// Nothing when it is unreadable. Whose word it is, `authenticity` says: look there first.
    pub content: Option<OpenedContent>,
    /// What a one-way report holds: any bytes.
    pub one_way: Option<OneWayFile>,
}

#[derive(Debug)]
pub struct OneWayFile {
    pub sha256: Digest,
    pub bytes: Vec<u8>,
}

#[derive(Debug)]
pub struct OpenedContent {
    pub message: Message,
    pub files: Vec<OpenedFile>,
}

#[derive(Debug)]
pub struct OpenedFile {
    pub file: File,
    pub sha256: Digest,
    pub bytes: Vec<u8>,
}

impl OpenedMessage {
    fn without_content(authenticity: Authenticity) -> Self {
        Self { authenticity, warnings: Vec::new(), content: None, one_way: None }
    }

    /// The message, if it is the word of the sender it names.
    pub fn authentic(&self) -> Option<&OpenedContent> {
        self.content.as_ref().filter(|_| self.authenticity == Authenticity::Authentic)
    }
}

/// Opens the next message of the thread. Never fails: what does not open is `Unreadable`.
pub fn open_next(
    thread: &mut ThreadReader<'_>,
    identity: &Identity,
    direction: Direction,
    blob: &[u8],
) -> OpenedMessage {
    let blob_digest = sha256(blob);
    if one_way::is_one_way(blob) {
        thread.skip(blob_digest, false);
        return open_one_way(identity, blob);
    }
    let plaintext = open(blob, identity);
    let opened = plaintext.as_ref().ok().and_then(|plaintext| Unverified::decode(plaintext).ok());
    let Some(opened) = opened else {
        thread.skip(blob_digest, false);
        return OpenedMessage::without_content(Authenticity::Unreadable);
    };
    let reading = thread.read(blob_digest, direction, &opened);
    let files = opened.files.into_iter().map(|file| OpenedFile {
        file: file.file,
        sha256: file.sha256,
        bytes: file.bytes.to_vec(),
    });
    OpenedMessage {
        authenticity: reading.authenticity,
        warnings: reading.warnings,
        content: Some(OpenedContent { files: files.collect(), message: opened.message }),
        one_way: None,
    }
}

fn open_one_way(identity: &Identity, blob: &[u8]) -> OpenedMessage {
    let opened = one_way::decode(blob).ok().and_then(|age_file| open(age_file, identity).ok());
    let Some(opened) = opened else { return OpenedMessage::without_content(Authenticity::Unreadable) };
    let file = OneWayFile { sha256: sha256(&opened), bytes: opened.to_vec() };
    OpenedMessage { one_way: Some(file), ..OpenedMessage::without_content(Authenticity::OneWay) }
}
